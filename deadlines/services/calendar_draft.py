"""Drafting an edit of the calendar: what would change, compared with the days as they stand (X4)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction

from audit.services import canonical_text, digest_of, record
from deadlines.calendar import WEEKDAYS, WorkCalendar
from deadlines.events import Event
from deadlines.models import CalendarDay, CalendarEdit, CalendarEditDay
from organisations.actors import Actor


class CalendarRefused(ValidationError):
    """Why the calendar stays as it is, in Chinese; with a dict, at the fields that it names."""


@dataclass(frozen=True)
class NewDay:
    """A day as it is to be."""

    date: date
    is_workday: bool
    name: str
    source: str


def ordinary(day: date, *, source: str) -> NewDay:
    """Monday to Friday people work; what no document says otherwise about."""
    return NewDay(day, day.weekday() < 5, "", source)


def departure_unnamed(day: NewDay) -> bool:
    """A weekday off or a weekend worked must say why (the database insists too)."""
    return day.is_workday != (day.date.weekday() < 5) and not day.name


def days_of(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=offset) for offset in range((last - first).days + 1))


@transaction.atomic
def draft_year(
    *, year: int, source: str, listed: Sequence[NewDay], file_name: str, actor: Actor, at: datetime
) -> CalendarEdit:
    """A whole year by one document. Days that the file does not list are ordinary ones; a break may begin in December
    of the year before. Raises CalendarRefused.
    """
    calendar = WorkCalendar.load()
    if not calendar.first.year <= year <= calendar.last.year + 1:
        reach = f"{calendar.first.year} 至 {calendar.last.year + 1}"
        raise CalendarRefused(f"能载入的年份是 {reach} 年，文件是 {year} 年")
    by_date = {day.date: day for day in listed}
    days = [by_date.pop(day, ordinary(day, source=source)) for day in days_of(date(year, 1, 1), date(year, 12, 31))]
    days += by_date.values()
    return _draft(f"{year} 年工作日历", year, source, days, file_name=file_name, actor=actor, at=at)


@transaction.atomic
def draft_days(
    *, first: date, last: date, is_workday: bool, name: str, source: str, actor: Actor, at: datetime
) -> CalendarEdit:
    """One day, or some in a row, by one document. Raises CalendarRefused."""
    calendar = WorkCalendar.load()
    for field, day in (("first", first), ("last", last)):
        if not calendar.covers(day):
            reach = f"{calendar.first:%Y-%m-%d} 至 {calendar.last:%Y-%m-%d}"
            raise CalendarRefused({field: f"工作日历的范围是 {reach}"})
    days = [NewDay(day, is_workday, name, source) for day in days_of(first, last)]
    if any(departure_unnamed(day) for day in days):
        raise CalendarRefused({"name": "工作日改为休息、周末改为上班的，请填写节假日或调休名称"})
    title = f"{first:%Y-%m-%d} 周{WEEKDAYS[first.weekday()]}"
    if last != first:
        title += f" 至 {last:%m-%d} 周{WEEKDAYS[last.weekday()]}"
    title += f"{'上班' if is_workday else '休息'}"
    return _draft(title, first.year, source, days, file_name="", actor=actor, at=at)


@transaction.atomic
def compare_again(edit: CalendarEdit, *, actor: Actor, at: datetime) -> CalendarEdit:
    """A new draft of the same days against the calendar as it is now; the old draft is given up."""
    days = [NewDay(day.date, day.is_workday, day.name, day.source) for day in edit.days.all()]
    discard(edit, actor=actor, at=at)
    return _draft(edit.title, edit.year, edit.source, days, file_name=edit.file_name, actor=actor, at=at)


@transaction.atomic
def discard(edit: CalendarEdit, *, actor: Actor, at: datetime) -> None:
    """Raises CalendarRefused when it is no draft any more."""
    given_up = CalendarEdit.objects.filter(pk=edit.pk, state=CalendarEdit.State.DRAFT).update(
        state=CalendarEdit.State.DISCARDED
    )
    if not given_up:
        raise CalendarRefused("这次变更已经生效或已放弃，请刷新页面")
    edit.state = CalendarEdit.State.DISCARDED
    record(
        Event.CALENDAR_DISCARDED,
        by=actor.stamp,
        at=at,
        subject=("calendar_edit", edit.pk),
        data={"title": edit.title, "source": edit.source},
    )


def _draft(
    title: str, year: int, source: str, days: Sequence[NewDay], *, file_name: str, actor: Actor, at: datetime
) -> CalendarEdit:
    rows = CalendarDay.objects.in_bulk([day.date for day in days])
    changed = [day for day in sorted(days, key=lambda day: day.date) if _differs(day, rows.get(day.date))]
    if not changed:
        raise CalendarRefused("这些日子和现在的工作日历完全一样，没有要改的")
    edit = CalendarEdit.objects.create(
        title=title,
        year=year,
        source=source,
        file_name=file_name[:200],
        base=WorkCalendar.version(),
        days_digest=digest_of(canonical_text({"days": [_told(day) for day in changed]})),
        drafted_by=actor.person,
        drafted_at=at,
    )
    CalendarEditDay.objects.bulk_create(_edit_day(edit, day, rows.get(day.date)) for day in changed)
    record(
        Event.CALENDAR_DRAFTED,
        by=actor.stamp,
        at=at,
        subject=("calendar_edit", edit.pk),
        data={"title": title, "source": source, "file": file_name, "days": len(changed), "digest": edit.days_digest},
    )
    return edit


def _differs(day: NewDay, row: CalendarDay | None) -> bool:
    if row is None or row.provisional:
        return True
    return (day.is_workday, day.name, day.source) != (row.is_workday, row.name, row.source)


def _told(day: NewDay) -> list[str]:
    return [day.date.isoformat(), "上班" if day.is_workday else "休息", day.name, day.source]


def _edit_day(edit: CalendarEdit, day: NewDay, row: CalendarDay | None) -> CalendarEditDay:
    return CalendarEditDay(
        edit=edit,
        date=day.date,
        is_workday=day.is_workday,
        name=day.name,
        source=day.source,
        was_workday=row.is_workday if row else None,
        was_name=row.name if row else "",
        was_source=row.source if row else "",
        was_provisional=row.provisional if row else None,
    )
