"""What the law makes of a year of acts, worked out a second time. Imports nothing of the product.

The calendar is typed from the State Council's notices, the rules from the notice; days are walked one by one. Whoever
changes a rule in the product changes it here by hand, and has to mean it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone

CST = timezone(timedelta(hours=8))
DAY = timedelta(days=1)


def days(year: int, text: str) -> set[date]:
    """`"01-01..01-03 04-04"` as days of the year."""
    found: set[date] = set()
    for part in text.split():
        first, _, last = part.partition("..")
        day = date.fromisoformat(f"{year}-{first}")
        while day <= date.fromisoformat(f"{year}-{last or first}"):
            found.add(day)
            day += DAY
    return found


@dataclass(frozen=True)
class Almanac:
    """Days off and make-up days by year; weekends are off as usual; `open_years` are not announced yet."""

    off: frozenset[date]
    made_up: frozenset[date]
    open_years: frozenset[int]

    def works(self, day: date) -> bool:
        if day in self.made_up:
            return True
        return day.weekday() < 5 and day not in self.off

    def edited(self, changes: dict[date, bool], *, settled: int | None = None) -> "Almanac":
        """With some days made working (True) or off (False), and the year that this settles."""
        off = (self.off | {d for d, works in changes.items() if not works}) - {d for d, w in changes.items() if w}
        made_up = (self.made_up | {d for d, w in changes.items() if w}) - {d for d, w in changes.items() if not w}
        return Almanac(off, made_up, self.open_years - ({settled} if settled else set()))


# 2026 as announced on 2025-11-04; of 2027 only the days that the law fixes.
AT_FIRST = Almanac(
    off=frozenset(
        days(2026, "01-01..01-03 02-15..02-23 04-04..04-06 05-01..05-05 06-19..06-21 09-25..09-27 10-01..10-07")
        | days(2027, "01-01 02-05..02-10 04-05 05-01..05-04 06-09 09-15 10-01..10-05")
        | days(2028, "01-01 01-25..01-30 04-04 05-01..05-02 05-28 10-01..10-05")
    ),
    made_up=frozenset(days(2026, "01-04 02-14 02-28 05-09 09-20 10-10")),
    open_years=frozenset({2027, 2028, 2029, 2030}),
)


@dataclass(frozen=True)
class Rule:
    """Names of acts, not of the product's events."""

    key: str
    starts: tuple[str, ...]
    met: tuple[str, ...]
    ended: tuple[str, ...]
    term: tuple[str, int]  # ("WD", 3); ("ON", 0): the act names the day; ("MR", 3): months, rolled
    is_own: bool = False
    resumes: bool = False


RULES = (
    Rule("risks.assessment", ("self_grade_severe",), ("conclude_severe", "conclude_mild"), (), ("WD", 5), is_own=True),
    Rule("risks.handover", ("conclude_severe",), ("issue",), ("conclude_mild",), ("WD", 3), is_own=True, resumes=True),
    Rule("risks.receipt", ("issue",), ("receive",), (), ("WD", 2)),
    Rule("risks.treatment", ("issue", "fail", "lapse"), ("apply",), ("long_term",), ("ON", 0)),
    Rule("risks.closure_check", ("apply", "supply"), ("pass", "fail"), ("ask",), ("WD", 10), is_own=True),
    Rule("risks.correction", ("ask",), ("supply",), ("lapse",), ("WD", 5)),
    Rule("risks.long_term_check", ("long_term", "watch"), ("watch",), ("apply",), ("MR", 3)),
    Rule("risks.reassessment", ("long_term", "reassess"), ("reassess",), ("apply",), ("M", 12), is_own=True),
)
CLOSING = {"pass"}
TREATMENT = "risks.treatment"
NEVER = datetime(9999, 1, 1, tzinfo=UTC)  # a clock that stands still is not due


@dataclass(frozen=True)
class Act:
    case: int
    name: str
    at: datetime
    on: date | None = None


@dataclass(frozen=True)
class Edit:
    """From `at` on, the almanac is another; open clocks follow, closed ones do not."""

    at: datetime
    almanac: Almanac


@dataclass
class Clock:
    """One expected row of the ledger. `history` is (since, due_on, due_at), the last of which holds at the end."""

    case: int
    rule: Rule
    started_at: datetime
    named_on: date | None
    history: list[tuple[datetime, date, datetime, bool]] = field(default_factory=list)
    met_at: datetime | None = None
    ended_at: datetime | None = None
    stopped_on: date | None = None
    is_moved: bool = False  # by its own ledger; the calendar then moves it only through that

    @property
    def due_on(self) -> date:
        return self.history[-1][1]

    @property
    def due_at(self) -> datetime:
        return self.history[-1][2]

    @property
    def provisional(self) -> bool:
        return self.history[-1][3]

    @property
    def closed_at(self) -> datetime | None:
        return self.met_at or self.ended_at

    def due_as_of(self, moment: datetime) -> tuple[date, datetime]:
        """The date as it stood at `moment`: an edit or an extension after it has not moved it yet."""
        standing = self.history[0]
        for entry in self.history:
            if entry[0] <= moment:
                standing = entry
        return standing[1], standing[2]

    def is_open_at(self, moment: datetime) -> bool:
        return self.history[0][0] <= moment and (self.closed_at is None or self.closed_at > moment)


def add_months(day: date, months: int) -> date:
    year, month = day.year + (day.month - 1 + months) // 12, (day.month - 1 + months) % 12 + 1
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month, min(day.day, last))
        except ValueError:
            continue
    raise AssertionError


