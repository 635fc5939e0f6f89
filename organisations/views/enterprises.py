"""The enterprise register, one enterprise's page, registering and editing (X1–X3)."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_safe

from audit.clock import SHANGHAI, local_date, now
from organisations.access import ActorRequest, acting
from organisations.actors import Actor
from organisations.filters import GRADE_TEXT, EnterpriseFilter
from organisations.forms.enterprises import ContactForm, EnterpriseForm, initial_of
from organisations.models import EnforcerProposal, Enterprise
from organisations.roles import Right, Scope
from organisations.selectors import (
    Page,
    count_text,
    enterprise_seen_by,
    enterprises,
    page_by_name,
    proposals_seen_by,
    undetermined,
)
from organisations.services.enterprises import (
    RegistryRefused,
    may_edit,
    may_edit_contact,
    register_enterprise,
    update_enterprise,
)
from organisations.services.exports import export_enterprises
from organisations.views.enterprise_chips import address, chip_rows
from organisations.views.enterprise_page import show

PAGE_SIZE = 20
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@acting()
@require_safe
def enterprise_list(request: ActorRequest) -> HttpResponse:
    actor = request.actor
    filters = EnterpriseFilter(request.GET, queryset=enterprises(actor), request=request)
    matched = filters.matched
    page = page_by_name(
        matched, after=request.GET.get("after", ""), before=request.GET.get("before", ""), size=PAGE_SIZE
    )
    count = count_text(matched)
    can_edit = actor.may(Right.EDIT_ENTERPRISES)
    context = {
        "subnav": subnav(actor, "list"),
        "chip_rows": chip_rows(filters, request.GET, scope=actor.scope),
        "bar": {
            "count_text": count,
            "unit_text": "家企业",
            "sort_text": "按名称拼音排序",
            "export_url": f"{reverse('enterprises:export')}{address(request.GET)}" if page.rows else "",
        },
        "rows": [_row(e) for e in page.rows],
        "page": _paging(page, count, request),
        "can_edit": can_edit,
        "is_filtered": bool(filters.data and any(filters.data.get(name) for name in filters.filters)),
        "scope_words": _SCOPE_WORDS.get(actor.scope, ""),
        "empty": "没有符合条件的企业" if filters.is_valid() else "筛选条件里有平台不认识的值",
    }
    return render(request, "organisations/enterprises/list.html", context)


@acting()
@require_safe
def export(request: ActorRequest) -> HttpResponse:
    actor, at = request.actor, now()
    filters = EnterpriseFilter(request.GET, queryset=enterprises(actor), request=request)
    rows = filters.matched.order_by("unit__sort_key", "pk")
    data = export_enterprises(rows=rows, conditions=filters.described(), grade_text=GRADE_TEXT, actor=actor, at=at)
    return xlsx_response(data, f"企业台账-{at.astimezone(SHANGHAI):%Y%m%d-%H%M}.xlsx")


@acting()
@require_safe
def undetermined_list(request: ActorRequest) -> HttpResponse:
    """X2: expected to be empty; with the proposals that wait for the district leader."""
    actor, today = request.actor, local_date(now())
    waiting = {
        p.enterprise_id: p
        for p in proposals_seen_by(actor).filter(decided_at=None, enterprise__enforcement_department=None)
    }
    shown = list(undetermined(actor)[:500])
    rows = [_row(e) | _undetermined(e, waiting.get(e.pk), actor, today) for e in shown]
    rows.sort(key=lambda row: not row["is_mine"])
    to_decide = sum(row["is_mine"] for row in rows) if actor.may(Right.DESIGNATE) else 0
    context = {
        "subnav": subnav(actor, "undetermined"),
        "rows": rows,
        "bar": {
            "count_text": count_text(undetermined(actor)),
            "unit_text": "家企业待明确",
            "sort_text": "按待明确起始日排序",
        },
        "decide_count": to_decide,
        "decide_banner": {"kind": "info", "title": f"{to_decide} 家等您决定", "text": "安委办已提出建议，排在最前。"},
    }
    return render(request, "organisations/enterprises/undetermined.html", context)


@acting()
@require_safe
def mine(request: ActorRequest) -> HttpResponse:
    """An enterprise's people land on their own page; everybody else on the register."""
    if request.actor.scope != Scope.OWN:
        return redirect("enterprises:list")
    return redirect("enterprises:detail", pk=request.actor.unit_id)


@acting(scoped=True)
@require_safe
def detail(request: ActorRequest, pk: int) -> HttpResponse:
    seen = enterprise_seen_by(request.actor, pk)
    if seen is None:
        raise Http404
    return show(request, seen, actor=request.actor, at=now())


