"""What a worklist needs to know about risk cases: how to open one, and whose hand it waits for."""

from collections.abc import Iterable
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.http import HttpResponse

from organisations.actors import Actor
from organisations.roles import Right
from records.kinds import AtHand, CaseKind, NextAct, register
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


def at_hand(cases: Iterable[Case], actor: Actor) -> Iterable[AtHand]:
    """In one query: how far a letter is, who has still to sign, a paper to compare, a proposal to approve."""
    letters = Letter.objects.filter(kind=Letter.Kind.RISK_HANDOVER, state__in=_LETTER_ACTS).order_by("pk")
    unsigned, papers, proposals = _unsigned(), _to_compare(actor), _to_approve(actor)
    # A union, not an OR: each part is found along its own index, and then the cases by their keys.
    wanted = Case.objects.filter(pk__in=[case.pk for case in cases if case.kind == KIND]).values("pk")
    wanted = wanted.union(
        unsigned.filter(person=actor.post.person_id).values("verification__close_out__risk"),
        papers.values("case"),
        proposals.values("risk"),
    )
    found = Case.objects.filter(pk__in=wanted).select_related("responsible_unit").order_by("pk")
    found = found.annotate(
        letter=_first(letters.filter(case=OuterRef("pk")), JSONObject(state="state", checker="checker__person")),
        missing=ArraySubquery(
            unsigned.filter(verification__close_out__risk=OuterRef("pk"))
            .order_by("person__sort_key")
            .values(found=JSONObject(id="person", name="person__name"))
        ),
        paper=_first(papers.filter(case=OuterRef("pk")), F("label")),
        proposal=_first(proposals.filter(risk=OuterRef("pk")), F("kind")),
    )
    return [hand for case in found if (hand := _hand(case, actor.post.person_id))]


def _first(rows: QuerySet[Any], what: Any) -> Subquery:
    return Subquery(rows.values(found=what)[:1])


def _hand(case: Any, me: int) -> AtHand | None:
    """The next act of a case as `at_hand` reads it: of a signature, a letter, a paper and a proposal the first."""
    mine = any(person["id"] == me for person in case.missing)
    if case.missing:
        mark = f"待{'、'.join(person['name'] for person in case.missing)}会签"
        action, label = ("countersign", "会签核查结论") if mine else ("", "看核查结论")
        act = NextAct(action, label, me if mine else None, mark, ("verify",))
    elif case.letter:
        state = L(case.letter["state"])
        waits = case.letter["checker"] if state == L.SUBMITTED else None
        act = NextAct(*_LETTER_ACTS[state], waits, f"交办函{state.label}", ("draft_handover",))
    elif case.paper:
        act = NextAct("check_paper", "核对", me, f"{case.paper}：纸质签署待核对")
    elif case.proposal:
        act = NextAct("decide_exit", "审批", me, f"待审批：{ExitProposal.Kind(case.proposal).label}")
    else:
        return None
    return AtHand(case, act, is_waiting=bool(mine or case.paper or case.proposal))


def _unsigned() -> QuerySet[Any]:
    """Who is named a verifier of a conclusion and has not signed it yet: (verification, person)."""
    signed = Verification.signatures.through.objects.filter(
        verification=OuterRef("verification"), signature__person=OuterRef("person")
    )
    named = Verification.verifiers.through.objects.filter(verification__state=Verification.State.SIGNING)
    return named.filter(~Exists(signed))


def _to_compare(actor: Actor) -> QuerySet[PaperAct]:
    """Papers that somebody else of the own unit keyed in."""
    pending = PaperAct.objects.filter(unit=actor.unit_id, state=PaperAct.State.PENDING)
    return pending.exclude(keyed_by=actor.post.person_id)


def _to_approve(actor: Actor) -> QuerySet[ExitProposal]:
    """Proposals that wait for this principal's approval, never the own one."""
    if not actor.may(Right.APPROVE_UNIT):
        return ExitProposal.objects.none()
    open_ = ExitProposal.objects.filter(decided_at=None, risk__case__lead_unit=actor.unit_id)
    return open_.exclude(proposed_by=actor.post.person_id)


def page(request: Any, pk: int, drawer: dict[str, Any], status: int) -> HttpResponse:
    from risks.views.case import beside  # views come after apps are ready

    return beside(request, pk, drawer, status)


register(CaseKind(KIND, "风险点", "risks:case", at_hand, page, dossier.sections))
