"""X5: any course of extensions, suspensions and resumptions, against a walk day by day that shares no code with it."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from deadlines.calendar import WorkCalendar
from deadlines.calendar_data import calendar_rows
from deadlines.replay import stages

CALENDAR = WorkCalendar.from_rows(calendar_rows())
DAY = timedelta(days=1)
ZONE = ZoneInfo("Asia/Shanghai")
WORKED = {row.date for row in calendar_rows() if row.is_workday}


def noon(day: date, hour: int = 12, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE)


@dataclass
class Entry:
    kind: str
    effective_at: datetime
    length: str = ""
    new_on: date | None = None


@dataclass
class Clock:
    terms: str
    started_at: datetime
    named_on: date | None = None
    entries: list[Entry] = field(default_factory=list)


def roll(day: date, rolls: bool) -> date:
    while rolls and day not in WORKED:
        day += DAY
    return day


class DayByDay:
    """The oracle: a bag of days to use up. Each morning one is taken out, unless the clock stands still that day."""

    def __init__(self, unit: str, length: int, day_zero: date, rolls: bool) -> None:
        self.unit, self.rolls = unit, rolls
        self.end = self.walk(day_zero, length)
        self.zero = day_zero

    def counts(self, day: date) -> bool:
        return self.unit != "WD" or day in WORKED

    def walk(self, after: date, length: int) -> date:
        day = after
        while length:
            day += DAY
            length -= self.counts(day)
        return roll(day, self.rolls)

    def extend(self, length: int) -> None:
        self.end = self.walk(self.end, length)

    def suspend(self, on: date) -> None:
        self.left = 0
        day = self.end
        while day >= on and day > self.zero:
            self.left += self.counts(day)
            day -= DAY

    def resume(self, on: date) -> None:
        self.zero = on
        self.end = self.walk(on, self.left)


class LedgerMachine(RuleBasedStateMachine):
    @initialize(
        unit=st.sampled_from(["WD", "D", "DR", "ON"]),
        length=st.integers(1, 40),
        start=st.dates(date(2024, 1, 1), date(2025, 6, 30)),
        hour=st.integers(0, 23),
    )
    def begin(self, unit: str, length: int, start: date, hour: int) -> None:
        self.unit, self.today, self.hour = unit, start, hour
        self.is_still, self.is_met = False, False
        oracle_unit = "WD" if unit == "WD" else "D"
        self.oracle = DayByDay(oracle_unit, length, start, rolls=unit == "DR")
        terms = {"WD": f"WD{length}", "D": f"D{length}", "DR": f"D{length}R", "ON": "ON"}[unit]
        named_on = start + timedelta(days=length) if unit == "ON" else None
        self.clock = Clock(terms, noon(start, hour), named_on)

    @property
    def is_running(self) -> bool:
        return not self.is_met and not self.is_still and self.today <= self.oracle.end

    @rule(days=st.integers(0, 12))
    def time_passes(self, days: int) -> None:
        self.today += timedelta(days=days)
        self.hour = self.hour if days == 0 else 0

    @precondition(lambda self: self.is_running)
    @rule(length=st.integers(1, 30))
    def extend(self, length: int) -> None:
        self.oracle.extend(length)
        if self.unit == "ON":
            entry = Entry("extend", noon(self.today, self.hour), new_on=self.oracle.end)
        else:
            entry = Entry("extend", noon(self.today, self.hour), length=f"{'WD' if self.unit == 'WD' else 'D'}{length}")
        self.clock.entries.append(entry)

    @precondition(lambda self: self.is_running)
    @rule()
    def suspend(self) -> None:
        self.oracle.suspend(self.today)
        self.is_still = True
        self.clock.entries.append(Entry("suspend", noon(self.today, self.hour)))

    @precondition(lambda self: self.is_still and not self.is_met)
    @rule()
    def resume(self) -> None:
        self.oracle.resume(self.today)
        self.is_still = False
        self.clock.entries.append(Entry("resume", noon(self.today, self.hour)))

    @precondition(lambda self: not self.is_met)
    @rule()
    def meet(self) -> None:
        """Ends the course: what stood stays."""
        self.is_met = True

    @invariant()
    def same_end(self) -> None:
        if not hasattr(self, "clock"):
            return
        due = stages(self.clock, self.clock.entries, CALENDAR)[-1].due
        if self.is_still:
            assert due.due_at.year == 9999
        else:
            assert due.due_on == self.oracle.end
            assert due.due_at == noon(self.oracle.end + DAY, 0)


TestLedgerMachine = LedgerMachine.TestCase
TestLedgerMachine.settings = settings(max_examples=120, stateful_step_count=20, deadline=None)
