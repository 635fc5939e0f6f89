"""Deadlines in words: the ink mark, the date, the clock with its reasons. From a moment and a calendar."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from audit.clock import local_date
from deadlines.adjusting import asked_words
from deadlines.calendar import WEEKDAYS, CalendarOutOfRange, WorkCalendar
from deadlines.explaining import told
from deadlines.models import Deadline, DeadlineMove
from deadlines.terms import NEVER, OnDate, Placed, describe, due, parse


@dataclass(frozen=True)
class Clockwork:
    """The moment and the calendar that a page is drawn with."""

    at: datetime
    calendar: WorkCalendar

    @classmethod
    def of(cls, request: HttpRequest, at: datetime) -> "Clockwork":
        """For a page and the frame around it: one request asks once whether the calendar is still the same."""
        calendar = getattr(request, "calendar", None)
        if calendar is None:
            request.calendar = calendar = WorkCalendar.load()  # type: ignore[attr-defined]
        return cls(at, calendar)

    @property
    def today(self) -> date:
        return local_date(self.at)


def weekday(day: date) -> str:
    return f"周{WEEKDAYS[day.weekday()]}"


def date_text(day: date, clockwork: Clockwork) -> str:
    """10-10 周六（调休）; with the year when it is not this one."""
    text = f"{day:%m-%d}" if day.year == clockwork.today.year else f"{day:%Y-%m-%d}"
    return f"{text} {weekday_text(day, clockwork)}"


def weekday_text(day: date, clockwork: Clockwork) -> str:
    made_up = day.weekday() >= 5 and clockwork.calendar.covers(day) and clockwork.calendar.is_workday(day)
    return f"{weekday(day)}（调休）" if made_up else weekday(day)


def due_mark(due_on: date, due_at: datetime, clockwork: Clockwork) -> dict[str, str]:
    """late (filled), today (framed), soon (bold, three working days or fewer), paused (dashed), else grey."""
    calendar, today = clockwork.calendar, clockwork.today
    if due_at == NEVER:
        return {"class": "paused", "icon": "player-pause", "text": "已中止"}
    if clockwork.at >= due_at:
        days = calendar.working_days_between(due_on, today)
        text = f"逾期 {days} 个工作日" if days > 0 else "已逾期"
        return {"class": "late", "icon": "clock-exclamation", "text": text}
    if due_on == today:
        return {"class": "today", "icon": "clock-hour-4", "text": "今天到期"}
    if not calendar.covers(due_on):
        return {"class": "", "icon": "", "text": f"剩 {(due_on - today).days} 天"}
    days = calendar.working_days_between(today, due_on)
    if days == 0:
        return {"class": "soon", "icon": "", "text": f"剩 {(due_on - today).days} 天，均为休息日"}
    return {"class": "soon" if days <= 3 else "", "icon": "", "text": f"剩 {days} 个工作日"}


def printed_due(deadline: Deadline) -> str:
    """2027-01-11（暂定）, for paper and tables: where nothing else on the line could say so."""
    if deadline.suspended_at and deadline.is_open:
        return "已中止"
    return f"{deadline.due_on}{'（暂定）' if deadline.provisional and deadline.is_open else ''}"


def term_words(deadline: Deadline) -> str:
    """研判结论签署后 3 个工作日, from the terms as they stood when the clock started."""
    term = parse(deadline.terms)
    if isinstance(term, Placed):
        return describe(term)
    words = deadline.rule.words
    return words if isinstance(term, OnDate) else f"{words} {describe(term)}"


def basis_marks(deadline: Deadline) -> list[dict[str, str]]:
    marks = []
    if deadline.rule.is_local_default:
        marks.append({"text": "本区默认值", "url": rule_url(deadline.rule_key)})
    if deadline.provisional:
        marks.append({"text": "暂定日期", "url": reverse("deadlines:calendar-year", args=[deadline.due_on.year])})
    return marks


def rule_url(key: str) -> str:
    return f"{reverse('deadlines:rules')}#{key}"


def clock(
    deadline: Deadline, clockwork: Clockwork, *, opened: bool = False, moves: Sequence[DeadlineMove] = ()
) -> dict[str, Any]:
    """The context of components/clock.html for one ledger row (of a queryset with deadlines.adjusting.with_ledger).

    `moves` are what edits of the calendar did to it.
    """
    rule = deadline.rule
    shown: dict[str, Any] = {
        "label": rule.label,
        "date_text": ("原定 " if deadline.suspended_at else "") + date_text(deadline.due_on, clockwork).split(" ")[0],
        "weekday_text": weekday_text(deadline.due_on, clockwork),
        "sentence": _sentence(deadline),
        "basis_notes": basis_marks(deadline),
        "provisional": deadline.provisional,
        "moves": [_moved(move) for move in moves],
    }
    if deadline.cancelled_at:
        return shown | {
            "state": "cancelled",
            "done_text": f"已终止：{deadline.cancel_reason}",
            "why": _why(deadline, clockwork),
        }
    if deadline.met_at:
        met_on = local_date(deadline.met_at)
        late = deadline.met_at >= deadline.due_at
        notes = [f"逾期原因：{deadline.late_reason}"] if deadline.late_reason else []
        return shown | {
            "state": "met",
            "done_text": f"{met_on:%m-%d} {'逾期办结' if late else '按期'}",
            "notes": notes,
            "why": _why(deadline, clockwork),
        }
    mark = due_mark(deadline.due_on, deadline.due_at, clockwork)
    shown |= {"notes": _notes(deadline, clockwork), "was_date_text": _was_text(deadline, clockwork)}
    state = "paused" if deadline.suspended_at else "open"
    return shown | {"state": state, "due": mark, "why": _why(deadline, clockwork, opened=opened)}


def _notes(deadline: Deadline, clockwork: Clockwork) -> list[str]:
    """What moved it, and what is asked."""
    notes = []
    for entry in deadline.entries.all() if deadline.is_adjusted else ():
        day = date_text(local_date(entry.effective_at), clockwork)
        why = f"{entry.ground}，{entry.reason}" if entry.ground else entry.reason
        notes.append(f"{day} {entry.get_kind_display()}：{why}（{entry.requested_by}申请，{entry.decided_by}批准）")
    for request in deadline.requests.all():
        if request.decided_at is None:
            notes.append(f"{request.requested_by}申请{asked_words(request)}，等待{deadline.supervising_unit}审批")
    return notes


def _was_text(deadline: Deadline, clockwork: Clockwork) -> str:
    """The end before it was first moved."""
    if not deadline.is_adjusted or deadline.suspended_at:
        return ""
    try:
        first = due(parse(deadline.terms), deadline.started_at, clockwork.calendar, on=deadline.named_on)
    except CalendarOutOfRange:
        return ""
    return date_text(first.due_on, clockwork).split(" ")[0] if first.due_on != deadline.due_on else ""


def moves_of(deadlines: Iterable[Deadline]) -> dict[int, list[DeadlineMove]]:
    """What applied edits did to these, oldest first: one query."""
    found: dict[int, list[DeadlineMove]] = defaultdict(list)
    rows = (
        DeadlineMove.objects.filter(deadline__in=[d.pk for d in deadlines]).select_related("edit").order_by("edit_id")
    )
    for row in rows:
        found[row.deadline_id].append(row)
    return found


def _moved(move: DeadlineMove) -> dict[str, str]:
    return {
        "text": moved_text(move.edit.title, move.edit.source, move.was_due_on, move.due_on),
        "url": edit_url(move.edit_id),
    }


def moved_text(change: str, source: str, was: date | str, now: date | str) -> str:
    """Why a date is another one than it was, in the words of clock and timeline."""
    if was == now:
        return f"因 {change}公布（{source}），到期日 {now} 不变，不再暂定。"
    return f"因 {change}变更（{source}），到期日由 {was} 改为 {now}。"


def edit_url(pk: int) -> str:
    return reverse("deadlines:calendar-edit", args=[pk])


def _sentence(deadline: Deadline) -> str:
    rule = deadline.rule
    parts = [term_words(deadline)]
    parts.append("本机关时限，不可延期；逾期须写明原因" if rule.is_own_term else f"由{deadline.owner_unit}办理")
    text = "。".join(parts)
    return text if rule.is_local_default or deadline.provisional else f"{text}。"


def _why(deadline: Deadline, clockwork: Clockwork, *, opened: bool = False) -> dict[str, Any] | None:
    try:
        explained = told(deadline, clockwork.calendar)
    except CalendarOutOfRange:
        return None
    law = [] if isinstance(parse(deadline.terms), Placed) else ["民法典 201 条（当日不计）"]
    sources = "；".join([f"依据：实施意见{deadline.rule.clause}", *law, *explained.sources])
    rows = []
    for row in explained.rows:
        text = f"{row.date:%m-%d} {WEEKDAYS[row.date.weekday()]}"
        until = getattr(row, "until", None)
        reason = f"{row.reason}（今天）" if row.date == clockwork.today and not row.is_last else row.reason
        rows.append(
            {
                "date_text": f"{text} 至 {until:%m-%d}" if until else text,
                "count": row.count,
                "reason": reason,
                "off": row.count is None and not row.is_last,
                "last": row.is_last,
            }
        )
    return {"open": opened, "caption": f"{sources}。", "provisional": deadline.provisional, "rows": rows}
