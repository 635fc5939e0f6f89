"""委托代录: registering and revoking an enterprise's authorisation for its township or the handing unit (X6)."""

from datetime import date, datetime

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from audit.clock import local_date
from audit.personal import Personal
from audit.services import record
from organisations.actors import Actor
from organisations.models import Enterprise
from organisations.roles import Right, UnitKind
from records.events import Event
from records.models import Attachment, RecordingAuthorisation
from records.services.attachments import FileRefused, inspect, store

RECORDERS = (UnitKind.TOWNSHIP, UnitKind.DEPARTMENT, UnitKind.BUREAU)
LONGEST_YEARS = 3


class RecordingRefused(Exception):
    def __init__(self, message: str, field: str = "") -> None:
        self.field = field
        super().__init__(message)


def may_record(actor: Actor) -> bool:
    return actor.unit.kind in RECORDERS and actor.may(Right.TREAT)


@transaction.atomic
def register_authorisation(
    *,
    enterprise: Enterprise,
    signer: str,
    valid_from: date,
    valid_to: date,
    scan: UploadedFile,
    actor: Actor,
    at: datetime,
) -> RecordingAuthorisation:
    """Keep the signed 委托代录书 of an enterprise in the actor's scope, for the actor's own unit."""
    if not may_record(actor) or not Enterprise.objects.for_actor(actor).filter(pk=enterprise.pk).exists():
        raise RecordingRefused("只能登记本乡街、本部门监管的企业委托本单位代录")
    if valid_to < valid_from:
        raise RecordingRefused("止期不能早于起期", field="valid_to")
    if valid_to < local_date(at):
        raise RecordingRefused("委托已经到期，不用登记", field="valid_to")
    if valid_to.year - valid_from.year > LONGEST_YEARS:
        raise RecordingRefused(f"委托最长 {LONGEST_YEARS} 年，请核对年份", field="valid_to")
    try:
        data, kind = inspect(scan)
    except FileRefused as refused:
        raise RecordingRefused(str(refused), field="scan") from refused
    digest, path = store(data)
    made = RecordingAuthorisation.objects.create(
        enterprise=enterprise.unit,
        recorder=actor.unit,
        signer=signer,
        valid_from=valid_from,
        valid_to=valid_to,
        scan_name=(scan.name or "委托代录书")[:200],
        scan_type=kind,
        scan_digest=digest,
        scan_path=path,
        registered_by=actor.person,
        registered_at=at,
    )
    _note(made, Event.RECORDING_AUTHORISED, actor=actor, at=at)
    return made


@transaction.atomic
def revoke_authorisation(
    *, authorisation: RecordingAuthorisation, reason: str, actor: Actor, at: datetime
) -> RecordingAuthorisation:
    """Either side may end it at any time; what was recorded under it stays."""
    found = RecordingAuthorisation.objects.select_for_update().get(pk=authorisation.pk)
    if not may_revoke(found, actor):
        raise RecordingRefused("委托由委托单位或代录单位撤销")
    if found.revoked_at:
        raise RecordingRefused("这份委托已经撤销")
    found.revoked_by, found.revoked_at, found.revoke_reason = actor.person, at, reason
    found.save(update_fields=["revoked_by", "revoked_at", "revoke_reason"])
    _note(found, Event.RECORDING_REVOKED, actor=actor, at=at)
    return found


def may_revoke(authorisation: RecordingAuthorisation, actor: Actor) -> bool:
    return actor.may(Right.TREAT) and actor.unit_id in {authorisation.enterprise_id, authorisation.recorder_id}


def scan_of(authorisation: RecordingAuthorisation) -> Attachment:
    """What the file view serves; it belongs to no case and is stored in no row of its own."""
    return Attachment(name=authorisation.scan_name, content_type=authorisation.scan_type, path=authorisation.scan_path)


def _note(authorisation: RecordingAuthorisation, event: str, *, actor: Actor, at: datetime) -> None:
    record(
        event,
        by=actor.stamp,
        at=at,
        subject=("recording_authorisation", authorisation.pk),
        data={
            "enterprise": authorisation.enterprise.name,
            "recorder": authorisation.recorder.name,
            "signer": Personal(authorisation.signer),
            "valid_from": authorisation.valid_from,
            "valid_to": authorisation.valid_to,
            "scan": authorisation.scan_digest,
            "reason": authorisation.revoke_reason,
        },
    )
