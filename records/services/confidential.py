"""敏感: a mark on a case or on single files. From then on whoever looks at them leaves an event (X6)."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from audit.services import record
from organisations.actors import Actor
from records.events import Event
from records.models import Attachment, Case

WHOLE = "case"


def set_marks(case: Case, *, whole: bool, files: Sequence[Attachment], on: bool) -> None:
    """Within the act that says why; the caller holds the case's lock."""
    if whole:
        Case.objects.filter(pk=case.pk).update(is_confidential=on)
        case.is_confidential = on
    Attachment.objects.filter(case=case, pk__in=[a.pk for a in files]).update(is_confidential=on)


def is_confidential(attachment: Attachment) -> bool:
    return attachment.is_confidential or attachment.case.is_confidential


@transaction.atomic
def note_view(*, case_id: int, what: str, subject: tuple[str, int], actor: Actor, at: datetime) -> None:
    """Who saw what, under the case's lock as every event of a case is."""
    Case.objects.select_for_update().get(pk=case_id)
    record(Event.VIEWED, by=actor.stamp, at=at, case_id=case_id, subject=subject, data={"what": what})
