"""管理 › 工作日历: loading a year, changing a day, the preview of what moves, and the record of what moved (X4)."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import F, Max, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.clock import SHANGHAI, local_date, now
from deadlines import calendar_file
from deadlines.calendar import WorkCalendar
from deadlines.display import Clockwork, date_text, rule_url
from deadlines.forms.calendar import DaysForm, YearFileForm
from deadlines.models import CalendarDay, CalendarEdit, CalendarEditDay, Deadline, DeadlineMove
from deadlines.rules import rule
from deadlines.services import calendar_draft, recompute
from deadlines.services.calendar_apply import apply, is_stale
from deadlines.services.calendar_draft import CalendarRefused
from organisations.access import ActorRequest, acting
from organisations.actors import Actor
from organisations.forms.fields import refuse
from organisations.roles import Right
from organisations.row_ids import row_id
from organisations.views.manage_frame import PER_PAGE, frame, paged
from records.kinds import case_url

_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json; charset=utf-8",
}
_ABOVE = [("变更记录", "deadlines:calendar-edits")]


@acting(Right.MANAGE_SYSTEM)
@require_http_methods(["GET", "HEAD", "POST"])
def load_year(request: ActorRequest) -> HttpResponse:
    """The file makes a draft; with a mistake in any row it makes nothing."""
    form = YearFileForm(request.POST or None, request.FILES or None)
    reading = None
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        reading = calendar_file.read(upload.read(), source=form.cleaned_data["source"])
        if not reading.problems:
            try:
                edit = calendar_draft.draft_year(
                    year=reading.year,
                    source=reading.source,
                    listed=reading.days,
                    file_name=upload.name,
                    actor=request.actor,
                    at=now(),
                )
            except CalendarRefused as error:
                refuse(form, error)
            else:
                return redirect("deadlines:calendar-edit", edit=edit.pk)
    last = CalendarDay.objects.aggregate(last=Max("date"))["last"]
    years = range(local_date(now()).year, last.year + 2)
    context = frame(
        request.actor, "manage:calendar", "载入一年", sub="文件先形成草稿，看过哪些时限会变动，再决定生效。"
    ) | {
        "form": form,
        "problems": reading.problems if reading else [],
        "templates": [
            {"year": y, **{ext: reverse("manage:calendar-template", args=[y]) + f"?as={ext}" for ext in _TYPES}}
            for y in years
        ],
        "cancel_url": reverse("manage:calendar"),
    }
    bad = bool(form.errors) or bool(reading and reading.problems)
    return render(request, "deadlines/calendar_load.html", context, status=422 if bad else 200)


@acting(Right.MANAGE_SYSTEM)
@require_safe
def template(request: ActorRequest, year: int) -> HttpResponse:
    """The year as it stands: of a year that is not announced the days that the law fixes, to be completed."""
    kind = request.GET.get("as", "xlsx")
    calendar = WorkCalendar.load()
    if kind not in _TYPES or not calendar.first.year <= year <= calendar.last.year + 1:
        raise Http404("没有这一年的模板")
    rows = CalendarDay.objects.filter(date__gte=date(year - 1, 12, 1), date__lte=date(year, 12, 31))
    data = calendar_file.write_xlsx(year, rows) if kind == "xlsx" else calendar_file.write_json(year, rows)
    name = content_disposition_header(as_attachment=True, filename=f"工作日历-{year}.{kind}")
    return HttpResponse(data, content_type=_TYPES[kind], headers={"Content-Disposition": name or "attachment"})


@acting(Right.MANAGE_SYSTEM)
@require_http_methods(["GET", "HEAD", "POST"])
def change_days(request: ActorRequest) -> HttpResponse:
    start = {"first": request.GET.get("day", ""), "source": ""}
    form = DaysForm(request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        try:
            edit = calendar_draft.draft_days(actor=request.actor, at=now(), **form.cleaned_data)
        except CalendarRefused as error:
            refuse(form, error)
        else:
            return redirect("deadlines:calendar-edit", edit=edit.pk)
    context = frame(request.actor, "manage:calendar", "改一天") | {
        "form": form,
        "will": "先形成草稿，下一页列出会变动的时限，确认后才生效。",
        "submit_label": "下一步：看哪些时限会变动",
        "cancel_url": reverse("manage:calendar"),
    }
    return render(request, "manage/form.html", context, status=422 if form.errors else 200)


def _edits_for(actor: Actor) -> QuerySet[CalendarEdit]:
    """Applied edits are everybody's, drafts those of the administrators."""
    found = CalendarEdit.objects.select_related("drafted_by", "applied_by")
    return found if actor.may(Right.MANAGE_SYSTEM) else found.filter(state=CalendarEdit.State.APPLIED)


