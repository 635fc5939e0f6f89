"""`make test [ARGS=…]`: the suite on a PostgreSQL and a Redis of its own, beside a running portal if there is one."""

import contextlib
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from config.local import postgres, prepare, redis, system_packages
from config.local.paths import LOGS, PYTHON, ROOT
from config.local.processes import Interrupted, LocalError, end_orphans, end_steps, held_lock, stop_on_signals

# In the order and the groups that tests/conftest.py gives.
ON_ALL_CORES = ["--numprocesses=auto", "--maxprocesses=8", "--dist=loadgroup", "--no-loadscope-reorder"]


def main(_arguments: list[str]) -> int:
    """pytest's own exit code."""
    stop_on_signals()
    try:
        browser = prepare.Track(lambda: prepare.letters() + system_packages.ensure(system_packages.BROWSER))
        prepare.packages()
        prepare.parts()
        for warning in browser.join():
            print(f"注意（warning）: {warning}", flush=True)
        with own_folder() as folder, contextlib.ExitStack() as running:
            database, broker = os.environ.get("DATABASE_URL"), os.environ.get("REDIS_URL")
            database = database or running.enter_context(own_postgres(folder))
            broker = broker or running.enter_context(own_redis(folder))
            more = {"MEDIA_ROOT": str(folder / "media"), "STATIC_ROOT": str(folder / "static")}
            more |= {"ANCHOR_DIR": str(folder / "anchors"), "ANCHOR_KEY_FILE": str(folder / "anchor.key")}
            env = prepare.settings(database=database, redis=broker, **more)
            return _pytest(env)
    except LocalError as error:
        print(error)
        return 1
    except Interrupted:
        return 130
    finally:
        end_steps()


def _pytest(env: dict[str, str]) -> int:
    """In the foreground, so that it can be debugged; told to end when we are. The whole suite runs on all cores."""
    narrowed = shlex.split(os.environ.get("ARGS", ""))
    command = [str(PYTHON), "-m", "pytest", *(narrowed or ON_ALL_CORES)]
    process = subprocess.Popen(command, env=env, cwd=ROOT)
    try:
        return process.wait()
    except Interrupted:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        raise
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


@contextlib.contextmanager
def own_postgres(folder: Path) -> Iterator[str]:
    """The address of a PostgreSQL in `folder`, for data that nobody needs after a power cut."""
    server = postgres.start_server(
        folder / "pg",
        log=folder / "log" / "postgres.log",
        pids=folder / "pids",
        password_file=folder / "password",
        settings=postgres.NOT_DURABLE,
    )
    try:
        yield server.url
    finally:
        server.child.stop()


@contextlib.contextmanager
def own_redis(folder: Path) -> Iterator[str]:
    server = redis.start_server(folder / "redis", log=folder / "log" / "redis.log", pids=folder / "pids")
    try:
        yield server.url
    finally:
        server.child.stop()


@contextlib.contextmanager
def own_folder() -> Iterator[Path]:
    """A temporary folder the server's user can reach, gone afterwards; also clears those of killed runs."""
    base = postgres.ensure_home()
    base.mkdir(parents=True, exist_ok=True)
    for old in base.glob("test-*"):
        with contextlib.suppress(LocalError), held_lock(old / "lock", refuse="in use"):
            end_orphans(old / "pids", ("redis", "postgres"))
            shutil.rmtree(old, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix="test-", dir=base))
    folder.chmod(0o755)
    try:
        with held_lock(folder / "lock", refuse="in use"):
            yield folder
    finally:
        if os.environ.get("CI") == "true" and (folder / "log").exists():
            shutil.copytree(folder / "log", LOGS / "test", dirs_exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
