"""Kinds of case: declared by the app that owns them, so that worklists and letters below can name and open any case."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from audit.models import AuditEvent
from organisations.actors import Actor
from organisations.models import Enterprise
from records.dossier.sections import Section
from records.models import Case, Letter


@dataclass(frozen=True)
class NextAct:
    """What somebody should do on a case now, where the case's state alone does not say it.

    `waits_for` is the person whose hand it waits for, when it is one person; `meets` are the rule actions whose clock
    this act moves on (核稿 moves the clock of 交办).
    """

    action: str
    label: str
    waits_for: int | None = None
    mark: str = ""
    meets: tuple[str, ...] = ()


@dataclass(frozen=True)
class AtHand:
    """A case with its next act. `is_waiting`: for this post's hand, whether or not its unit owes a deadline on the case."""

    case: Case
    act: NextAct
    is_waiting: bool


@dataclass(frozen=True)
class CaseKind:
    """`at_hand(cases, actor)` answers for a whole page in one query: which of these cases have a next act, and which others
    wait for this post's hand (an expert's signature, a principal's approval).

    `page(request, pk, drawer, status)` draws the case's page with a form beside it (components/action_form.html) that is
    not the kind's own: of a deadline, say.
    `dossier(case, actor, at)` are the sections that a dossier of this kind begins with; what every case has follows by itself.
    """

    key: str
    label: str
    url_name: str
    at_hand: Callable[[Iterable[Case], Actor], Iterable[AtHand]]
    page: Callable[[Any, int, dict[str, Any], int], HttpResponse]
    dossier: Callable[[Case, Actor, datetime], Sequence[Section]] = lambda case, actor, at: ()


OWN_CASE = "letter"
"""Kind of the case that a letter of its own is kept in (公文): one that no risk or other matter asked for."""

_KINDS: dict[str, CaseKind] = {}

# What follows from an event of a letter in the apps above: a clock of receipt, a risk whose handover was taken back.
LetterFollower = Callable[[Letter, AuditEvent, Actor, datetime], None]
letter_followers: list[LetterFollower] = []


def on_letter_event(follower: LetterFollower) -> None:
    letter_followers.append(follower)


# What an app above tells of an enterprise in its dossier (企业档案), as far as the actor may read it.
EnterpriseTeller = Callable[[Enterprise, Actor, datetime], Sequence[Section]]
enterprise_tellers: list[EnterpriseTeller] = []


def on_enterprise_dossier(teller: EnterpriseTeller) -> None:
    enterprise_tellers.append(teller)


def register(kind: CaseKind) -> None:
    _KINDS[kind.key] = kind


def kind(key: str) -> CaseKind:
    return _KINDS[key]


def all_kinds() -> Iterable[CaseKind]:
    return _KINDS.values()


def at_hand(cases: Iterable[Case], actor: Actor) -> list[AtHand]:
    cases = list(cases)
    return [hand for kind in all_kinds() for hand in kind.at_hand(cases, actor)]


def case_url(case: Case, action: str = "") -> str:
    url = reverse(_KINDS[case.kind].url_name, args=[case.pk])
    return f"{url}?do={action}" if action else url


def grade_of(level: str) -> dict[str, str] | None:
    """Colour key and words for a level that is a risk grade (red/orange/yellow/blue), else None."""
    words = {"red": "重大 红", "orange": "较大 橙", "yellow": "一般 黄", "blue": "低 蓝"}
    return {"key": level, "text": words[level]} if level in words else None
