"""Dated changes (X1) and the daily-enforcement department (X2), as drawers beside the enterprise's page."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from audit.clock import local_date, now
from organisations.access import ActorRequest, acting
from organisations.forms.enterprise_changes import CHANGE_FORMS, DecideForm, ProposeEnforcerForm
from organisations.models import Enterprise, EnterpriseChange
from organisations.roles import Right
from organisations.selectors import Seen, changes_seen_by, enterprise_seen_by, enterprises, proposals_seen_by
from organisations.services.changes import RULES, decide_change, may_decide, may_propose, propose_change
from organisations.services.enforcers import decide_enforcer, propose_enforcer
from organisations.services.enterprises import RegistryRefused
from organisations.views.enterprise_page import show
from organisations.views.enterprises import posted, refuse

Kind = EnterpriseChange.Kind
_WILL = {
    Kind.RENAME: "确认后台账、以后的文书都用新名称，原名称留在变更经过里；简称须另外填写。",
    Kind.MERGE: "确认后未结案卷全部转到承接企业名下，这家企业转为关闭，不能撤回。",
    Kind.STATUS: "确认后台账按新的经营状态显示，应报、应查的安排随之变化。",
    Kind.MOVE: "确认后未结案卷和期限一并转到迁入乡街，两个乡街都能看到变更经过。",
    Kind.SUPERIOR: "确认后台账标明由谁直管。",
}


def _own(request: ActorRequest, pk: int) -> Enterprise:
    enterprise = enterprises(request.actor).filter(pk=pk).first()
    if enterprise is None:
        raise Http404
    return enterprise


@acting(scoped=True)
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: ActorRequest, pk: int) -> HttpResponse:
    """`?kind=` says which; without it, the page with its choices."""
    actor, at = request.actor, now()
    enterprise = _own(request, pk)
    possible = [kind for kind in Kind if may_propose(kind, actor, enterprise)]
    if not possible:
        raise PermissionDenied
    kind = request.GET.get("kind", "")
    if kind not in possible:
        if kind:
            raise PermissionDenied if kind in Kind.values else Http404
        return redirect("enterprises:detail", pk=pk)
    form = CHANGE_FORMS[kind](posted(request), enterprise=enterprise, today=local_date(at))
    if request.method == "POST" and form.is_valid():
        try:
            made = propose_change(enterprise=enterprise, kind=kind, actor=actor, at=at, **form.values())
        except RegistryRefused as error:
            refuse(form, error)
        else:
            messages.success(request, f"已提出{made.get_kind_display()}，等{RULES[kind].confirms.value}确认")
            return redirect("enterprises:detail", pk=pk)
    drawer = {
        "form": form,
        "heading": f"提出{Kind(kind).label}",
        "action": f"{reverse('enterprises:change', args=[pk])}?kind={kind}",
        "known": _known(enterprise, kind),
        "will": f"由{RULES[kind].confirms.value}的另一人确认。{_WILL[Kind(kind)]}",
        "submit_label": "提出",
    }
    return show(
        request, Seen(enterprise, whole=True), actor=actor, at=at, drawer=drawer, status=422 if form.errors else 200
    )


@acting(Right.CONFIRM_STATUS, Right.EDIT_ENTERPRISES, scoped=True)
@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: ActorRequest, pk: int) -> HttpResponse:
    actor, at = request.actor, now()
    row = changes_seen_by(actor).filter(pk=pk).first()
    seen = enterprise_seen_by(actor, row.enterprise_id) if row else None
    if row is None or seen is None:
        raise Http404
    if row.state != EnterpriseChange.State.PROPOSED:
        messages.info(request, f"{row.decided_by}已处理：{row.get_kind_display()}{row.get_state_display()}")
        return redirect("enterprises:detail", pk=row.enterprise_id)
    if not may_decide(row, actor):
        raise PermissionDenied
    form = DecideForm(posted(request), yes="确认，变更生效", no="不通过")
    if request.method == "POST" and form.is_valid():
        try:
            moved = decide_change(change=row, actor=actor, at=at, **form.values())
        except RegistryRefused as error:
            refuse(form, error)
        else:
            done = "已确认" if form.values()["approve"] else "已退回"
            messages.success(request, "。".join([f"{done}{row.get_kind_display()}", *moved]))
            return redirect("enterprises:detail", pk=row.enterprise_id)
    known = [
        {"label": "变更前", "value": row.before},
        {"label": "变更后", "value": row.after, "strong": True},
        {"label": "生效日期", "value": f"{row.effective_on:%Y-%m-%d}"},
        {"label": "提出人", "value": str(row.proposed_by)},
        {"label": "移交说明" if row.kind == Kind.MOVE else "说明", "value": row.reason or "没有"},
        {"label": "移交单" if row.kind == Kind.MOVE else "依据", "value": row.document or "没有"},
    ]
    drawer = {
        "form": form,
        "heading": f"确认{row.get_kind_display()}",
        "action": reverse("enterprises:decide-change", args=[pk]),
        "known": known,
        "will": _WILL[Kind(row.kind)],
        "submit_label": "提交意见",
    }
    return show(request, seen, actor=actor, at=at, drawer=drawer, status=422 if form.errors else 200)


@acting(Right.PROPOSE_ENFORCER, scoped=True)
@require_http_methods(["GET", "HEAD", "POST"])
def propose_department(request: ActorRequest, pk: int) -> HttpResponse:
    actor, at = request.actor, now()
    enterprise = _own(request, pk)
    form = ProposeEnforcerForm(posted(request), enterprise=enterprise, today=local_date(at))
    if request.method == "POST" and form.is_valid():
        try:
            propose_enforcer(enterprise=enterprise, actor=actor, at=at, **form.cleaned_data)
        except RegistryRefused as error:
            refuse(form, error)
        else:
            messages.success(request, "建议已报区领导决定")
            return redirect("enterprises:detail", pk=pk)
    drawer = {
        "form": form,
        "heading": "建议日常执法部门",
        "action": reverse("enterprises:propose-enforcer", args=[pk]),
        "known": [
            {"label": "行业", "value": enterprise.sector.name},
            {"label": "乡街", "value": enterprise.township.name},
        ],
        "will": "报区领导决定。同意后这个部门即为这家企业唯一的日常执法部门。",
        "submit_label": "报区领导",
    }
    return show(
        request, Seen(enterprise, whole=True), actor=actor, at=at, drawer=drawer, status=422 if form.errors else 200
    )


@acting(Right.DESIGNATE, scoped=True)
@require_http_methods(["GET", "HEAD", "POST"])
def decide_department(request: ActorRequest, pk: int) -> HttpResponse:
    """`pk` is the proposal's."""
    actor, at = request.actor, now()
    proposal = proposals_seen_by(actor).filter(pk=pk).first()
    if proposal is None:
        raise Http404
    if proposal.decided_at is not None:
        outcome = "同意" if proposal.is_approved else "不同意"
        messages.info(request, f"{proposal.decided_by}已作出决定：{outcome}由{proposal.department}负责")
        return redirect("enterprises:detail", pk=proposal.enterprise_id)
    form = DecideForm(posted(request), yes=f"同意，明确为{proposal.department}", no="不同意，退回安委办")
    if request.method == "POST" and form.is_valid():
        try:
            decide_enforcer(proposal=proposal, actor=actor, at=at, **form.values())
        except RegistryRefused as error:
            refuse(form, error)
        else:
            done = f"已明确由{proposal.department}负责" if form.values()["approve"] else "已退回安委办"
            messages.success(request, done)
            return redirect("enterprises:detail", pk=proposal.enterprise_id)
    drawer = {
        "form": form,
        "heading": "决定日常执法部门",
        "action": reverse("enterprises:decide-enforcer", args=[pk]),
        "known": [
            {"label": "建议部门", "value": str(proposal.department), "strong": True},
            {"label": "理由", "value": proposal.reason},
            {"label": "提出人", "value": str(proposal.proposed_by)},
        ],
        "will": "同意后立即生效，日常执法、风险交办由这个部门负责。",
        "submit_label": "提交决定",
    }
    seen = Seen(_own(request, proposal.enterprise_id), whole=True)
    return show(request, seen, actor=actor, at=at, drawer=drawer, status=422 if form.errors else 200)


def _known(enterprise: Enterprise, kind: str) -> list[dict[str, Any]]:
    now_words = {
        Kind.RENAME: ("现名称", enterprise.unit.name),
        Kind.MERGE: ("被并入的企业", enterprise.unit.name),
        Kind.STATUS: ("现经营状态", enterprise.get_operation_display()),
        Kind.MOVE: ("现所在乡街", enterprise.township.name),
        Kind.SUPERIOR: (
            "现在",
            "上级直管，将改为本区监管" if enterprise.is_higher_managed else "本区监管，将改为上级直管",
        ),
    }
    label, value = now_words[Kind(kind)]
    return [{"label": label, "value": value}]
