"""Dossiers: asked for by a person, compiled by the worker from the row, recorded as an export, removed after a week (X10)."""

import hashlib
import tempfile
from datetime import datetime, timedelta

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction

from audit.services import SYSTEM, record
from organisations.actors import Actor
from records.dossier.archive import pack
from records.dossier.compose import compose
from records.events import Event
from records.models import Case, DossierRequest

# A dossier holds personal data and can be compiled anew at any time.
KEPT = timedelta(days=7)
_LATELY = timedelta(minutes=10)


@transaction.atomic
def request_dossier(*, case: Case, form: str, actor: Actor, at: datetime) -> DossierRequest:
    """Put the dossier in the queue; the one that the unit asked for a moment ago, if nothing has happened since."""
    locked = Case.objects.select_for_update().get(pk=case.pk)
    waiting = DossierRequest.objects.filter(
        case=locked, form=form, unit=actor.unit_id, person=actor.person, finished_at=None, at__gt=at - _LATELY
    ).exclude(attempts__gte=DossierRequest.MAX_ATTEMPTS)
    if earlier := waiting.first():
        return earlier
    made = DossierRequest.objects.create(
        case=locked,
        form=form,
        person=actor.person,
        account=actor.account,
        post=actor.post,
        unit=actor.unit,
        at=at,
    )
    record(
        Event.DOSSIER_REQUESTED,
        by=actor.stamp,
        at=at,
        case_id=locked.pk,
        subject=("dossier", made.pk),
        data={"form": form, "confidential": locked.is_confidential},
    )
    return made


@transaction.atomic
def note_download(dossier: DossierRequest, *, actor: Actor, at: datetime) -> None:
    """Taking a dossier along is an export, each time."""
    Case.objects.select_for_update().get(pk=dossier.case_id)
    record(
        Event.DOSSIER_DOWNLOADED,
        by=actor.stamp,
        at=at,
        case_id=dossier.case_id,
        subject=("dossier", dossier.pk),
        data={"form": dossier.form, "digest": dossier.digest, "size": dossier.size},
    )


def compile_waiting(*, at: datetime, limit: int = 5) -> tuple[int, int]:
    """Compile what waits; returns (found, compiled). The row is the queue: a worker that dies leaves it as it was."""
    found = compiled = 0
    tried: list[int] = []
    for _ in range(limit):
        with transaction.atomic():
            waiting = (
                DossierRequest.objects.select_for_update(skip_locked=True, of=("self",))
                .select_related("case__district", "case__responsible_unit", "case__lead_unit", "case__township")
                .select_related("account", "post__person", "post__unit__district")
                .exclude(pk__in=tried)
                .filter(finished_at=None, attempts__lt=DossierRequest.MAX_ATTEMPTS)
                .order_by("attempts", "id")
                .first()
            )
            if waiting is None:
                break
            found += 1
            tried.append(waiting.pk)
            try:
                with transaction.atomic():
                    _compile(waiting, at=at)
            except Exception as error:
                waiting.attempts += 1
                waiting.error = f"{type(error).__name__}: {error}"[:300]
                waiting.save(update_fields=["attempts", "error"])
                continue
            compiled += 1
    return found, compiled


def _compile(waiting: DossierRequest, *, at: datetime) -> None:
    # pypdf and the printer belong into the worker.
    from records.dossier.volume import bind

    actor = Actor(account=waiting.account, post=waiting.post)
    if not Case.objects.for_actor(actor).filter(pk=waiting.case_id).exists():
        raise PermissionError("申请人已看不到这个案卷")
    dossier = compose(waiting.case, actor=actor, at=at)
    volume = bind(dossier)
    with tempfile.TemporaryFile() as out:
        if waiting.form == DossierRequest.Form.ZIP:
            pack(dossier, volume.data, out)
        else:
            out.write(volume.data)
        waiting.size = out.tell()
        out.seek(0)
        waiting.digest = hashlib.file_digest(out, "sha256").hexdigest()
        out.seek(0)
        waiting.path = default_storage.save(f"dossiers/{waiting.pk}-{waiting.digest[:16]}.{waiting.form}", File(out))
    waiting.pages = volume.pages
    waiting.case_version = dossier.version
    waiting.finished_at = at
    waiting.error = ""
    waiting.save(update_fields=["size", "digest", "path", "pages", "case_version", "finished_at", "error"])
    Case.objects.select_for_update().get(pk=waiting.case_id)
    record(
        Event.DOSSIER_COMPILED,
        by=SYSTEM,
        at=at,
        case_id=waiting.case_id,
        subject=("dossier", waiting.pk),
        data={"form": waiting.form, "digest": waiting.digest, "pages": waiting.pages, "size": waiting.size},
    )


def remove_old(*, at: datetime) -> int:
    """Files of dossiers older than a week; the rows stay and say that there was one, and its digest."""
    old = DossierRequest.objects.filter(finished_at__lt=at - KEPT, removed_at=None)
    removed = 0
    for dossier in old.order_by("id")[:100]:
        default_storage.delete(dossier.path)
        removed += DossierRequest.objects.filter(pk=dossier.pk).update(removed_at=at)
    return removed
