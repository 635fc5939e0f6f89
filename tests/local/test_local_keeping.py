"""A part of the portal that ends by itself is begun again, at the address it had; one that keeps ending is reported."""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from config.local import redis
from config.local.keeping import Parts
from config.local.processes import Child, LocalError, start

SLEEP = [sys.executable, "-c", "import time; time.sleep(300)"]
FAILS = [sys.executable, "-c", "print('因为这个'); raise SystemExit(3)"]


@pytest.fixture
def parts() -> Iterator[Parts]:
    made = Parts(at_most=(2, 60.0))
    yield made
    made.stop(*reversed(made.running))


def _begin(parts: Parts, folder: Path, name: str, command: list[str]) -> Child:
    return parts.begin(
        name,
        lambda: start(name, command, env=os.environ, log=folder / f"{name}.log", pids=folder / "pids", cwd=folder),
    )


def _killed(child: Child) -> None:
    child.process.kill()
    _until_ended(child)


def _until_ended(child: Child) -> None:
    deadline = time.monotonic() + 10
    while not child.died():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_x8_a_worker_that_ended_by_itself_is_begun_again_and_the_others_are_left_alone(
    parts: Parts, tmp_path: Path
) -> None:
    web, worker = (_begin(parts, tmp_path, name, SLEEP) for name in ("web", "worker"))
    assert parts.mend() == []
    _killed(worker)
    assert parts.mend() == ["worker"]
    assert parts.running["web"] is web
    assert parts.running["worker"].process.pid != worker.process.pid
    assert not parts.running["worker"].died()
    assert parts.mend() == []


def test_x8_redis_comes_back_at_its_address_with_what_it_held(parts: Parts, folder: Path) -> None:
    url = parts.begin_server(
        "redis",
        lambda again: redis.start_server(folder / "redis", log=folder / "redis.log", pids=folder / "pids", again=again),
    )
    with Redis.from_url(url) as client:
        client.rpush("celery", "tick")
    parts.running["redis"].stop()
    assert parts.mend() == ["redis"]
    with Redis.from_url(url) as client:
        assert client.lrange("celery", 0, -1) == [b"tick"]


def test_a_part_that_keeps_ending_is_reported_with_what_it_said(parts: Parts, tmp_path: Path) -> None:
    _begin(parts, tmp_path, "worker", FAILS)
    for _ in range(2):
        _until_ended(parts.running["worker"])
        assert parts.mend() == ["worker"]
    _until_ended(parts.running["worker"])
    with pytest.raises(LocalError, match="因为这个"):
        parts.mend()


def test_what_ends_at_the_first_start_is_reported_at_once(parts: Parts, tmp_path: Path) -> None:
    _until_ended(_begin(parts, tmp_path, "web", FAILS))
    with pytest.raises(LocalError, match="web 意外结束"):
        parts.raise_for_dead()


def test_a_part_that_was_stopped_is_not_begun_again(parts: Parts, tmp_path: Path) -> None:
    _begin(parts, tmp_path, "worker", SLEEP)
    parts.stop("worker")
    assert (parts.mend(), parts.running) == ([], {})
