"""What a worklist needs to know about risk cases: how to open one, and whose hand it waits for."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse

from organisations.actors import Actor
from organisations.roles import Right
from records.kinds import CaseKind, NextAct, register
from records.models import Case, Letter, PaperAct
from risks import dossier
from risks.models import ExitProposal, Verification
from risks.workflow import KIND

L = Letter.State
# Handing over runs through a letter; what stands on the button follows the letter's own state.
_LETTER_ACTS = {
    L.DRAFT: ("draft_handover", "续拟交办函"),
    L.SUBMITTED: ("check_letter", "核稿"),
    L.COUNTERSIGNING: ("", "看会签"),
    L.CHECKED: ("issue_letter", "签发"),
    L.ISSUED: ("dispatch_letter", "送达"),
}


def next_acts(cases: Iterable[Case], actor: Actor) -> dict[int, NextAct]:
    """For cases whose next act depends on more than their state: a letter on its way, a signature that is missing."""
    ids = [case.pk for case in cases if case.kind == KIND]
    acts: dict[int, NextAct] = {}
    letters = Letter.objects.filter(
        case__in=ids, kind=Letter.Kind.RISK_HANDOVER, state__in=_LETTER_ACTS
    ).select_related("checker")
    for letter in letters:
        action, label = _LETTER_ACTS[L(letter.state)]
        waits = letter.checker.person_id if letter.state == L.SUBMITTED and letter.checker else None
        acts[letter.case_id] = NextAct(action, label, waits, f"交办函{letter.get_state_display()}", ("draft_handover",))
    for verification in _unsigned(ids):
        signed = {s.person_id for s in verification.signatures.all()}
        missing = [p for p in verification.verifiers.all() if p.pk not in signed]
        mine = any(p.pk == actor.post.person_id for p in missing)
        acts[verification.close_out.risk_id] = NextAct(
            "countersign" if mine else "",
            "会签核查结论" if mine else "看核查结论",
            actor.post.person_id if mine else None,
            f"待{'、'.join(p.name for p in missing)}会签",
            ("verify",),
        )
    for paper in _to_compare(actor).filter(case__in=ids):
        label = f"{paper.label}：纸质签署待核对"
        acts.setdefault(paper.case_id, NextAct("check_paper", "核对", actor.post.person_id, label))
    for proposal in _to_approve(ids, actor):
        label = f"待审批：{proposal.get_kind_display()}"
        acts.setdefault(proposal.risk_id, NextAct("decide_exit", "审批", actor.post.person_id, label))
    return acts


def waiting_for(actor: Actor) -> Iterable[Case]:
    """Cases that wait for this person's hand although their unit owes no deadline: an expert, a principal, a leader."""
    person = actor.post.person_id
    waiting = Q(
        pk__in=Verification.objects.filter(state=Verification.State.SIGNING, verifiers=person)
        .exclude(signatures__person=person)
        .values("close_out__risk")
    )
    waiting |= Q(pk__in=_to_approve(None, actor).values("risk"))
    waiting |= Q(pk__in=_to_compare(actor).values("case"))
    return Case.objects.filter(waiting).select_related("responsible_unit", "township", "lead_unit")


def _to_compare(actor: Actor) -> QuerySet[PaperAct]:
    """Papers that somebody else of the own unit keyed in."""
    pending = PaperAct.objects.filter(unit=actor.unit_id, state=PaperAct.State.PENDING)
    return pending.exclude(keyed_by=actor.post.person_id)


def _to_approve(ids: list[int] | None, actor: Actor) -> QuerySet[ExitProposal]:
    """Proposals that wait for this principal's approval, never the own one; of the given cases, or all."""
    if not actor.may(Right.APPROVE_UNIT):
        return ExitProposal.objects.none()
    open_ = ExitProposal.objects.filter(decided_at=None, risk__case__lead_unit=actor.unit_id)
    open_ = open_.exclude(proposed_by=actor.post.person_id)
    return open_ if ids is None else open_.filter(risk__in=ids)


def _unsigned(ids: list[int]) -> Iterable[Verification]:
    return (
        Verification.objects.filter(close_out__risk__in=ids, state=Verification.State.SIGNING)
        .select_related("close_out")
        .prefetch_related("verifiers", "signatures")
    )


def page(request: Any, pk: int, drawer: dict[str, Any], status: int) -> HttpResponse:
    from risks.views.case import beside  # views come after apps are ready

    return beside(request, pk, drawer, status)


register(CaseKind(KIND, "风险点", "risks:case", next_acts, waiting_for, page, dossier.sections))
