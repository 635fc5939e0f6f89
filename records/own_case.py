"""The case that a letter of its own is kept in, for worklists and search: it is opened as its letter."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpResponse

from organisations.actors import Actor
from records.kinds import OWN_CASE, AtHand, CaseKind, register
from records.models import Case


def at_hand(cases: Iterable[Case], actor: Actor) -> Iterable[AtHand]:
    return ()  # what waits on a letter is listed letter by letter (selectors.letters_waiting_for)


def page(request: Any, pk: int, drawer: dict[str, Any], status: int) -> HttpResponse:
    from records.views.letters import beside  # views come after apps are ready

    return beside(request, pk, drawer, status)


register(CaseKind(OWN_CASE, "公文", "letters:case", at_hand, page))
