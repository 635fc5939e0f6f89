"""Child processes with a name, a log and a pid file; the lock that lets only one launcher live; orphans found again.

A terminal's Ctrl-C reaches every process of its group at once. Each child therefore gets a session of its own, and the
launcher alone decides who stops when.
"""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class LocalError(Exception):
    """Something the person at the keyboard must know. The message says it in Chinese and English."""


@contextlib.contextmanager
def held_lock(path: Path, *, refuse: str | None) -> Iterator[None]:
    """Hold `path` exclusively. With `refuse` a second holder gets that message, without it the second one waits.

    The kernel drops the lock with the process, so a killed launcher leaves nothing to clear away; Python opens files
    closed-on-exec, so no child keeps it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (fcntl.LOCK_NB if refuse else 0))
        except BlockingIOError:
            raise LocalError(refuse or "") from None
        yield


def identity(pid: int) -> dict[str, object] | None:
    """What tells this process from a later one with the same number; None when there is none (or a zombie)."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    if state == "Z":
        return None
    # Field 22 of proc(5), started in clock ticks after boot; `state` was field 3.
    started = fields[18]
    return {"pid": pid, "started": started, "boot": boot, "cmdline": [w.decode(errors="replace") for w in words[:-1]]}


@dataclass(frozen=True)
class Child:
    """A running child. `stop_signals` are tried in order, each for its seconds, before SIGKILL for the whole group."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    pid_file: Path
    stop_signals: tuple[tuple[signal.Signals, float], ...]

    def died(self) -> bool:
        """Whether it has ended. It is not waited for here: until then its number cannot pass to another process."""
        if self.process.returncode is not None:
            return True
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self.process.pid, flags) is not None

    def tail(self, lines: int = 20) -> str:
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""

    def stop(self) -> None:
        for number, seconds in self.stop_signals:
            deadline = time.monotonic() + seconds
            if not self.died():
                self.process.send_signal(number)
            while not self.died() and time.monotonic() < deadline:
                time.sleep(0.02)
        if self.process.returncode is None:
            # Itself when it would not listen, and whoever of its group outlived it, a worker of a dead master for one.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.pid_file.unlink(missing_ok=True)


@dataclass(frozen=True)
class Running:
    """A server that answers at `url`."""

    child: Child
    url: str


GENTLE = ((signal.SIGTERM, 10.0),)


def as_user(user: tuple[int, int] | None) -> dict[str, Any]:
    """Arguments for Popen: run as (uid, gid), with none of our other groups."""
    return {"user": user[0], "group": user[1], "extra_groups": []} if user else {}


def start(
    name: str,
    command: Sequence[object],
    *,
    env: Mapping[str, str],
    log: Path,
    pids: Path,
    cwd: Path,
    user: tuple[int, int] | None = None,
    stop_signals: tuple[tuple[signal.Signals, float], ...] = GENTLE,
) -> Child:
    """Start a child in its own session and write down who it is."""
    log.parent.mkdir(parents=True, exist_ok=True)
    pids.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > 5_000_000:
        log.replace(log.with_suffix(".log.1"))
    pid_file = pids / f"{name}.pid"
    with _signals.held(), log.open("ab") as output:
        process = subprocess.Popen(
            [str(word) for word in command],
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **as_user(user),
        )
        # Popen comes back a moment before the kernel shows the new command line; until then it is empty.
        while (seen := identity(process.pid)) is not None and not seen["cmdline"]:
            time.sleep(0.001)
        if seen is not None:
            pid_file.write_text(json.dumps(seen | {"signals": [(int(s), t) for s, t in stop_signals]}))
    return Child(name, process, log, pid_file, stop_signals)


def end_orphans(pids: Path, order: Sequence[str]) -> list[str]:
    """End what a killed launcher left running, in `order`; returns the names of those ended.

    Only a process that is provably the one written down is touched: same boot, same start time, same command line.
    A number taken over by somebody else's process is left alone.
    """
    ended = []
    files = {file.stem: file for file in pids.glob("*.pid")}
    for name in [*[n for n in order if n in files], *sorted(set(files) - set(order))]:
        file = files[name]
        try:
            noted = json.loads(file.read_text())
            signals = [(int(number), float(seconds)) for number, seconds in noted.pop("signals")]
            pid = int(noted["pid"])
        except (ValueError, KeyError, TypeError, AttributeError):
            file.unlink(missing_ok=True)
            continue
        if identity(pid) == noted:
            for number, seconds in [*signals, (int(signal.SIGKILL), 5.0)]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
                deadline = time.monotonic() + seconds
                while identity(pid) == noted and time.monotonic() < deadline:
                    time.sleep(0.05)
                if identity(pid) != noted:
                    break
            ended.append(name)
        file.unlink(missing_ok=True)
    return ended


class Interrupted(BaseException):
    """Ctrl-C, SIGTERM or SIGHUP. No Exception, so that no `except Exception` on the way swallows it."""


class _Signals:
    """Holds a signal back while a child is started, so that none runs without its pid file."""

    holding = False
    pending = False

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        self.holding = True
        try:
            yield
        finally:
            self.holding = False
        if self.pending:
            self.pending = False
            raise Interrupted

    def arrive(self) -> None:
        if self.holding:
            self.pending = True
        else:
            raise Interrupted


_signals = _Signals()


def stop_on_signals() -> None:
    """Turn the first signal into `Interrupted`; later ones must not disturb the orderly stop that follows."""

    def interrupt(_number: int, _frame: object) -> None:
        for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(ignored, signal.SIG_IGN)
        _signals.arrive()

    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # `nohup make run` means it
        signal.signal(signal.SIGHUP, interrupt)


_steps: set[subprocess.Popen[bytes]] = set()
_steps_guard = threading.Lock()


def step(
    command: Sequence[object],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path,
    timeout: float | None = None,
    log: Path | None = None,
    user: tuple[int, int] | None = None,
    given: str = "",
    explain: str,
) -> str:
    """Run one preparing command to its end and return its output; a failure says `explain` and shows what it printed."""
    process = subprocess.Popen(
        [str(word) for word in command],
        env=dict(env) if env is not None else None,
        cwd=cwd,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        **as_user(user),
    )
    with _steps_guard:
        _steps.add(process)
    try:
        output = process.communicate(given.encode(), timeout=timeout)[0].decode(errors="replace")
    except subprocess.TimeoutExpired:
        process.kill()
        raise LocalError(f"{explain}\n  {timeout:.0f} 秒内没有完成（no end within {timeout:.0f} s）") from None
    finally:
        with _steps_guard:
            _steps.discard(process)
    if log is not None:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(output)
    if process.returncode != 0:
        tail = "\n".join("  " + line for line in output.splitlines()[-25:])
        shown = " ".join(str(word) for word in command)
        raise LocalError(f"{explain}\n  {shown}\n{tail}")
    return output


def end_steps() -> None:
    """End preparing commands still running in other threads, when the launcher is asked to stop."""
    with _steps_guard:
        for process in _steps:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
