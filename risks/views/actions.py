"""The acts beside a case: for each its form, what the form starts with, the sentence of what will happen, the ONE call.

From which state and by whom an act is possible stands in risks/workflow.py and records/letters/flow.py, not here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.urls import reverse

from audit.clock import local_date
from deadlines.models import Deadline
from organisations.actors import Actor
from organisations.models import Post, Unit
from organisations.roles import ROLES, Right, UnitKind
from records.letters import flow
from records.models import Letter
from risks.forms import actions as f
from risks.letters import handover_requirements
from risks.models import RiskPoint
from risks.models.point import OPEN_STATES
from risks.services import closure, exits, grading, handover, treatment
from risks.services.closure import eligible_verifiers, waiting_verification
from risks.services.handover import current_letter
from risks.workflow import WORKFLOW


@dataclass(frozen=True)
class Context:
    """What an act's form is built from."""

    risk: RiskPoint
    actor: Actor
    at: datetime
    letter: Letter | None

    @property
    def responsible(self) -> Unit:
        return self.risk.case.responsible_unit

    def is_late(self, rule_key: str) -> bool:
        """The regulator's own clock of this act has run out."""
        return Deadline.objects.open().filter(case=self.risk.pk, rule_key=rule_key, due_at__lte=self.at).exists()


Cleaned = Mapping[str, Any]


@dataclass(frozen=True)
class Act:
    label: str
    form: type[forms.Form]
    perform: Callable[[Context, Any, int | None], object]
    will: Callable[[Context], str]
    done: str
    arguments: Callable[[Context], dict[str, Any]] = field(default=lambda c: {})
    initial: Callable[[Context], dict[str, Any]] = field(default=lambda c: {})
    submit_label: str = ""
    letter_step: str = ""  # the act is a step of the handover letter (records/letters/flow.py)
    known: Callable[[Context], list[dict[str, Any]]] = field(default=lambda c: [])


def _common(c: Context, version: int | None) -> dict[str, Any]:
    return {"risk": c.risk, "actor": c.actor, "at": c.at, "version": version}


def _variant(c: Context) -> dict[str, Any]:
    return {"ls_variant": c.risk.case.district.profile.get("grading", {}).get("ls_variant", "A")}


def _checkers(c: Context) -> dict[str, Any]:
    roles = [role.key for role in ROLES if Right.CHECK_LETTER in role.rights]
    posts = Post.objects.open_on(local_date(c.at)).filter(unit=c.actor.unit_id, role_key__in=roles)
    return {"checkers": posts.exclude(person=c.actor.person).select_related("person", "unit"), "today": local_date(c.at)}


def _draft_initial(c: Context) -> dict[str, Any]:
    if c.letter:
        return {
            "copies_to": c.letter.copies_to,
            "requirements": c.letter.requirements,
            "due_on": c.letter.due_on,
            "checker": c.letter.checker_id,
        }
    copies = [str(c.risk.case.township.name)] if c.responsible.kind == UnitKind.ENTERPRISE else []
    bureau = Unit.objects.filter(district=c.risk.case.district_id, kind=UnitKind.COMMITTEE).valid_on(local_date(c.at)).first()
    if bureau:
        copies.append(bureau.name)
    return {
        "copies_to": "、".join(copies),
        "requirements": handover_requirements(c.risk),
        "due_on": local_date(c.at) + timedelta(days=60),
    }


def _designees(c: Context) -> dict[str, Any]:
    units = Unit.objects.filter(district=c.risk.case.district_id, kind__in=[UnitKind.BUREAU, UnitKind.DEPARTMENT])
    return {"units": units.valid_on(local_date(c.at)).exclude(pk__in=[c.risk.case.responsible_unit_id, c.risk.case.lead_unit_id])}


def _check_letter(c: Context, form: f.CheckLetterForm, version: int | None) -> object:
    if form.cleaned_data["decision"] == "return":
        return handover.return_handover(**_common(c, version), note=form.cleaned_data["note"])
    return handover.check_handover(**_common(c, version))


def _verify(c: Context, form: f.VerifyForm, version: int | None) -> object:
    data, passed = form.cleaned_data, form.cleaned_data["passed"] == "yes"
    return closure.verify(
        **_common(c, version),
        visited_on=data["visited_on"],
        findings=data["findings"],
        passed=passed,
        colleagues=[post.person for post in data["colleagues"]],
        method=data["method"] if passed else "",
        inputs=form.cleaned_inputs() if passed else {},
        reasons="" if passed else data["reasons"],
        new_due_on=None if passed else data["new_due_on"],
        photos=data["photos"],
        hand=form.hand(),
    )


