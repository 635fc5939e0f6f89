"""The year from 2026-01-01 to 2027-01-31: winds the clock, lets people act, and goes on whatever is killed meanwhile."""

import heapq
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import InterfaceError, OperationalError, connection, connections

from audit.models import AuditEvent
from deadlines.services.reminders import sweep
from tests.risks.builders import Scene, registered
from tests.torture.oracle import CST, DAY, Act, Almanac, Edit
from tests.torture.servers import Servers, until
from tests.torture.stories import Step, story

FIRST = date(2026, 1, 1)
PATIENCE = 90.0  # real seconds for whatever was killed to be back


# A run that began after the moment and ended: two runs may overlap, so the end alone does not tell.
_A_WHOLE_RUN = """
SELECT 1 FROM audit_heartbeat
WHERE name = %s AND succeeded_at - (duration_ms + 5) * interval '1 millisecond' > %s
"""


class Year:
    """`acts`, `edits` and `sweeps` are what the oracle is told; `swept` are moments at which a sweep surely ended."""

    def __init__(
        self, servers: Servers, clock: Path, casts: list[Any], *, seed: int, risks: int, swept: float, until: date
    ) -> None:
        self.servers, self.clock, self.casts = servers, clock, casts
        self.rng = random.Random(seed)
        self.swept_share, self.last = swept, until
        self.acts: list[Act] = []
        self.edits: list[Edit] = []
        self.swept: list[datetime] = []
        self.shown: list[datetime] = []  # every moment the clock stood at
        self.retried = self.sweeps_killed = 0
        self.cast_of: dict[int, Any] = {}
        self.queue: list[tuple[datetime, int, Step, Scene, Iterator[Step]]] = []
        self.serial = 0
        self.starts = sorted(self._random_start() for _ in range(risks))

    def _random_start(self) -> datetime:
        day = FIRST + timedelta(days=self.rng.randrange((date(2026, 12, 10) - FIRST).days))
        minute = timedelta(minutes=self.rng.randrange(480), microseconds=self.rng.randrange(1_000_000))
        return datetime(day.year, day.month, day.day, 8, 5, tzinfo=CST) + minute

    # The clock.
    def wind(self, moment: datetime) -> None:
        draft = self.clock.with_suffix(".new")
        draft.write_text(moment.isoformat())
        draft.replace(self.clock)
        self.shown.append(moment)

    # The year.
    def run(self, *, edits: dict[datetime, tuple[Callable[[datetime], object], Almanac]], rests: list[date]) -> None:
        day = FIRST
        while day <= self.last:
            if day in rests:
                self.servers.rest()
            if day - timedelta(days=10) in rests:
                self.servers.start_workers()
            self._sweep_at(datetime(day.year, day.month, day.day, 0, 10, tzinfo=CST))
            evening = datetime(day.year, day.month, day.day, 19, tzinfo=CST)
            for moment in sorted(m for m in edits if m.date() == day):
                self._act_until(moment)
                change, almanac = edits[moment]
                self.wind(moment)
                self._insist(lambda: change(moment), done=lambda: bool(_events("calendar", moment)))  # noqa: B023
                self.edits.append(Edit(moment, almanac))
            self._act_until(evening)
            day += DAY
            if day.day == 1:
                print(f"  {day}: {len(self.acts)} acts, {len(self.swept)} sure sweeps", flush=True)

    def _act_until(self, moment: datetime) -> None:
        while True:
            nearest = self.queue[0][0] if self.queue else None
            start = self.starts[0] if self.starts else None
            if start is not None and start <= moment and (nearest is None or start <= nearest):
                self._begin(self.starts.pop(0))
            elif nearest is not None and nearest <= moment:
                _, _, step, scene, rest = heapq.heappop(self.queue)
                self._perform(step, scene)
                self._queue_next(scene, rest)
            else:
                return

    def _begin(self, start: datetime) -> None:
        self.wind(start)
        cast = self.rng.choice(self.casts)
        title = f"卸油区{start:%m%d%H%M%S%f}"
        scenes: list[Scene] = []

        def done() -> bool:
            from risks.models import RiskPoint

            found = RiskPoint.objects.filter(case__title=title).first()
            if found is not None and not scenes:
                scenes.append(Scene(found.pk, cast, start))
            return found is not None

        self._insist(lambda: scenes.append(registered(cast=cast, at=start, title=title)), done=done)
        self.cast_of[scenes[0].pk] = cast
        self._queue_next(scenes[0], story(random.Random(self.rng.random()), start))

    def _queue_next(self, scene: Scene, rest: Iterator[Step]) -> None:
        step = next(rest, None)
        if step is not None and step.at.date() <= self.last:
            self.serial += 1
            heapq.heappush(self.queue, (step.at, self.serial, step, scene, rest))

    def _perform(self, step: Step, scene: Scene) -> None:
        self.wind(step.at)
        self._insist(
            lambda: step.do(scene), done=lambda: AuditEvent.objects.filter(case_id=scene.pk, at=step.at).exists()
        )
        self.acts.append(Act(scene.pk, step.name, step.at, step.on))

    def _insist(self, do: Callable[[], object], *, done: Callable[[], bool]) -> None:
        """Do it once, whoever is killed: after a broken connection look whether it was committed, else do it again."""
        deadline = time.monotonic() + PATIENCE
        broken = False
        while True:
            try:
                if broken and done():
                    return
                do()
                return
            except (OperationalError, InterfaceError):
                connections.close_all()
                if time.monotonic() > deadline:
                    raise
                broken = True
                self.retried += 1
                time.sleep(0.1)

    def settle(self) -> None:
        """The morning after: everything that is still to be expected, sealed or sent is.

        Filings are expected every hour, which in this year is every other month of its clock: kills can leave out the last.
        """
        day = self.last + DAY
        self._sweep_at(datetime(day.year, day.month, day.day, 0, 10, tzinfo=CST), surely=True)
        self._wait_for_a_whole("expect")
        # Messages that failed wait for hours of the portal's clock.
        self.wind(datetime(day.year, day.month, day.day, 23, 0, tzinfo=CST))
        until(lambda: self._nothing_waits(), patience=PATIENCE, what="sealing and sending")

    def _nothing_waits(self) -> bool:
        try:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT (SELECT count(*) FROM audit_auditunsealed) + (SELECT count(*) FROM deadlines_message"
                    " WHERE state NOT IN ('sent', 'skipped', 'dead'))"
                )
                return cursor.fetchone()[0] == 0
        except (OperationalError, InterfaceError):
            connections.close_all()
            return False

    # The sweep: by the worker, and worse.
    def _sweep_at(self, moment: datetime, *, surely: bool = False) -> None:
        self.wind(moment)
        if not self.servers.beating:
            return
        luck = self.rng.random()
        if luck < 0.15:
            self._sweeps_in_children(kill=True)
        elif luck < 0.22:
            self._sweeps_in_children(kill=False)
        if surely or self.rng.random() < self.swept_share:
            self._wait_for_a_whole("sweep")
            self.swept.append(moment)

    def _wait_for_a_whole(self, task: str) -> None:
        since = self._ask("SELECT clock_timestamp()")
        until(lambda: self._ran_since(task, since), patience=PATIENCE, what=f"a whole {task} by the worker")

    def _ran_since(self, task: str, since: datetime) -> bool:
        try:
            with connection.cursor() as cursor:
                cursor.execute(_A_WHOLE_RUN, [task, since])
                return bool(cursor.fetchone())
        except (OperationalError, InterfaceError):
            connections.close_all()
            return False

    def _ask(self, sql: str) -> Any:
        found: list[Any] = []

        def ask() -> None:
            with connection.cursor() as cursor:
                cursor.execute(sql)
                found[:] = [cursor.fetchone()[0]]

        self._insist(ask, done=lambda: bool(found))
        return found[0]

    def _sweeps_in_children(self, *, kill: bool) -> None:
        """Two sweeps at the same moment beside the worker's; or one that is killed in the middle."""
        moment = self.shown[-1]
        children = [fork(lambda: sweep(at=moment)) for _ in range(1 if kill else 2)]
        if kill:
            time.sleep(self.rng.uniform(0.001, 0.04))
            os.kill(children[0], signal.SIGKILL)
            self.sweeps_killed += 1
        for child in children:
            os.waitpid(child, 0)


def _events(kind: str, moment: datetime) -> bool:
    return AuditEvent.objects.filter(name__startswith=f"deadlines.{kind}", at=moment).exists()


def fork(work: Callable[[], object]) -> int:
    """A child process that does `work` and ends: 0, or 1 for an exception."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        connections["default"].connection = None  # the parent's: not ours to close
        work()
        code = 0
    except Exception:  # a killed server is part of the game
        pass
    finally:
        os._exit(code)
