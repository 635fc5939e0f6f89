"""When a term ends."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from deadlines.calendar import WorkCalendar
from deadlines.terms.kinds import ONE_DAY, SHANGHAI, CalendarDays, Hours, Months, OnDate, Placed, Term, WorkingDays


@dataclass(frozen=True, slots=True)
class Due:
    """`due_on` is the printed date, `due_at` the first instant that is too late (next day 00:00 +08:00)."""

    due_on: date
    due_at: datetime
    provisional: bool


def due(term: Term, started_at: datetime, calendar: WorkCalendar, *, on: date | None = None) -> Due:
    """When the term ends.

    Provisional only where an announcement can still move the date: terms without working days and without roll never
    are, and need no calendar rows. Hours run from the minute of the event, seconds dropped. Raises `CalendarOutOfRange`
    beyond the calendar.
    """
    start = local(started_at)
    if isinstance(term, Hours):
        end = start.replace(second=0, microsecond=0) + timedelta(hours=term.n)
        return Due(end.date(), end, provisional=False)
    if isinstance(term, Placed):
        last = placed_on(term, calendar)
        return Due(last, end_of(last), bool(term.how) and calendar.any_provisional(*passed_by(term, last)))
    day_zero = start.date()
    if isinstance(term, WorkingDays):
        last = calendar.working_days_after(day_zero, term.n)
        return Due(last, end_of(last), calendar.any_provisional(day_zero, last))
    nominal = nominal_end(term, day_zero, on)
    if isinstance(term, OnDate) or not term.roll:
        return Due(nominal, end_of(nominal), provisional=False)
    last = calendar.workday_on_or_after(nominal)
    return Due(last, end_of(last), calendar.any_provisional(nominal, last))


def placed_on(term: Placed, calendar: WorkCalendar) -> date:
    if term.how == "R":
        return calendar.workday_on_or_after(term.day)
    if term.how == "W":
        left = term.n - calendar.is_workday(term.day)
        return calendar.working_days_after(term.day, left) if left else term.day
    if term.how == "L":
        return calendar.last_workday_of_week(term.day) or calendar.next_workday(term.day)
    return term.day


def passed_by(term: Placed, last: date) -> tuple[date, date]:
    """The days that decide where the term falls: an announcement that changes one of them can move it."""
    if term.how == "L":
        return term.day - 6 * ONE_DAY, max(term.day, last)
    return term.day, last


def local(moment: datetime) -> datetime:
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