def _verification_facts(c: Context) -> list[dict[str, Any]]:
    waiting = waiting_verification(c.risk)
    if waiting is None:
        return []
    rows = [
        ("现场核查", waiting.visited_on.isoformat()),
        ("核查情况", waiting.findings),
        ("结论", "通过，予以销号" if waiting.passed else "未通过，继续治理"),
        ("核定等级", closure._grade_text(waiting.grade)),
        ("原因要求", waiting.reasons),
        ("继续治理期限", waiting.new_due_on.isoformat() if waiting.new_due_on else ""),
        ("核查人", "、".join(p.name for p in waiting.verifiers.all())),
    ]
    return [{"label": label, "value": value, "wide": True} for label, value in rows if value]


def _exit_facts(c: Context) -> list[dict[str, Any]]:
    proposal = exits.open_proposal(c.risk)
    if proposal is None:
        return []
    rows = [
        ("方式", proposal.get_kind_display()),
        ("理由", proposal.reason),
        ("责任单位", proposal.enterprise_controller),
        ("乡街", proposal.township_controller),
        ("部门", proposal.department_controller),
        ("并入", str(proposal.merged_into.case) if proposal.merged_into else ""),
        ("接收机关", proposal.receiving_authority),
        ("提出人", str(proposal.proposed_by)),
    ]
    return [{"label": label, "value": value, "wide": True} for label, value in rows if value]


def _propose_exit(c: Context, form: f.ProposeExitForm, version: int | None) -> object:
    data = dict(form.cleaned_data)
    return exits.propose_exit(**_common(c, version), merged_into=data.pop("merged_risk"), **data)


