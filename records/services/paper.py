"""Acts that were signed on paper: keyed in with the scan, compared by a second person of the same unit, then performed.

Until then they are rows that say 待核对 and nothing on the case has changed. An act counts from the moment it was keyed in,
not from when the second person came round to it, and not from the date somebody wrote on the sheet (docs/adr/0018).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from audit.clock import local_date
from audit.personal import Personal
from audit.services import record
from organisations.actors import Actor
from organisations.models import Unit
from records.calendar_lock import held
from records.events import Event
from records.models import Case, PaperAct, RecordingAuthorisation, Signature
from records.services.attachments import attach_all
from records.services.signing import Hand, Paper, sign

SCAN = "纸质签署扫描件"
MATERIAL = "纸质签署所附材料"


class PaperRefused(Exception):
    """Shown at `field`, in Chinese."""

    def __init__(self, message: str, field: str = "") -> None:
        self.field = field
        super().__init__(message)


def authorisation_for(actor: Actor, case: Case, *, at: datetime) -> RecordingAuthorisation | None:
    """The responsible unit's authorisation for the actor's unit that is in force, if there is one."""
    return (
        RecordingAuthorisation.objects.in_force(local_date(at))
        .filter(enterprise=case.responsible_unit_id, recorder=actor.unit_id)
        .order_by("-valid_to", "-id")
        .first()
    )


@transaction.atomic
def key_paper_act(
    *,
    case: Case,
    action: str,
    label: str,
    typed: Mapping[str, Sequence[str]],
    files: Mapping[str, Sequence[UploadedFile]],
    scan: UploadedFile,
    signer_name: str,
    signer_title: str,
    document_on: date,
    actor: Actor,
    at: datetime,
) -> PaperAct:
    """Keep what was typed with its scan. The caller holds the case's lock and has tried whether the act is possible."""
    if document_on > local_date(at):
        raise PaperRefused("纸质文件的日期不能晚于今天", field="paper_on")
    recorded_for: Unit | None = actor.records_for
    authorisation = None
    if recorded_for is not None and recorded_for.pk != actor.unit_id:
        authorisation = authorisation_for(actor, case, at=at)
        if authorisation is None or recorded_for.pk != case.responsible_unit_id:
            raise PaperRefused(f"没有{case.responsible_unit}有效的委托代录书，不能代录")
    if PaperAct.objects.filter(case=case, action=action, state=PaperAct.State.PENDING).exists():
        raise PaperRefused(f"“{label}”已有一份纸质签署待核对，请先核对")
    kept = attach_all([scan], case=case, purpose=SCAN, actor=actor, at=at)[0]
    material = {
        name: attach_all(found, case=case, purpose=MATERIAL, actor=actor, at=at) for name, found in files.items()
    }
    paper = PaperAct.objects.create(
        case=case,
        action=action,
        label=label,
        typed={name: list(values) for name, values in typed.items()},
        files={name: [a.pk for a in found] for name, found in material.items() if found},
        signer_name=signer_name,
        signer_title=signer_title,
        document_on=document_on,
        scan=kept,
        keyed_by=actor.person,
        account=actor.account,
        post=actor.post,
        unit=actor.unit,
        recorded_for=recorded_for if authorisation else None,
        authorisation=authorisation,
        keyed_at=at,
    )
    _note(paper, Event.PAPER_KEYED, actor=actor, at=at, more={"typed": paper.typed, "scan": kept.digest})
    return paper


@transaction.atomic
def confirm_paper_act(
    *, paper: PaperAct, perform: Callable[[Hand], object], purpose: str, actor: Actor, at: datetime
) -> PaperAct:
    """与原件一致: the act is performed as its keyer, at the moment it was keyed in, under a signature on paper.

    `perform` takes the hand and makes the app's own service call; an act that the app does not sign gets its signature here.
    """
    case = held(Case.objects.select_for_update()).get(pk=paper.case_id)  # the act may start a clock
    paper = _pending(paper, actor)
    on_behalf = bool(paper.signer_title)
    sheet = Paper(
        scan=paper.scan,
        document_on=paper.document_on,
        confirmed_by=actor.person,
        signer_name=paper.signer_name,
        signer_label=_signer_label(paper) if on_behalf else "",
    )
    hand = Hand(paper=sheet)
    perform(hand)
    signature = Signature.objects.filter(case=case, scan=paper.scan).first()
    if signature is None:
        content = {"number": case.number, "action": paper.action, "typed": paper.typed, "files": paper.files}
        signature = sign(
            case=case, purpose=purpose, content=content, hand=hand, actor=keyer_of(paper), at=paper.keyed_at
        )
    paper.state, paper.decided_by, paper.decided_at = PaperAct.State.CONFIRMED, actor.person, at
    paper.signature = signature
    paper.save(update_fields=["state", "decided_by", "decided_at", "signature"])
    _note(paper, Event.PAPER_CONFIRMED, actor=actor, at=at, more={"signature": signature.pk})
    return paper


@transaction.atomic
def reject_paper_act(*, paper: PaperAct, note: str, actor: Actor, at: datetime) -> PaperAct:
    """What was keyed in is not what stands on the paper: it never counted, and is keyed in anew."""
    Case.objects.select_for_update().get(pk=paper.case_id)
    paper = _pending(paper, actor)
    if not note.strip():
        raise PaperRefused("请写明哪里不符", field="note")
    paper.state, paper.decided_by, paper.decided_at, paper.note = PaperAct.State.REJECTED, actor.person, at, note
    paper.save(update_fields=["state", "decided_by", "decided_at", "note"])
    _note(paper, Event.PAPER_REJECTED, actor=actor, at=at, more={"note": note})
    return paper


def keyer_of(paper: PaperAct) -> Actor:
    """Who keyed it in, acting for whom, as it was then."""
    own_people = paper.post.unit_id == paper.case.responsible_unit_id
    records_for = paper.recorded_for or (paper.case.responsible_unit if own_people and paper.signer_title else None)
    return Actor(account=paper.account, post=paper.post, records_for=records_for)


def refusal_to_check(paper: PaperAct, actor: Actor) -> str:
    """Why `actor` may not compare it with the paper, or ""."""
    if paper.state != PaperAct.State.PENDING:
        return f"这份纸质签署已核对：{paper.get_state_display()}"
    if paper.unit_id != actor.unit_id:
        return f"由{paper.unit}的另一人核对"
    return "录入人不能自己核对，请本单位另一人核对" if paper.keyed_by_id == actor.post.person_id else ""


def _pending(paper: PaperAct, actor: Actor) -> PaperAct:
    found = (
        PaperAct.objects.select_for_update(of=("self",))
        .select_related("case__responsible_unit", "post__unit__district", "post__person", "account", "scan", "unit")
        .select_related("recorded_for", "keyed_by")
        .get(pk=paper.pk)
    )
    if why := refusal_to_check(found, actor):
        raise PaperRefused(why)
    return found


def _signer_label(paper: PaperAct) -> str:
    return f"{paper.signer_name}·{paper.case.responsible_unit}{paper.signer_title}"


def _note(paper: PaperAct, event: str, *, actor: Actor, at: datetime, more: Mapping[str, Any]) -> None:
    told = {
        "paper": paper.pk,
        "label": paper.label,
        "signer": Personal(paper.signer_name),
        "title": paper.signer_title,
        "document_on": paper.document_on,
        "keyed_at": paper.keyed_at,
        "keyed_by": paper.keyed_by.name,
    }
    record(event, by=actor.stamp, at=at, case_id=paper.case_id, subject=("paper", paper.pk), data=told | dict(more))
