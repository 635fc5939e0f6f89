"""What follows when an enterprise moves or is merged: its open cases and their clocks go along (X1).

Registered with organisations.services.changes, called in the transaction of the confirmation.
"""

from datetime import datetime

from audit.services import record
from deadlines.models import Deadline
from organisations.actors import Actor
from organisations.services.changes import Move
from records.events import Event
from records.models import Case


def follow_enterprise(move: Move, *, actor: Actor, at: datetime) -> str:
    """Open cases get the successor and its township; due dates stay as they are. One event per case is its 移交 entry."""
    cases = Case.objects.select_for_update(of=("self",)).filter(responsible_unit=move.from_unit, closed_on=None)
    cases = list(cases.select_related("township", "responsible_unit").order_by("pk"))
    if not cases:
        return ""
    ids = [case.pk for case in cases]
    Case.objects.filter(pk__in=ids).update(responsible_unit=move.to_unit, township=move.to_township)
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
