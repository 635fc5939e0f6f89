"""`make fuzz [CASES=800] [SEED=2018101]`: made-up requests over our own OpenAPI, against a portal of their own."""

import contextlib
import http.client
import os
import subprocess
import time

from config.local import postgres, prepare
from config.local.paths import PYTHON, ROOT
from config.local.processes import (
    Child,
    Interrupted,
    LocalError,
    end_orphans,
    end_steps,
    start,
    step,
    stop_on_signals,
)
from config.local.run import gunicorn
from config.local.test import own_folder, own_postgres, own_redis

# The demo's year is laid out around its clock: a fixed one makes the same district, and the same cases, every time.
CLOCK = "2026-10-09T09:00:00+08:00"
SERVERS = ("web", "redis", "postgres")


def main(_arguments: list[str]) -> int:
    """0 when every answer was as described; 1 with the requests that were not."""
    stop_on_signals()
    try:
        prepare.packages()
        prepare.parts()
        with own_folder() as folder, contextlib.ExitStack() as running:
            logs, pids = folder / "log", folder / "pids"
            running.callback(end_orphans, pids, SERVERS)
            database = running.enter_context(own_postgres(folder))
            broker = running.enter_context(own_redis(folder))
            more = {"DEMO": "1", "BUSINESS_NOW": CLOCK, "BUSINESS_NOW_SET_AT": str(time.time())}
            more |= {"MEDIA_ROOT": str(folder / "media"), "THROTTLE_RATES": "off"}
            env = prepare.settings(database=database, redis=broker, **more)
            steps = ["migrate --noinput --verbosity=0", "load_demo"]
            step([PYTHON, "config/local/portal.py", *steps], env=env, cwd=ROOT, explain="load_demo")
            port = postgres.free_port()
            web = start("web", gunicorn("127.0.0.1", port), env=env, log=logs / "web.log", pids=pids, cwd=ROOT)
            running.callback(web.stop)
            _wait(web, port)
            given = [os.environ.get("CASES") or "800", os.environ.get("SEED") or "2018101"]
            command = [PYTHON, "config/local/fuzz_cases.py", f"http://127.0.0.1:{port}", *given]
            code = subprocess.run(command, env=env, cwd=ROOT, check=False).returncode
            if code:
                print(web.tail(), flush=True)
            return code
    except LocalError as error:
        print(error)
        return 1
    except Interrupted:
        return 130
    finally:
        end_steps()


def _wait(web: Child, port: int, patience: float = 60.0) -> None:
    limit = time.monotonic() + patience
    while time.monotonic() < limit and not web.died():
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.1)
    raise LocalError(f"网页没有应答（the portal does not answer）:\n{web.tail()}")
