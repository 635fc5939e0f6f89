"""What follows when an enterprise moves or merges, or a unit is succeeded: open cases and their clocks go along (X1).

Registered with organisations.services.changes and .units, called in the transaction of the change. One statement for the
cases, one for the clocks, one event per case, however many they are.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import BigIntegerField, F, Q, QuerySet, Value, When
from django.db.models import Case as Choose

from audit.bulk import Entry, record_many
from deadlines.models import Deadline
from deadlines.services.filings import hand_over
from organisations.actors import Actor
from organisations.models import Unit
from organisations.services.changes import Move
from records.events import Event
from records.models import Case, Letter

L = Letter.State
# Letters that still wait for an act of the house that wrote them, and for one of the house that gets them.
_BEFORE_SENDING = (L.DRAFT, L.SUBMITTED, L.CHECKED, L.ISSUED)
_BEFORE_RECEIPT = (L.DISPATCHED,)


def follow_unit(from_unit: Unit, to_unit: Unit, *, actor: Actor, at: datetime) -> str:
    """A department's or township's open cases and clocks pass to its successor; its open letters are named."""
    clocks = Deadline.objects.open().filter(_any_of(from_unit, "owner_unit", "supervising_unit", "responsible_unit"))
    concerned = _any_of(from_unit, "lead_unit", "responsible_unit") | Q(pk__in=clocks.values("case"))
    cases = _locked(concerned)
    ended = hand_over(from_unit, to_unit, by=actor.stamp, at=at)
    cases = [case for case in cases if case.pk not in ended]
    Case.objects.filter(pk__in=[case.pk for case in cases]).update(
        **_exchanged(from_unit, to_unit, "lead_unit", "responsible_unit"), version=F("version") + 1
    )
    clocks.update(**_exchanged(from_unit, to_unit, "owner_unit", "supervising_unit", "responsible_unit"))
    _tell(
        cases,
        lambda case: _moved(from_unit, to_unit, case.township.name, case.township.name, "单位职能承接", ""),
        actor=actor,
        at=at,
    )
    sentences = [f"{len(cases)} 个未结案卷已移交{to_unit}"] if cases else []
    return "；".join([*sentences, *_open_letters(from_unit)])


def follow_enterprise(move: Move, *, actor: Actor, at: datetime) -> str:
    """Open cases get the successor and its township; due dates stay as they are. One event per case is its 移交 entry."""
    cases = _locked(Q(responsible_unit=move.from_unit))
    if move.from_unit != move.to_unit:
        ended = hand_over(move.from_unit, move.to_unit, by=actor.stamp, at=at)
        cases = [case for case in cases if case.pk not in ended]
    ids = [case.pk for case in cases]
    Case.objects.filter(pk__in=ids).update(
        responsible_unit=move.to_unit, township=move.to_township, version=F("version") + 1
    )
    Deadline.objects.open().filter(case__in=ids).update(
        **_exchanged(move.from_unit, move.to_unit, "owner_unit"),
        responsible_unit=move.to_unit,
        township=move.to_township,
    )
    change, note, to_township = move.change.get_kind_display(), move.change.reason, move.to_township.name
    _tell(
        cases,
        lambda case: _moved(move.from_unit, move.to_unit, case.township.name, to_township, change, note),
        actor=actor,
        at=at,
    )
    sentences = [f"{len(cases)} 个未结案卷已移交"] if cases else []
    if move.from_unit != move.to_unit:
        sentences += _open_letters(move.from_unit)
    return "；".join(sentences)


def _locked(condition: Q) -> list[Case]:
    """The open cases under this condition, under their row locks in the one order that everybody takes them."""
    found: QuerySet[Case] = Case.objects.select_for_update(of=("self",)).filter(condition, closed_on=None)
    return list(found.select_related("township").order_by("pk"))


def _any_of(unit: Unit, *columns: str) -> Q:
    condition = Q()
    for column in columns:
        condition |= Q(**{column: unit})
    return condition


def _exchanged(from_unit: Unit, to_unit: Unit, *columns: str) -> dict[str, Any]:
    """For `update`: in these columns the one unit becomes the other, and everybody else stays."""
    return {
        column: Choose(
            When(**{column: from_unit}, then=Value(to_unit.pk)),
            default=F(f"{column}_id"),
            output_field=BigIntegerField(),
        )
        for column in columns
    }


def _moved(
    from_unit: Unit, to_unit: Unit, from_township: str, to_township: str, change: str, note: str
) -> dict[str, str]:
    return {
        "from_unit": from_unit.name,
        "to_unit": to_unit.name,
        "from_township": from_township,
        "to_township": to_township,
        "change": change,
        "note": note,
    }


def _tell(cases: list[Case], data: Callable[[Case], Mapping[str, Any]], *, actor: Actor, at: datetime) -> None:
    entries = [Entry(Event.CASE_MOVED, case.pk, ("", ""), data(case)) for case in cases]
    record_many(entries, by=actor.stamp, at=at)


def _open_letters(unit: Unit) -> list[str]:
    """A letter keeps the house that wrote it and the house it is addressed to; who takes over must know which are open."""
    told = []
    for condition, words in (
        (Q(issuer=unit, state__in=_BEFORE_SENDING), "发文在办"),
        (Q(recipient=unit, state__in=_BEFORE_RECEIPT), "来函待签收"),
    ):
        letters = list(Letter.objects.filter(condition).order_by("pk"))
        if letters:
            named = "、".join(letter.number or f"“{letter.title}”" for letter in letters[:5])
            rest = f"等 {len(letters)} 份" if len(letters) > 5 else ""
            told.append(f"{words}：{named}{rest}，仍在{unit}名下，请承接单位作废后重发或者办完")
    return told
