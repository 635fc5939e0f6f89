"""What a worklist needs to know about expected filings: how to open one, and whose hand it waits for."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpResponse

from deadlines.models import FilingState
from deadlines.recurring import KIND, EachEnterprise
from deadlines.rules import recurring_rules
from organisations.actors import Actor
from organisations.roles import Right
from records.kinds import AtHand, CaseKind, NextAct, register
from records.models import Case

_RECEIVE = NextAct("receive", "接收", mark="已报送，待接收")


def at_hand(cases: Iterable[Case], actor: Actor) -> Iterable[AtHand]:
    """Filed, and to be received by this post's unit: no clock of its own runs for that."""
    if not actor.may(Right.RECEIVE_FILING) or not _is_told_anything(actor):
        return []
    found = Case.objects.filter(lead_unit=actor.unit_id, kind=KIND, state=FilingState.FILED)
    return [AtHand(case, _RECEIVE, True) for case in found.select_related("responsible_unit").order_by("pk")]


def _is_told_anything(actor: Actor) -> bool:
    """Whether some rule sends filings to this kind of unit; most pages of most people are spared the question."""
    return any(
        actor.unit.kind in rule.received_by or (isinstance(rule.owed_by, EachEnterprise) and actor.unit.is_regulator)
        for rule in recurring_rules()
    )


def page(request: Any, pk: int, drawer: dict[str, Any], status: int) -> HttpResponse:
    from deadlines.views.filings import beside  # views come after apps are ready

    return beside(request, pk, drawer, status)


register(CaseKind(KIND, "报送", "filings:filing", at_hand, page))
