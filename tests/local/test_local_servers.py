"""The embedded servers keep what was committed, over a stop as over a kill."""

import os
import shutil
import signal
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest
from redis import Redis

from config.local import postgres, redis
from config.local.paths import IS_ROOT
from config.local.processes import Child, LocalError, Running, identity


def _postgres(folder: Path, stopped: list[Child]) -> Running:
    running = postgres.start_server(
        folder / "pg", log=folder / "log" / "pg.log", pids=folder / "pids", password_file=folder / "password"
    )
    stopped.append(running.child)
    return running


def _ask(url: str, *statements: str) -> Any:
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchone() if cursor.description else None
    finally:
        connection.close()


def test_postgres_keeps_its_rows_over_a_stop_and_over_a_kill(folder: Path, stopped: list[Child]) -> None:
    first = _postgres(folder, stopped)
    _ask(first.url, "CREATE TABLE t (a text)", "INSERT INTO t VALUES ('铸安')")
    encoding = "SELECT pg_encoding_to_char(encoding), datcollate FROM pg_database WHERE datname = current_database()"
    assert _ask(first.url, encoding) == ("UTF8", "C.UTF-8")
    places = {"data": folder / "pg", "password_file": folder / "password"}
    assert postgres.url_of_running(**places) == first.url
    first.child.stop()
    assert first.child.process.returncode == 0
    assert postgres.url_of_running(**places) is None

    second = _postgres(folder, stopped)
    assert _ask(second.url, "SELECT a FROM t") == ("铸安",)
    _ask(second.url, "INSERT INTO t VALUES ('第二行')")
    second.child.process.kill()
    second.child.process.wait()

    # The pid note of the killed server now names a living stranger: ourselves.
    note = folder / "pg" / "postmaster.pid"
    assert note.exists()
    note.write_text("\n".join([str(os.getpid()), *note.read_text().splitlines()[1:]]) + "\n")
    assert postgres.url_of_running(**places) is None
    third = _postgres(folder, stopped)
    assert _ask(third.url, "SELECT count(*) FROM t") == (2,)
    assert int(note.read_text().splitlines()[0]) == third.child.process.pid
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(third.url.replace(":" + (folder / "password").read_text(), ":wrong"))


def test_a_server_still_living_on_the_data_is_ended_before_the_next(folder: Path, stopped: list[Child]) -> None:
    lost = _postgres(folder, stopped)
    _ask(lost.url, "CREATE TABLE t (a int)", "INSERT INTO t VALUES (1)")
    shutil.rmtree(folder / "pids")  # nothing tells of it any more but its own note in the data
    again = _postgres(folder, stopped)
    assert identity(lost.child.process.pid) is None
    assert _ask(again.url, "SELECT a FROM t") == (1,)


def test_postgres_does_not_run_as_root_and_listens_on_this_machine_only(folder: Path, stopped: list[Child]) -> None:
    running = _postgres(folder, stopped)
    status = Path(f"/proc/{running.child.process.pid}/status").read_text()
    user = int(next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1])
    assert user == (postgres.owner() or (os.getuid(), 0))[0] != 0
    assert _ask(running.url, "SHOW listen_addresses") == ("127.0.0.1",)
    assert _ask(running.url, "SHOW unix_socket_directories") == ("",)


def test_lost_password_is_said_and_data_stay(folder: Path) -> None:
    (folder / "pg").mkdir()
    with pytest.raises(LocalError, match="make reset"):
        _postgres(folder, [])
    assert (folder / "pg").is_dir()


@pytest.mark.skipif(not IS_ROOT, reason="only root keeps data outside the checkout")
def test_somebody_elses_folder_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = tmp_path / "zhuan-0"
    theirs.mkdir()
    os.chown(theirs, 65534, 65534)
    monkeypatch.setattr(postgres, "home", lambda: theirs)
    with pytest.raises(LocalError, match="root"):
        postgres.ensure_home()


def test_redis_keeps_its_list_over_a_stop(folder: Path, stopped: list[Child]) -> None:
    log, pids = folder / "log" / "redis.log", folder / "pids"
    first = redis.start_server(folder / "redis", log=log, pids=pids)
    stopped.append(first.child)
    Redis.from_url(first.url).rpush("celery", "task")
    first.child.stop()
    assert first.child.process.returncode in (0, -signal.SIGTERM)
    second = redis.start_server(folder / "redis", log=log, pids=pids)
    stopped.append(second.child)
    assert Redis.from_url(second.url).lrange("celery", 0, -1) == [b"task"]
    with socket.create_connection(("127.0.0.1", urlsplit(second.url).port or 0)) as stranger:
        stranger.sendall(b"PING\r\n")
        assert stranger.recv(100).startswith(b"-NOAUTH")
