"""What is keyed in of a past case, until a second person has compared it with the papers."""

from collections.abc import Mapping
from datetime import date, datetime

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from audit.models import AuditEvent
from audit.personal import Personal
from audit.services import canonical_text, record
from deadlines.workflow import Refused
from organisations.actors import Actor
from organisations.models import District, Unit
from organisations.roles import Right, UnitKind
from records.events import Event as R
from records.models import Case, EntryScan, RetroactiveEntry
from records.services.attachments import inspect, store
from risks.services.register import may_register_for
from risks.services.retroactive.entering import Entering, Steps
from risks.workflow import KIND

S = RetroactiveEntry.State


def may_enter(actor: Actor) -> bool:
    """The handing units: they hold the papers."""
    return actor.unit.kind in {UnitKind.BUREAU, UnitKind.DEPARTMENT} and actor.may(Right.ASSESS)


def go_live_of(district: District) -> date | None:
    text = district.profile.get("paper", {}).get("go_live", "")
    return date.fromisoformat(text) if text else None


def reason_missing(steps: Steps, reason: str, district: District) -> str:
    """Papers from after the portal's first day need a reason; where no such day is set, all do."""
    days = [value for cleaned in steps.values() for name, value in cleaned.items() if name in _DAYS]
    go_live = go_live_of(district)
    if reason.strip() or (go_live and all(day < go_live for day in days)):
        return ""
    since = f"平台 {go_live} 启用，" if go_live else ""
    return f"{since}启用以后的材料补录须写明原因"


_DAYS = ("found_on", "concluded_on", "handed_on", "received_on", "applied_on", "verified_on")


def begin_entry(*, title: str, unit: Unit, actor: Actor, at: datetime) -> RetroactiveEntry:
    if not may_enter(actor) or not may_register_for(actor, unit):
        raise Refused("您的岗位不能为这个单位补录风险")
    typed = {"unit": {"unit": [str(unit.pk)]}}
    return RetroactiveEntry.objects.create(
        kind=KIND,
        title=title,
        typed=typed,
        unit=actor.unit,
        keyed_by=actor.person,
        account=actor.account,
        post=actor.post,
        keyed_at=at,
    )


@transaction.atomic
def keep_step(
    *,
    entry: RetroactiveEntry,
    step: str,
    typed: Mapping[str, list[str]],
    title: str,
    scan: UploadedFile | None,
    actor: Actor,
    at: datetime,
) -> RetroactiveEntry:
    """Save one paper of a draft, or of one that was sent back. Whoever keyed last is the one who may not compare."""
    found = RetroactiveEntry.objects.select_for_update().get(pk=entry.pk)
    if found.state not in {S.DRAFT, S.REJECTED} or found.unit_id != actor.unit_id:
        raise Refused("这份补录已提交核对，不能再改")
    found.typed = found.typed | {step: dict(typed)}
    found.title, found.state = title or found.title, S.DRAFT
    found.keyed_by, found.account, found.post, found.keyed_at = actor.person, actor.account, actor.post, at
    found.decided_by = found.decided_at = None
    found.save()
    if scan is not None:
        keep_scan(found, step, scan, actor=actor, at=at)
    return found


def keep_scan(entry: RetroactiveEntry, step: str, scan: UploadedFile, *, actor: Actor, at: datetime) -> EntryScan:
    data, kind = inspect(scan)
    digest, path = store(data)
    kept, _ = EntryScan.objects.get_or_create(
        entry=entry,
        step=step,
        digest=digest,
        defaults={
            "name": (scan.name or "扫描件")[:200],
            "content_type": kind,
            "size": len(data),
            "path": path,
            "uploaded_by": actor.person,
            "at": at,
        },
    )
    return kept


@transaction.atomic
def submit_entry(*, entry: RetroactiveEntry, steps: Steps, reason: str, actor: Actor, at: datetime) -> RetroactiveEntry:
    """Hand it to the second person, after a trial that is rolled back: what cannot be entered is said now."""
    found = RetroactiveEntry.objects.select_for_update().get(pk=entry.pk)
    if found.state != S.DRAFT or found.unit_id != actor.unit_id:
        raise Refused("这份补录已提交核对")
    if why := reason_missing(steps, reason, actor.unit.district):
        raise Refused(why)
    with transaction.atomic():
        _enter(found, steps, confirmer=None, at=at)
        transaction.set_rollback(True)
    found.state, found.reason, found.keyed_at = S.PENDING, reason, at
    found.keyed_by, found.account, found.post = actor.person, actor.account, actor.post
    found.save()
    _note(found, R.ENTRY_SUBMITTED, actor=actor, at=at)
    return found


def refusal_to_compare(entry: RetroactiveEntry, actor: Actor) -> str:
    if entry.state != S.PENDING:
        return f"这份补录：{entry.get_state_display()}"
    if entry.unit_id != actor.unit_id or not may_enter(actor):
        return f"由{entry.unit}的另一人核对"
    return "录入人不能自己核对，请本单位另一人核对" if entry.keyed_by_id == actor.post.person_id else ""


@transaction.atomic
def confirm_entry(*, entry: RetroactiveEntry, steps: Steps, actor: Actor, at: datetime) -> Case:
    """与原件一致: the case is there, with its past."""
    found = _pending(entry, actor)
    case = _enter(found, steps, confirmer=actor, at=at)
    found.state, found.decided_by, found.decided_at, found.case = S.CONFIRMED, actor.person, at, case
    event = _note(found, R.ENTRY_CONFIRMED, actor=actor, at=at, case=case)
    found.last_seq = event.case_seq
    found.save()
    return case


@transaction.atomic
def reject_entry(*, entry: RetroactiveEntry, note: str, actor: Actor, at: datetime) -> RetroactiveEntry:
    found = _pending(entry, actor)
    if not note.strip():
        raise Refused("请写明哪里不符")
    found.state, found.decided_by, found.decided_at, found.note = S.REJECTED, actor.person, at, note
    found.save()
    _note(found, R.ENTRY_REJECTED, actor=actor, at=at)
    return found


def _pending(entry: RetroactiveEntry, actor: Actor) -> RetroactiveEntry:
    found = (
        RetroactiveEntry.objects.select_for_update(of=("self",))
        .select_related("post__unit__district", "post__person", "account", "unit", "keyed_by")
        .get(pk=entry.pk)
    )
    if why := refusal_to_compare(found, actor):
        raise Refused(why)
    return found


def _note(entry: RetroactiveEntry, event: str, *, actor: Actor, at: datetime, case: Case | None = None) -> AuditEvent:
    told = {
        "entry": entry.pk,
        "title": entry.title,
        "keyed_by": entry.keyed_by.name,
        "keyed_at": entry.keyed_at,
        "reason": entry.reason,
        "note": entry.note,
        "batch": entry.batch,
        # Names, telephone numbers: all of the form, to be proven later and to be erased where the law asks for it.
        "typed": Personal(canonical_text(entry.typed)),
        "scans": {scan.digest: scan.step for scan in entry.scans.all()},
    }
    case_id = case.pk if case else None
    return record(event, by=actor.stamp, at=at, case_id=case_id, subject=("entry", entry.pk), data=told)


def _enter(entry: RetroactiveEntry, steps: Steps, *, confirmer: Actor | None, at: datetime) -> Case:
    return Entering(entry, steps, confirmer, at).enter()
