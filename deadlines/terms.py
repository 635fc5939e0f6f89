"""Lengths of time as the law states them, when they end, and why on that day.

A term's text form (`WD3`, `D30R`, `M12`, `H24`, `ON`) is what the ledger keeps as its snapshot. Day 0 is the Asia/Shanghai
day of the starting event whatever the hour (民法典 201); months end on the corresponding day or the month's last (202); a
term with `roll` that ends on a day off ends on the next working day (203). Nothing here reads the clock or the database.
"""

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from deadlines.calendar import WEEKDAYS, WorkCalendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
ONE_DAY = timedelta(days=1)
# The due moment of a clock that stands still: later than anything, so that no list, sweep or count takes it for due.
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
FOLD_OVER = 40  # rows a person still reads one by one
MAX_LENGTH = 9999


def _require_length(n: int) -> None:
    if not 1 <= n <= MAX_LENGTH:
        raise ValueError(f"期限须为 1 至 {MAX_LENGTH} 的整数。")


@dataclass(frozen=True, slots=True)
class WorkingDays:
    n: int

    def __post_init__(self) -> None:
        _require_length(self.n)

    def __str__(self) -> str:
        return f"WD{self.n}"


@dataclass(frozen=True, slots=True)
class CalendarDays:
    n: int
    roll: bool = False

    def __post_init__(self) -> None:
        _require_length(self.n)

    def __str__(self) -> str:
        return f"D{self.n}{'R' if self.roll else ''}"


@dataclass(frozen=True, slots=True)
class Months:
    n: int
    roll: bool = False

    def __post_init__(self) -> None:
        _require_length(self.n)

    def __str__(self) -> str:
        return f"M{self.n}{'R' if self.roll else ''}"


@dataclass(frozen=True, slots=True)
class Hours:
    n: int

    def __post_init__(self) -> None:
        _require_length(self.n)

    def __str__(self) -> str:
        return f"H{self.n}"


@dataclass(frozen=True, slots=True)
class OnDate:
    """The case itself names the day (治理期限)."""

    def __str__(self) -> str:
        return "ON"


Term = WorkingDays | CalendarDays | Months | Hours | OnDate
Day = date  # for the class below, where a field of that name hides the type


