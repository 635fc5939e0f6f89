"""Everything the case page of a risk shows, gathered in a fixed number of queries."""

from typing import Any

from django.db.models import Prefetch
from django.urls import reverse

from audit.clock import SHANGHAI
from deadlines.adjusting import with_ledger
from deadlines.display import Clockwork, clock, due_mark, moves_of
from deadlines.drawers import offers
from deadlines.models import Deadline
from deadlines.urging import urge_mark, with_urges
from organisations.actors import Actor
from organisations.models.people import mask_phone
from organisations.roles import Right
from records.kinds import grade_of
from records.models import Attachment, Signature
from records.selectors import letters_for
from risks.events import Event as E
from risks.grading import LEC_LABELS, LEC_TABLES, LS_LABELS, LS_TABLES, Method
from risks.models import CloseOut, Grading, RiskPoint, RiskState
from risks.selectors.timeline import timeline

S = RiskState
_STEPS = ("查找", "研判", "交办", "治理", "申请销号", "核查", "销号")
# Which step the state stands on, and what is said under it.
_BASES = (Grading.Basis.VERIFIED, Grading.Basis.OFFICIAL, Grading.Basis.SELF)
# The event that ends each step: its day stands beside it.
_ENDED_BY: dict[str, tuple[str, ...]] = {
    "查找": (E.REGISTERED,),
    "研判": (E.CONCLUDED_SEVERE, E.CONCLUDED_MILD),
    "交办": (E.RECEIVED, E.LEFT),
    "治理": (E.CLOSURE_APPLIED,),
    "申请销号": (E.CLOSURE_APPLIED, E.CORRECTION_SUPPLIED),
    "核查": (E.CLOSURE_PASSED,),
    "销号": (E.CLOSURE_PASSED,),
    "长期管控": (E.LONG_TERM_APPROVED,),
    "已退出": (E.EXITED,),
}
_NOW = {
    S.REGISTERED: (1, "待自评、研判"),
    S.AWAITING: (1, "自评已提交，待研判"),
    S.LISTED: (1, ""),
    S.GRADED: (2, "待发函"),
    S.HANDED_OVER: (2, "已送达，待签收"),
    S.TREATING: (3, ""),
    S.CORRECTING: (4, "待补正"),
    S.APPLIED: (5, "待现场核查"),
    S.CLOSED: (7, ""),
    S.LONG_TERM: (3, ""),
    S.EXITED: (3, ""),
}


def case_page(risk: RiskPoint, actor: Actor, clockwork: Clockwork) -> dict[str, Any]:
    case = risk.case
    deadlines = list(with_urges(with_ledger(Deadline.objects.filter(case=case))).order_by("due_at", "id"))
    open_ = [d for d in deadlines if d.is_open]
    closed = sorted(
        (d for d in deadlines if not d.is_open), key=lambda d: d.met_at or d.cancelled_at or d.due_at, reverse=True
    )
    moves = moves_of(deadlines)
    gradings = list(risk.gradings.select_related("by"))
    latest = [next((g for g in gradings if g.basis == basis), None) for basis in _BASES]
    first_due = due_mark(open_[0].due_on, open_[0].due_at, clockwork) if open_ else None
    letters = list(letters_for(actor).filter(case=case).select_related("issuer"))
    entries = timeline(risk, actor, {letter.pk for letter in letters})
    days = _days(entries)
    steps = [
        step | {"when": days.get(step["label"], "") if step["state"] != "todo" else ""}
        for step in _steps(risk, deadlines)
    ]
    return {
        "risk": risk,
        "case": case,
        "grade": grade_of(case.level),
        "state_label": S(case.state).label,
        "crumbs": _crumbs(risk),
        "banner": _banner(risk),
        "steps": steps,
        "position": _position(risk),
        "clocks": [
            clock(d, clockwork, opened=i == 0, moves=moves.get(d.pk, ())) | {"urge": urge_mark(d, actor)}
            for i, d in enumerate(open_)
        ],
        "past_clocks": [clock(d, clockwork, moves=moves.get(d.pk, ())) for d in closed],
        "first_due": first_due,
        "offers": offers(open_, actor, clockwork),
        "letters": [_letter(letter) for letter in letters],
        "facts": facts_of(risk, actor),
        "grading": _compare([g for g in latest if g is not None]),
        "has_grading": bool(gradings),
        "measures": [
            {"kind": m.get_kind_display(), "text": m.text, "status": m.get_status_display()}
            for m in risk.measures.all()
        ],
        "photos": _photos(risk),
        "plan": risk.plans.select_related("by").first(),
        "progress": list(risk.progress.select_related("by")[:10]),
        "close_out": _close_out(risk),
        "exit": risk.exits.filter(is_approved=True).select_related("decided_by", "merged_into__case").first(),
        "entries": entries,
    }


