"""管理 › 审计: everything that happened to one case, or that one person did, in order (X6)."""

import io
from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Any

import xlsxwriter
from django import forms
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from audit.clock import SHANGHAI, now
from audit.models import AuditEvent, AuditLink
from audit.names import all_names
from audit.personal import told
from audit.services import record
from organisations.access import ActorRequest, acting
from organisations.forms.fields import DayField, FilterForm
from organisations.models import Account, Person, Post, Unit
from organisations.roles import Right
from organisations.row_ids import row_id
from organisations.views.manage_frame import frame
from records.events import Event
from records.models import Case, Signature
from risks.workflow import WORKFLOW

PER_PAGE = 100
MOST_EXPORTED = 50_000
FOUND_AT_MOST = 30
_KINDS = {
    "act": "办理",
    "signature": "签字",
    "view": "查看和导出",
    "deadline": "时限",
    "account": "账号和登录",
}
_VIEWS = ("records.viewed", "records.exported", "records.dossier_")
_SIGNATURES = ("records.signed", "records.signature_voided", "records.paper_")


class FollowFilter(FilterForm):
    kind = forms.ChoiceField(label="种类", choices=[("", "全部"), *_KINDS.items()])
    since = DayField(label="自")
    until = DayField(label="至")


class FindFilter(FilterForm):
    q = forms.CharField(
        label="案卷编号、名称，或人员姓名", max_length=60, widget=forms.TextInput(attrs={"type": "search"})
    )


@acting(Right.READ_AUDIT)
@require_safe
def find(request: ActorRequest) -> HttpResponse:
    """Cases by number or title and people by name, to be followed."""
    form = FindFilter(request.GET)
    words, district = form.value("q"), request.actor.district_id
    cases: list[Case] = []
    people: list[dict[str, Any]] = []
    if words:
        found = Case.objects.filter(district=district).filter(Q(number__startswith=words) | Q(title__icontains=words))
        cases = list(found.select_related("responsible_unit").order_by("-pk")[:FOUND_AT_MOST])
        named = Person.objects.filter(district=district, name__icontains=words).order_by("sort_key", "pk")
        people = _with_posts(list(named[:FOUND_AT_MOST]))
    context = frame(request.actor, "manage:audit", "跟查", sub="选一件案卷或一个人，看全部经过。")
    context |= {"filter": form, "cases": cases, "people": people, "words": words, "most": FOUND_AT_MOST}
    return render(request, "audit/find.html", context)


def _with_posts(people: Sequence[Person]) -> list[dict[str, Any]]:
    posts: dict[int, list[str]] = {}
    for post in Post.objects.filter(person__in=people).select_related("unit").order_by("pk"):
        posts.setdefault(post.person_id, []).append(str(post))
    return [{"person": person, "posts": "；".join(posts.get(person.pk, []))} for person in people]


@acting(Right.READ_AUDIT, scoped=True)
@require_safe
def case(request: ActorRequest, pk: int) -> HttpResponse:
    found = _case(request, pk)
    facts = [
        {"label": "案卷", "value": found.title},
        {"label": "编号", "value": found.number, "num": True},
        {"label": "责任单位", "value": found.responsible_unit.name, "wide": True},
        {"label": "主办单位", "value": found.lead_unit.name, "wide": True},
    ]
    export = reverse("manage:audit-case-export", args=[pk])
    return _page(request, _of_case(found), title=f"案卷 {found.number}", facts=facts, export=export, rising=True)


@acting(Right.READ_AUDIT, scoped=True)
@require_safe
def person(request: ActorRequest, pk: int) -> HttpResponse:
    found = _person(request, pk)
    accounts = Account.objects.filter(person=found).order_by("username").values_list("username", flat=True)
    facts = [
        {"label": "人员", "value": found.name},
        {"label": "账号", "value": "、".join(accounts) or "没有"},
        {"label": "岗位", "value": _with_posts([found])[0]["posts"], "wide": True},
    ]
    export = reverse("manage:audit-person-export", args=[pk])
    return _page(
        request, _of_person(request, found), title=f"人员 {found.name}", facts=facts, export=export, rising=False
    )


@acting(Right.READ_AUDIT, scoped=True)
@require_POST
def export_case(request: ActorRequest, pk: int) -> HttpResponse:
    found = _case(request, pk)
    return _export(request, _of_case(found), what=f"案卷 {found.number}", subject=("case", pk))


