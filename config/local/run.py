"""`make run`: everything a fresh machine needs, then web, worker and beat until Ctrl-C."""

import contextlib
import hashlib
import http.client
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from config.local import postgres, prepare, redis
from config.local.keeping import Parts
from config.local.paths import LOCAL, LOCK, LOGS, PIDS, PYTHON, ROOT, STATIC, digest_of
from config.local.processes import (
    Interrupted,
    LocalError,
    end_orphans,
    end_steps,
    held_lock,
    start,
    step,
    stop_on_signals,
)

STOP_ORDER = ("web", "beat", "worker", "redis", "postgres")
REFUSAL = "铸安已在本目录中运行；请先用 Ctrl-C 结束它（already running from this checkout: stop it first）。"


def main(_arguments: list[str]) -> int:
    """Returns 0 when stopped on request, 1 when something could not be done."""
    stop_on_signals()
    parts = Parts()
    try:
        with held_lock(LOCK, refuse=REFUSAL):
            try:
                return _run(parts)
            finally:
                end_steps()
                _stop(parts)
    except LocalError as error:
        print(f"\n{error}", flush=True)
        return 1
    except Interrupted:
        print("已停止（stopped）。", flush=True)
        return 0


def _stop(parts: Parts) -> None:
    if parts.running:
        print("\n正在停止……（stopping）", flush=True)
    parts.stop(*STOP_ORDER)
    end_orphans(PIDS, STOP_ORDER)  # one that a signal kept out of `parts`


def _run(parts: Parts) -> int:
    host, port = os.environ.get("HOST") or "127.0.0.1", _port()
    ended = end_orphans(PIDS, STOP_ORDER)
    if ended:
        print(f"已结束上次遗留的进程（ended what a killed launcher left）: {' '.join(ended)}", flush=True)
    _refuse_taken(host, port)
    letters = prepare.Track(prepare.letters)
    prepare.packages()
    drawings = prepare.Track(prepare.parts)
    env = _servers(parts)
    _prepare_data(env, drawings)

    parts.begin("web", lambda: start("web", gunicorn(host, port), env=env, log=LOGS / "web.log", pids=PIDS, cwd=ROOT))
    _wait_for_pages(parts, port)
    accounts = step([PYTHON, "config/local/portal.py", "demo_accounts"], env=env, cwd=ROOT, explain="demo_accounts")
    print(f"\n铸安 http://{_shown(host)}:{port}/\n\n{accounts.rstrip()}\n", flush=True)
    print(f"日志（logs）: {LOGS.relative_to(ROOT)}/    结束（stop）: Ctrl-C", flush=True)

    # A letter is frozen as it was first rendered: the worker waits for its fonts, the pages do not.
    _watch(parts, until=letters.done)
    for warning in letters.join():
        print(f"\n注意（warning）: {warning}", flush=True)
    celery: list[str | Path] = [PYTHON, "-m", "celery", "--quiet", "-A", "config.celery:app"]
    worker = [*celery, "worker", "--loglevel=INFO", "--concurrency=2", "--without-gossip", "--without-mingle"]
    beat = [*celery, "beat", "--loglevel=INFO", f"--schedule={LOCAL / 'beat-schedule'}", "--pidfile="]
    gentle = ((signal.SIGTERM, 20.0),)
    parts.begin(
        "worker",
        lambda: start("worker", worker, env=env, log=LOGS / "worker.log", pids=PIDS, cwd=ROOT, stop_signals=gentle),
    )
    parts.begin("beat", lambda: start("beat", beat, env=env, log=LOGS / "beat.log", pids=PIDS, cwd=ROOT))
    _watch(parts, until=lambda: False)
    return 1


def _servers(parts: Parts) -> dict[str, str]:
    """Start the embedded servers unless the caller names real ones; returns the portal's environment."""
    database, broker = os.environ.get("DATABASE_URL"), os.environ.get("REDIS_URL")
    if not database:
        home = postgres.ensure_home()
        data, secret = home / "pg", home / "pg.password"
        database = parts.begin_server(
            "postgres",
            lambda again: postgres.start_server(
                data, log=LOGS / "postgres.log", pids=PIDS, password_file=secret, again=again
            ),
        )
    if not broker:
        broker = parts.begin_server(
            "redis",
            lambda again: redis.start_server(LOCAL / "redis", log=LOGS / "redis.log", pids=PIDS, again=again),
        )
    more = {"DEMO": os.environ.get("DEMO") or "1"}
    # What the QR on a letter leads to.
    own = f"http://{_shown(os.environ.get('HOST') or '127.0.0.1')}:{_port()}"
    more["PUBLIC_URL"] = os.environ.get("PUBLIC_URL") or own
    if os.environ.get("BUSINESS_NOW"):
        # All processes must agree on when the walked clock was set.
        more["BUSINESS_NOW_SET_AT"] = str(time.time())
    return prepare.settings(database=database, redis=broker, **more)