ACTS: dict[str, Act] = {
    "self_grade": Act(
        "提交自评",
        f.SelfGradeForm,
        lambda c, form, v: grading.self_grade(
            **_common(c, v), method=form.cleaned_data["method"], inputs=form.cleaned_inputs(), reason=form.cleaned_data["reason"]
        ),
        lambda c: f"自评为重大、较大的，提交后由{c.risk.case.lead_unit}在规定期限内研判，自评不能再改。",
        "自评已提交",
        arguments=_variant,
    ),
    "conclude": Act(
        "签署研判结论",
        f.ConcludeForm,
        lambda c, form, v: grading.conclude(
            **_common(c, v),
            method=form.cleaned_data["method"],
            inputs=form.cleaned_inputs(),
            participants=form.cleaned_data["participants"],
            reason=form.cleaned_data["reason"],
            hand=form.hand(),
            late_reason=form.late(),
        ),
        lambda c: "签字后等级生效；重大、较大风险自次日起 3 个工作日内须向责任单位发函交办（三（二）2）。",
        "研判结论已签署",
        arguments=lambda c: _variant(c) | {"is_late": c.is_late("risks.assessment")},
        initial=lambda c: {"participants": c.actor.person.name},
        submit_label="签署",
    ),
    "designate": Act(
        "指定交办单位",
        f.DesignateForm,
        lambda c, form, v: grading.designate_lead(**_common(c, v), unit=form.cleaned_data["unit"], reason=form.cleaned_data["reason"]),
        lambda c: "改由所选单位研判、交办和核查，未办结的时限一并转移，到期日不变。",
        "交办单位已指定",
        arguments=_designees,
    ),
    "draft_handover": Act(
        "拟风险交办函",
        f.DraftHandoverForm,
        lambda c, form, v: handover.draft_handover(**_common(c, v), **form.cleaned_data),
        lambda c: f"将向{c.responsible.name}发出交办函；须经另一人核稿，签发时发文字号自动编列，签发后不能修改。",
        "交办函已保存",
        arguments=_checkers,
        initial=_draft_initial,
        submit_label="提交",
        known=lambda c: [
            {"label": "主送", "value": c.responsible.name, "wide": True},
            *([{"label": "退回意见", "value": c.letter.return_note, "wide": True, "strong": True}] if c.letter and c.letter.return_note else []),
        ],
    ),
    "check_letter": Act(
        "核稿",
        f.CheckLetterForm,
        _check_letter,
        lambda c: "同意后转签发；退回后由拟稿人修改再送核。",
        "核稿意见已记录",
        letter_step="check",
        known=lambda c: _letter_facts(c),
    ),
    "issue_letter": Act(
        "签发",
        f.IssueLetterForm,
        lambda c, form, v: handover.issue_handover(**_common(c, v), dispatch=form.cleaned_data["dispatch"], late_reason=form.late()),
        lambda c: f"将向{c.responsible.name}发出交办函，发文字号自动编列，签发后不能修改。",
        "交办函已签发",
        arguments=lambda c: {"is_late": c.is_late("risks.handover")},
        submit_label="签发",
        letter_step="issue",
        known=lambda c: _letter_facts(c),
    ),
    "dispatch_letter": Act(
        "送达",
        f.DispatchLetterForm,
        lambda c, form, v: handover.dispatch_handover(**_common(c, v), late_reason=form.late()),
        lambda c: f"通过平台送达{c.responsible.name}，交办办结，签收和治理期限开始计算。",
        "交办函已送达",
        arguments=lambda c: {"is_late": c.is_late("risks.handover")},
        submit_label="送达",
        letter_step="dispatch",
        known=lambda c: _letter_facts(c),
    ),
    "void_letter": Act(
        "作废交办函",
        f.VoidLetterForm,
        lambda c, form, v: handover.void_handover(**_common(c, v), reason=form.cleaned_data["reason"]),
        lambda c: "作废后不能恢复，已编的号保留并注明作废；交办时限照常计算，请及时重拟。",
        "交办函已作废",
        submit_label="作废",
        letter_step="void",
    ),
    "receive": Act(
        "签收交办函",
        f.ReceiveForm,
        lambda c, form, v: handover.receive_handover(**_common(c, v), hand=form.hand()),
        lambda c: f"签字后即为收到{c.risk.case.lead_unit}的交办函，按函中期限治理。",
        "已签收",
        submit_label="签收",
        known=lambda c: _letter_facts(c),
    ),
    "leave": Act(
        "留置送达",
        f.LeaveForm,
        lambda c, form, v: handover.leave_handover(**_common(c, v), **form.cleaned_data),
        lambda c: "记为留置送达，视为已签收，治理期限照常计算。",
        "已记留置送达",
    ),
    "plan": Act(
        "报送治理方案",
        f.PlanForm,
        lambda c, form, v: treatment.file_plan(**_common(c, v), **form.cleaned_data),
        lambda c: f"报送{c.risk.case.lead_unit}；再次报送以新方案为准，旧方案保留。",
        "治理方案已报送",
        submit_label="报送",
    ),
    "progress": Act(
        "报送治理进展",
        f.ProgressForm,
        lambda c, form, v: treatment.report_progress(**_common(c, v), **form.cleaned_data),
        lambda c: f"报送{c.risk.case.lead_unit}，提交后不能修改，可再报新的进展。",
        "治理进展已报送",
        submit_label="报送",
    ),
    "apply": Act(
        "申请销号",
        f.ApplyForm,
        lambda c, form, v: closure.apply_close_out(
            **_common(c, v),
            statement=form.cleaned_data["statement"],
            method=form.cleaned_data["method"],
            inputs=form.cleaned_inputs(),
            photos=form.cleaned_data["photos"],
            hand=form.hand(),
        ),
        lambda c: f"主要负责人签字后向{c.risk.case.lead_unit}申请销号，{c.risk.case.lead_unit}在 10 个工作日内组织现场核查。",
        "销号申请已提交",
        arguments=_variant,
        submit_label="签字并申请",
    ),
    "ask_correction": Act(
        "通知补正",
        f.AskCorrectionForm,
        lambda c, form, v: closure.ask_correction(**_common(c, v), note=form.cleaned_data["note"]),
        lambda c: "补正只能通知一次；核查时限终止，自补正材料送齐之日重新起算。",
        "已通知补正",
    ),
    "supply_correction": Act(
        "补正",
        f.SupplyCorrectionForm,
        lambda c, form, v: closure.supply_correction(
            **_common(c, v), statement=form.cleaned_data["statement"], photos=form.cleaned_data["photos"], hand=form.hand()
        ),
        lambda c: "主要负责人签字后重新提交，核查时限重新起算。",
        "补正已提交",
        initial=lambda c: {"statement": closure.open_close_out(c.risk).statement},
        submit_label="签字并提交",
        known=lambda c: [{"label": "补正要求", "value": closure.open_close_out(c.risk).correction_note, "wide": True, "strong": True}],
    ),
    "verify": Act(
        "填核查结论",
        f.VerifyForm,
        _verify,
        lambda c: "您签字后转其他核查人会签；全部签字后结论生效，等级和台账随之改变。",
        "核查结论已提交会签",
        arguments=lambda c: _variant(c)
        | {"verifiers": [p for p in eligible_verifiers(c.risk, at=c.at) if p.person_id != c.actor.post.person_id]},
        initial=lambda c: {"visited_on": local_date(c.at)},
        submit_label="签字并送会签",
    ),
    "countersign": Act(
        "会签核查结论",
        f.CountersignForm,
        lambda c, form, v: closure.countersign(**_common(c, v), hand=form.hand(), late_reason=form.late()),
        lambda c: "全部核查人签字后结论立即生效，不能撤回。",
        "已会签",
        arguments=lambda c: {"is_late": c.is_late("risks.closure_check")},
        submit_label="会签",
        known=_verification_facts,
    ),
    "object": Act(
        "对核查结论提异议",
        f.ObjectForm,
        lambda c, form, v: closure.object_verification(**_common(c, v), reason=form.cleaned_data["reason"]),
        lambda c: "结论和已有签字作废，须重新填写核查结论；核查时限照常计算。",
        "异议已记录",
        known=_verification_facts,
    ),
    "propose_exit": Act(
        "申请长期管控或退出",
        f.ProposeExitForm,
        _propose_exit,
        lambda c: f"由{c.risk.case.lead_unit}主要负责人审批；批准前各项时限照常计算。",
        "申请已提交",
        arguments=lambda c: {
            "risks": RiskPoint.objects.for_actor(c.actor).filter(case__state__in=OPEN_STATES),
            "may_long_term": c.risk.case.state == "treating",
        },
    ),
    "decide_exit": Act(
        "审批长期管控或退出",
        f.DecideExitForm,
        lambda c, form, v: exits.decide_exit(
            **_common(c, v), approve=form.cleaned_data["decision"] == "yes", note=form.cleaned_data["note"], hand=form.hand()
        ),
        lambda c: "批准长期管控的，等级不变，每季度检查、12 个月内再评估；批准退出的，移出在册台账，案卷保留。",
        "审批意见已签署",
        submit_label="签署",
        known=_exit_facts,
    ),
    "long_term_check": Act(
        "填季度检查",
        f.LongTermCheckForm,
        lambda c, form, v: exits.check_long_term(
            **_common(c, v),
            text=form.cleaned_data["text"],
            is_controlled=form.cleaned_data["is_controlled"] == "yes",
            photos=form.cleaned_data["photos"],
        ),
        lambda c: "提交后不能修改，下一次检查期限自今天起算。",
        "季度检查已记录",
    ),
    "reassess": Act(
        "再评估",
        f.ReassessForm,
        lambda c, form, v: exits.reassess(
            **_common(c, v),
            method=form.cleaned_data["method"],
            inputs=form.cleaned_inputs(),
            participants=form.cleaned_data["participants"],
            reason=form.cleaned_data["reason"],
            hand=form.hand(),
            late_reason=form.late(),
        ),
        lambda c: "仍为重大、较大的继续长期管控；已可降级的，由责任单位申请销号。",
        "再评估已签署",
        arguments=lambda c: _variant(c) | {"is_late": c.is_late("risks.reassessment")},
        submit_label="签署",
    ),
}


