"""What happens to one risk in the year: random, from the seed alone, acts in an order that the workflow allows.

A story yields its next act with the moment it wants; the year takes the acts of all risks in the order of time. Nothing
here asks the product when something is due: people come early, late, or not at all.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from deadlines.models import LedgerRequest
from tests.deadlines import adjustments
from tests.risks.builders import HAND, LEC_ORANGE, LEC_RED, LEC_YELLOW, Scene
from tests.torture.oracle import CST

LATE = "同期事项集中，人手不足"  # kept only where a regulator's own term is met late
TOKEN = type(HAND)(strokes=HAND.strokes, by_token=True)  # no password hashing: thousands of signatures


@dataclass(frozen=True)
class Step:
    """`name` is the oracle's word for it; `on` the day it names; `do` performs it at the moment."""

    at: datetime
    name: str
    do: Callable[[Scene], object]
    on: date | None = None


class Diary:
    """The next moment of somebody's working hours, each one distinct."""

    def __init__(self, rng: random.Random, start: datetime) -> None:
        self.rng, self.now = rng, start

    def after(self, days: float) -> datetime:
        """Some time on the day `days` later, never before what went before."""
        day = (self.now + timedelta(days=days)).date()
        hour, minute = self.rng.randint(8, 17), self.rng.randint(0, 59)
        moment = datetime(day.year, day.month, day.day, hour, minute, self.rng.randint(0, 59), tzinfo=CST)
        self.now = max(moment, self.now + timedelta(minutes=1)).replace(microsecond=self.rng.randrange(1_000_000))
        return self.now


def story(rng: random.Random, start: datetime) -> Iterator[Step]:
    """From the grading on; the risk is registered at `start`."""
    diary = Diary(rng, start)
    if rng.random() < 0.5:
        yield _act(diary.after(rng.choice([0, 1])), "self_grade_severe", "self_grade", inputs=LEC_RED)
    wait = rng.choice([0, 1, 3, 6, 9, 12])
    if rng.random() < 0.1:
        yield _act(diary.after(wait), "conclude_mild", "conclude", inputs=LEC_YELLOW, hand=TOKEN, late_reason=LATE)
        if rng.random() < 0.5:
            return
    yield _act(
        diary.after(wait),
        "conclude_severe",
        "conclude",
        inputs=rng.choice([LEC_RED, LEC_ORANGE]),
        hand=TOKEN,
        late_reason=LATE,
    )
    if rng.random() < 0.15:  # corrected to mild and back: the clock keeps its first day
        yield _act(diary.after(1), "conclude_mild", "conclude", inputs=LEC_YELLOW, hand=TOKEN, late_reason=LATE)
        yield _act(diary.after(1), "conclude_severe", "conclude", inputs=LEC_RED, hand=TOKEN, late_reason=LATE)
    drafted = diary.after(rng.choice([0, 1, 2, 4]))
    due_on = drafted.date() + timedelta(days=rng.randint(25, 120))
    yield _act(drafted, "draft", "draft", due_on=due_on)
    yield _act(diary.after(rng.choice([0, 0, 1])), "check", "check")
    yield _act(diary.after(rng.choice([0, 0, 1, 3])), "issue", "issue", on=due_on, late_reason=LATE)
    yield _act(diary.after(rng.choice([0, 1, 2, 5, 8])), "receive", "receive", hand=TOKEN)
    if rng.random() < 0.1:
        return  # nobody does anything any more
    for _ in range(rng.randint(0, 2)):
        yield _act(diary.after(rng.randint(3, 12)), "progress", "progress")
    if rng.random() < 0.15:
        yield from _long_term(rng, diary)
        return
    yield from _to_the_end(rng, diary, due_on)


def _long_term(rng: random.Random, diary: Diary) -> Iterator[Step]:
    yield _act(diary.after(2), "propose", "propose")
    yield _act(diary.after(rng.randint(1, 6)), "long_term", "decide_exit", hand=TOKEN, late_reason=LATE)
    while True:
        yield _act(diary.after(rng.randint(60, 110)), "watch", "check_long_term")


def _moved(rng: random.Random, diary: Diary, due_on: date) -> Iterator[Step]:
    """The treatment clock extended, or refused to be, or stopped for a while. Yields the acts; `on` tells the new day."""
    luck = rng.random()
    if (due_on - diary.now.date()).days < 20:
        return
    if luck < 0.3:
        later = due_on + timedelta(days=rng.randint(5, 80))
        yield _ask(diary.after(rng.randint(1, 4)), "extend", new_on=later)
        approve = rng.random() < 0.7
        yield _decide(diary.after(rng.randint(0, 3)), "extend" if approve else "refuse", approve, later)
    elif luck < 0.5:
        asked = diary.after(rng.randint(1, 4))
        yield _ask(asked, "suspend", ground="不可抗力")
        yield _decide(diary.after(rng.randint(0, 3)), "suspend", True, asked.date())
        yield _ask(diary.after(rng.randint(5, 60)), "resume")
        decided = diary.after(rng.randint(0, 3))
        yield _decide(decided, "resume", True, decided.date())


def _ask(at: datetime, kind: str, **told: object) -> Step:
    return Step(at, f"ask_{kind}", lambda scene: adjustments.ask(scene, kind, at=at, **told))


def _decide(at: datetime, name: str, approve: bool, on: date) -> Step:
    def do(scene: Scene) -> object:
        request = LedgerRequest.objects.filter(deadline__case=scene.pk, decided_at=None).latest("pk")
        return adjustments.decide(scene, request, approve=approve, at=at, hand=TOKEN)

    return Step(at, name, do, on)


def moved_to(step: Step, due_on: date, stopped: date | None) -> tuple[date, date | None]:
    """Where people take the treatment clock to end after `step`."""
    assert step.on is not None
    if step.name == "extend":
        return step.on, None
    if step.name == "suspend":
        return due_on, step.on
    if step.name == "resume" and stopped is not None:
        return step.on + (due_on - stopped) + timedelta(days=1), None
    return due_on, stopped


def _to_the_end(rng: random.Random, diary: Diary, due_on: date) -> Iterator[Step]:
    stopped: date | None = None
    for step in _moved(rng, diary, due_on):
        if step.on is not None:
            due_on, stopped = moved_to(step, due_on, stopped)
        yield step
    while True:
        spread = (due_on - diary.now.date()).days
        yield _act(diary.after(max(1, spread + rng.randint(-20, 15))), "apply", "apply", hand=TOKEN)
        if rng.random() < 0.2:
            yield _act(diary.after(rng.randint(1, 8)), "ask", "ask_correction", late_reason=LATE)
            yield _act(diary.after(rng.randint(1, 12)), "supply", "supply_correction", hand=TOKEN)
        passed = rng.random() < 0.75
        signed = diary.after(rng.choice([1, 5, 9, 13, 18]))
        again = signed.date() + timedelta(days=rng.randint(25, 60))
        yield _act(signed, "verify", "verify", passed=passed, hand=TOKEN, **({} if passed else {"new_due_on": again}))
        done = diary.after(rng.choice([0, 0, 1, 3]))
        yield _act(
            done,
            "pass" if passed else "fail",
            "countersign",
            on=None if passed else again,
            hand=TOKEN,
            late_reason=LATE,
        )
        if passed:
            return
        due_on = again


def _act(at: datetime, name: str, method: str, *, on: date | None = None, **told: object) -> Step:
    return Step(at, name, lambda scene: getattr(scene, method)(at=at, **told), on)
