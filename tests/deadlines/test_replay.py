"""X5: the due date is the replay of the ledger from the snapshot of terms, for each unit of time."""

from dataclasses import dataclass
from datetime import date, datetime

import pytest

from deadlines.calendar import WorkCalendar
from deadlines.calendar_data import calendar_rows
from deadlines.replay import Unreplayable, replay, stages
from deadlines.terms import NEVER, due, parse
from tests.factories import at

CALENDAR = WorkCalendar.from_rows(calendar_rows())


@dataclass(frozen=True)
class Clock:
    terms: str
    started_at: datetime
    named_on: date | None = None


@dataclass(frozen=True)
class Entry:
    kind: str
    effective_at: datetime
    length: str = ""
    new_on: date | None = None


def longer(by: str, when: str = "2026-10-01") -> Entry:
    if by[0].isdigit():
        return Entry("extend", at(when), new_on=date.fromisoformat(by))
    return Entry("extend", at(when), length=by)


def stop(when: str) -> Entry:
    return Entry("suspend", at(when))


def go(when: str) -> Entry:
    return Entry("resume", at(when))


@pytest.mark.parametrize(
    ("terms", "started", "entries", "end"),
    [
        # Working days from the end that stands; 1-7 October is off, 10 October is worked.
        ("WD3", "2026-09-30 16:40", [], "2026-10-11 00:00"),
        ("WD3", "2026-09-30 16:40", [longer("WD2")], "2026-10-14 00:00"),
        ("WD3", "2026-09-30 16:40", [longer("WD2"), longer("WD1")], "2026-10-15 00:00"),
        # Stopped on the first working day: none of the three is counted, and the day of resumption is day zero.
        ("WD3", "2026-09-30 16:40", [stop("2026-10-08 09:00"), go("2026-10-12 09:00")], "2026-10-16 00:00"),
        # One day was counted before it stopped; two are left.
        ("WD3", "2026-09-30 16:40", [stop("2026-10-09 23:59"), go("2026-10-12 00:00")], "2026-10-15 00:00"),
        # Stopped and started again on the same day costs that day, twice on one day no more than once.
        ("WD3", "2026-10-12 08:00", [stop("2026-10-13 09:00"), go("2026-10-13 10:00")], "2026-10-17 00:00"),
        (
            "WD3",
            "2026-10-12 08:00",
            [stop("2026-10-13 09:00"), go("2026-10-13 10:00"), stop("2026-10-13 11:00"), go("2026-10-13 12:00")],
            "2026-10-17 00:00",
        ),
        # On day zero nothing is counted anyway.
        ("WD3", "2026-10-12 08:00", [stop("2026-10-12 09:00"), go("2026-10-12 10:00")], "2026-10-16 00:00"),
        # Calendar days, without roll and with: 24 October 2026 is a Saturday.
        ("D12", "2026-10-12 08:00", [], "2026-10-25 00:00"),
        ("D12R", "2026-10-12 08:00", [], "2026-10-27 00:00"),
        ("D12", "2026-10-12 08:00", [longer("D7")], "2026-11-01 00:00"),
        ("D12R", "2026-10-12 08:00", [longer("D5")], "2026-11-03 00:00"),
        ("D12", "2026-10-12 08:00", [stop("2026-10-20 08:00"), go("2026-11-02 08:00")], "2026-11-08 00:00"),
        ("D12R", "2026-10-12 08:00", [stop("2026-10-20 08:00"), go("2026-11-02 08:00")], "2026-11-10 00:00"),
        # Months end on the corresponding day; what is left of them is days.
        ("M1", "2026-08-31 08:00", [], "2026-10-01 00:00"),
        ("M1", "2026-08-31 08:00", [longer("M1")], "2026-10-31 00:00"),
        ("M1", "2026-08-31 08:00", [longer("D10")], "2026-10-11 00:00"),
        ("M1R", "2026-09-12 08:00", [], "2026-10-13 00:00"),
        ("M1R", "2026-09-03 08:00", [longer("D1")], "2026-10-10 00:00"),
        ("M1", "2026-08-31 08:00", [stop("2026-09-29 08:00"), go("2026-10-20 08:00")], "2026-10-23 00:00"),
        # Hours to the minute, seconds dropped.
        ("H24", "2026-10-12 08:10:59", [], "2026-10-13 08:10"),
        ("H24", "2026-10-12 08:10:59", [longer("H6")], "2026-10-13 14:10"),
        ("H24", "2026-10-12 08:10", [stop("2026-10-12 20:40:30"), go("2026-10-14 09:00:10")], "2026-10-14 20:30"),
        # A named day goes to a later named day, and moves with a suspension by days.
        ("ON 2026-11-29", "2026-09-30 16:40", [], "2026-11-30 00:00"),
        ("ON 2026-11-29", "2026-09-30 16:40", [longer("2026-12-19")], "2026-12-20 00:00"),
        ("ON 2026-11-29", "2026-09-30 16:40", [stop("2026-11-20 08:00"), go("2026-12-01 08:00")], "2026-12-12 00:00"),
    ],
)
def test_x5_end_after_entries(terms, started, entries, end):
    terms, _, named = terms.partition(" ")
    clock = Clock(terms, at(started), date.fromisoformat(named) if named else None)
    assert replay(clock, entries, CALENDAR).due_at == at(end)


