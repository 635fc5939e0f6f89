"""The due date of a clock as the replay of its ledger, from the snapshot of terms alone (X5, docs/adr/0013).

An extension lengthens from the end that stands; a suspension takes out the days from the one it begins on to the one of
resumption, both included: the day of resumption is day zero again. Whatever ends on a day off rolls, where the term says
so, each time. Pure: reads neither the clock nor the database.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from deadlines.calendar import WorkCalendar
from deadlines.terms import (
    NEVER,
    ONE_DAY,
    SHANGHAI,
    CalendarDays,
    Due,
    Hours,
    Months,
    OnDate,
    Term,
    WorkingDays,
    due,
    end_of,
    nominal_end,
    parse,
)


class Clock(Protocol):
    """What a replay reads of a Deadline."""

    @property
    def terms(self) -> str: ...
    @property
    def started_at(self) -> datetime: ...
    @property
    def named_on(self) -> date | None: ...


class Entry(Protocol):
    """What a replay reads of a LedgerEntry."""

    @property
    def kind(self) -> str: ...
    @property
    def effective_at(self) -> datetime: ...
    @property
    def length(self) -> str: ...
    @property
    def new_on(self) -> date | None: ...


class Unreplayable(ValueError):
    """The entry does not fit the clock as it stands: it stops what is stopped, or names a day that has gone by."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The clock after one entry (None: as it started). `since` is day zero, the start or the last resumption.

    `nominal_on` is the end before it rolled. `left` is set while it stands still: what was not yet counted, in the term's days, or in minutes for hours.
    `is_guessed`: days that may still change with an announcement have been counted before `since`.
    """

    entry: Any  # as it was given: an Entry, or None
    since: datetime
    due: Due
    nominal_on: date
    left: int | None = None
    is_guessed: bool = False

    @property
    def is_suspended(self) -> bool:
        return self.left is not None


def replay(deadline: Clock, entries: Iterable[Entry], calendar: WorkCalendar) -> Due:
    """When the clock runs out after `entries`, which come in the order of the ledger.

    Of a suspended clock `due_at` is NEVER and `due_on` the day that stood. Raises Unreplayable, CalendarOutOfRange.
    """
    return stages(deadline, entries, calendar)[-1].due


def stages(deadline: Clock, entries: Iterable[Entry], calendar: WorkCalendar) -> list[Stage]:
    """The clock as it started, then after each entry."""
    term = parse(deadline.terms)
    first = due(term, deadline.started_at, calendar, on=deadline.named_on)
    nominal_on = _nominal(term, deadline.started_at, first)
    told: list[Stage] = [Stage(None, deadline.started_at, first, nominal_on)]
    for entry in entries:
        stage = told[-1]
        if (entry.kind == "resume") != stage.is_suspended:
            raise Unreplayable("时限已中止，恢复后才能再延期或中止" if stage.is_suspended else "时限没有中止")
        match entry.kind:
            case "extend":
                told.append(_extended(stage, entry, term, calendar))
            case "suspend":
                told.append(_suspended(stage, entry, term, calendar))
            case "resume":
                told.append(_resumed(stage, entry, term, calendar))
            case _:
                raise Unreplayable(f"无法识别的台账事项：{entry.kind!r}")
    return told


def _extended(stage: Stage, entry: Entry, term: Term, calendar: WorkCalendar) -> Stage:
    end, is_guessed = stage.due.due_on, stage.is_guessed
    if isinstance(term, OnDate):
        if entry.new_on is None or entry.new_on <= end:
            raise Unreplayable(f"延期后的日期须晚于现在的到期日 {end}")
        named = due(term, _noon(end), calendar, on=entry.new_on)
        return replace(stage, entry=entry, due=named, nominal_on=entry.new_on)
    length = parse(entry.length)
    match term, length:
        case WorkingDays(), WorkingDays():
            longer = due(length, _noon(end), calendar)
            is_tentative = is_guessed or calendar.any_provisional(_day(stage.since), longer.due_on)
            longer = replace(longer, provisional=is_tentative)
            return replace(stage, entry=entry, due=longer, nominal_on=longer.due_on)
        case Hours(), Hours():
            longer = _hours_end(stage.due.due_at + timedelta(hours=length.n))
            return replace(stage, entry=entry, due=longer, nominal_on=longer.due_on)
        case ((CalendarDays(roll=roll) | Months(roll=roll)), (CalendarDays() | Months())):
            # The end that stands may itself have rolled on a guess.
            is_guessed |= stage.due.provisional
            longer = due(replace(length, roll=roll), _noon(end), calendar)
            longer = replace(longer, provisional=longer.provisional or is_guessed)
            nominal_on = nominal_end(length, end, None)
            return replace(stage, entry=entry, due=longer, nominal_on=nominal_on, is_guessed=is_guessed)
    raise Unreplayable(f"{term} 不能延长 {entry.length}")


def _suspended(stage: Stage, entry: Entry, term: Term, calendar: WorkCalendar) -> Stage:
    if not stage.since <= entry.effective_at < stage.due.due_at:
        raise Unreplayable("中止的时间须在起算之后、到期之前")
    still = replace(stage.due, due_at=NEVER)
    if isinstance(term, Hours):
        left = int((stage.due.due_at - _minute(entry.effective_at)).total_seconds()) // 60
        return replace(stage, entry=entry, due=still, left=left)
    day_zero, end = _day(stage.since), stage.due.due_on
    # The day on which it stops is not counted any more; day zero never was.
    counted_to = max(_day(entry.effective_at) - ONE_DAY, day_zero)
    if isinstance(term, WorkingDays):
        is_guessed = stage.is_guessed or calendar.any_provisional(day_zero, counted_to)
        left = calendar.working_days_between(counted_to, end)
        return replace(stage, entry=entry, due=still, left=left, is_guessed=is_guessed)
    left = (end - counted_to).days
    return replace(stage, entry=entry, due=still, left=left, is_guessed=stage.due.provisional)


def _resumed(stage: Stage, entry: Entry, term: Term, calendar: WorkCalendar) -> Stage:
    left, since = stage.left, entry.effective_at
    assert left is not None and stage.entry is not None
    if since < stage.entry.effective_at:
        raise Unreplayable("恢复的时间不能早于中止的时间")
    nominal_on: date | None = None
    match term:
        case Hours():
            rest = _hours_end(_minute(since) + timedelta(minutes=left))
        case WorkingDays():
            rest = due(WorkingDays(left), since, calendar)
        case CalendarDays(roll=roll) | Months(roll=roll):
            rest = due(CalendarDays(left, roll=roll), since, calendar)
            nominal_on = _day(since) + timedelta(days=left)
        case OnDate():
            rest = due(term, since, calendar, on=_day(since) + timedelta(days=left))
    rest = replace(rest, provisional=rest.provisional or stage.is_guessed)
    return Stage(entry, since, rest, nominal_on or rest.due_on, is_guessed=stage.is_guessed)


def _nominal(term: Term, started_at: datetime, first: Due) -> date:
    return nominal_end(term, _day(started_at), None) if isinstance(term, CalendarDays | Months) else first.due_on


def _day(moment: datetime) -> date:
    return moment.astimezone(SHANGHAI).date()


def _minute(moment: datetime) -> datetime:
    return moment.astimezone(SHANGHAI).replace(second=0, microsecond=0)


def _hours_end(end: datetime) -> Due:
    return Due(end.astimezone(SHANGHAI).date(), end, provisional=False)


def _noon(day: date) -> datetime:
    """A moment on `day`, to count on from it as day zero."""
    return end_of(day) - timedelta(hours=12)
