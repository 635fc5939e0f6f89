"""催办: a superior unit presses on whoever owes a deadline; told at once, counted, and not oftener than once an hour."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction

from audit.clock import SHANGHAI
from audit.services import record
from deadlines.events import Event
from deadlines.models import Deadline, Urge
from deadlines.services.notices import WORKING, tell_owners
from organisations.actors import Actor
from records.models import Case

AT_MOST_EVERY = timedelta(hours=1)
NOTE_LENGTH = 200


@dataclass
class Urged:
    """What came of it: the deadlines pressed on, and for the others why not."""

    done: list[Urge] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def may_urge(actor: Actor) -> bool:
    """A post that works on cases; on which deadlines its unit presses is `Deadline.objects.pressed_by`."""
    return actor.role.key in WORKING


@transaction.atomic
def urge(*, deadline_ids: Sequence[int], note: str, actor: Actor, at: datetime) -> Urged:
    """Press on these deadlines, those of them that the actor's unit presses on. Others are passed over in silence."""
    result = Urged()
    if not may_urge(actor):
        return result
    mine = Deadline.objects.pressed_by(actor.unit).filter(pk__in=deadline_ids)
    # The case first, as every act does: two who press at the same moment come one after the other.
    list(Case.objects.select_for_update().filter(pk__in=mine.values("case")).order_by("pk"))
    for deadline in mine.select_related("case", "owner_unit").order_by("case_id", "pk"):
        last = deadline.urges.filter(unit=actor.unit_id).order_by("-at").first()
        if last and at - last.at < AT_MOST_EVERY:
            when = last.at.astimezone(SHANGHAI)
            result.refused.append(f"“{deadline.title}”{when:%H:%M} 刚催办过，一小时内不重复催办")
            continue
        result.done.append(_urge(deadline, note, actor=actor, at=at))
    return result


def _urge(deadline: Deadline, note: str, *, actor: Actor, at: datetime) -> Urge:
    number = deadline.urges.count() + 1
    made = Urge.objects.create(
        deadline=deadline, unit=actor.unit, post=actor.post, number=number, note=note[:NOTE_LENGTH], at=at
    )
    said = f"{actor.unit}第 {number} 次催办" if number > 1 else f"{actor.unit}催办"
    tell_owners([deadline.pk], rung=f"urged-{number}", text=f"{said}：{note}" if note else said, at=at)
    record(
        Event.URGED,
        by=actor.stamp,
        at=at,
        case_id=deadline.case_id,
        subject=("deadline", deadline.pk),
        data={
            "rule": deadline.rule_key,
            "label": deadline.rule.label,
            "to": str(deadline.owner_unit),
            "number": number,
            "note": note,
        },
    )
    return made
