"""The panel 为什么是这一天: day by day to the same date as `due`."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from deadlines.calendar import WEEKDAYS, WorkCalendar
from deadlines.terms.ends import Due, due, local, nominal_end, passed_by
from deadlines.terms.kinds import (
    FOLD_OVER,
    ONE_DAY,
    CalendarDays,
    Hours,
    Months,
    OnDate,
    Placed,
    Term,
    WorkingDays,
    placed_words,
)

Day = date  # for the classes below, where a field of that name hides the type


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


def explain(
    term: Term, started_at: datetime, calendar: WorkCalendar, *, on: date | None = None, event: str = ""
) -> Explanation:
    """The panel 为什么是这一天: the same date as `due`, reached day by day.

    `event` names the starting act (研判结论签署) on the first line. Calendar-day terms of more than `FOLD_OVER` days and
    months are folded in the middle; working days never are, since each counts for its own reason.
    """
    result = due(term, started_at, calendar, on=on)
    start = local(started_at)
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
    if isinstance(term, Placed):
        return _explain_placed(term, result, calendar)
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


def _explain_placed(term: Placed, result: Due, calendar: WorkCalendar) -> Explanation:
    first, last = passed_by(term, result.due_on) if term.how else (term.day, term.day)
    days = [first, *_days_after(first, last)]
    rows, count = [], 0
    for day in days:
        working = bool(term.how) and calendar.is_workday(day)
        count += working
        ending = "，到期" if day == result.due_on else ""
        if not term.how:
            reason = "当日计入，逢休息日不顺延"
        elif term.how == "R" and not ending:
            reason = f"{day_words(day, calendar)}，顺延"
        else:
            reason = day_words(day, calendar)
        number = count if working and term.how == "W" else None
        rows.append(Row(day, number, reason + ending, counted=working, is_last=day == result.due_on))
    words = placed_words(term.day, term.how, term.n)
    sentence = f"应于{words}报送，即 {_dated(result.due_on, calendar)}，当日 24 时届满。"
    if result.provisional:
        sentence += "其间放假安排尚未公布，此日期为暂定。"
    passed = (first, last) if term.how else None
    return Explanation(tuple(rows), sentence, result.provisional, _sources(passed, calendar))


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
