"""What follows when an enterprise moves or merges, or a unit is succeeded: open cases and their clocks go along (X1).

Registered with organisations.services.changes and .units, called in the transaction of the change.
"""

from datetime import datetime

from django.db.models import F, Q

from audit.services import record
from deadlines.models import Deadline
from organisations.actors import Actor
from organisations.models import Unit
from organisations.services.changes import Move
from records.events import Event
from records.models import Case


def follow_unit(from_unit: Unit, to_unit: Unit, *, actor: Actor, at: datetime) -> str:
    """A department's or township's open cases and clocks pass to its successor, one event per case."""
    led_or_answered = Q(lead_unit=from_unit) | Q(responsible_unit=from_unit)
    cases = list(
        Case.objects.select_for_update(of=("self",))
        .filter(led_or_answered, closed_on=None)
        .select_related("township")
        .order_by("pk")
    )
    if not cases:
        return ""
    ids = [case.pk for case in cases]
    for column in ("lead_unit", "responsible_unit"):
        Case.objects.filter(pk__in=ids, **{column: from_unit}).update(**{column: to_unit}, version=F("version") + 1)
    open_ = Deadline.objects.open().filter(case__in=ids)
    for column in ("owner_unit", "supervising_unit", "responsible_unit"):
        open_.filter(**{column: from_unit}).update(**{column: to_unit})
    for case in cases:
        record(
            Event.CASE_MOVED,
            by=actor.stamp,
            at=at,
            case_id=case.pk,
            data={
                "from_unit": from_unit.name,
                "to_unit": to_unit.name,
                "from_township": case.township.name,
                "to_township": case.township.name,
                "change": "单位职能承接",
                "note": "",
            },
        )
    return f"{len(cases)} 个未结案卷已移交{to_unit}"


def follow_enterprise(move: Move, *, actor: Actor, at: datetime) -> str:
    """Open cases get the successor and its township; due dates stay as they are. One event per case is its 移交 entry."""
    found = Case.objects.select_for_update(of=("self",)).filter(responsible_unit=move.from_unit, closed_on=None)
    cases = list(found.select_related("township", "responsible_unit").order_by("pk"))
    if not cases:
        return ""
    ids = [case.pk for case in cases]
    Case.objects.filter(pk__in=ids).update(
        responsible_unit=move.to_unit, township=move.to_township, version=F("version") + 1
    )
    open_ = Deadline.objects.open().filter(case__in=ids)
    open_.filter(owner_unit=move.from_unit).update(owner_unit=move.to_unit)
    open_.update(responsible_unit=move.to_unit, township=move.to_township)
    for case in cases:
        record(
            Event.CASE_MOVED,
            by=actor.stamp,
            at=at,
            case_id=case.pk,
            data={
                "from_unit": move.from_unit.name,
                "to_unit": move.to_unit.name,
                "from_township": case.township.name,
                "to_township": move.to_township.name,
                "change": move.change.get_kind_display(),
                "note": move.change.reason,
            },
        )
    return f"{len(cases)} 个未结案卷已移交"
