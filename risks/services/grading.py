"""Self-grading and the official conclusion (研判结论), 三(二)1."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from audit.acts import one_act
from audit.clock import local_date
from deadlines.services.ledger import move_owner
from deadlines.workflow import Refused
from organisations.actors import Actor
from organisations.models import Unit
from organisations.roles import UnitKind
from records.models import Case
from records.services.signing import Hand, sign
from risks.grading import SEVERE, Graded, grade, grade_text
from risks.models import Grading, RiskPoint
from risks.services.handover import refuse_while_on_its_way
from risks.services.standing import refresh_enterprise_grade
from risks.workflow import WORKFLOW


def evaluate(risk: RiskPoint, method: str, inputs: Mapping[str, str]) -> Graded:
    """The grade by the district's variant of the method. Raises GradingError naming the input."""
    variant = risk.case.district.profile.get("grading", {}).get("ls_variant", "A")
    return grade(method, inputs, ls_variant=variant)


@one_act()
def self_grade(
    *,
    risk: RiskPoint,
    method: str,
    inputs: Mapping[str, str],
    reason: str = "",
    actor: Actor,
    at: datetime,
    version: int | None = None,
) -> Grading:
    """An enterprise's own grade (自评). Red or orange starts the regulator's term to conclude, so delay gains nothing."""
    result = evaluate(risk, method, inputs)
    severe = result.grade in SEVERE
    if not severe and risk.case.state != "registered":
        raise Refused("已提交研判，不能再改自评")
    WORKFLOW.advance(
        risk.case,
        "self_grade_severe" if severe else "self_grade",
        actor=actor,
        at=at,
        version=version,
        data=_told(result, method),
    )
    return _keep(
        risk, Grading.Basis.SELF, method, result, reason=reason, participants="", signature=None, actor=actor, at=at
    )


@one_act()
def conclude(
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
    """Sign the conclusion. Red or orange starts the handover clock of 3 working days from this day (三(二)2)."""
    result = evaluate(risk, method, inputs)
    participants = participants.strip() or actor.person.name
    case = WORKFLOW.lock(risk.case, version=version)
    refuse_while_on_its_way(risk)
    return sign_conclusion(
        risk=risk,
        locked=case,
        action="conclude_severe" if result.grade in SEVERE else "conclude",
        purpose="研判结论",
        method=method,
        result=result,
        participants=participants,
        reason=reason,
        hand=hand,
        actor=actor,
        at=at,
        late_reason=late_reason,
    )


def sign_conclusion(
    *,
    risk: RiskPoint,
    locked: Case,
    action: str,
    purpose: str,
    method: str,
    result: Graded,
    participants: str,
    reason: str,
    hand: Hand,
    actor: Actor,
    at: datetime,
    late_reason: str,
) -> Grading:
    """Sign the official grade and take the step; the caller holds the case's lock and its transaction."""
    WORKFLOW.check(locked, action, actor)
    told = _told(result, method) | {"participants": participants, "reason": reason}
    content = told | {"number": risk.case.number, "title": risk.case.title, "concluded_on": local_date(at)}
    signature = sign(case=risk.case, purpose=purpose, content=content, hand=hand, actor=actor, at=at)
    WORKFLOW.advance(
        risk.case,
        action,
        actor=actor,
        at=at,
        locked=locked,
        signed=signature,
        changes={"level": result.grade},
        data=told,
        late_reason=late_reason,
    )
    refresh_enterprise_grade(risk.case.responsible_unit)
    return _keep(
        risk,
        Grading.Basis.OFFICIAL,
        method,
        result,
        reason=reason,
        participants=participants,
        signature=signature,
        actor=actor,
        at=at,
    )


def designees(district_id: int, *, at: datetime) -> QuerySet[Unit]:
    """Who may be named 交办单位: the district's bureau and departments that still stand."""
    regulators = Unit.objects.filter(district=district_id, kind__in=[UnitKind.BUREAU, UnitKind.DEPARTMENT])
    return regulators.valid_on(local_date(at))


@one_act()
def designate_lead(
    *, risk: RiskPoint, unit: Unit, reason: str, actor: Actor, at: datetime, version: int | None = None
) -> RiskPoint:
    """The district leader names another 交办单位, as when the bureau itself answers for the risk; its clocks move along."""
    case = risk.case
    if unit.kind not in {UnitKind.BUREAU, UnitKind.DEPARTMENT} or unit.district_id != case.district_id:
        raise Refused("交办单位须是本区负有安全监管职责的部门")
    if unit.pk == case.responsible_unit_id:
        raise Refused("交办单位不能就是责任单位")
    if not unit.is_valid_on(local_date(at)):
        raise Refused(f"{unit}已撤销，请指定承接其职能的单位")
    locked = WORKFLOW.lock(case, version=version)
    refuse_while_on_its_way(risk)
    before = case.lead_unit
    WORKFLOW.advance(
        case,
        "designate",
        actor=actor,
        at=at,
        locked=locked,
        changes={"lead_unit": unit},
        data={"from": before.name, "to": unit.name, "reason": reason},
    )
    move_owner(case, before, unit)
    return risk


def _told(result: Graded, method: str) -> dict[str, Any]:
    return {
        "method": method,
        "inputs": result.inputs,
        "score": None if result.score is None else str(result.score.normalize()),
        "formula": result.formula,
        "grade": result.grade.value,
        "grade_text": grade_text(result.grade),
    }


def _keep(
    risk: RiskPoint,
    basis: str,
    method: str,
    result: Graded,
    *,
    reason: str,
    participants: str,
    signature: Any,
    actor: Actor,
    at: datetime,
) -> Grading:
    return Grading.objects.create(
        risk=risk,
        basis=basis,
        method=method,
        inputs=result.inputs,
        score=result.score,
        grade=result.grade,
        concluded_on=local_date(at),
        participants=participants,
        reason=reason or result.inputs.get("reason", ""),
        signature=signature,
        by=actor.person,
        at=at,
    )