def end_of(rule: Rule, started_at: datetime, named_on: date | None, almanac: Almanac) -> tuple[date, datetime, bool]:
    """(last day, first moment too late, provisional), walked day by day."""
    kind, length = rule.term
    start = started_at.astimezone(CST).date()
    passed: list[date] = []
    if kind == "WD":
        day, left = start, length
        passed.append(day)
        while left:
            day += DAY
            passed.append(day)
            left -= almanac.works(day)
    elif kind in {"M", "MR"}:
        day = add_months(start, length)
        if kind == "MR":
            passed.append(day)
            while not almanac.works(day):
                day += DAY
                passed.append(day)
    else:
        assert named_on is not None
        day = named_on
    return day, datetime.combine(day + DAY, time.min, CST), any(d.year in almanac.open_years for d in passed)


def ledger(acts: Iterable[Act], edits: Iterable[Edit], almanac: Almanac = AT_FIRST) -> dict[int, list[Clock]]:
    """The clocks of each case in the order of their start."""
    found: dict[int, list[Clock]] = {}
    ordered: list[Act | Edit] = sorted([*acts, *edits], key=lambda step: step.at)
    for step in ordered:
        if isinstance(step, Edit):
            almanac = step.almanac
            for clocks in found.values():
                for clock in clocks:
                    if clock.closed_at is None:
                        _recount(clock, step.at, almanac)
            continue
        clocks = found.setdefault(step.case, [])
        _adjust(clocks, step)
        _close(clocks, step)
        running = {clock.rule.key for clock in clocks if clock.closed_at is None}
        for rule in RULES:
            if step.name in rule.starts and rule.key not in running:
                clock = Clock(step.case, rule, _first_moment(clocks, rule, step.at), step.on)
                clock.history.append((step.at, *end_of(rule, clock.started_at, step.on, almanac)))
                clocks.append(clock)
    return found


def _recount(clock: Clock, at: datetime, almanac: Almanac) -> None:
    if clock.is_moved:
        return  # only clocks with a named day are, and those follow no calendar
    fresh = end_of(clock.rule, clock.started_at, clock.named_on, almanac)
    if fresh != clock.history[-1][1:]:
        clock.history.append((at, *fresh))


def _adjust(clocks: list[Clock], act: Act) -> None:
    """Extension to a named day; standing still from the day it was asked for to the day of resumption, neither counted."""
    if act.name not in {"extend", "suspend", "resume"}:
        return
    clock = next(c for c in clocks if c.rule.key == TREATMENT and c.closed_at is None)
    assert act.on is not None
    clock.is_moved = True
    if act.name == "extend":
        clock.history.append((act.at, act.on, _midnight_after(act.on), False))
    elif act.name == "suspend":
        clock.stopped_on = act.on
        clock.history.append((act.at, clock.due_on, NEVER, False))
    else:
        assert clock.stopped_on is not None
        end = act.on + (clock.due_on - clock.stopped_on) + DAY
        clock.stopped_on = None
        clock.history.append((act.at, end, _midnight_after(end), False))


def _midnight_after(day: date) -> datetime:
    return datetime.combine(day + DAY, time.min, CST)


def _close(clocks: list[Clock], act: Act) -> None:
    for clock in clocks:
        if clock.closed_at is not None:
            continue
        if act.name in clock.rule.met:
            clock.met_at = act.at
        elif act.name in clock.rule.ended or act.name in CLOSING:
            clock.ended_at = act.at


def _first_moment(clocks: list[Clock], rule: Rule, at: datetime) -> datetime:
    """A clock that was ended before its time and starts anew before its time keeps its first day."""
    if not rule.resumes:
        return at
    earlier = [c.started_at for c in clocks if c.rule is rule and c.ended_at is not None and c.due_at > at]
    return min(earlier, default=at)


# What is said when, in working days from the due day: before (the nearest that is reached), on it, and after.
SOON = {
    "risks.treatment": (1, 5),
    "risks.closure_check": (1, 3),
    "risks.long_term_check": (1, 5),
    "risks.reassessment": (1, 10),
}
LATE = ((0, 2), (3, 9), (10, 69))
ESCALATED = (0, 59)


def working_days(first: date, last: date, almanac: Almanac) -> int:
    """Working days after the earlier up to and including the later."""
    low, high = sorted((first, last))
    count, day = 0, low
    while day < high:
        day += DAY
        count += almanac.works(day)
    return count


def rungs_at(clock: Clock, due: tuple[date, datetime], moment: datetime, almanac: Almanac) -> list[tuple[str, bool]]:
    """What is said of an open clock at `moment`: (rung, whether it goes up)."""
    due_on, due_at = due
    today = moment.astimezone(CST).date()
    if moment >= due_at:
        days = working_days(due_on, today, almanac)
        said = [(f"late-{low}", False) for low, high in LATE if low <= days <= high]
        return said + ([("escalated-0", True)] if ESCALATED[0] <= days <= ESCALATED[1] else [])
    if due_at == NEVER or (due_on - today).days > 40:
        return []
    if due_on == today:
        return [("today", False)]
    days = working_days(today, due_on, almanac)
    nearest = [n for n in SOON.get(clock.rule.key, (1,)) if days <= n]
    return [(f"soon-{nearest[0]}", False)] if nearest else []


def almanac_at(moment: datetime, edits: Iterable[Edit]) -> Almanac:
    standing = AT_FIRST
    for edit in sorted(edits, key=lambda e: e.at):
        if edit.at <= moment:
            standing = edit.almanac
    return standing