def _crumbs(risk: RiskPoint) -> list[dict[str, str]]:
    case, register = risk.case, reverse("risks:register")
    return [
        {"text": "风险台账", "url": register},
        {"text": case.township.name, "url": f"{register}?township={case.township.code}"},
        {"text": case.number},
    ]


def _banner(risk: RiskPoint) -> dict[str, str] | None:
    case = risk.case
    if case.state == S.CLOSED:
        return {
            "kind": "readonly",
            "title": "已销号",
            "text": f"{case.closed_on} 核查通过，移出在册风险，案卷保留备查。",
        }
    if case.state == S.EXITED:
        return {"kind": "readonly", "title": "已退出", "text": f"{case.closed_on} 经批准退出，案卷保留备查。"}
    return None


def _steps(risk: RiskPoint, deadlines: list[Deadline]) -> list[dict[str, str]]:
    state = S(risk.case.state)
    labels = list(_STEPS)
    if state == S.LISTED:
        labels = ["查找", "研判", "在册管控"]
        return [
            _step(label, "done" if i < 2 else "now", "一般、低风险由责任单位管控" if i == 2 else "")
            for i, label in enumerate(labels)
        ]
    if state in {S.LONG_TERM, S.EXITED}:
        reached = {d.rule_key for d in deadlines}
        labels = ["查找", "研判", "交办", "治理"] if "risks.treatment" in reached else ["查找"]
        last = "长期管控" if state == S.LONG_TERM else "已退出"
        return [_step(label, "done") for label in labels] + [_step(last, "now" if state == S.LONG_TERM else "done")]
    now, sub = _NOW[state]
    return [
        _step(label, "done" if i < now else "now" if i == now else "todo", sub if i == now else "")
        for i, label in enumerate(labels)
    ]


def _days(entries: list[dict[str, Any]]) -> dict[str, str]:
    """The last day on which each step ended, as 09-30, from the story (newest first)."""
    last = {entry["name"]: entry["at_text"][5:10] for entry in reversed(entries)}
    return {label: max((last[n] for n in ends if n in last), default="") for label, ends in _ENDED_BY.items()}


def _step(label: str, state: str, sub: str = "") -> dict[str, str]:
    return {"label": label, "state": state, "sub": sub}


def _position(risk: RiskPoint) -> str:
    state = S(risk.case.state)
    if state in {S.LISTED, S.LONG_TERM, S.EXITED, S.CLOSED}:
        return state.label
    return f"第 {_NOW[state][0] + 1} 步，共 {len(_STEPS)} 步"


def _letter(letter: Any) -> dict[str, Any]:
    issued = letter.issued_at.astimezone(SHANGHAI).strftime("%m-%d") if letter.issued_at else ""
    sub = f"{letter.number}，{issued} 签发" if letter.number else "未编号"
    return {
        "title": f"{letter.get_kind_display()}{'' if letter.number else '（草稿）'}",
        "url": reverse("letters:detail", args=[letter.pk]),
        "sub": sub,
        "state_text": letter.get_state_display(),
    }


