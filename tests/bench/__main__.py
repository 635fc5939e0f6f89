"""`make bench [ARGS="sweep pages …"]`: every figure a ratio within this run. Writes nothing; docs/bench.md is by hand."""

import logging
import os
import sys
from collections.abc import Callable

from config.local import postgres
from config.local.processes import stop_on_signals
from config.local.test import own_folder

DURABLE_ENOUGH = ("shared_buffers=1GB", "work_mem=32MB", "max_wal_size=8GB", "maintenance_work_mem=512MB")


def main() -> int:
    stop_on_signals()
    with own_folder() as folder:
        server = postgres.start_server(
            folder / "pg",
            log=folder / "log" / "postgres.log",
            pids=folder / "pids",
            password_file=folder / "password",
            settings=(*DURABLE_ENOUGH, "synchronous_commit=off", "autovacuum=off"),
        )
        try:
            os.environ |= {
                "DEMO": "1",
                "DATABASE_URL": server.url,
                "SECRET_KEY": "only-for-this-run",
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "MEDIA_ROOT": str(folder / "media"),
                "BUSINESS_NOW": "2026-10-09T10:00:00+08:00",
            }
            return _run()
        finally:
            server.child.stop()


def _run() -> int:
    import django
    from django.core.management import call_command
    from django.test.utils import setup_test_environment

    django.setup()
    logging.disable(logging.INFO)  # a line for each request would hide the figures
    setup_test_environment()
    call_command("migrate", "--noinput", "--verbosity=0")
    from tests.bench import acts, engine, pages
    from tests.bench.measure import Report

    benches: dict[str, Callable[[Report], None]] = {
        "acts": acts.statements_of_acts,
        "throughput": acts.throughput,
        "letters": acts.letters,
        "pages": pages.pages,
        "sweep": engine.sweep_of_a_million,
        "filings": engine.filings,
        "calendar": engine.calendar_edit,
        "chain": engine.chain_of_a_million,
    }
    report = Report()
    for name in sys.argv[1:] or benches:
        print(f"— {name}", flush=True)
        benches[name](report)
    return 0 if all(reached for *_, reached in report.lines) else 1


if __name__ == "__main__":
    sys.path.insert(0, os.getcwd())
    sys.exit(main())
