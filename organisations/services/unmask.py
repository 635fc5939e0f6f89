"""A number that is shown masked, shown whole: with the right, a reason, and an event (个人信息, 等保 8.1.4.11)."""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction

from audit.services import record
from organisations.actors import Actor
from organisations.events import Event
from organisations.models.people import mask_phone
from organisations.roles import Right


@transaction.atomic
def reveal(*, number: str, of: str, subject: tuple[str, int], reason: str, actor: Actor, at: datetime) -> str:
    """The number, once the event stands. The event names whose it is and why, never the number itself."""
    if not actor.may(Right.UNMASK):
        raise PermissionDenied
    data = {"of": of, "masked": mask_phone(number), "reason": reason}
    record(Event.UNMASKED, by=actor.stamp, at=at, subject=subject, data=data)
    return number
