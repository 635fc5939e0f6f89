"""The case that a letter of its own is kept in, for worklists and search: it is opened as its letter."""

from collections.abc import Iterable

from organisations.actors import Actor
from records.kinds import OWN_CASE, CaseKind, NextAct, register
from records.models import Case


def next_acts(cases: Iterable[Case], actor: Actor) -> dict[int, NextAct]:
    return {}  # what waits on a letter is listed letter by letter (selectors.letters_waiting_for)


def waiting_for(actor: Actor) -> Iterable[Case]:
    return Case.objects.none()


register(CaseKind(OWN_CASE, "公文", "letters:case", next_acts, waiting_for))
