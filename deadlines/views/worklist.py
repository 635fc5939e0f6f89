"""The home page of everybody, and the notices behind the bell."""

from datetime import date

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from audit.clock import SHANGHAI, now
from deadlines.batches import batches_of
from deadlines.display import Clockwork, date_text, due_mark, weekday_text
from deadlines.models import Notice
from deadlines.worklist import FILTERS, worklist
from organisations.access import ActorRequest, acting
from organisations.roles import Right
from records.kinds import case_url, grade_of

NOTICES_SHOWN = 100


@acting()
@require_safe
def home(request: ActorRequest) -> HttpResponse:
    clockwork = Clockwork.of(request, now())
    chosen = request.GET.get("show", "all")
    chosen = chosen if chosen in FILTERS else "all"
    found = worklist(request.actor, clockwork, chosen=chosen, show_all_later=request.GET.get("later") == "all")
    chips = [
        {
            "text": text,
            "url": "?" if key == "all" else f"?show={key}",
            "count": found.counts[key],
            "current": key == chosen,
        }
        for key, text in FILTERS.items()
        if key in {"all", "mine"} or found.counts[key] or key == chosen
    ]
    return render(
        request,
        "deadlines/worklist.html",
        {
            "today_text": _today(clockwork),
            "rows": [{"chips": chips}],
            "groups": found.groups,
            "is_cut": found.is_cut,
            "may_batch": bool(batches_of(request.actor)),
            "may_register": request.actor.may(Right.REGISTER_RISK),
        },
    )


def _today(clockwork: Clockwork) -> str:
    today, calendar = clockwork.today, clockwork.calendar
    text = f"{today.year} 年 {today.month} 月 {today.day} 日 {weekday_text(today, clockwork)}，"
    if calendar.is_workday(today):
        following = calendar.next_workday(today)
        return f"{text}工作日。下一个工作日是 {_certain(following, clockwork)}。"
    name = calendar.name(today)
    return f"{text}{name or '周末'}休息。下一个工作日是 {_certain(calendar.next_workday(today), clockwork)}。"


def _certain(following: date, clockwork: Clockwork) -> str:
    """Provisional when a day on the way to it may still change."""
    tentative = "（暂定）" if clockwork.calendar.any_provisional(clockwork.today, following) else ""
    return f"{date_text(following, clockwork)}{tentative}"


@acting()
@require_safe
def notices(request: ActorRequest) -> HttpResponse:
    clockwork = Clockwork.of(request, now())
    found = (
        Notice.objects.filter(person=request.actor.person)
        .select_related("deadline__case__responsible_unit", "deadline__owner_unit")
        .order_by("-at", "-id")[:NOTICES_SHOWN]
    )
    rows = [
        {
            "rung": notice.rung_label,
            "at_text": notice.at.astimezone(SHANGHAI).strftime("%m-%d %H:%M"),
            "text": notice.text,
            "unread": notice.read_at is None,
            "rule_label": notice.deadline.rule.label,
            "title": notice.deadline.case.title,
            "grade": grade_of(notice.deadline.case.level),
            "unit": notice.deadline.owner_unit,
            "url": case_url(notice.deadline.case),
            "due_text": date_text(notice.deadline.due_on, clockwork),
            "provisional": notice.deadline.provisional,
            "due": None
            if not notice.deadline.is_open
            else due_mark(notice.deadline.due_on, notice.deadline.due_at, clockwork),
        }
        for notice in found
    ]
    return render(request, "deadlines/notices.html", {"rows": rows, "has_unread": any(r["unread"] for r in rows)})


@acting()
@require_POST
def notices_read(request: ActorRequest) -> HttpResponse:
    Notice.objects.filter(person=request.actor.person, read_at=None).update(read_at=now())
    messages.success(request, "已全部标为已读")
    return redirect("notices")
