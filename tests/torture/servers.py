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

from config.local import postgres, redis
from config.local.keeping import Parts
from config.local.processes import Running, start

# "pool" is one of the worker's own processes, which it replaces; "worker" is all of them and nobody replaces those.
VICTIMS = ("pool", "worker", "beat", "redis", "postgres")
WEIGHTS = (4, 1, 1, 3, 4)


class Servers:
    """Each is begun again at the address it had, after a kill or when it ends by itself. `beating` off: the sweep stands still."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self.folder = folder
        self.pids, self.logs = folder / "pids", folder / "log"
        self.guard = threading.Lock()  # one begins, kills or mends at a time
        self.beating = True
        self.ended: Counter[str] = Counter()  # who ended without having been killed
        self.parts = Parts(at_most=None)
        self.database = self.parts.begin_server("postgres", self._postgres)
        self.broker = self.parts.begin_server("redis", self._redis)
        self.env = dict(env) | {"DATABASE_URL": self.database, "REDIS_URL": self.broker}

    def _postgres(self, again: str) -> Running:
        return postgres.start_server(
            self.folder / "pg",
            log=self.logs / "postgres.log",
            pids=self.pids,
            password_file=self.folder / "password",
            again=again,
        )

    def _redis(self, again: str) -> Running:
        return redis.start_server(self.folder / "redis", log=self.logs / "redis.log", pids=self.pids, again=again)

    def _celery(self, name: str, *more: str) -> None:
        command = [sys.executable, "-m", "celery", "-A", "config.celery:app", name, "--loglevel=WARNING", *more]
        log = self.logs / f"{name}.log"
        self.parts.begin(name, lambda: start(name, command, env=self.env, log=log, pids=self.pids, cwd=Path.cwd()))

    def start_workers(self) -> None:
        with self.guard:
            self.beating = True
            self._celery("worker", "--concurrency=2", "--without-gossip", "--without-mingle")
            self._celery("beat", f"--schedule={self.folder / 'beat'}", "--pidfile=")

    def rest(self) -> None:
        """Worker and beat stop: for as long as this lasts nobody sweeps, seals or sends."""
        with self.guard:
            self.beating = False
            self.parts.stop("beat", "worker")

    def kill(self, name: str) -> None:
        """SIGKILL, for the whole of a worker's group, and begin it again."""
        if name == "pool":
            self._kill_pool_process()
            return
        with self.guard:
            if name not in self.parts.running:
                return
            process = self.parts.running[name].process
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL) if name == "worker" else process.kill()
            process.wait()
            self.parts.mend()

    def _kill_pool_process(self) -> None:
        with contextlib.suppress(OSError, LookupError):
            parent = self.parts.running["worker"].process.pid
            children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
            os.kill(int(children[0]), signal.SIGKILL)

    def mend(self) -> None:
        """What a district's systemd does all the time: begin again what ended by itself, a worker that lost its broker."""
        with self.guard:
            self.ended.update(self.parts.mend())

    def flush_redis(self) -> None:
        import redis as client

        with contextlib.suppress(client.RedisError):
            client.Redis.from_url(self.broker).flushall()

    def tails(self) -> str:
        """The last that each of them said."""
        with self.guard:
            return "\n".join(f"-- {name}\n{child.tail(5)}" for name, child in self.parts.running.items())

    def stop(self) -> None:
        with self.guard:
            self.parts.stop("beat", "worker", "redis", "postgres")


class Doer(threading.Thread):
    """Does `work` until told to stop. What went wrong is told then: a torturer that died tortures nobody."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.ended = threading.Event()
        self.error: BaseException | None = None

    def work(self) -> None:
        raise NotImplementedError

    def run(self) -> None:
        try:
            self.work()
        except BaseException as error:
            self.error = error

    def stop(self) -> None:
        self.ended.set()
        self.join(60)
        if self.error is not None:
            raise self.error


class Mender(Doer):
    """Looks after the servers twice a second."""

    def __init__(self, servers: Servers) -> None:
        super().__init__()
        self.servers = servers

    def work(self) -> None:
        while not self.ended.wait(0.5):
            self.servers.mend()


class Killer(Doer):
    """Kills by a seeded choice, again and again. `count` says whom how often.

    `every` are the real seconds between kills; two in three times it waits besides until `is_well` says that a sweep got
    through, else nobody would ever do anything.
    """

    def __init__(self, servers: Servers, *, seed: int, every: float, is_well: Callable[[], bool]) -> None:
        super().__init__()
        self.servers, self.every, self.is_well = servers, every, is_well
        self.rng = random.Random(seed)
        self.count: Counter[str] = Counter()

    def work(self) -> None:
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


def until(condition: Callable[[], bool], *, patience: float, what: str) -> None:
    """Wait for `condition` to hold. TimeoutError says what did not come."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {patience:.0f} s")
        time.sleep(0.03)
