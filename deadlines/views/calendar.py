"""工作日历: a year as twelve months, every departure from the ordinary week with its document (X4)."""

from calendar import Calendar
from collections.abc import Iterable
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from django.db.models import Max, Min
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from audit.clock import local_date, now
from deadlines.calendar import WEEKDAYS
from deadlines.models import CalendarDay
from organisations.access import ActorRequest, acting
from organisations.roles import Right
from organisations.views.manage_frame import frame

_MONDAY_FIRST = Calendar(firstweekday=0)


@acting()
def current(request: ActorRequest) -> HttpResponse:
    """This year. Reachable by everybody who is logged in: every due date stands on the calendar."""
    return _page(request, None)


@acting()
def year(request: ActorRequest, year: int) -> HttpResponse:
    return _page(request, year)


def _page(request: ActorRequest, year: int | None) -> HttpResponse:
    today = local_date(now())
    reach = CalendarDay.objects.aggregate(first=Min("date"), last=Max("date"))
    if reach["first"] is None:
        return render(request, "deadlines/calendar.html", frame(request.actor, "manage:calendar", "工作日历"))
    years = range(reach["first"].year, reach["last"].year + 1)
    year = year if year is not None else min(max(today.year, years[0]), years[-1])
    if year not in years:
        raise Http404(f"工作日历没有 {year} 年")
    days = {day.date: day for day in CalendarDay.objects.filter(date__year=year)}
    provisional = any(day.provisional for day in days.values())
    context = frame(request.actor, "manage:calendar", "工作日历", sub="所有以工作日计算的期限都按这份日历计算。")
    context |= {
        "year": year,
        "years": [
            {"text": str(y), "url": reverse("deadlines:calendar-year", args=[y]), "current": y == year} for y in years
        ],
        "months": [_month(year, month, days, today) for month in range(1, 13)],
        "specials": _specials(days.values()),
        "may_edit": request.actor.may(Right.MANAGE_SYSTEM),
        "workdays": sum(day.is_workday for day in days.values()),
        "weekdays": WEEKDAYS,
    }
    if provisional:
        context["banner"] = {
            "kind": "provisional",
            "icon": "calendar-question",
            "title": f"{year} 年为暂定日历",
            "text": "国务院办公厅尚未公布这一年的放假安排，这里只有法律规定的节日和双休日。落在这一年的期限都标为暂定，公布后重算。",
        }
    return render(request, "deadlines/calendar.html", context)


def _month(year: int, month: int, days: dict[date, CalendarDay], today: date) -> dict[str, Any]:
    weeks = [
        [_cell(day, days.get(day), today) if day.month == month else None for day in week]
        for week in _MONDAY_FIRST.monthdatescalendar(year, month)
    ]
    worked = sum(row.is_workday for day, row in days.items() if day.month == month)
    return {"name": f"{month} 月", "weeks": weeks, "workdays": worked}


def _cell(day: date, row: CalendarDay | None, today: date) -> dict[str, Any]:
    """The word in the grid: 休 for a named day off, 班 for a worked weekend, nothing for the ordinary week."""
    weekend = day.weekday() >= 5
    word, kind = "", "off" if weekend else ""
    if row is None:
        kind = "none"
    elif row.is_workday and weekend:
        word, kind = "班", "worked"
    elif not row.is_workday and row.name:
        word, kind = "休", "feast"
    return {
        "day": day,
        "word": word,
        "kind": kind,
        "name": row.name if row else "",
        "provisional": bool(row and row.provisional and word),
        "today": day == today,
    }


def _specials(days: Iterable[CalendarDay]) -> list[dict[str, Any]]:
    """Departures from the ordinary week, days in a row with one name and one document as one line."""
    named = sorted((day for day in days if day.name), key=lambda day: day.date)

    def run(pair: tuple[int, CalendarDay]) -> tuple[Any, ...]:
        position, day = pair
        return day.date - timedelta(days=position), day.is_workday, day.name, day.source, day.provisional

    lines = []
    for _, group in groupby(enumerate(named), key=run):
        members = [day for _, day in group]
        first, last = members[0], members[-1]
        lines.append(
            {
                "first": first.date,
                "last": last.date if last is not first else None,
                "first_weekday": f"周{WEEKDAYS[first.date.weekday()]}",
                "last_weekday": f"周{WEEKDAYS[last.date.weekday()]}",
                "count": len(members),
                "word": "班" if first.is_workday else "休",
                "name": first.name,
                "source": first.source,
                "provisional": first.provisional,
            }
        )
    return lines