def facts_of(risk: RiskPoint, actor: Actor) -> list[dict[str, Any]]:
    case, unit = risk.case, risk.case.responsible_unit
    enterprise = getattr(unit, "enterprise", None)
    rows: list[dict[str, Any]] = [
        {
            "label": "责任单位",
            "value": unit.name,
            "wide": True,
            "url": reverse("enterprises:detail", args=[unit.pk]) if enterprise else "",
        },
        {"label": "位置", "value": f"{case.township.name}　{risk.location}", "wide": True},
        {"label": "行业", "value": case.sector_name},
        {"label": "类别", "value": risk.get_category_display()},
        {"label": "事故类型", "value": risk.accident_types},
        {"label": "管控层级", "value": risk.get_control_level_display()},
        {"label": "危害因素", "value": risk.hazard_factors, "wide": True},
        {"label": "监控措施", "value": risk.monitoring, "wide": True},
        {"label": "责任人", "value": risk.responsible_person},
        {
            "label": "电话",
            "value": mask_phone(risk.responsible_phone),
            "num": True,
            "link_url": reverse("risks:phone", args=[risk.pk]) if actor.may(Right.UNMASK) else "",
            "link_text": "查看完整电话",
        },
        {"label": "排查频次", "value": risk.get_check_frequency_display()},
        {"label": "来源", "value": risk.source},
        {"label": "公示", "value": risk.disclosure, "wide": True},
    ]
    if risk.guide_entry is not None:
        entry = risk.guide_entry
        rows[-1] = {
            "label": "来源",
            "value": f"{entry.guide}第 {entry.position} 条",
            "url": f"{reverse('risks:guide', args=[entry.guide_id])}#e{entry.pk}",
            "wide": True,
        }
    if risk.headcount is not None:
        rows.insert(6, {"label": "同时作业", "value": f"{risk.headcount} 人", "wide": True})
    if risk.longitude is not None:
        rows.append({"label": "经纬度", "value": f"{risk.longitude}，{risk.latitude}", "wide": True, "num": True})
    if enterprise and enterprise.principal_name:
        rows.insert(1, {"label": "主要负责人", "value": enterprise.principal_name, "wide": True})
    if enterprise and enterprise.uscc:
        rows.insert(1, {"label": "信用代码", "value": enterprise.uscc, "wide": True, "num": True})
    return rows


def _compare(shown: list[Grading]) -> dict[str, Any] | None:
    """核查结论, 研判结论 and 自评 side by side, factor by factor, as far as they used the same method as the first."""
    if not shown:
        return None
    method = shown[0].method
    same = [g for g in shown if g.method == method]
    rows = [
        {"factor": label, "cells": [_cell(g, name, table) for g in same]}
        for name, label, table in _FACTORS[Method(method)]
    ]
    notes = [g.reason for g in same if g.reason and method != Method.DIRECT]
    others = [
        f"{g.get_basis_display()}用{Method(g.method).label}，结果{g.grade_text}。" for g in shown if g not in same
    ]
    return {
        "caption": Method(method).label,
        "columns": [
            {"title": g.get_basis_display(), "sub": f"{g.concluded_on:%m-%d}，{g.participants or g.by.name}"}
            for g in same
        ],
        "rows": rows,
        "total_label": {Method.LEC: "D 分值", Method.LS: "R 分值", Method.DIRECT: "等级"}[Method(method)],
        "totals": [
            {"value": "" if g.score is None else f"{g.score.normalize():f}", "grade": grade_of(g.grade)} for g in same
        ],
        "note": " ".join([*notes, *others]),
    }


_FACTORS: dict[Method, list[tuple[str, str, dict[str, str]]]] = {
    Method.LEC: [(name, LEC_LABELS[name], LEC_TABLES[name]) for name in LEC_TABLES],
    Method.LS: [(name, LS_LABELS[name], LS_TABLES[name]) for name in LS_TABLES],
    Method.DIRECT: [("reason", "理由", {})],
}


def _cell(grading: Grading, name: str, table: dict[str, str]) -> dict[str, str]:
    """The value and its words; a direct determination has words only."""
    value = grading.inputs.get(name, "")
    return {"value": value, "words": table[value]} if value in table else {"value": "", "words": value}


def grading_rows(grading: Grading) -> list[tuple[str, str, str]]:
    """(factor, value, its words) of one grading."""
    cells = [(label, _cell(grading, name, table)) for name, label, table in _FACTORS[Method(grading.method)]]
    return [(label, cell["value"], cell["words"]) for label, cell in cells]


def _photos(risk: RiskPoint) -> list[dict[str, str]]:
    images = (
        Attachment.objects.filter(case=risk.case, content_type__startswith="image/")
        .exclude(purpose="盖章扫描件")
        .order_by("-id")[:8]
    )
    return [
        {
            "url": reverse("file", args=[a.pk]),
            "thumb_url": reverse("file", args=[a.pk]),
            "caption": f"{a.purpose}，{a.at.astimezone(SHANGHAI):%m-%d}",
        }
        for a in images
    ]


def _close_out(risk: RiskPoint) -> CloseOut | None:
    return (
        risk.close_outs.select_related("applied_by", "signature")
        .prefetch_related(
            Prefetch("verifications__signatures", Signature.objects.select_related("person", "voided")),
        )
        .first()
    )
