"""Long-term control (长期管控) and the evidenced exits of R6, approved by the handing unit's principal."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.core.files.uploadedfile import UploadedFile

from audit.acts import one_act
from deadlines.workflow import Refused
from organisations.actors import Actor
from records.services.attachments import attach_all
from records.services.signing import Hand, sign
from risks.grading import SEVERE
from risks.models import ExitProposal, Grading, LongTermCheck, RiskPoint
from risks.models.point import OPEN_STATES
from risks.services.grading import evaluate, sign_conclusion
from risks.services.handover import refuse_while_on_its_way
from risks.services.standing import refresh_enterprise_grade
from risks.workflow import WORKFLOW

K = ExitProposal.Kind


def open_proposal(risk: RiskPoint) -> ExitProposal | None:
    return risk.exits.filter(decided_at=None).select_related("proposed_by", "merged_into__case").first()


@one_act()
def propose_exit(
    *,
    risk: RiskPoint,
    kind: str,
    reason: str,
    evidence: Iterable[UploadedFile] = (),
    merged_into: RiskPoint | None = None,
    receiving_authority: str = "",
    enterprise_controller: str = "",
    township_controller: str = "",
    department_controller: str = "",
    actor: Actor,
    at: datetime,
    version: int | None = None,
) -> ExitProposal:
    """Ask for long-term control, or for leaving the register because the site is gone, doubled or another district's."""
    case = WORKFLOW.lock(risk.case, version=version)
    if open_proposal(risk):
        raise Refused("已有待审批的申请")
    if kind == K.LONG_TERM and case.state != "treating":
        raise Refused("治理中的重大、较大风险才能申请长期管控")
    if kind == K.LONG_TERM and not (enterprise_controller and township_controller and department_controller):
        raise Refused("长期管控须写明责任单位、乡街、部门三级管控责任人")
    if (kind == K.MERGED) != (merged_into is not None) or (merged_into and not _can_take_over(merged_into, risk)):
        raise Refused("重复合并须写明并入本区哪一个在册的风险点")
    data = {"kind": kind, "kind_text": K(kind).label, "reason": reason}
    if merged_into:
        data["merged_into"] = merged_into.case.number
    done = WORKFLOW.advance(risk.case, "propose_exit", actor=actor, at=at, locked=case, data=data)
    attach_all(evidence, case=risk.case, purpose="退出证明材料", actor=actor, at=at, case_seq=done.event.case_seq)
    return ExitProposal.objects.create(
        risk=risk,
        kind=kind,
        reason=reason,
        merged_into=merged_into,
        receiving_authority=receiving_authority,
        enterprise_controller=enterprise_controller,
        township_controller=township_controller,
        department_controller=department_controller,
        proposed_by=actor.person,
        proposed_at=at,
    )


def _still_there(proposal: ExitProposal) -> None:
    """Two risks that each merge into the other, or a target closed meanwhile, would leave nothing in the register."""
    if proposal.merged_into is None:
        return
    target = WORKFLOW.lock(proposal.merged_into.case)
    if target.state not in OPEN_STATES:
        raise Refused(f"要并入的{target.number}已不在册，不能批准；请不同意，由提出人重新申请")


def _can_take_over(target: RiskPoint, risk: RiskPoint) -> bool:
    case = target.case
    return target.pk != risk.pk and case.district_id == risk.case.district_id and case.state in OPEN_STATES


@one_act()
def decide_exit(
    *,
    risk: RiskPoint,
    approve: bool,
    note: str,
    hand: Hand,
    actor: Actor,
    at: datetime,
    version: int | None = None,
    late_reason: str = "",
) -> ExitProposal:
    case = WORKFLOW.lock(risk.case, version=version)
    proposal = open_proposal(risk)
    if proposal is None:
        raise Refused("没有待审批的申请")
    action = "decide_exit"
    if approve:
        refuse_while_on_its_way(risk)
        _still_there(proposal)
        action = "approve_long_term" if proposal.kind == K.LONG_TERM else "approve_exit"
    WORKFLOW.check(case, action, actor)
    content = {
        "number": risk.case.number,
        "proposal": proposal.pk,
        "kind": proposal.kind,
        "reason": proposal.reason,
        "approved": approve,
        "note": note,
    }
    signature = sign(case=risk.case, purpose="审批退出治理", content=content, hand=hand, actor=actor, at=at)
    WORKFLOW.advance(
        risk.case,
        action,
        actor=actor,
        at=at,
        locked=case,
        signed=signature,
        data=content | {"kind_text": K(proposal.kind).label},
        late_reason=late_reason,
    )
    proposal.decided_by, proposal.decided_at = actor.person, at
    proposal.is_approved, proposal.decision_note = approve, note
    proposal.save()
    refresh_enterprise_grade(risk.case.responsible_unit)
    return proposal


@one_act()
def check_long_term(
    *,
    risk: RiskPoint,
    text: str,
    is_controlled: bool,
    photos: Iterable[UploadedFile] = (),
    actor: Actor,
    at: datetime,
    version: int | None = None,
) -> LongTermCheck:
    """The quarterly check; the next one is due three months from here."""
    data = {"text": text, "controlled": is_controlled}
    done = WORKFLOW.advance(risk.case, "long_term_check", actor=actor, at=at, version=version, data=data)
    attach_all(photos, case=risk.case, purpose="长期管控检查", actor=actor, at=at, case_seq=done.event.case_seq)
    return LongTermCheck.objects.create(risk=risk, text=text, is_controlled=is_controlled, by=actor.person, at=at)


@one_act()
def reassess(
    *,
    risk: RiskPoint,
    method: str,
    inputs: Mapping[str, str],
    participants: str,
    reason: str,
    hand: Hand,
    actor: Actor,
    at: datetime,
    version: int | None = None,
    late_reason: str = "",
) -> Grading:
    """Within 12 months, or after an accident or a change. A risk that could now be lowered leaves by close-out, not here."""
    result = evaluate(risk, method, inputs)
    if result.grade not in SEVERE:
        raise Refused(f"按所填取值已降到{result.grade.label}风险，请由责任单位主要负责人申请销号")
    return sign_conclusion(
        risk=risk,
        locked=WORKFLOW.lock(risk.case, version=version),
        action="reassess",
        purpose="长期管控再评估",
        method=method,
        result=result,
        participants=participants,
        reason=reason,
        hand=hand,
        actor=actor,
        at=at,
        late_reason=late_reason,
    )