@acting(Right.EDIT_ENTERPRISES)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: ActorRequest) -> HttpResponse:
    actor, at = request.actor, now()
    form = EnterpriseForm(posted(request), actor=actor, at=at)
    if request.method == "POST" and form.is_valid():
        try:
            enterprise = register_enterprise(values=form.values(), actor=actor, at=at)
        except RegistryRefused as error:
            refuse(form, error)
        else:
            messages.success(request, f"已登记{enterprise.unit.name}")
            return redirect("enterprises:detail", pk=enterprise.pk)
    context = {
        "form": form,
        "title": "登记企业",
        "close_url": reverse("enterprises:list"),
        "submit_label": "登记",
        "will": "登记后，名称、乡街、经营状态只能由有日期的变更修改，须另一人确认。",
        "crumbs": [{"text": "企业", "url": reverse("enterprises:list")}, {"text": "登记企业"}],
    }
    return render(request, "organisations/enterprises/form.html", context, status=422 if form.errors else 200)


@acting(scoped=True)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: ActorRequest, pk: int) -> HttpResponse:
    actor, at = request.actor, now()
    enterprise = enterprises(actor).filter(pk=pk).first()
    if enterprise is None:
        raise Http404
    form: ContactForm
    if may_edit(actor, enterprise):
        form = EnterpriseForm(posted(request), actor=actor, at=at, enterprise=enterprise)
    elif may_edit_contact(actor, enterprise):
        form = ContactForm(posted(request), initial=initial_of(enterprise))
    else:
        raise PermissionDenied
    if request.method == "POST" and form.is_valid():
        try:
            changed = update_enterprise(enterprise=enterprise, values=form.values(), actor=actor, at=at)
        except RegistryRefused as error:
            refuse(form, error)
        else:
            messages.success(request, "资料已更新" if changed else "没有改动")
            return redirect("enterprises:detail", pk=pk)
    page = reverse("enterprises:detail", args=[pk])
    context = {
        "form": form,
        "title": "修改企业资料",
        "enterprise": enterprise,
        "close_url": page,
        "submit_label": "保存",
        "will": "名称、乡街、经营状态、上级直管不在这里改：它们是有日期的变更，在企业页面提出，由另一人确认。",
        "crumbs": [
            {"text": "企业", "url": reverse("enterprises:list")},
            {"text": enterprise.unit.name, "url": page},
            {"text": "修改资料"},
        ],
    }
    return render(request, "organisations/enterprises/form.html", context, status=422 if form.errors else 200)


_SCOPE_WORDS = {
    Scope.DISTRICT: "全区登记的生产经营单位。",
    Scope.TERRITORY: "本乡街登记的生产经营单位。",
    Scope.SUPERVISED: "本部门主管行业的和由本部门日常执法的生产经营单位。",
    Scope.OWN: "本单位。",
}


def subnav(actor: Actor, current: str) -> list[dict[str, Any]]:
    """The list of 待明确 is one click away from every page of the registry."""
    items = [
        {"text": "台账", "url": reverse("enterprises:list"), "current": current == "list"},
        {
            "text": "待明确",
            "url": reverse("enterprises:undetermined"),
            "current": current == "undetermined",
            "count": f"{count_text(undetermined(actor))} 家",
        },
    ]
    items.append({"text": "委托代录", "url": reverse("recording:list"), "current": False})
    if actor.may(Right.EDIT_ENTERPRISES):
        items.append({"text": "导入", "url": reverse("enterprises:import"), "current": current == "import"})
    return items


def posted(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def refuse(form: forms.Form, error: RegistryRefused) -> None:
    form.add_error(error.field if error.field in form.fields else None, str(error))


def xlsx_response(data: bytes, filename: str) -> HttpResponse:
    disposition = content_disposition_header(as_attachment=True, filename=filename)
    return HttpResponse(data, content_type=XLSX, headers={"Content-Disposition": disposition or "attachment"})


def _row(e: Enterprise) -> dict[str, Any]:
    text = GRADE_TEXT.get(e.risk_grade)
    return {
        "e": e,
        "url": reverse("enterprises:detail", args=[e.pk]),
        "grade": {"key": e.risk_grade, "text": text} if text else None,
        "is_running": e.operation == Enterprise.Operation.RUNNING,
    }


def _undetermined(e: Enterprise, proposal: EnforcerProposal | None, actor: Actor, today: Any) -> dict[str, Any]:
    action: dict[str, str] = {}
    if proposal is None and actor.may(Right.PROPOSE_ENFORCER):
        action = {"url": reverse("enterprises:propose-enforcer", args=[e.pk]), "label": "提出建议"}
    elif proposal is not None and actor.may(Right.DESIGNATE) and proposal.proposed_by_id != actor.post.person_id:
        action = {"url": reverse("enterprises:decide-enforcer", args=[proposal.pk]), "label": "决定"}
    return {
        "days": (today - e.undetermined_since).days if e.undetermined_since else 0,
        "proposal": proposal,
        "action": action,
        "is_mine": bool(action),
    }


def _paging(page: Page, count: str, request: HttpRequest) -> dict[str, str]:
    text = f"本页 {len(page.rows)} 家，共 {count} 家。导出为全部 {count} 家。" if page.rows else ""
    return {
        "text": text,
        "prev_url": address(request.GET, before=str(page.before)) if page.before else "",
        "next_url": address(request.GET, after=str(page.after)) if page.after else "",
    }