@acting(Right.READ_AUDIT, scoped=True)
@require_POST
def export_person(request: ActorRequest, pk: int) -> HttpResponse:
    found = _person(request, pk)
    return _export(request, _of_person(request, found), what=f"人员 {found.name}", subject=("person", pk))


def _case(request: ActorRequest, pk: int) -> Case:
    cases = Case.objects.filter(district_id=request.actor.district_id)
    return get_object_or_404(cases.select_related("responsible_unit", "lead_unit"), pk=pk)


def _person(request: ActorRequest, pk: int) -> Person:
    return get_object_or_404(Person.objects.filter(district_id=request.actor.district_id), pk=pk)


def _of_case(found: Case) -> QuerySet[AuditEvent]:
    return AuditEvent.objects.filter(case_id=found.pk)


def _of_person(request: ActorRequest, found: Person) -> QuerySet[AuditEvent]:
    """Whatever the account or post: the person is the same."""
    return AuditEvent.objects.filter(person_id=found.pk, district_code=request.actor.unit.district.code)


def _filtered(rows: QuerySet[AuditEvent], form: FollowFilter) -> QuerySet[AuditEvent]:
    if kind := form.value("kind"):
        rows = rows.filter(name__in=[name for name in all_names() if kind_of(name) == kind])
    if since := form.value("since"):
        rows = rows.filter(at__gte=datetime.combine(since, time.min, tzinfo=SHANGHAI))
    if until := form.value("until"):
        rows = rows.filter(at__lt=datetime.combine(until + timedelta(days=1), time.min, tzinfo=SHANGHAI))
    return rows


def kind_of(name: str) -> str:
    if name.startswith(_VIEWS):
        return "view"
    if name.startswith(_SIGNATURES):
        return "signature"
    app = name.split(".")[0]
    if app == "deadlines":
        return "deadline"
    return "account" if any(word in name for word in ("account", "login", "logged", "password", "token")) else "act"


def _page(
    request: ActorRequest,
    events: QuerySet[AuditEvent],
    *,
    title: str,
    facts: list[dict[str, Any]],
    export: str,
    rising: bool,
) -> HttpResponse:
    """A case from its beginning, a person from the latest; keyset by id, forwards and back."""
    form = FollowFilter(request.GET)
    rows = _filtered(events, form)
    after, before = row_id(request.GET.get("after", "")), row_id(request.GET.get("before", ""))
    # `after` reads on in the page's own order, `before` goes back.
    onwards = before is None
    ahead = rising == onwards
    edge = after if onwards else before
    if edge:
        rows = rows.filter(pk__gt=edge) if ahead else rows.filter(pk__lt=edge)
    found = list(rows.order_by("pk" if ahead else "-pk")[: PER_PAGE + 1])
    more, found = len(found) > PER_PAGE, found[:PER_PAGE]
    if not onwards:
        found.reverse()
    page = {"text": f"本页 {len(found)} 条，{'由先到后' if rising else '由新到旧'}"}
    if found and (edge if onwards else more):
        page["prev_url"] = _url(request, "before", found[0].pk)
    if found and (more if onwards else True):
        page["next_url"] = _url(request, "after", found[-1].pk)
    context = frame(request.actor, "manage:audit", title, above=[("跟查", reverse("manage:audit-find"))]) | {
        "filter": form,
        "facts": facts,
        "rows": list(_told(found)),
        "page": page,
        "export_url": f"{export}?{request.GET.urlencode()}",
    }
    return render(request, "audit/follow.html", context)


def _url(request: ActorRequest, key: str, pk: int) -> str:
    query = request.GET.copy()
    query.pop("before", None)
    query.pop("after", None)
    query[key] = str(pk)
    return f"?{query.urlencode()}"


