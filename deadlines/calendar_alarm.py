"""Which year's arrangement is wanting: told to everybody from October, an alarm to the administrator from November (X4)."""

from datetime import date

from deadlines.calendar import WorkCalendar

TOLD_FROM = 10
ALARM_FROM = 11


def wanting_year(today: date, calendar: WorkCalendar, *, since_month: int = ALARM_FROM) -> int | None:
    """This year, when it began without an announcement; else next year from that month on; None when all is known."""
    if _is_wanting(today.year, calendar):
        return today.year
    return today.year + 1 if today.month >= since_month and _is_wanting(today.year + 1, calendar) else None


def _is_wanting(year: int, calendar: WorkCalendar) -> bool:
    first, last = date(year, 1, 1), date(year, 12, 31)
    return not calendar.covers(first) or not calendar.covers(last) or calendar.any_provisional(first, last)
