"""X2, 二(二)3: every enterprise has one daily-enforcement department, or is 待明确: 安委办 proposes, 区领导 decides."""

from datetime import datetime

from django.db import transaction

from audit.clock import local_date
from audit.services import record
from organisations.actors import Actor
from organisations.events import Event
from organisations.models import EnforcerProposal, Enterprise, Unit
from organisations.roles import Right, UnitKind
from organisations.services.enterprises import RegistryRefused

# Who may have daily enforcement.
ENFORCING_KINDS = (UnitKind.BUREAU, UnitKind.DEPARTMENT)


def open_proposal(enterprise: Enterprise) -> EnforcerProposal | None:
    return (
        EnforcerProposal.objects.filter(enterprise=enterprise, decided_at=None)
        .select_related("department", "proposed_by")
        .first()
    )


@transaction.atomic
def propose_enforcer(
    *, enterprise: Enterprise, department: Unit, reason: str, actor: Actor, at: datetime
) -> EnforcerProposal:
    if not actor.may(Right.PROPOSE_ENFORCER) or enterprise.unit.district_id != actor.district_id:
        raise RegistryRefused("日常执法部门由安委办提出建议")
    enterprise = Enterprise.objects.select_for_update(of=("self",)).select_related("unit").get(pk=enterprise.pk)
    if enterprise.enforcement_department_id is not None:
        raise RegistryRefused(f"这家企业的日常执法部门已明确为{enterprise.enforcement_department}")
    waiting = open_proposal(enterprise)
    if waiting is not None:
        raise RegistryRefused(f"{waiting.proposed_by}已建议由{waiting.department}负责，等区领导决定")
    if (
        department.district_id != actor.district_id
        or department.kind not in ENFORCING_KINDS
        or not department.is_valid_on(local_date(at))
    ):
        raise RegistryRefused("请选本区现有的部门", "department")
    proposal = EnforcerProposal.objects.create(
        enterprise=enterprise, department=department, reason=reason, proposed_by=actor.person, proposed_at=at
    )
    record(
        Event.ENFORCER_PROPOSED,
        by=actor.stamp,
        at=at,
        subject=("enterprise", enterprise.pk),
        data={"department": department.name, "reason": reason},
    )
    return proposal


@transaction.atomic
def decide_enforcer(
    *, proposal: EnforcerProposal, approve: bool, note: str, actor: Actor, at: datetime
) -> EnforcerProposal:
    """Approved: the department is the enterprise's from this moment. Refused: it stays 待明确, with the reason."""
    if not actor.may(Right.DESIGNATE) or proposal.enterprise.unit.district_id != actor.district_id:
        raise RegistryRefused("日常执法部门由区领导决定")
    enterprise = Enterprise.objects.select_for_update(of=("self",)).get(pk=proposal.enterprise_id)
    proposal = EnforcerProposal.objects.select_related("department", "decided_by", "enterprise__unit").get(
        pk=proposal.pk
    )
    if proposal.decided_at is not None:
        outcome = "同意" if proposal.is_approved else "不同意"
        raise RegistryRefused(f"{proposal.decided_by}已作出决定：{outcome}由{proposal.department}负责")
    if proposal.proposed_by_id == actor.post.person_id:
        raise RegistryRefused("提出人不能自己决定")
    if not approve and not note.strip():
        raise RegistryRefused("不同意须写明理由", "note")
    if approve and not proposal.department.is_valid_on(local_date(at)):
        raise RegistryRefused(f"{proposal.department}已撤销，请退回重新建议", "approve")
    proposal.is_approved, proposal.decision_note = approve, note
    proposal.decided_by, proposal.decided_at = actor.person, at
    proposal.save(update_fields=["is_approved", "decision_note", "decided_by", "decided_at"])
    since = enterprise.undetermined_since
    if approve:
        enterprise.enforcement_department = proposal.department
        enterprise.undetermined_since = None
        enterprise.save(update_fields=["enforcement_department", "undetermined_since"])
    record(
        Event.ENFORCER_DECIDED,
        by=actor.stamp,
        at=at,
        subject=("enterprise", enterprise.pk),
        data={"department": proposal.department.name, "approved": approve, "note": note, "undetermined_since": since},
    )
    return proposal