def _prepare_data(env: dict[str, str], drawings: prepare.Track) -> None:
    """Tables and demo in one process, static files meanwhile in another."""

    def collect() -> list[str]:
        drawings.join()
        wanted = _static_state()
        stamp = STATIC / ".collected-from"
        if "STATIC_ROOT" not in os.environ and stamp.exists() and stamp.read_text() == wanted:
            return []
        collect_step = "collectstatic --noinput --clear --verbosity=0"
        explain = "收集静态文件失败（collectstatic failed）"
        step([PYTHON, "config/local/portal.py", collect_step], env=env, cwd=ROOT, explain=explain)
        if "STATIC_ROOT" not in os.environ:
            stamp.write_text(wanted)
        return []

    collected = prepare.Track(collect)
    steps = ["migrate --noinput --verbosity=0", "anchor_key --if-missing", "load_demo --if-empty"]
    explain = "准备数据失败（preparing the data failed）"
    log = LOGS / "prepare.log"
    step([PYTHON, "config/local/portal.py", *steps], env=env, cwd=ROOT, log=log, explain=explain)
    collected.join()


def _static_state() -> str:
    """A fingerprint of all static files of the checkout and of the installed packages, by name, size and time."""
    state = hashlib.sha256()
    for folder in [ROOT / "static", *sorted(ROOT.glob("*/static"))]:
        for file in sorted(folder.rglob("*")):
            about = file.stat()
            state.update(f"{file}:{about.st_size}:{about.st_mtime_ns}\n".encode())
    return digest_of(ROOT / "requirements.lock", extra=state.hexdigest())


def gunicorn(host: str, port: int) -> list[str | Path]:
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    command: list[str | Path] = [PYTHON, "-m", "gunicorn", "config.wsgi:application", "--bind", bind]
    command += ["--worker-class=gthread", "--workers=2", "--threads=4", "--preload", "--graceful-timeout=5"]
    # Its control socket would lie in the home folder, one for all portals of this user.
    return [*command, "--no-control-socket"]


def _port() -> int:
    given = os.environ.get("PORT") or "8000"
    if not given.isdigit() or not 0 < int(given) < 65536:
        raise LocalError(f"PORT 应为 1–65535 的整数（PORT must be a number）: {given}")
    return int(given)


def _refuse_taken(host: str, port: int) -> None:
    """Say so before the long part when the port is somebody else's."""
    with contextlib.suppress(socket.gaierror):
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(address)
            except OSError as error:
                raise LocalError(
                    f"无法使用 {host}:{port}：{error.strerror}。换一个端口（choose another port）: make run PORT={port + 1}"
                ) from None


def _shown(host: str) -> str:
    return "127.0.0.1" if host in {"0.0.0.0", "::"} else host


def _wait_for_pages(parts: Parts, port: int, patience: float = 60.0) -> None:
    host = _shown(os.environ.get("HOST") or "127.0.0.1")
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        parts.raise_for_dead()
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection(host, port, timeout=5)
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
            break  # it answers, and will not answer better later
        time.sleep(0.05)
    raise LocalError(f"网页没有应答（pages do not answer）:\n{parts.running['web'].tail()}")


def _watch(parts: Parts, *, until: Callable[[], bool]) -> None:
    while not until():
        for name in parts.mend():
            print(
                f"\n{name} 意外结束，已重新启动（ended unexpectedly, started again）: {LOGS.relative_to(ROOT)}/",
                flush=True,
            )
        time.sleep(0.2)


@contextlib.contextmanager
def stopped_portal(refuse: str = REFUSAL) -> Iterator[None]:
    """Hold the portal's lock, with nothing of a killed launcher left running."""
    with held_lock(LOCK, refuse=refuse):
        end_orphans(PIDS, STOP_ORDER)
        yield