@acting()
@require_safe
def edits(request: ActorRequest) -> HttpResponse:
    found, total, page = paged(request, _edits_for(request.actor).order_by("-pk"), unit="次变更")
    rows = [
        {
            "edit": edit,
            "url": reverse("deadlines:calendar-edit", args=[edit.pk]),
            "when": _moment(edit.applied_at or edit.drafted_at),
            "who": edit.applied_by or edit.drafted_by,
        }
        for edit in found
    ]
    context = frame(request.actor, "manage:calendar", "变更记录", sub="工作日历的每一次变更，依据和影响。")
    return render(
        request,
        "deadlines/calendar_edits.html",
        context | {"rows": rows, "total": total, "page": page, "may_edit": request.actor.may(Right.MANAGE_SYSTEM)},
    )


@acting(scoped=True)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: ActorRequest, edit: int) -> HttpResponse:
    """A draft with everything it would do, and the button; an applied edit with everything it did."""
    found = get_object_or_404(_edits_for(request.actor), pk=edit)
    if request.method == "POST":
        return _apply(request, found)
    return _page(request, found)


def _apply(request: ActorRequest, edit: CalendarEdit) -> HttpResponse:
    if not request.actor.may(Right.MANAGE_SYSTEM):
        raise Http404
    seen = tuple(row_id(request.POST.get(name, "")) or 0 for name in ("moved", "settled"))
    try:
        done = apply(edit, seen=(seen[0], seen[1]), actor=request.actor, at=now())
    except CalendarRefused as error:
        edit.refresh_from_db()
        return _page(request, edit, refused=error.messages)
    messages.success(request, f"{done.title}已生效，{done.moved} 项时限改了到期日，已通知承办单位。")
    return redirect("deadlines:calendar-edit", edit=done.pk)


@acting(Right.MANAGE_SYSTEM, scoped=True)
@require_POST
def compare_again(request: ActorRequest, edit: int) -> HttpResponse:
    found = get_object_or_404(CalendarEdit, pk=edit)
    try:
        again = calendar_draft.compare_again(found, actor=request.actor, at=now())
    except CalendarRefused as error:
        messages.error(request, "；".join(error.messages))
        return redirect("deadlines:calendar-edit", edit=found.pk)
    messages.success(request, "已按现在的工作日历重新比对，请再看一遍。")
    return redirect("deadlines:calendar-edit", edit=again.pk)


@acting(Right.MANAGE_SYSTEM, scoped=True)
@require_POST
def discard(request: ActorRequest, edit: int) -> HttpResponse:
    found = get_object_or_404(CalendarEdit, pk=edit)
    try:
        calendar_draft.discard(found, actor=request.actor, at=now())
    except CalendarRefused as error:
        messages.error(request, "；".join(error.messages))
        return redirect("deadlines:calendar-edit", edit=found.pk)
    messages.success(request, f"已放弃：{found.title}。工作日历没有变动。")
    return redirect("deadlines:calendar-edits")


def _page(request: ActorRequest, edit: CalendarEdit, *, refused: Sequence[str] = ()) -> HttpResponse:
    actor, at = request.actor, now()
    clockwork = Clockwork.of(request, at)
    days = list(edit.days.all())
    moves_date = request.GET.get("show") != "settled"
    context = frame(
        actor,
        "manage:calendar",
        edit.title,
        sub=_state_text(edit),
        above=[(text, reverse(name)) for text, name in _ABOVE],
    )
    context |= {
        "edit": edit,
        "refused": refused,
        "stale": is_stale(edit),
        "facts": _facts(edit, days),
        "days": _runs([_day(day, clockwork) for day in days if _is_special(day)]),
        "plain_days": sum(not _is_special(day) for day in days),
        "moves_date": moves_date,
        "may_edit": actor.may(Right.MANAGE_SYSTEM),
    }
    if edit.is_draft:
        # Dates are written as they will be: 周日（调休） on a day that the draft makes people work.
        after = Clockwork(at=at, calendar=recompute.laid_over(days))
        context |= _preview(request, edit, after, moves_date=moves_date)
    elif edit.is_applied:
        context |= _moved(request, edit, clockwork, moves_date=moves_date)
    return render(request, "deadlines/calendar_edit.html", context, status=422 if refused else 200)


