"""Dossiers: asked for by a person, compiled by the worker from the row, recorded as an export, removed after a week (X10)."""

import hashlib
import tempfile
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from audit.services import SYSTEM, Stamp, record
from organisations.actors import Actor
from organisations.models import Enterprise
from records.dossier.archive import pack
from records.dossier.compose import compose
from records.dossier.enterprise import cases_of, compose_enterprise, version_of
from records.dossier.sections import Dossier
from records.events import Event
from records.models import Attachment, Case, DossierRequest
from records.models.dossier import enterprises_with_dossier
from records.services.confidential import note_view

# A dossier holds personal data and can be compiled anew at any time.
KEPT = timedelta(days=7)
_LATELY = timedelta(minutes=10)
_COMPILER_LOCK = 0xD055


@transaction.atomic
def request_dossier(*, of: Case | Enterprise, form: str, actor: Actor, at: datetime) -> DossierRequest:
    """Put the dossier in the queue; the one that the unit asked for a moment ago, if nothing has happened since."""
    case, enterprise = (of, None) if isinstance(of, Case) else (None, of)
    # Who asks twice at once waits here, and is given the first one's row.
    if case:
        case = Case.objects.select_for_update().get(pk=case.pk)
    else:
        enterprise = Enterprise.objects.select_for_update(of=("self",)).select_related("unit").get(pk=of.pk)
    waiting = DossierRequest.objects.filter(
        case=case,
        enterprise=enterprise,
        form=form,
        unit=actor.unit_id,
        person=actor.person,
        finished_at=None,
        at__gt=at - _LATELY,
    ).exclude(attempts__gte=DossierRequest.MAX_ATTEMPTS)
    if earlier := waiting.first():
        return earlier
    made = DossierRequest.objects.create(
        case=case,
        enterprise=enterprise,
        form=form,
        person=actor.person,
        account=actor.account,
        post=actor.post,
        unit=actor.unit,
        at=at,
    )
    told: dict[str, Any] = {}
    if enterprise:
        told["confidential"] = [found.number for found in _confidential(cases_of(enterprise, actor))]
    elif case:
        told["confidential"] = case.is_confidential
    _record(Event.DOSSIER_REQUESTED, made, by=actor.stamp, at=at, data={"form": form} | told)
    return made


@transaction.atomic
def note_download(dossier: DossierRequest, *, actor: Actor, at: datetime) -> None:
    """Taking a dossier along is an export, each time; of an enterprise's, also a view of each case in it that is 敏感."""
    told: dict[str, Any] = {"form": dossier.form, "digest": dossier.digest, "size": dossier.size}
    seen = list(_confidential(dossier.bound.order_by("pk"))) if dossier.enterprise_id else []
    if dossier.enterprise_id:
        told["confidential"] = [case.number for case in seen]
    _record(Event.DOSSIER_DOWNLOADED, dossier, by=actor.stamp, at=at, data=told)
    for case in seen:
        note_view(
            case_id=case.pk, what=f"企业档案：{dossier.title}", subject=("dossier", dossier.pk), actor=actor, at=at
        )


def _confidential(cases: QuerySet[Case]) -> QuerySet[Case]:
    """As a whole, or by a file in it."""
    marked = Attachment.objects.filter(case=OuterRef("pk"), is_confidential=True)
    return cases.filter(Q(is_confidential=True) | Q(Exists(marked)))


def _record(name: Event, dossier: DossierRequest, *, by: Stamp, at: datetime, data: dict[str, Any]) -> None:
    """On the case, under its lock; an enterprise's dossier is of no one case, so the event names the enterprise."""
    if dossier.case_id is not None:
        Case.objects.select_for_update().get(pk=dossier.case_id)
    else:
        data = {"enterprise": dossier.title, "enterprise_id": dossier.enterprise_id} | data
    record(name, by=by, at=at, case_id=dossier.case_id, subject=("dossier", dossier.pk), data=data)


def compile_waiting(*, at: datetime, limit: int = 5) -> tuple[int, int]:
    """Compile what waits; returns (found, compiled). The row is the queue: a worker that dies leaves it as it was."""
    found = compiled = 0
    tried: list[int] = []
    for _ in range(limit):
        with transaction.atomic():
            if not _is_my_turn():
                break
            waiting = (
                DossierRequest.objects.select_for_update(skip_locked=True, of=("self",))
                .select_related("case__district", "case__responsible_unit", "case__lead_unit", "case__township")
                .select_related("enterprise__unit__succeeded_by", "enterprise__unit__superior")
                .select_related("enterprise__sector", "enterprise__township", "enterprise__enforcement_department")
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


def _is_my_turn() -> bool:
    """One at a time: two large volumes at once would hold every process of a worker, and with them the reminders."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_COMPILER_LOCK])
        return bool(cursor.fetchone()[0])


def _compile(waiting: DossierRequest, *, at: datetime) -> None:
    # pypdf and the printer belong into the worker.
    from records.dossier.volume import bind

    actor = Actor(account=waiting.account, post=waiting.post)
    dossier, bound = _compose(waiting, actor=actor, at=at)
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
    waiting.version = dossier.version
    waiting.finished_at = at
    waiting.error = ""
    waiting.save(update_fields=["size", "digest", "path", "pages", "version", "finished_at", "error"])
    waiting.bound.set(bound)
    told: dict[str, Any] = {
        "form": waiting.form,
        "digest": waiting.digest,
        "pages": waiting.pages,
        "size": waiting.size,
    }
    if waiting.enterprise_id is not None:
        told |= {"cases": len(bound), "confidential": [c.number for c in _confidential(waiting.bound.order_by("pk"))]}
    # The system belongs to no district; whoever reads the district's audit looks for what was compiled in it.
    system = replace(SYSTEM, district_code=actor.unit.district.code)
    _record(Event.DOSSIER_COMPILED, waiting, by=system, at=at, data=told)


def _compose(waiting: DossierRequest, *, actor: Actor, at: datetime) -> tuple[Dossier, list[Case]]:
    """The dossier, and the cases that an enterprise's is made of."""
    if waiting.case is not None:
        if not Case.objects.for_actor(actor).filter(pk=waiting.case.pk).exists():
            raise PermissionError("申请人已看不到这个案卷")
        return compose(waiting.case, actor=actor, at=at), []
    enterprise = waiting.enterprise
    assert enterprise is not None  # by constraint
    if not enterprises_with_dossier(actor).filter(pk=enterprise.pk).exists():
        raise PermissionError("申请人已看不到这家企业")
    # Before anything is read: an act in between makes the dossier older than it is, never newer.
    version = version_of(enterprise, actor)
    cases = list(cases_of(enterprise, actor).select_related("district", "responsible_unit", "lead_unit", "township"))
    return compose_enterprise(enterprise, cases, version=version, actor=actor, at=at), cases


def remove_old(*, at: datetime) -> int:
    """Files of dossiers older than a week; the rows stay and say that there was one, and its digest."""
    old = DossierRequest.objects.filter(finished_at__lt=at - KEPT, removed_at=None)
    removed = 0
    for dossier in old.order_by("id")[:100]:
        default_storage.delete(dossier.path)
        removed += DossierRequest.objects.filter(pk=dossier.pk).update(removed_at=at)
    return removed
