"""管理 › 审计 (审计管理员): the events of the district (X6)."""

import json
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from audit.clock import SHANGHAI
from audit.models import AuditEvent, AuditLink
from audit.names import all_names
from audit.personal import told
from organisations.access import ActorRequest, acting
from organisations.forms.fields import DayField, FilterForm
from organisations.models import Person
from organisations.roles import Right
from organisations.row_ids import row_id
from organisations.views.manage_frame import frame
from records.models import Case

PER_PAGE = 50
_APPS = {
    "organisations": "单位、人员、账号",
    "records": "文书、签字、附件",
    "deadlines": "时限",
    "risks": "风险",
    "audit": "证据",
}


def _event_choices() -> list[tuple[str, Any]]:
    groups: dict[str, list[tuple[str, str]]] = {}
    for name, label in all_names().items():
        groups.setdefault(_APPS.get(name.split(".")[0], "其他"), []).append((name, label))
    return [("", "全部"), *groups.items()]


class EventFilter(FilterForm):
    person = forms.CharField(label="经办人", widget=forms.TextInput(attrs={"type": "search"}))
    case = forms.CharField(label="案卷编号", widget=forms.TextInput(attrs={"type": "search"}))
    name = forms.ChoiceField(label="事件", choices=_event_choices)
    since = DayField(label="自")
    until = DayField(label="至")


def _events(request: ActorRequest) -> QuerySet[AuditEvent]:
    """The district's own events, and what the portal itself did to the district's cases."""
    district = request.actor.unit.district
    cases = Case.objects.filter(district=district).values("pk")
    return AuditEvent.objects.filter(Q(district_code=district.code) | Q(district_code="", case_id__in=cases))


def _filtered(request: ActorRequest, form: EventFilter) -> QuerySet[AuditEvent]:
    rows = _events(request)
    district = request.actor.unit.district
    if person := form.value("person"):
        named = Person.objects.filter(district=district, name__icontains=person).values("pk")
        rows = rows.filter(Q(person_id__in=named) | Q(actor_label__icontains=person))
    if case := form.value("case"):
        rows = rows.filter(case_id__in=Case.objects.filter(district=district, number=case.strip()).values("pk"))
    if name := form.value("name"):
        rows = rows.filter(name=name)
    if since := form.value("since"):
        rows = rows.filter(at__gte=datetime.combine(since, time.min, tzinfo=SHANGHAI))
    if until := form.value("until"):
        rows = rows.filter(at__lt=datetime.combine(until + timedelta(days=1), time.min, tzinfo=SHANGHAI))
    return rows


@acting(Right.READ_AUDIT)
def events(request: ActorRequest) -> HttpResponse:
    form = EventFilter(request.GET)
    rows, page = _slice(request, _filtered(request, form))
    numbers = dict(Case.objects.filter(pk__in={row.case_id for row in rows if row.case_id}).values_list("pk", "number"))
    for row in rows:
        row.case_number = numbers.get(row.case_id or 0, "")  # type: ignore[attr-defined]
    context = frame(request.actor, "manage:audit", "审计", sub="只增不改。看审计页本身不留记录。")
    return render(request, "audit/events.html", context | {"filter": form, "events": rows, "page": page})


def _slice(request: ActorRequest, rows: QuerySet[AuditEvent]) -> tuple[list[AuditEvent], dict[str, str]]:
    """Keyset by id, newest first: `before` goes down, `after` comes back up."""
    before, after = row_id(request.GET.get("before", "")), row_id(request.GET.get("after", ""))
    if after:
        found = list(reversed(rows.filter(pk__gt=after).order_by("pk")[: PER_PAGE + 1]))
        newer, older = len(found) > PER_PAGE, True
        found = found[-PER_PAGE:]
    else:
        below = rows.filter(pk__lt=before) if before else rows
        found = list(below.order_by("-pk")[: PER_PAGE + 1])
        newer, older = bool(before), len(found) > PER_PAGE
        found = found[:PER_PAGE]
    page = {"text": f"本页 {len(found)} 条，由新到旧"}
    if found and newer:
        page["prev_url"] = _url(request, "after", found[0].pk)
    if found and older:
        page["next_url"] = _url(request, "before", found[-1].pk)
    return found, page


def _url(request: ActorRequest, key: str, pk: int) -> str:
    query = request.GET.copy()
    query.pop("before", None)
    query.pop("after", None)
    query[key] = str(pk)
    return f"{reverse('manage:audit')}?{query.urlencode()}"


@acting(Right.READ_AUDIT, scoped=True)
def event(request: ActorRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(_events(request), pk=pk)
    link = AuditLink.objects.filter(event=row).first()
    number = Case.objects.filter(pk=row.case_id).values_list("number", flat=True).first() if row.case_id else ""
    local = row.at.astimezone(SHANGHAI)
    context = frame(request.actor, "manage:audit", f"{row.label}（第 {row.pk} 号事件）") | {
        "event": row,
        "link": link,
        "facts": [
            {"label": "发生时间", "value": f"{local:%Y-%m-%d %H:%M:%S}", "num": True},
            {"label": "记录时间", "value": f"{row.recorded_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}", "num": True},
            {"label": "经办人", "value": row.actor_label, "wide": True},
            {"label": "案卷", "value": f"{number} 第 {row.case_seq} 号" if number else "不属于案卷"},
            {"label": "对象", "value": f"{row.subject_kind} {row.subject_id}".strip() or "无"},
            {"label": "封存", "value": f"第 {link.seq} 环" if link else "待封存", "strong": True},
            {"label": "事件名", "value": row.name},
        ],
        "data": json.dumps(told([row])[row.pk], ensure_ascii=False, indent=2, sort_keys=True),
    }
    return render(request, "audit/event.html", context)