@pytest.mark.parametrize("terms", ["WD5", "D20", "D20R", "M2R", "H30"])
def test_x5_no_entries_is_the_term_itself(terms):
    clock = Clock(terms, at("2026-12-20 10:00"))
    assert replay(clock, [], CALENDAR) == due(parse(terms), clock.started_at, CALENDAR)


def test_x5_suspended_clock_is_never_due_and_keeps_the_day_that_stood():
    stage = stages(Clock("WD3", at("2026-09-30 16:40")), [stop("2026-10-09 09:00")], CALENDAR)[-1]
    assert (stage.due.due_at, stage.due.due_on, stage.left) == (NEVER, date(2026, 10, 10), 2)


def test_x5_replay_is_provisional_only_where_a_guessed_day_was_counted():
    clock = Clock("WD20", at("2026-12-10 10:00"))
    assert replay(clock, [], CALENDAR).provisional
    # Stopped over the whole of the year not yet announced and not gone on: what was counted was settled.
    stopped = stages(clock, [stop("2026-12-20 10:00")], CALENDAR)[-1]
    assert not stopped.is_guessed
    assert replay(Clock("WD3", at("2026-12-10 10:00")), [longer("WD20")], CALENDAR).provisional
    assert not replay(Clock("D30", at("2026-12-10 10:00")), [longer("D30")], CALENDAR).provisional
    assert replay(Clock("D30R", at("2026-12-10 10:00")), [longer("D30")], CALENDAR).provisional


@pytest.mark.parametrize(
    ("terms", "entries"),
    [
        ("WD3", [go("2026-10-13")]),
        ("WD3", [stop("2026-10-13"), stop("2026-10-14")]),
        ("WD3", [stop("2026-10-13"), longer("WD1")]),
        ("WD3", [stop("2026-10-16 00:00")]),  # it had run out
        ("WD3", [stop("2026-10-12 07:59")]),  # it had not begun
        ("WD3", [stop("2026-10-14"), go("2026-10-13")]),
        ("WD3", [longer("D3")]),
        ("WD3", [longer("2026-12-01")]),
        ("H3", [longer("WD1")]),
        ("D3", [longer("WD1")]),
        ("ON", [longer("2026-10-20")]),
        ("ON", [longer("WD3")]),
    ],
)
def test_x5_entries_that_do_not_fit(terms, entries):
    clock = Clock(terms, at("2026-10-12 08:00"), date(2026, 10, 20) if terms == "ON" else None)
    with pytest.raises(ValueError):
        replay(clock, entries, CALENDAR)


def test_x5_unreplayable_says_why():
    with pytest.raises(Unreplayable, match="延期后的日期须晚于现在的到期日 2026-10-20"):
        replay(Clock("ON", at("2026-10-12 08:00"), date(2026, 10, 20)), [longer("2026-10-19")], CALENDAR)
