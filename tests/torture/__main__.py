"""`make torture`: a year walked through while its servers are killed. Exit code 0 only when every count is zero.

`--long` is the form run by hand, whose figures stand in docs/bench.md. Everything random comes from `--seed`.
"""

import argparse
import json
import os
import sys
import time
from collections import Counter
from datetime import date
from pathlib import Path

from config.local.processes import stop_on_signals
from config.local.test import own_folder
from tests.torture.servers import Mender, Servers

SHORT = {"risks": 60, "every": 1.5, "swept": 0.25, "decisions": 1000, "letters": 160}
LONG = {"risks": 300, "every": 4.0, "swept": 1.0, "decisions": 1000, "letters": 1000}


def main() -> int:
    parser = argparse.ArgumentParser(prog="make torture")
    parser.add_argument("--seed", type=int, default=101)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--part", choices=["year", "decisions", "letters"], help="only this part")
    parser.add_argument("--until", type=date.fromisoformat, default=date(2027, 1, 31), help="end the year earlier")
    parser.add_argument("--report", type=Path, help="write the figures as JSON")
    given = parser.parse_args()
    stop_on_signals()  # or a run that is ended leaves its servers behind
    size = (LONG if given.long else SHORT) | {"until": given.until}
    with own_folder() as folder:
        env = _environment(folder)
        servers = Servers(folder, env)
        mender = Mender(servers)
        mender.start()
        os.environ.update(servers.env)
        try:
            _migrate()
            from tests.torture import parts

            figures: dict[str, object] = {"seed": given.seed, "form": "long" if given.long else "short"}
            faults: Counter[str] = Counter()
            for name, part in parts.PARTS.items():
                if given.part in (None, name):
                    began = time.monotonic()
                    found, told = part(servers, folder, seed=given.seed, size=size, is_long=given.long)
                    told["seconds"] = round(time.monotonic() - began)
                    faults += found
                    figures[name] = told | {"faults": dict(found)}
                    print(f"{name}: {json.dumps(figures[name], ensure_ascii=False)}", flush=True)
        except TimeoutError:
            print(servers.tails(), flush=True)
            raise
        finally:
            try:
                mender.stop()
            finally:
                servers.stop()
    if given.report:
        given.report.write_text(json.dumps(figures, ensure_ascii=False, indent=2) + "\n")
    total = {fault: faults.get(fault, 0) for fault in ("lost", "doubled", "early", "late", "wrong")}
    print(f"磨炼（torture） {'全部为零' if not any(total.values()) else '有错'}: {total}", flush=True)
    return 1 if any(faults.values()) else 0


def _environment(folder: Path) -> dict[str, str]:
    clock = folder / "clock"
    clock.write_text("2026-01-01T00:00:00+08:00")
    return {
        **os.environ,
        "DEMO": "1",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": "only-for-this-run",
        "BUSINESS_CLOCK": str(clock),
        "BEAT_SPEEDUP": "120",
        "MEDIA_ROOT": str(folder / "media"),
    }


def _migrate() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", "--noinput", "--verbosity=0")


if __name__ == "__main__":
    sys.path.insert(0, os.getcwd())
    sys.exit(main())
