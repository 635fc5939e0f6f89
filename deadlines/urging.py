"""What lists and clocks show of 催办: how often, when last, and whether this post may press on now."""

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from audit.clock import SHANGHAI
from deadlines.models import Deadline, Urge
from deadlines.services.urging import may_urge
from organisations.actors import Actor
from organisations.roles import UnitKind


def with_urges(deadlines: QuerySet[Deadline]) -> QuerySet[Deadline]:
    """How often and when last, in the same query: read for the rows of the page alone."""
    # The latest urge carries its number, so nothing is counted.
    last = Urge.objects.filter(deadline=OuterRef("pk")).order_by("-number")
    return deadlines.annotate(
        urged=Coalesce(Subquery(last.values("number")[:1]), 0), urged_at=Subquery(last.values("at")[:1])
    )


def urge_mark(deadline: Deadline, actor: Actor) -> dict[str, Any]:
    """`may` press on, and 已催 2 次，最近 11-20 10:05. For a row read `with_urges`."""
    number, last = deadline.urged, deadline.urged_at  # type: ignore[attr-defined]
    return {
        "id": deadline.pk,
        "may": deadline.is_running and may_urge(actor) and presses_on(actor, deadline),
        "text": f"已催 {number} 次，最近 {last.astimezone(SHANGHAI):%m-%d %H:%M}" if number else "",
    }


def presses_on(actor: Actor, deadline: Deadline) -> bool:
    """The same as Deadline.objects.pressed_by, for a row that is already here."""
    if deadline.supervising_unit_id is None:
        return actor.unit.kind == UnitKind.COMMITTEE and actor.district_id == deadline.district_id
    return deadline.supervising_unit_id == actor.unit_id
