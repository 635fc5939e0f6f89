"""A form sent twice acts once: its hidden key is claimed in the transaction of the act."""

from datetime import datetime
from uuid import UUID

from organisations.actors import Actor
from records.models import SubmittedForm


def earlier_result(key: UUID, *, actor: Actor) -> str:
    """Where the first sending of this form led, or ""."""
    row = SubmittedForm.objects.filter(key=key, account=actor.account).first()
    return row.result_url if row else ""


def is_taken(key: UUID) -> bool:
    """Somebody, whoever it was, has sent this form."""
    return SubmittedForm.objects.filter(key=key).exists()


def claim(key: UUID, *, actor: Actor, result_url: str, at: datetime) -> None:
    """Remember the form within the act's transaction. IntegrityError when a parallel sending was first."""
    SubmittedForm.objects.create(key=key, account=actor.account, result_url=result_url, at=at)