@dataclass(frozen=True, slots=True)
class Due:
    """`due_on` is the printed date, `due_at` the first instant that is too late (next day 00:00 +08:00)."""

    due_on: date
    due_at: datetime
    provisional: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the panel. `count` is what the day counts as; a folded run stretches from `date` to `until`."""

    date: date
    count: int | None
    reason: str
    counted: bool
    is_last: bool = False
    until: Day | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """`sources` are the documents that settle the passed-through departures from the ordinary week."""

    rows: tuple[Row, ...]
    sentence: str
    provisional: bool
    sources: tuple[str, ...] = ()


def parse(text: str) -> Term:
    """The term of a snapshot text; `str(term)` is the way back."""
    if text == "ON":
        return OnDate()
    found = re.fullmatch(r"(WD|H)([1-9][0-9]*)|(D|M)([1-9][0-9]*)(R?)", text, flags=re.ASCII)
    if found is None:
        raise ValueError(f"无法识别的期限写法：{text!r}")
    exact, exact_n, rolling, rolling_n, roll = found.groups()
    if exact:
        return WorkingDays(int(exact_n)) if exact == "WD" else Hours(int(exact_n))
    length = int(rolling_n)
    return CalendarDays(length, roll=bool(roll)) if rolling == "D" else Months(length, roll=bool(roll))


def describe(term: Term) -> str:
    """The term in the words of the page."""
    match term:
        case WorkingDays(n):
            return f"{n} 个工作日"
        case CalendarDays(n, roll):
            return f"{n} 日" + ("（末日逢休息日顺延）" if roll else "")
        case Months(n, roll):
            return f"{n} 个月" + ("（末日逢休息日顺延）" if roll else "")
        case Hours(n):
            return f"{n} 小时"
    return "按指定日期"


def roll_words(term: Term) -> str:
    """Whether the term runs on when its last day is a day off, in words."""
    match term:
        case WorkingDays():
            return "只数工作日，末日总是工作日"
        case CalendarDays(roll=True) | Months(roll=True):
            return "末日逢休息日，顺延到下一个工作日"
        case Hours():
            return "计到分钟，休息日照计，不顺延"
        case OnDate():
            return "以指定的日期为准，逢休息日不顺延"
    return "末日逢休息日不顺延"


def due(term: Term, started_at: datetime, calendar: WorkCalendar, *, on: date | None = None) -> Due:
    """When the term ends.

    Provisional only where an announcement can still move the date: terms without working days and without roll never
    are, and need no calendar rows. Hours run from the minute of the event, seconds dropped. Raises `CalendarOutOfRange`
    beyond the calendar.
    """
    start = _local(started_at)
    if isinstance(term, Hours):
        end = start.replace(second=0, microsecond=0) + timedelta(hours=term.n)
        return Due(end.date(), end, provisional=False)
    day_zero = start.date()
    if isinstance(term, WorkingDays):
        last = calendar.working_days_after(day_zero, term.n)
        return Due(last, end_of(last), calendar.any_provisional(day_zero, last))
    nominal = nominal_end(term, day_zero, on)
    if isinstance(term, OnDate) or not term.roll:
        return Due(nominal, end_of(nominal), provisional=False)
    last = calendar.workday_on_or_after(nominal)
    return Due(last, end_of(last), calendar.any_provisional(nominal, last))


def explain(
    term: Term, started_at: datetime, calendar: WorkCalendar, *, on: date | None = None, event: str = ""
) -> Explanation:
    """The panel 为什么是这一天: the same date as `due`, reached day by day.

    `event` names the starting act (研判结论签署) on the first line. Calendar-day terms of more than `FOLD_OVER` days and
    months are folded in the middle; working days never are, since each counts for its own reason.
    """
    result = due(term, started_at, calendar, on=on)
    start = _local(started_at)
    day_zero = start.date()
    head = f"起算：{event}" if event else "起算日"
    if isinstance(term, Hours):
        begin, end = f"{start:%H:%M}", f"{result.due_at:%H:%M}"
        rows = [
            Row(day_zero, None, f"{head}，自 {begin} 起计", counted=False),
            Row(result.due_on, None, f"满 {term.n} 小时，{end} 到期", counted=True, is_last=True),
        ]
        sentence = f"自 {day_zero} {begin} 起满 {term.n} 小时，{result.due_on} {end} 届满。"
        return Explanation(tuple(rows), sentence, provisional=False)
    first = Row(day_zero, None, f"{head}，当日不计", counted=False)
    if isinstance(term, OnDate):
        last = Row(result.due_on, None, "指定日期，到期", counted=True, is_last=True)
        rows = [last] if result.due_on == day_zero else [Row(day_zero, None, head, counted=False), last]
        return Explanation(
            tuple(rows), f"指定期限为 {_dated(result.due_on, calendar)}，当日 24 时届满。", provisional=False
        )
    since = f"自 {_dated(day_zero, calendar)}起算，当日不计，"
    if isinstance(term, WorkingDays):
        rows = [first, *_working_day_rows(day_zero, result.due_on, calendar)]
        sentence = f"{since}第 {term.n} 个工作日为 {_dated(result.due_on, calendar)}，当日 24 时届满。"
        passed: tuple[date, date] | None = (day_zero, result.due_on)
    else:
        nominal = nominal_end(term, day_zero, on)
        rows = [
            first,
            *_calendar_rows(term, day_zero, nominal, calendar),
            *_rolled_rows(nominal, result.due_on, calendar),
        ]
        what = f"第 {term.n} 日" if isinstance(term, CalendarDays) else f"满 {term.n} 个月"
        rolled = f"，逢休息日顺延至 {_dated(result.due_on, calendar)}" if nominal != result.due_on else ""
        sentence = f"{since}{what}为 {_dated(nominal, calendar)}{rolled}，当日 24 时届满。"
        passed = (nominal, result.due_on) if term.roll else None
    if result.provisional:
        sentence += "其间放假安排尚未公布，此日期为暂定。"
    return Explanation(tuple(rows), sentence, result.provisional, _sources(passed, calendar))


def _local(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("起算时间须带时区。")
    return moment.astimezone(SHANGHAI)


def end_of(day: date) -> datetime:
    return datetime.combine(day + ONE_DAY, time.min, tzinfo=SHANGHAI)


def nominal_end(term: CalendarDays | Months | OnDate, day_zero: date, on: date | None) -> date:
    """The last day before any roll."""
    if isinstance(term, CalendarDays):
        return day_zero + timedelta(days=term.n)
    if isinstance(term, Months):
        years, month = divmod(day_zero.month - 1 + term.n, 12)
        year, month = day_zero.year + years, month + 1
        return date(year, month, min(day_zero.day, monthrange(year, month)[1]))
    if on is None:
        raise ValueError("该期限由事项指定日期，缺少到期日期。")
    if on < day_zero:
        raise ValueError(f"到期日期 {on} 早于起算日 {day_zero}。")
    return on


def _dated(day: date, calendar: WorkCalendar) -> str:
    """2026-10-10（周六，调休上班）"""
    note = ""
    if calendar.covers(day):
        weekend, working = day.weekday() >= 5, calendar.is_workday(day)
        note = (
            "，调休上班" if weekend and working else f"，{calendar.name(day)}放假" if _is_feast(day, calendar) else ""
        )
    return f"{day}（周{WEEKDAYS[day.weekday()]}{note}）"


def _is_feast(day: date, calendar: WorkCalendar) -> bool:
    return not calendar.is_workday(day) and bool(calendar.name(day))


def day_words(day: date, calendar: WorkCalendar) -> str:
    """What kind of day it is, in the words of the panel."""
    weekday = f"周{WEEKDAYS[day.weekday()]}"
    tentative = "（暂定）" if calendar.is_provisional(day) else ""
    if _is_feast(day, calendar):
        return f"{calendar.name(day)}放假{tentative}"
    if not calendar.is_workday(day):
        return f"{weekday}休息{tentative}"
    if day.weekday() >= 5:
        return f"{weekday}，调休上班{tentative}"
    before = day - ONE_DAY
    while calendar.covers(before) and not calendar.is_workday(before):
        if calendar.name(before):
            return f"节后首个工作日{tentative}"
        before -= ONE_DAY
    return f"工作日{tentative}"


def _days_after(first: date, last: date) -> Iterator[date]:
    for offset in range(1, (last - first).days + 1):
        yield first + timedelta(days=offset)


def _working_day_rows(day_zero: date, last: date, calendar: WorkCalendar) -> Iterator[Row]:
    count = 0
    for day in _days_after(day_zero, last):
        if calendar.is_workday(day):
            count += 1
            ending = "，到期" if day == last else ""
            yield Row(day, count, day_words(day, calendar) + ending, counted=True, is_last=day == last)
        else:
            yield Row(day, None, f"{day_words(day, calendar)}，不计", counted=False)


def _calendar_rows(term: CalendarDays | Months, day_zero: date, nominal: date, calendar: WorkCalendar) -> Iterator[Row]:
    """Days up to the nominal end, which is the last row unless it rolls."""
    rolls = term.roll and not calendar.is_workday(nominal)
    ending = f"{day_words(nominal, calendar)}，顺延" if rolls else "到期"
    if isinstance(term, CalendarDays) and term.n <= FOLD_OVER:
        for count, day in enumerate(_days_after(day_zero, nominal - ONE_DAY), start=1):
            off = calendar.covers(day) and not calendar.is_workday(day)
            yield Row(day, count, f"{day_words(day, calendar)}，照计" if off else "计入", counted=True)
    elif (nominal - day_zero).days > 1:
        how = f"第 1 至 {term.n - 1} 日" if isinstance(term, CalendarDays) else "按月计算"
        yield Row(day_zero + ONE_DAY, None, f"…（{how}）", counted=True, until=nominal - ONE_DAY)
    if isinstance(term, CalendarDays):
        yield Row(nominal, term.n, f"第 {term.n} 日，{ending}", counted=True, is_last=not rolls)
        return
    which = "对应日" if nominal.day == day_zero.day else "无对应日，取月末日"
    yield Row(nominal, None, f"满 {term.n} 个月，{which}，{ending}", counted=True, is_last=not rolls)


def _rolled_rows(nominal: date, last: date, calendar: WorkCalendar) -> Iterator[Row]:
    for day in _days_after(nominal, last):
        ending = "顺延至此，到期" if day == last else "继续顺延"
        yield Row(day, None, f"{day_words(day, calendar)}，{ending}", counted=False, is_last=day == last)


def _sources(passed: tuple[date, date] | None, calendar: WorkCalendar) -> tuple[str, ...]:
    if passed is None:
        return ()
    days = (passed[0], *_days_after(*passed))
    return tuple(dict.fromkeys(calendar.source(day) for day in days if calendar.name(day)))
