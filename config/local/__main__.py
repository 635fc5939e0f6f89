"""`python3 config/local/__main__.py run|test|check|fuzz|torture|bench|backup|restore|reset|lock`, nothing installed yet.

`config/__init__.py` loads Celery, which a fresh machine does not have. An empty stand-in for the package `config` lets
`config.local` be imported without running that file; the portal's own processes are other processes and never see it.
"""

import importlib
import sys
import types
from pathlib import Path

COMMANDS = ("run", "test", "check", "fuzz", "torture", "bench", "backup", "restore", "reset", "lock")


def main() -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 - said to people whose python3 is older, before anything fails
        print(f"需要 Python 3.11 或更新版本，当前是 {sys.version.split()[0]}（Python 3.11 or newer is needed）。")
        return 2
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        print(f"用法（usage）: {Path(sys.argv[0]).name} {'|'.join(COMMANDS)}")
        return 2
    sys.path.pop(0)  # this folder itself must not be searched: it holds a redis.py and a test.py
    return load(sys.argv[1]).main(sys.argv[2:])


def load(name: str) -> types.ModuleType:
    """The module behind a command, without running `config/__init__.py`."""
    if "config" not in sys.modules:
        root = Path(__file__).resolve().parents[2]
        sys.path.insert(0, str(root))
        package = types.ModuleType("config")
        package.__path__ = [str(root / "config")]
        sys.modules["config"] = package
    return importlib.import_module(f"config.local.{name}")


if __name__ == "__main__":
    sys.exit(main())
