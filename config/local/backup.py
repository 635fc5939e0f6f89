"""`make backup DIR=…`: `manage.py backup` on this checkout's portal, running or not."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from config.local import postgres, prepare
from config.local.paths import LOGS, PIDS, PYTHON, ROOT
from config.local.processes import Interrupted, LocalError, end_steps, step, stop_on_signals
from config.local.run import stopped_portal


def main(_arguments: list[str]) -> int:
    return call("backup", database_of_portal)


def call(command: str, database: object) -> int:
    """Run a management command on DIR with the portal's environment. `database` gives the address, for as long as it runs."""
    stop_on_signals()
    try:
        folder = os.environ.get("DIR")
        if not folder:
            raise LocalError(f"请写明目录（name a folder）: make {command} DIR=…")
        prepare.packages()
        with database() as url:  # type: ignore[operator]
            env = prepare.settings(database=url, redis=os.environ.get("REDIS_URL") or "redis://127.0.0.1:1/0")
            env = {**env, "DEMO": os.environ.get("DEMO") or "1"}
            done = step(
                [PYTHON, "manage.py", command, Path(folder).absolute()],
                env=env,
                cwd=ROOT,
                timeout=24 * 3600,
                explain=f"{command} 失败（failed）",
            )
        print(done.rstrip(), flush=True)
        return 0
    except LocalError as error:
        print(error, flush=True)
        return 1
    except Interrupted:
        return 130
    finally:
        end_steps()


@contextlib.contextmanager
def database_of_portal() -> Iterator[str]:
    """The caller's server, the running portal's, or the stopped portal's started for the while."""
    if url := os.environ.get("DATABASE_URL"):
        yield url
        return
    home = postgres.home()
    if not (home / "pg").exists():
        raise LocalError("这里还没有数据（no data here yet）: make run")
    if running := postgres.url_of_running(home / "pg", password_file=home / "pg.password"):
        yield running
        return
    with stopped_portal(), embedded() as url:
        yield url


@contextlib.contextmanager
def embedded() -> Iterator[str]:
    home = postgres.ensure_home()
    server = postgres.start_server(
        home / "pg", log=LOGS / "postgres.log", pids=PIDS, password_file=home / "pg.password"
    )
    try:
        yield server.url
    finally:
        server.child.stop()