def _letter_facts(c: Context) -> list[dict[str, Any]]:
    if c.letter is None:
        return []
    url = reverse("letters:detail", args=[c.letter.pk])
    rows: list[dict[str, Any]] = [
        {"label": "文书", "value": c.letter.title, "wide": True, "url": url},
        {"label": "主送", "value": c.letter.recipient.name, "wide": True},
        {"label": "抄送", "value": c.letter.copies_to, "wide": True},
        {"label": "治理要求", "value": c.letter.requirements, "wide": True},
        {"label": "治理期限", "value": c.letter.due_on.isoformat() if c.letter.due_on else "", "wide": True},
        {"label": "拟稿人", "value": str(c.letter.drafted_by), "wide": True},
    ]
    return [row for row in rows if row["value"]]


def context_of(risk: RiskPoint, actor: Actor, at: datetime) -> Context:
    return Context(risk=risk, actor=actor, at=at, letter=current_letter(risk))


def refusal(c: Context, action: str) -> str:
    """Why the act is not possible now, in Chinese, or ""."""
    act = ACTS[action]
    if act.letter_step:
        if c.letter is None:
            return "没有在办的交办函"
        return flow.refusal(c.letter, act.letter_step, c.actor)
    if why := WORKFLOW.refusal(c.risk.case, action, c.actor):
        return why
    if action == "draft_handover" and c.letter and c.letter.state != Letter.State.DRAFT:
        return f"交办函已在“{c.letter.get_state_display()}”环节"
    if action == "decide_exit" and exits.open_proposal(c.risk) is None:
        return "没有待审批的申请"
    if action == "propose_exit" and exits.open_proposal(c.risk) is not None:
        return "已有待审批的申请"
    if action == "verify" and waiting_verification(c.risk) is not None:
        return "核查结论正在会签；要改结论，请核查人先提异议"
    if action == "ask_correction" and (closure.open_close_out(c.risk).correction_asked_at or waiting_verification(c.risk)):
        return "补正只能通知一次，会签开始后也不能再通知"
    return ""


def possible(c: Context) -> list[str]:
    """The acts that this actor can do on this case now, in the order of the table."""
    return [action for action in ACTS if not refusal(c, action)]