def _told(events: Sequence[AuditEvent]) -> Iterator[dict[str, Any]]:
    """What a line says, in a fixed number of queries: who in which post of which unit, the signature, the clock, the seal."""
    links = dict(AuditLink.objects.filter(event__in=events).values_list("event_id", "seq"))
    posts = {p.pk: p for p in Post.objects.filter(pk__in={e.post_id for e in events}).select_related("unit")}
    units = dict(Unit.objects.filter(pk__in={e.unit_id for e in events}).values_list("pk", "name"))
    numbers = dict(Case.objects.filter(pk__in={e.case_id for e in events}).values_list("pk", "number"))
    signed = Signature.objects.filter(
        pk__in={int(e.subject_id) for e in events if e.subject_kind == "signature" and e.subject_id.isdigit()}
    ).select_related("voided")
    signatures = {str(s.pk): s for s in signed}
    contents = told(events)
    for event in events:
        data, post = contents[event.pk], posts.get(event.post_id or 0)
        signature = signatures.get(event.subject_id) if event.subject_kind == "signature" else None
        yield {
            "event": event,
            "kind": _KINDS[kind_of(event.name)],
            "post": f"{post.section}{post.title}" if post else "",
            "unit": units.get(event.unit_id or 0, ""),
            "number": numbers.get(event.case_id or 0, ""),
            "said": _said(event, data),
            "voided": signature is not None and hasattr(signature, "voided"),
            "seal": f"第 {links[event.pk]} 环" if event.pk in links else "待封存",
            "recorded": event.recorded_at.astimezone(SHANGHAI),
        }


def _said(event: AuditEvent, data: dict[str, Any]) -> str:
    """The one line that tells most, by the kind of event; the whole is one click away."""
    match kind_of(event.name):
        case "deadline":
            parts = [
                data.get("label", ""),
                f"到期 {data['due_on']}" if data.get("due_on") else "",
                data.get("reason", ""),
            ]
            parts.append("逾期" if data.get("late") else "")
        case "signature":
            parts = [data.get("purpose") or data.get("label", ""), data.get("signer", ""), data.get("reason", "")]
            parts.append(f"摘要 {data['digest'][:12]}…" if data.get("digest") else "")
        case "view":
            parts = [data.get("what") or data.get("register") or data.get("enterprise", ""), data.get("form", "")]
        case _:
            names = ("number", "grade_text", "reason", "note", "statement", "text", "title")
            parts = [str(data[name]) for name in names if isinstance(data.get(name), str)]
            if moved := data.get("moved", {}).get("state"):
                parts.insert(0, " → ".join(WORKFLOW.state_label(state) for state in moved))
    return "；".join(part for part in map(str, parts) if part)[:200]


_HEADS = ("号", "发生时间", "记录时间", "种类", "事件", "经办人", "岗位", "单位", "案卷", "内容", "事件摘要", "封存")
_WIDTHS = (9, 19, 19, 10, 26, 34, 18, 26, 22, 60, 66, 12)


@transaction.atomic
def _export(
    request: ActorRequest, events: QuerySet[AuditEvent], *, what: str, subject: tuple[str, int]
) -> HttpResponse:
    """What is filtered, as xlsx; that somebody took it along is an event itself."""
    form = FollowFilter(request.GET)
    rows = list(_filtered(events, form).order_by("pk")[:MOST_EXPORTED])
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"constant_memory": True, "in_memory": True})
    sheet = book.add_worksheet("跟查")
    for number, (head, width) in enumerate(zip(_HEADS, _WIDTHS, strict=True)):
        sheet.set_column(number, number, width)
        sheet.write_string(0, number, head, book.add_format({"bold": True, "bg_color": "#eef1f0"}))
    line = 0
    for start in range(0, len(rows), 500):
        for row in _told(rows[start : start + 500]):
            line += 1
            event = row["event"]
            cells = [
                str(event.pk),
                f"{event.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}",
                f"{row['recorded']:%Y-%m-%d %H:%M:%S}",
                row["kind"],
                event.label,
                event.actor_label,
                row["post"],
                row["unit"],
                row["number"],
                row["said"],
                event.digest,
                row["seal"],
            ]
            for number, text in enumerate(cells):
                sheet.write_string(line, number, text)
    book.close()
    filters = {name: str(value) for name in form.fields if (value := form.value(name))}
    record(
        Event.EXPORTED,
        by=request.actor.stamp,
        at=now(),
        subject=subject,
        data={"register": f"审计跟查：{what}", "filters": filters, "rows": len(rows)},
    )
    response = HttpResponse(
        out.getvalue(), content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    )
    response["Content-Disposition"] = f'attachment; filename="audit-{subject[0]}-{subject[1]}.xlsx"'
    return response