def _preview(request: ActorRequest, edit: CalendarEdit, clockwork: Clockwork, *, moves_date: bool) -> dict[str, Any]:
    district = request.actor.district_id
    counts = recompute.counts(edit, district_id=district, today=clockwork.today)
    total = counts.here if moves_date else counts.settled_here
    last = max(1, -(-total // PER_PAGE))
    number = min(max(row_id(request.GET.get("page", "")) or 1, 1), last)
    moves = recompute.page(
        edit, district_id=district, moves_date=moves_date, limit=PER_PAGE, offset=(number - 1) * PER_PAGE
    )
    return {
        "counts": counts,
        "moved": counts.here,
        "settled": counts.settled_here,
        "rules": [
            {"label": rule(c.rule_key).label, "url": rule_url(c.rule_key), "count": c} for c in counts.rules if c.moved
        ],
        "moves": _lines(moves, clockwork, linked=False),
        "page": _paging(number, last, total, moves_date),
    }


def _moved(request: ActorRequest, edit: CalendarEdit, clockwork: Clockwork, *, moves_date: bool) -> dict[str, Any]:
    """The administrator sees the district's by number, everybody else what their post may see anyway."""
    actor = request.actor
    linked = not actor.may(Right.MANAGE_SYSTEM)
    seen = Deadline.objects.for_actor(actor) if linked else Deadline.objects.filter(district_id=actor.district_id)
    mine = DeadlineMove.objects.filter(edit=edit, deadline__in=seen.order_by())
    date_moved = mine.exclude(was_due_on=F("due_on"))
    settled = mine.filter(was_due_on=F("due_on"))
    rows = (date_moved if moves_date else settled).select_related("deadline__case", "deadline__owner_unit")
    found, total, page = paged(request, rows.order_by("due_on", "deadline_id"), unit="项")
    other = settled if moves_date else date_moved
    moved, still = (total, other.count()) if moves_date else (other.count(), total)
    return {"moved": moved, "settled": still, "moves": _lines(found, clockwork, linked=linked), "page": page}


def _lines(moves: Iterable[DeadlineMove], clockwork: Clockwork, *, linked: bool) -> list[dict[str, Any]]:
    return [
        {
            "number": move.deadline.case.number,
            "url": case_url(move.deadline.case) if linked else "",
            "rule": move.deadline.rule.label,
            "rule_url": rule_url(move.deadline.rule_key),
            "owner": move.deadline.owner_unit,
            "was": date_text(move.was_due_on, clockwork),
            "was_provisional": move.was_provisional,
            "now": date_text(move.due_on, clockwork),
            "provisional": move.provisional,
            "is_earlier": move.due_on < move.was_due_on,
            "is_late": move.due_on < clockwork.today <= move.was_due_on,
        }
        for move in moves
    ]


def _paging(number: int, last: int, total: int, moves_date: bool) -> dict[str, str]:
    at = "?" if moves_date else "?show=settled&"
    page = {"text": f"共 {total} 项" if last == 1 else f"第 {number} 页，共 {last} 页，{total} 项"}
    if number > 1:
        page["prev_url"] = f"{at}page={number - 1}"
    if number < last:
        page["next_url"] = f"{at}page={number + 1}"
    return page


def _is_special(day: CalendarEditDay) -> bool:
    return day.turns or bool(day.name or day.was_name)


def _day(day: CalendarEditDay, clockwork: Clockwork) -> dict[str, Any]:
    weekend = day.date.weekday() >= 5
    broken = day.turns and day.is_workday and bool(day.was_provisional) and not weekend
    return {
        "date": day.date,
        "weekday": date_text(day.date, clockwork).split(" ")[1].removesuffix("（调休）"),
        "was": _arrangement(day.was_workday, day.was_name, bool(day.was_provisional)),
        "now": _arrangement(day.is_workday, day.name, False),
        "turns": day.turns,
        "source": day.source,
        # The law fixes these days off; a file that makes people work on one is more likely a slip.
        "note": f"{day.was_name}是法定节假日，请核对" if broken else "",
    }


def _runs(days: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Days in a row of which the same is said, as one line."""
    lines: list[dict[str, Any]] = []
    for day in days:
        before = lines[-1] if lines else None
        told = {key: day[key] for key in ("was", "now", "turns", "source", "note")}
        if before and told.items() <= before.items() and before["last"] + timedelta(days=1) == day["date"]:
            before |= {"last": day["date"], "last_weekday": day["weekday"], "count": before["count"] + 1}
        else:
            lines.append(day | {"last": day["date"], "last_weekday": day["weekday"], "count": 1})
    return lines


def _arrangement(is_workday: bool | None, name: str, provisional: bool) -> str:
    if is_workday is None:
        return "（没有这一天）"
    word = "上班" if is_workday else "休息"
    return f"{word}{f'（{name}）' if name else ''}{'，暂定' if provisional else ''}"


def _facts(edit: CalendarEdit, days: Sequence[CalendarEditDay]) -> list[dict[str, Any]]:
    facts: list[dict[str, Any]] = [{"label": "依据文件", "value": edit.source, "wide": True, "strong": True}]
    if edit.file_name:
        facts.append({"label": "文件", "value": edit.file_name})
    facts.append({"label": "天数", "value": f"{len(days)} 天，其中 {sum(day.turns for day in days)} 天上班与休息互换"})
    facts.append({"label": "拟定", "value": f"{_moment(edit.drafted_at)}　{edit.drafted_by}"})
    if edit.is_applied:
        facts.append({"label": "生效", "value": f"{_moment(edit.applied_at)}　{edit.applied_by}"})
    facts.append({"label": "内容摘要", "value": f"{edit.days_digest[:16]}…", "num": True})
    return facts


def _state_text(edit: CalendarEdit) -> str:
    if edit.is_draft:
        return "草稿，还没有生效。看过下面的影响再决定。"
    if edit.is_applied:
        return f"已于 {_moment(edit.applied_at)} 生效。"
    return "已放弃，工作日历没有因此变动。"


def _moment(at: Any) -> str:
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if at else ""
