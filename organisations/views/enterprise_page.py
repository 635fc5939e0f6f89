"""What the page of one enterprise shows: facts, people, dated changes, and what this post can do there."""

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from audit.clock import SHANGHAI, local_date
from organisations.actors import Actor
from organisations.filters import GRADE_TEXT
from organisations.models import EnforcerProposal, Enterprise, EnterpriseChange, Post
from organisations.models.people import mask_phone
from organisations.roles import Right, Scope
from organisations.selectors import Seen, changes_seen_by
from organisations.services.changes import RULES, may_decide, may_propose
from organisations.services.enterprises import may_edit, may_edit_contact

Kind = EnterpriseChange.Kind
_CHANGE_ICONS = {
    Kind.RENAME: "edit",
    Kind.MERGE: "arrows-exchange",
    Kind.STATUS: "clock-hour-4",
    Kind.MOVE: "map-pin",
    Kind.SUPERIOR: "building",
}
_CHANGE_WORDS = {
    Kind.RENAME: "提出更名",
    Kind.MERGE: "提出并入其他企业",
    Kind.STATUS: "提出停产、歇业、关闭或恢复",
    Kind.MOVE: "提出迁移乡街",
    Kind.SUPERIOR: "提出上级直管变更",
}


def show(
    request: HttpRequest,
    seen: Seen,
    *,
    actor: Actor,
    at: datetime,
    drawer: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page, with a form in the drawer beside it when there is one."""
    context = _context(seen, actor=actor, today=local_date(at)) | (drawer or {})
    return render(request, "organisations/enterprises/detail.html", context, status=status)


def _context(seen: Seen, *, actor: Actor, today: date) -> dict[str, Any]:
    enterprise = seen.enterprise
    changes = list(changes_seen_by(actor).filter(enterprise=enterprise))
    proposals = list(
        EnforcerProposal.objects.filter(enterprise=enterprise).select_related("department", "proposed_by", "decided_by")
    )
    context: dict[str, Any] = {
        "enterprise": enterprise,
        "whole": seen.whole,
        "crumbs": _crumbs(enterprise, actor),
        "grade": _grade(enterprise),
        "tags": _tags(enterprise),
        "banner": _banner(seen),
        "close_url": reverse("enterprises:detail", args=[enterprise.pk]),
        "actions": _actions(seen, changes, proposals, actor=actor),
        "history": _history(changes, proposals if seen.whole else []),
    }
    if seen.whole:
        context |= {
            "facts": _facts(enterprise, actor),
            "supervision": _supervision(enterprise, proposals, today=today),
            "people": _people(enterprise, today=today),
            "risks_url": f"{reverse('risks:register')}?unit={enterprise.pk}",
            # Of the cases: not for those who look after the registry without them.
            "dossier_url": reverse("dossiers:of-enterprise", args=[enterprise.pk]) if actor.scope != Scope.NONE else "",
        }
    return context


def _crumbs(enterprise: Enterprise, actor: Actor) -> list[dict[str, str]]:
    if actor.scope == Scope.OWN:
        return [{"text": "本单位"}]
    listed = reverse("enterprises:list")
    return [
        {"text": "企业", "url": listed},
        {"text": enterprise.township.name, "url": f"{listed}?township={enterprise.township.code}"},
        {"text": enterprise.uscc or "无统一社会信用代码"},
    ]


def _grade(enterprise: Enterprise) -> dict[str, str] | None:
    text = GRADE_TEXT.get(enterprise.risk_grade)
    return {"key": enterprise.risk_grade, "text": text} if text else None


def _tags(enterprise: Enterprise) -> list[str]:
    return [
        text
        for text, shown in (
            (enterprise.get_operation_display(), enterprise.operation != Enterprise.Operation.RUNNING),
            ("重点企业", enterprise.is_key),
            ("高危企业", enterprise.is_high_risk),
            ("上级直管", enterprise.is_higher_managed),
        )
        if shown
    ]


def _banner(seen: Seen) -> dict[str, str] | None:
    unit = seen.enterprise.unit
    if not seen.whole:
        return {
            "kind": "readonly",
            "title": "只显示变更经过",
            "text": f"这家企业现在由{seen.enterprise.township}管理。",
        }
    if unit.succeeded_by_id:
        return {
            "kind": "superseded",
            "title": f"{unit.valid_to:%Y-%m-%d} 已并入{unit.succeeded_by}",
            "text": "未结案卷由承接企业办理。",
            "link_url": reverse("enterprises:detail", args=[unit.succeeded_by_id]),
            "link_text": "看承接企业",
        }
    return None


def _facts(e: Enterprise, actor: Actor) -> list[dict[str, Any]]:
    code: dict[str, Any] = {"label": "信用代码", "value": e.uscc, "num": True, "wide": True}
    if not e.uscc:
        code = {"label": "信用代码", "value": "没有代码", "sub": e.no_uscc_reason, "wide": True}
    position = f"{e.longitude}，{e.latitude}" if e.longitude is not None else ""
    return [
        code,
        {"label": "地址", "value": e.address, "sub": e.township.name, "wide": True},
        {"label": "行业", "value": e.sector.name},
        {"label": "门类", "value": e.section},
        {"label": "规模", "value": e.get_scale_display()},
        {"label": "隶属关系", "value": e.get_affiliation_display()},
        {
            "label": "经营状态",
            "value": e.get_operation_display(),
            "strong": e.operation != Enterprise.Operation.RUNNING,
        },
        {"label": "从业人数", "value": f"{e.headcount} 人" if e.headcount is not None else "", "num": True},
        {"label": "负责人", "value": e.principal_name},
        {
            "label": "电话",
            "value": mask_phone(e.principal_phone),
            "num": True,
            "link_url": reverse("enterprises:phone", args=[e.pk])
            if e.principal_phone and actor.may(Right.UNMASK)
            else "",
            "link_text": "查看完整电话",
        },
        {"label": "位置", "value": position, "num": True, "wide": True},
    ]


def _supervision(e: Enterprise, proposals: list[EnforcerProposal], *, today: date) -> dict[str, Any]:
    waiting = next((p for p in proposals if p.decided_at is None), None)
    days = (today - e.undetermined_since).days if e.undetermined_since else 0
    return {
        "department": e.enforcement_department,
        "since": e.undetermined_since,
        "days": days,
        "waiting": waiting,
        "level": e.get_supervision_level_display(),
        "superior": str(e.unit.superior) if e.is_higher_managed and e.unit.superior_id else "",
    }


def _people(enterprise: Enterprise, *, today: date) -> list[dict[str, str]]:
    posts = (
        Post.objects.open_on(today).filter(unit=enterprise.unit).select_related("person").order_by("person__sort_key")
    )
    return [
        {
            "name": p.person.name,
            "title": p.title,
            "role": p.role.label,
            "phone": p.person.masked_phone,
            "since": f"{p.valid_from:%Y-%m-%d}",
        }
        for p in posts
    ]


def _actions(
    seen: Seen, changes: list[EnterpriseChange], proposals: list[EnforcerProposal], *, actor: Actor
) -> list[dict[str, Any]]:
    """我可以办: first what waits for this post, then what it may begin."""
    e = seen.enterprise
    rows: list[dict[str, Any]] = []
    waiting = next((c for c in changes if c.state == EnterpriseChange.State.PROPOSED), None)
    if waiting is not None:
        if may_decide(waiting, actor):
            url = reverse("enterprises:decide-change", args=[waiting.pk])
            rows.append(
                {
                    "text": f"确认{waiting.get_kind_display()}",
                    "url": url,
                    "icon": "user-check",
                    "sub": f"{waiting.before} → {waiting.after}",
                }
            )
        else:
            rows.append(
                {
                    "text": f"{waiting.get_kind_display()}待确认",
                    "icon": "clock-hour-4",
                    "sub": f"等{RULES[waiting.kind].confirms.value}",
                }
            )
    if not seen.whole:
        return rows
    proposal = next((p for p in proposals if p.decided_at is None), None)
    if proposal is not None and actor.may(Right.DESIGNATE) and proposal.proposed_by_id != actor.post.person_id:
        url = reverse("enterprises:decide-enforcer", args=[proposal.pk])
        rows.append(
            {"text": "决定日常执法部门", "url": url, "icon": "gavel", "sub": f"安委办建议由{proposal.department}负责"}
        )
    if proposal is None and e.enforcement_department_id is None and actor.may(Right.PROPOSE_ENFORCER):
        rows.append(
            {"text": "建议日常执法部门", "url": reverse("enterprises:propose-enforcer", args=[e.pk]), "icon": "gavel"}
        )
    if may_edit(actor, e):
        rows.append({"text": "修改资料", "url": reverse("enterprises:edit", args=[e.pk]), "icon": "edit"})
    elif may_edit_contact(actor, e):
        rows.append({"text": "修改联系资料", "url": reverse("enterprises:edit", args=[e.pk]), "icon": "edit"})
    if waiting is None and not e.unit.succeeded_by_id:
        change = reverse("enterprises:change", args=[e.pk])
        rows += [
            {"text": _CHANGE_WORDS[kind], "url": f"{change}?kind={kind.value}", "icon": _CHANGE_ICONS[kind]}
            for kind in Kind
            if may_propose(kind, actor, e)
        ]
    return rows


def _history(changes: list[EnterpriseChange], proposals: list[EnforcerProposal]) -> list[dict[str, Any]]:
    entries = [(c.effective_on, c.pk, _change_entry(c)) for c in changes]
    entries += [(p.proposed_at.astimezone(SHANGHAI).date(), p.pk, _proposal_entry(p)) for p in proposals]
    return [entry for *_, entry in sorted(entries, key=lambda e: e[:2], reverse=True)]


def _change_entry(c: EnterpriseChange) -> dict[str, Any]:
    by = [f"{c.proposed_by}提出，{_day(c.proposed_at)}"]
    if c.decided_by:
        verb = "确认" if c.state == EnterpriseChange.State.EFFECTIVE else "未通过"
        by.append(f"{c.decided_by}{verb}，{_day(c.decided_at)}")
    label = "移交说明" if c.kind == Kind.MOVE else "说明"
    said = [f"{label}：{c.reason}"] if c.reason else []
    said += [f"{'移交单' if c.kind == Kind.MOVE else '依据'}：{c.document}"] if c.document else []
    said += [f"确认意见：{c.decision_note}"] if c.decision_note else []
    marks = [] if c.state == EnterpriseChange.State.EFFECTIVE else [c.get_state_display()]
    return {
        "at_text": f"{c.effective_on:%Y-%m-%d}",
        "at_iso": c.effective_on.isoformat(),
        "title": f"{c.get_kind_display()}：{c.before} → {c.after}",
        "marks": marks,
        "by": "；".join(by),
        "said": "\n".join(said),
    }


def _proposal_entry(p: EnforcerProposal) -> dict[str, Any]:
    by = [f"{p.proposed_by}提出，{_day(p.proposed_at)}"]
    marks = ["待决定"]
    if p.decided_by:
        by.append(f"{p.decided_by}{'同意' if p.is_approved else '不同意'}，{_day(p.decided_at)}")
        marks = [] if p.is_approved else ["未同意"]
    said = [f"理由：{p.reason}"] + ([f"决定意见：{p.decision_note}"] if p.decision_note else [])
    local = p.proposed_at.astimezone(SHANGHAI)
    return {
        "at_text": f"{local:%Y-%m-%d}",
        "at_iso": local.isoformat(timespec="minutes"),
        "title": f"明确日常执法部门：{p.department}",
        "marks": marks,
        "by": "；".join(by),
        "said": "\n".join(said),
    }


def _day(moment: datetime | None) -> str:
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d}" if moment else ""
