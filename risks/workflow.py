"""Who may do what on a risk point, from which state: one table (三(二))."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet

from deadlines.workflow import Step, Workflow, persons
from organisations.actors import Actor
from organisations.roles import Right
from records.events import Event as R
from records.models import Case
from risks.events import Event as E
from risks.models import CloseOut, ExitProposal, LongTermCheck, Progress, TreatmentPlan, Verification
from risks.models import RiskState as S

KIND = "risk"
Answer = TypeVar("Answer")


def once(ask: Callable[[Case], Answer]) -> Callable[[Case], Answer]:
    """Ask the database once for a case in hand, which lives for one page, or for one act from its lock on.

    The lock gives a new one, so that an act goes by what it finds itself and not by what a page showed.
    """

    @wraps(ask)
    def answer(case: Case) -> Answer:
        known: dict[str, Any] = vars(case).setdefault("_answers", {})
        if ask.__name__ not in known:
            known[ask.__name__] = ask(case)
        found: Answer = known[ask.__name__]
        return found

    return answer


# Who: by the acting post's unit and rights.
def registrar(actor: Actor, case: Case) -> bool:
    """The unit that answers for the risk, or its regulator, keeps the entry true."""
    return actor.may(Right.REGISTER_RISK) and actor.unit_id in {case.responsible_unit_id, case.lead_unit_id}


def self_grader(actor: Actor, case: Case) -> bool:
    return actor.may(Right.REGISTER_RISK) and actor.unit_id == case.responsible_unit_id


def assessing_official(actor: Actor, case: Case) -> bool:
    return actor.may(Right.ASSESS) and actor.unit_id == case.lead_unit_id


def handing_official(actor: Actor, case: Case) -> bool:
    """三(二)2: whoever answers for the risk cannot hand it to itself; the district leader then names another."""
    return actor.may(Right.DRAFT_LETTER) and actor.unit_id == case.lead_unit_id != case.responsible_unit_id


def designating_leader(actor: Actor, case: Case) -> bool:
    return actor.may(Right.DESIGNATE) and actor.district_id == case.district_id


def receiving_clerk(actor: Actor, case: Case) -> bool:
    return actor.may(Right.RECEIVE_LETTER) and actor.stands_for(case.responsible_unit_id)


def treating_unit(actor: Actor, case: Case) -> bool:
    return actor.may(Right.TREAT) and actor.stands_for(case.responsible_unit_id)


def responsible_principal(actor: Actor, case: Case) -> bool:
    """The principal signs, or has signed on paper: then whoever keys it in needs no such right, only the scan."""
    signs = actor.may(Right.SIGN_PRINCIPAL) or (actor.records_for is not None and actor.may(Right.TREAT))
    return signs and actor.stands_for(case.responsible_unit_id)


def verifier(actor: Actor, case: Case) -> bool:
    return actor.may(Right.VERIFY) and actor.unit_id == case.lead_unit_id


def named_verifier(actor: Actor, case: Case) -> bool:
    """Named in the verification that waits for signatures; an expert of another body may be one."""
    return actor.may(Right.VERIFY) and actor.post.person_id in waiting(case).named


def lead_official(actor: Actor, case: Case) -> bool:
    return actor.may(Right.ASSESS) and actor.unit_id == case.lead_unit_id


def treater_or_hander(actor: Actor, case: Case) -> bool:
    return responsible_principal(actor, case) or handing_official(actor, case)


def approving_principal(actor: Actor, case: Case) -> bool:
    return actor.may(Right.APPROVE_UNIT) and actor.unit_id == case.lead_unit_id


# Not by: nobody approves the own act; by person, whatever the account or post.
@once
def applicant_and_treaters(case: Case) -> set[int]:
    """三(二)4: neither who applied nor who treated verifies."""
    return {person for (person,) in barred_from_verifying(case)}


def barred_from_verifying(case: Case) -> QuerySet[Any, tuple[int]]:
    """The same, for another query to leave out. Nowhere null (who signed on paper has no id): NOT IN would let nobody in."""
    applications = CloseOut.objects.filter(risk=case.pk).order_by()
    treated = (model.objects.filter(risk=case.pk).order_by() for model in (LongTermCheck, Progress, TreatmentPlan))
    signed = applications.filter(signature__person__isnull=False)
    return applications.values_list("applied_by").union(  # on paper: who keyed the application in
        signed.values_list("signature__person"),  # who supplied the correction
        *(rows.values_list("by") for rows in treated),
    )


@once
def exit_proposer(case: Case) -> set[int]:
    open_ = ExitProposal.objects.filter(risk=case.pk, decided_at=None).order_by()
    return persons(*open_.values_list("proposed_by", flat=True))


def already_signed(case: Case) -> frozenset[int]:
    return waiting(case).signed


@dataclass(frozen=True)
class Waiting:
    """The conclusion that waits for signatures, if one does, and by their ids who is named in it and who has signed it."""

    verification: Verification | None = None
    named: frozenset[int] = frozenset()
    signed: frozenset[int] = frozenset()


@once
def waiting(case: Case) -> Waiting:
    named = Verification.verifiers.through.objects.filter(verification=OuterRef("pk")).values("person")
    signed = Verification.signatures.through.objects.filter(verification=OuterRef("pk")).values("signature__person")
    found = (
        Verification.objects.filter(close_out__risk=case.pk, state=Verification.State.SIGNING)
        .select_related("close_out")
        .annotate(named=ArraySubquery(named), signed=ArraySubquery(signed))
        .first()
    )
    return Waiting(found, frozenset(found.named), frozenset(persons(*found.signed))) if found else Waiting()


BEFORE_HANDOVER = (S.REGISTERED, S.AWAITING, S.LISTED, S.GRADED)
EXITABLE = (S.REGISTERED, S.AWAITING, S.LISTED, S.GRADED, S.HANDED_OVER, S.TREATING, S.LONG_TERM)
EDITABLE = (S.REGISTERED, S.AWAITING, S.LISTED, S.GRADED, S.HANDED_OVER, S.TREATING, S.CORRECTING, S.LONG_TERM)

# One row per act: read it as a table.
# fmt: off
WORKFLOW = Workflow(
    KIND,
    S,
    [
        #    action               label            from                            to             who …
        Step("edit", "修改风险点", EDITABLE, None, registrar, "责任单位或交办单位", E.EDITED),
        Step("self_grade", "提交自评", (S.REGISTERED,), None, self_grader, "责任单位", E.SELF_GRADED),
        Step("self_grade_severe", "提交自评（重大、较大）", (S.REGISTERED,), S.AWAITING, self_grader, "责任单位", E.SELF_GRADED_SEVERE, hidden=True),
        Step("conclude", "签署研判结论", BEFORE_HANDOVER, S.LISTED, assessing_official, "交办单位", E.CONCLUDED_MILD),
        Step("conclude_severe", "签署研判结论（重大、较大）", BEFORE_HANDOVER, S.GRADED, assessing_official, "交办单位", E.CONCLUDED_SEVERE, hidden=True),
        Step("designate", "指定交办单位", BEFORE_HANDOVER, None, designating_leader, "区领导", E.DESIGNATED),
        Step("draft_handover", "拟交办函", (S.GRADED,), None, handing_official, "交办单位（不能是责任单位自己）", E.HANDOVER_DRAFTED),
        Step("hand_over", "交办", (S.GRADED,), S.HANDED_OVER, handing_official, "交办单位（不能是责任单位自己）", E.HANDED_OVER, hidden=True),
        Step("recall_handover", "撤回交办函", (S.HANDED_OVER, S.TREATING), S.GRADED, handing_official, "交办单位", E.HANDOVER_RECALLED, hidden=True),
        Step("receive", "签收交办函", (S.HANDED_OVER,), S.TREATING, receiving_clerk, "责任单位", E.RECEIVED),
        Step("leave", "留置送达", (S.HANDED_OVER,), S.TREATING, handing_official, "交办单位", E.LEFT),
        Step("plan", "报送治理方案", (S.TREATING,), None, treating_unit, "责任单位", E.PLANNED),
        Step("progress", "报送治理进展", (S.TREATING,), None, treating_unit, "责任单位", E.PROGRESSED),
        Step("apply", "申请销号", (S.TREATING, S.LONG_TERM), S.APPLIED, responsible_principal, "责任单位主要负责人", E.CLOSURE_APPLIED),
        Step("ask_correction", "通知补正", (S.APPLIED,), S.CORRECTING, handing_official, "交办单位", E.CORRECTION_ASKED),
        Step("supply_correction", "补正", (S.CORRECTING,), S.APPLIED, responsible_principal, "责任单位主要负责人", E.CORRECTION_SUPPLIED),
        Step("lapse", "补正逾期，终止申请", (S.CORRECTING,), S.TREATING, handing_official, "交办单位", E.CORRECTION_LAPSED),
        Step("verify", "填核查结论", (S.APPLIED,), None, verifier, "交办单位有核查权限的人员", E.VERIFICATION_SIGNED, applicant_and_treaters, "申请人和治理人员不能参加核查"),
        Step("countersign", "会签核查结论", (S.APPLIED,), None, named_verifier, "核查结论中列名的核查人", E.VERIFICATION_SIGNED, already_signed, "您已签过这份核查结论"),
        Step("object", "对核查结论提异议", (S.APPLIED,), None, named_verifier, "核查结论中列名的核查人", E.VERIFICATION_OBJECTED, already_signed, "您已签过这份核查结论"),
        Step("pass_closure", "核查通过，销号", (S.APPLIED,), S.CLOSED, named_verifier, "全部核查人签字后", E.CLOSURE_PASSED, closes=True, hidden=True),
        Step("fail_closure", "核查未通过，继续治理", (S.APPLIED,), S.TREATING, named_verifier, "全部核查人签字后", E.CLOSURE_FAILED, hidden=True),
        Step("propose_exit", "申请长期管控或退出", EXITABLE, None, treater_or_hander, "责任单位主要负责人或交办单位", E.EXIT_PROPOSED),
        Step("decide_exit", "审批长期管控或退出", EXITABLE, None, approving_principal, "交办单位主要负责人", E.EXIT_REJECTED, exit_proposer, "提出人不能自己批准"),
        Step("approve_long_term", "批准长期管控", (S.TREATING,), S.LONG_TERM, approving_principal, "交办单位主要负责人", E.LONG_TERM_APPROVED, exit_proposer, "提出人不能自己批准", hidden=True),
        Step("approve_exit", "批准退出", EXITABLE, S.EXITED, approving_principal, "交办单位主要负责人", E.EXITED, exit_proposer, "提出人不能自己批准", closes=True, hidden=True),
        Step("long_term_check", "填季度检查", (S.LONG_TERM,), None, treating_unit, "责任单位", E.LONG_TERM_CHECKED),
        Step("mark_confidential", "标为敏感", tuple(S), None, lead_official, "交办单位", R.MARKED_CONFIDENTIAL),
        Step("unmark_confidential", "取消敏感标记", tuple(S), None, lead_official, "交办单位", R.UNMARKED_CONFIDENTIAL),
        Step("reassess", "再评估", (S.LONG_TERM,), None, assessing_official, "交办单位", E.REASSESSED),
    ],
)
# fmt: on
