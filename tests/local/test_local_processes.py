"""The launcher's promises: one at a time, each child in its own session, orphans ended and strangers left alone."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from config.local.processes import Child, LocalError, end_orphans, held_lock, identity, start

SLEEP = [sys.executable, "-c", "import time; time.sleep(300)"]
DEAF = [
    sys.executable,
    "-c",
    "import signal, subprocess, sys, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "helper = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'])\n"
    "print(helper.pid, flush=True)\n"
    "time.sleep(300)",
]


def _start(folder: Path, command: list[str], name: str = "web", seconds: float = 5.0) -> Child:
    return start(
        name,
        command,
        env=os.environ,
        log=folder / "log" / f"{name}.log",
        pids=folder / "pids",
        cwd=folder,
        stop_signals=((signal.SIGTERM, seconds),),
    )


def test_the_lock_refuses_a_second_run_with_its_message(tmp_path: Path) -> None:
    first, second = (held_lock(tmp_path / "lock", refuse="已在运行") for _ in range(2))
    with first, pytest.raises(LocalError, match="已在运行"), second:
        pass
    with held_lock(tmp_path / "lock", refuse="已在运行"):
        pass


def test_a_killed_holder_leaves_no_lock_although_its_child_lives(tmp_path: Path) -> None:
    script = (
        "import subprocess, sys, time; from pathlib import Path; from config.local.processes import held_lock\n"
        "with held_lock(Path(sys.argv[1]), refuse='no'):\n"
        "    child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'])\n"
        "    print(child.pid, flush=True); time.sleep(300)"
    )
    root = Path(__file__).resolve().parents[2]
    holder = subprocess.Popen([sys.executable, "-c", script, tmp_path / "lock"], stdout=subprocess.PIPE, cwd=root)
    assert holder.stdout is not None
    child = int(holder.stdout.readline())
    try:
        with pytest.raises(LocalError), held_lock(tmp_path / "lock", refuse="no"):
            pass
        holder.kill()
        holder.wait()
        assert identity(child) is not None
        with held_lock(tmp_path / "lock", refuse="no"):
            pass
    finally:
        holder.kill()
        holder.stdout.close()
        os.kill(child, signal.SIGKILL)


def test_a_child_has_a_session_of_its_own_and_a_pid_file(tmp_path: Path, stopped: list[Child]) -> None:
    child = _start(tmp_path, SLEEP)
    stopped.append(child)
    assert os.getsid(child.process.pid) == child.process.pid != os.getsid(0)
    assert json.loads((tmp_path / "pids" / "web.pid").read_text())["pid"] == child.process.pid
    child.stop()
    assert child.process.returncode == -signal.SIGTERM
    assert not (tmp_path / "pids" / "web.pid").exists()


def test_a_child_that_will_not_listen_is_killed_in_time_with_its_group(tmp_path: Path, stopped: list[Child]) -> None:
    child = _start(tmp_path, DEAF, seconds=0.3)
    stopped.append(child)
    while not child.tail():
        time.sleep(0.02)
    helper = int(child.tail())
    assert identity(helper) is not None
    began = time.monotonic()
    child.stop()
    assert child.process.returncode == -signal.SIGKILL
    assert 0.3 <= time.monotonic() - began < 2
    deadline = time.monotonic() + 2
    while identity(helper) is not None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert identity(helper) is None


def test_an_orphan_is_ended_in_order(tmp_path: Path, stopped: list[Child]) -> None:
    children = [_start(tmp_path, SLEEP, name) for name in ("postgres", "web", "worker")]
    stopped.extend(children)
    assert end_orphans(tmp_path / "pids", ("web", "beat", "worker", "postgres")) == ["web", "worker", "postgres"]
    assert [child.process.wait(2) for child in children] == [-signal.SIGTERM] * 3
    assert list((tmp_path / "pids").iterdir()) == []


@pytest.mark.parametrize(
    "changed",
    [{"started": "1"}, {"cmdline": ["/usr/bin/somebody-elses"]}, {"boot": "another boot"}],
    ids=lambda c: next(iter(c)),
)
def test_a_stranger_with_the_noted_number_is_not_touched(
    tmp_path: Path, stopped: list[Child], changed: dict[str, object]
) -> None:
    child = _start(tmp_path, SLEEP)
    stopped.append(child)
    noted = json.loads(child.pid_file.read_text())
    child.pid_file.write_text(json.dumps(noted | changed))
    assert end_orphans(tmp_path / "pids", ("web",)) == []
    assert identity(child.process.pid) is not None
    assert not child.died()
    assert not child.pid_file.exists()


def test_a_broken_pid_file_is_removed_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "web.pid").write_text("{")
    (tmp_path / "worker.pid").write_text("null")
    assert end_orphans(tmp_path, ("web", "worker")) == []
    assert list(tmp_path.iterdir()) == []


def test_a_dead_child_is_noticed_and_its_log_shown(tmp_path: Path, stopped: list[Child]) -> None:
    child = _start(tmp_path, [sys.executable, "-c", "print('因为这个'); raise SystemExit(3)"])
    stopped.append(child)
    deadline = time.monotonic() + 5
    while not child.died() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert child.died()
    assert child.tail() == "因为这个"
    child.stop()
    assert child.process.returncode == 3
