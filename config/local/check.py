"""`make check`: everything that judges the code without running its tests."""

import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

from config.local import prepare
from config.local.paths import PYTHON, ROOT
from config.local.processes import LocalError

TYPED = ("deadlines", "records", "audit")


def production_like() -> dict[str, str]:
    """Settings as a district would give them, for `check --deploy`; no server behind them, none is asked."""
    ours = {
        "SECRET_KEY": "check-only-" + "0123456789abcdefghijklmnopqrstuvwxyz" * 2,
        "DEBUG": "0",
        "DEMO": "0",
        "ALLOWED_HOSTS": "portal.example.gov.cn",
        "CSRF_TRUSTED_ORIGINS": "https://portal.example.gov.cn",
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }
    env = {**os.environ, **ours}
    env.pop("BUSINESS_NOW", None)
    return env


def commands() -> dict[str, list[str]]:
    """Name and command of every check."""
    python = str(PYTHON)
    tools = PYTHON.parent
    typed = [name for name in TYPED if (ROOT / name).is_dir()]
    for pattern in ("*/services*", "*/selectors*"):
        typed += sorted(
            str(path.relative_to(ROOT)) for path in ROOT.glob(pattern) if path.is_dir() or path.suffix == ".py"
        )
    # What lies inside a folder already named would be a duplicate module to mypy.
    typed = [name for name in typed if name in TYPED or name.split("/")[0] not in TYPED]
    # makemigrations would like to look at a database for its history; it warns when there is none, and that is all.
    return {
        "ruff format": [str(tools / "ruff"), "format", "--check", "."],
        "ruff check": [str(tools / "ruff"), "check", "."],
        "lint-imports": [str(tools / "lint-imports")],
        "makemigrations --check": [
            *[python, "-W", "ignore::RuntimeWarning", "manage.py", "makemigrations", "--check", "--dry-run"]
        ],
        "check --deploy": [python, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        "mypy": [str(tools / "mypy"), "--exclude", "/migrations/", *typed],
    }


def main(_arguments: list[str]) -> int:
    """Runs all of them even when one fails, and says at the end which did."""
    try:
        prepare.packages()
    except LocalError as error:
        print(error)
        return 1
    env = production_like()

    def judge(item: tuple[str, list[str]]) -> tuple[str, int, str, float]:
        began = time.monotonic()
        found = subprocess.run(
            item[1], cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
        return item[0], found.returncode, found.stdout.decode(errors="replace"), time.monotonic() - began

    failed = []
    with ThreadPoolExecutor(max_workers=2) as pool:
        for name, code, output, seconds in pool.map(judge, commands().items()):
            print(f"{'✓' if code == 0 else '✗'} {name} ({seconds:.1f} s)", flush=True)
            if code != 0:
                print(output.rstrip(), flush=True)
                failed.append(name)
    print(f"未通过（failed）: {', '.join(failed)}" if failed else "检查全部通过（all checks passed）", flush=True)
    return 1 if failed else 0
