"""The processes of the portal, and somebody who kills them: PostgreSQL, Redis, worker and beat, with SIGKILL."""

import contextlib
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from config.local import postgres, redis
from config.local.processes import Child, LocalError, start

# "pool" is one of the worker's own processes, which it replaces; "worker" is all of them and nobody replaces those.
VICTIMS = ("pool", "worker", "beat", "redis", "postgres")
WEIGHTS = (4, 1, 1, 3, 4)


class Servers:
    """Starts each, and starts it again after a kill at the address it had. `beating` off: the sweep stands still."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self.folder = folder
        self.pids, self.logs = folder / "pids", folder / "log"
        self.guard = threading.Lock()  # one starts or kills at a time
        self.beating = True
        self.children: dict[str, Child] = {}
        self._start_postgres()
        self._start_redis()
        self.env = dict(env) | {"DATABASE_URL": self.database, "REDIS_URL": self.broker}

    def _start_postgres(self) -> None:
        port = urlsplit(self.database).port if "postgres" in self.children else None
        running = postgres.start_server(
            self.folder / "pg",
            log=self.logs / "postgres.log",
            pids=self.pids,
            password_file=self.folder / "password",
            port=port,
        )
        self.children["postgres"], self.database = running.child, running.url

    def _start_redis(self) -> None:
        known = urlsplit(self.broker) if "redis" in self.children else None
        address = (known.port or 0, known.password or "") if known else None
        running = redis.start_server(
            self.folder / "redis", log=self.logs / "redis.log", pids=self.pids, address=address
        )
        self.children["redis"], self.broker = running.child, running.url

    def _start_celery(self, name: str) -> None:
        command = [sys.executable, "-m", "celery", "-A", "config.celery:app"]
        if name == "worker":
            command += ["worker", "--loglevel=WARNING", "--concurrency=2", "--without-gossip", "--without-mingle"]
        else:
            command += ["beat", "--loglevel=WARNING", f"--schedule={self.folder / 'beat'}", "--pidfile="]
        self.children[name] = start(
            name, command, env=self.env, log=self.logs / f"{name}.log", pids=self.pids, cwd=Path.cwd()
        )

    def start_workers(self) -> None:
        with self.guard:
            for name in ("worker", "beat"):
                self._start_celery(name)

    def kill(self, name: str) -> None:
        """SIGKILL, for the whole of a worker's group, and start it again."""
        if name == "pool":
            self._kill_pool_process()
            return
        with self.guard:
            child = self.children[name]
            with contextlib.suppress(ProcessLookupError):
                if name == "worker":
                    os.killpg(child.process.pid, signal.SIGKILL)
                else:
                    child.process.kill()
            child.process.wait()
            child.pid_file.unlink(missing_ok=True)
            if name == "postgres":
                self._start_postgres()
            elif name == "redis":
                self._start_redis()
            elif self.beating:
                self._start_celery(name)

    def _kill_pool_process(self) -> None:
        parent = self.children["worker"].process.pid
        with contextlib.suppress(OSError, IndexError):
            children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
            os.kill(int(children[0]), signal.SIGKILL)

    def rest(self) -> None:
        """Worker and beat stop: for as long as this lasts nobody sweeps, seals or sends."""
        with self.guard:
            self.beating = False
            for name in ("beat", "worker"):
                self.children[name].stop()

    def wake(self) -> None:
        with self.guard:
            self.beating = True
            for name in ("worker", "beat"):
                self._start_celery(name)

    def flush_redis(self) -> None:
        import redis as client

        with contextlib.suppress(client.RedisError):
            client.Redis.from_url(self.broker).flushall()

    def stop(self) -> None:
        with self.guard:
            for name in ("beat", "worker", "redis", "postgres"):
                if name in self.children:
                    with contextlib.suppress(LocalError):
                        self.children[name].stop()


class Killer(threading.Thread):
    """Kills by a seeded choice, again and again, until told to stop. `count` says whom how often.

    `every` are the real seconds between kills; two in three times it waits besides until `is_well` says that a sweep got
    through, else nobody would ever do anything.
    """

    def __init__(self, servers: Servers, *, seed: int, every: float, is_well: Callable[[], bool]) -> None:
        super().__init__(daemon=True)
        self.servers, self.every, self.is_well = servers, every, is_well
        self.rng = random.Random(seed)
        self.count: Counter[str] = Counter()
        self.ended = threading.Event()
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            while not self.ended.wait(self.every * self.rng.uniform(0.5, 1.5)):
                if not self.servers.beating:
                    continue
                victim = self.rng.choices(VICTIMS, WEIGHTS)[0]
                if self.rng.random() < 0.1:
                    self.servers.flush_redis()
                    self.count["flush"] += 1
                self.servers.kill(victim)
                self.count[victim] += 1
                if self.rng.random() < 0.67:
                    patience = time.monotonic() + 20
                    while not self.is_well() and time.monotonic() < patience and not self.ended.is_set():
                        time.sleep(0.1)
        except BaseException as error:  # told at the end: a torturer that died tortures nobody
            self.error = error

    def stop(self) -> None:
        self.ended.set()
        self.join(60)
        if self.error is not None:
            raise self.error


def until(condition: Callable[[], bool], *, patience: float, what: str) -> None:
    """Wait for `condition` to hold. TimeoutError says what did not come."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {patience:.0f} s")
        time.sleep(0.03)
