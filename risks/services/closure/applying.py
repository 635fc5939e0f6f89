"""The application of the principal, and its one correction: asked, supplied, or not supplied in its term."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from django.core.files.uploadedfile import UploadedFile

from audit.acts import one_act
from deadlines.models import Deadline
from deadlines.workflow import Refused
from organisations.actors import Actor
from records.services.attachments import attach_all
from records.services.signing import Hand, sign
from risks.models import CloseOut, RiskPoint
from risks.services.closure.waiting import ClosureRefused, lowered, open_close_out, waiting_verification
from risks.services.exits import open_proposal
from risks.services.handover import unfit_due_on
from risks.workflow import WORKFLOW


@one_act()
def apply_close_out(
    *,
    risk: RiskPoint,
    statement: str,
    method: str,
    inputs: Mapping[str, str],
    hand: Hand,
    photos: Iterable[UploadedFile] = (),
    actor: Actor,
    at: datetime,
    version: int | None = None,
) -> CloseOut:
    """The principal of the responsible unit signs and applies; the check of 10 working days starts from the next day."""
    case = WORKFLOW.lock(risk.case, version=version)
    WORKFLOW.check(case, "apply", actor)
    if open_proposal(risk):  # once the case is closed nobody could decide it
        raise Refused("长期管控或退出的申请还在审批，请等审批后再申请销号")
    result = lowered(risk, method, inputs)
    content = {
        "number": risk.case.number,
        "application": risk.close_outs.count() + 1,  # the same words a second time are a second signature
        "statement": statement,
        "method": method,
        "inputs": result.inputs,
        "proposed_grade": result.grade.value,
    }
    signature = sign(case=risk.case, purpose="销号申请", content=content, hand=hand, actor=actor, at=at)
    done = WORKFLOW.advance(
        risk.case,
        "apply",
        actor=actor,
        at=at,
        locked=case,
        signed=signature,
        data=content | {"formula": result.formula},
    )
    attach_all(photos, case=risk.case, purpose="治理完成照片", actor=actor, at=at, case_seq=done.event.case_seq)
    return CloseOut.objects.create(
        risk=risk,
        statement=statement,
        method=method,
        inputs=result.inputs,
        proposed_grade=result.grade,
        applied_by=actor.person,
        applied_at=at,
        signature=signature,
    )


@one_act()
def ask_correction(
    *, risk: RiskPoint, note: str, actor: Actor, at: datetime, version: int | None = None, late_reason: str = ""
) -> CloseOut:
    """One notice only, and not once the conclusion is being signed."""
    case = WORKFLOW.lock(risk.case, version=version)
    close_out = open_close_out(risk)
    if close_out.correction_asked_at:
        raise Refused("补正只能通知一次，请现场核查后下结论")
    if waiting_verification(risk):
        raise Refused("核查结论正在会签，不能再通知补正")
    WORKFLOW.advance(
        risk.case, "ask_correction", actor=actor, at=at, locked=case, data={"note": note}, late_reason=late_reason
    )
    close_out.correction_note, close_out.correction_asked_at = note, at
    close_out.save(update_fields=["correction_note", "correction_asked_at"])
    return close_out


@one_act()
def supply_correction(
    *,
    risk: RiskPoint,
    statement: str,
    hand: Hand,
    photos: Iterable[UploadedFile] = (),
    actor: Actor,
    at: datetime,
    version: int | None = None,
) -> CloseOut:
    case = WORKFLOW.lock(risk.case, version=version)
    WORKFLOW.check(case, "supply_correction", actor)
    close_out = open_close_out(risk)
    content = {
        "number": risk.case.number,
        "close_out": close_out.pk,
        "statement": statement,
        "proposed_grade": close_out.proposed_grade,
    }
    signature = sign(case=risk.case, purpose="销号申请补正", content=content, hand=hand, actor=actor, at=at)
    done = WORKFLOW.advance(
        risk.case,
        "supply_correction",
        actor=actor,
        at=at,
        locked=case,
        signed=signature,
        data=content,
    )
    attach_all(photos, case=risk.case, purpose="补正材料", actor=actor, at=at, case_seq=done.event.case_seq)
    close_out.statement, close_out.signature, close_out.correction_supplied_at = statement, signature, at
    close_out.save(update_fields=["statement", "signature", "correction_supplied_at"])
    return close_out


@one_act()
def lapse_correction(
    *, risk: RiskPoint, reason: str, new_due_on: date, actor: Actor, at: datetime, version: int | None = None
) -> CloseOut:
    """The correction was not supplied in its term: the application ends without a verification and treatment goes on."""
    case = WORKFLOW.lock(risk.case, version=version)
    close_out = open_close_out(risk)
    if Deadline.objects.open().filter(case=risk.pk, rule_key="risks.correction", due_at__gt=at).exists():
        raise Refused("补正期限未到，不能终止申请")
    if why := unfit_due_on(new_due_on, at=at):
        raise ClosureRefused(why, field="new_due_on")
    WORKFLOW.advance(
        risk.case,
        "lapse",
        actor=actor,
        at=at,
        locked=case,
        on=new_due_on,
        data={"reason": reason, "new_due_on": new_due_on},
    )
    close_out.outcome, close_out.decided_at = CloseOut.Outcome.FAILED, at
    close_out.save(update_fields=["outcome", "decided_at"])
    return close_out
