"""Letters: what happens to them, each act with its audit event, under the case's lock (X7)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db.models import F

from audit.acts import one_act
from audit.clock import local_date
from audit.services import digest_of, record
from organisations.actors import Actor
from organisations.models import Post, Unit
from organisations.roles import Right
from records.events import Event
from records.kinds import OWN_CASE, letter_followers
from records.letters.content import LetterContent
from records.letters.flow import STEPS, refusal
from records.letters.glyphs import LetterFontsMissing, missing_characters
from records.letters.render import LetterCharactersMissing
from records.models import Attachment, Case, Countersign, Delivery, Letter
from records.services import countersigns, deliveries
from records.services.attachments import attach_all
from records.services.numbering import number_text, series_of, take_number
from records.services.refusals import LetterRefused
from records.services.signing import Hand, sign
from records.services.verification import new_code, public_url


def draft_letter(
    *,
    case: Case,
    kind: str,
    recipient: Unit,
    copies_to: str,
    title: str,
    requirements: str,
    due_on: date,
    actor: Actor,
    at: datetime,
    letter: Letter | None = None,
    replaces: Letter | None = None,
    countersigners: Sequence[Unit | Post] | None = None,
) -> Letter:
    """Begin or rewrite the draft of a letter that an act on a case is made by, to its one addressee."""
    letter = letter or Letter(case=case, kind=kind, issuer=actor.unit, replaces=replaces)
    letter.copies_to, letter.title = copies_to, title
    letter.requirements, letter.due_on = requirements, due_on
    copies = deliveries.names_in(copies_to)
    return write_draft(letter, main=[recipient], copies=copies, countersigners=countersigners, actor=actor, at=at)


def write_draft(
    letter: Letter,
    *,
    main: Sequence[Unit | str],
    copies: Sequence[Unit | str],
    actor: Actor,
    at: datetime,
    addressee: str = "",
    countersigners: Sequence[Unit | Post] | None = None,
    in_order: bool = False,
    enclosures: Iterable[Attachment] = (),
    taken_out: Iterable[Attachment] = (),
) -> Letter:
    """Save a new draft or a rewritten one. Whoever wrote last is the drafter, and cannot check it.

    `addressee` is what is printed instead of the names (各乡街，区直有关部门); `countersigners` None leaves them as they are.
    """
    is_new = letter.pk is None
    if not is_new and (why := refusal(Letter.objects.get(pk=letter.pk), "edit", actor)):
        raise LetterRefused("这份文书已提交核稿，不能再改" if letter.issuer_id == actor.unit_id else why)
    letter.drafted_by, letter.drafted_at = actor.person, at
    rows = deliveries.recipients(letter, main=main, copies=copies, at=at)
    to = [row for row in rows if not row.is_copy]
    letter.recipient = next((row.unit for row in to if row.unit_id), None)
    letter.addressee = addressee or "，".join(row.name for row in to)
    if countersigners is not None:
        letter.countersign_in_order = in_order
    added, removed = list(enclosures), list(taken_out)
    kept = [] if is_new else list(letter.enclosures.all())
    letter.draft_digest = countersigns.draft_digest(letter, [a for a in (*kept, *added) if a not in removed])
    letter.save()
    if not is_new:
        letter.deliveries.all().delete()  # it has not been sent yet
    Delivery.objects.bulk_create(rows)
    letter.enclosures.add(*added)
    letter.enclosures.remove(*removed)
    if countersigners is not None:
        countersigns.ask(letter, countersigners, before=[] if is_new else countersigns.active(letter))
    if not is_new:
        countersigns.settle(letter, actor=actor, at=at)
    data = {"title": letter.title, "due_on": letter.due_on, "recipient": letter.addressee}
    note(letter, Event.LETTER_DRAFTED, actor=actor, at=at, data=data)
    return letter


def submit_letter(letter: Letter, *, checker: Post, actor: Actor, at: datetime) -> Letter:
    fit = checker.unit_id == letter.issuer_id and Right.CHECK_LETTER in checker.role.rights
    if not fit or checker.person_id == letter.drafted_by_id or not checker.is_open_on(local_date(at)):
        raise LetterRefused("核稿人须是本机关在任、有核稿权限的另一人", field="checker")
    return advance(
        letter,
        "submit",
        actor=actor,
        at=at,
        changes={"checker": checker, "return_note": ""},
        data={"checker": str(checker.person)},
    )


def return_letter(letter: Letter, *, note: str, actor: Actor, at: datetime) -> Letter:
    return advance(letter, "return", actor=actor, at=at, changes={"return_note": note}, data={"note": note})


def check_letter(letter: Letter, *, actor: Actor, at: datetime) -> Letter:
    """On to whoever is to countersign and has not yet, else to be issued."""
    refuse(letter, "check", actor)
    step = "check_to_countersign" if countersigns.send_round(letter, at=at) else "check"
    return move(letter, step, actor=actor, at=at, changes={"checked_by": actor.person, "checked_at": at})


def countersign_letter(letter: Letter, *, opinion: str, hand: Hand, actor: Actor, at: datetime) -> Letter:
    """Agree, signed over the digest of exactly this draft; the last one asked sends it on to be issued."""
    refuse(letter, "countersign", actor)
    row = countersigns.row_for(letter, actor)
    assert row is not None, "the flow asked for one"
    content = {"letter": letter.pk, "title": letter.title, "digest": letter.draft_digest, "opinion": opinion}
    signature = sign(case=letter.case, purpose="会签文书", content=content, hand=hand, actor=actor, at=at)
    row.signature, row.digest, row.decision = signature, letter.draft_digest, countersigns.Decision.AGREED
    _decided(row, opinion=opinion, actor=actor, at=at)
    step = "countersign" if countersigns.send_round(letter, at=at) else "countersign_last"
    data = {"who": str(row), "opinion": opinion, "digest": row.digest, "signature": signature.pk}
    return move(letter, step, actor=actor, at=at, data=data)


def object_to_letter(letter: Letter, *, opinion: str, actor: Actor, at: datetime) -> Letter:
    """会签不同意: the draft goes back with the opinion, and is countersigned anew when it comes again."""
    refuse(letter, "object", actor)
    row = countersigns.row_for(letter, actor)
    assert row is not None, "the flow asked for one"
    row.decision = countersigns.Decision.REJECTED
    _decided(row, opinion=opinion, actor=actor, at=at)
    note = f"{row}会签意见：{opinion}"[:300]
    data = {"who": str(row), "opinion": opinion}
    return move(letter, "object", actor=actor, at=at, changes={"return_note": note}, data=data)


def _decided(row: Countersign, *, opinion: str, actor: Actor, at: datetime) -> None:
    row.opinion, row.person, row.signer_label, row.at = opinion, actor.person, actor.label, at
    row.save()


def issue_letter(
    letter: Letter, *, content: LetterContent, actor: Actor, at: datetime, number: str = "", goes_on: bool = False
) -> Letter:
    """Freeze the content and take the next number, gap-free by issuer, kind and year, or the one that was entered.

    Every character is asked of the fonts before the number is taken. Raises LetterRefused naming the ones nobody has.
    """
    refuse(letter, "issue", actor)
    year = local_date(at).year
    series = series_of(letter.issuer, letter.kind)
    code = new_code()
    content = replace(content, verify_code=code, verify_url=public_url(letter.issuer.district, code))
    try:
        like = number or number_text(series, year, 0)
        missing = missing_characters(content.printed_text() + like)
    except LetterFontsMissing as error:
        raise LetterRefused(str(error)) from error
    if missing:
        raise LetterRefused(str(LetterCharactersMissing(missing)))
    taken = take_number(letter, series, year=year, entered=number)
    text = replace(content, doc_number=taken.text, signed_on=local_date(at), draft=False).to_json()
    return advance(
        letter,
        "issue",
        actor=actor,
        at=at,
        changes={
            "issued_by": actor.person,
            "issued_at": at,
            "year": taken.year,
            "seq": taken.seq,
            "number": taken.text,
            "verify_code": code,
            "content": text,
            "content_digest": digest_of(text),
        },
        data={"number": taken.text, "digest": digest_of(text)},
        goes_on=goes_on,
    )


def void_letter(letter: Letter, *, reason: str, actor: Actor, at: datetime) -> Letter:
    """A number once taken stays visible as 作废 and is never given again."""
    return advance(
        letter,
        "void",
        actor=actor,
        at=at,
        changes={"void_reason": reason},
        data={"number": letter.number, "reason": reason},
    )


@one_act()
def attach_scan(letter: Letter, *, scan: UploadedFile, actor: Actor, at: datetime) -> Letter:
    """The sealed scan becomes the authoritative copy, its digest beside the PDF's (X7)."""
    if actor.unit_id != letter.issuer_id or letter.state not in Letter.NUMBERED:
        raise LetterRefused("签发后由发文机关上传盖章扫描件")
    case = Case.objects.select_for_update().get(pk=letter.case_id)
    if Letter.objects.filter(pk=letter.pk, scan__isnull=False).exists():
        raise LetterRefused("盖章扫描件已存档，不能更换")
    letter.scan = attach_all([scan], case=case, purpose="盖章扫描件", actor=actor, at=at)[0]
    letter.save(update_fields=["scan"])
    note(letter, Event.LETTER_SCANNED, actor=actor, at=at, data={"number": letter.number, "digest": letter.scan.digest})
    return letter


def advance(
    letter: Letter,
    action: str,
    *,
    actor: Actor,
    at: datetime,
    changes: Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
    goes_on: bool = False,
) -> Letter:
    """Take one step of the table, if it is this actor's to take."""
    refuse(letter, action, actor)
    return move(letter, action, actor=actor, at=at, changes=changes, data=data, goes_on=goes_on)


def refuse(letter: Letter, action: str, actor: Actor) -> None:
    if why := refusal(letter, action, actor):
        raise LetterRefused(why)


def move(
    letter: Letter,
    action: str,
    *,
    actor: Actor,
    at: datetime,
    changes: Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
    goes_on: bool = False,
) -> Letter:
    """The step itself, for whoever has asked `refuse` before changing what it looks at.

    With `goes_on` the act goes on with this letter, and whatever ends it writes the letter and its case.
    """
    step = STEPS[action]
    if step.target:
        letter.state = step.target
    for name, value in (changes or {}).items():
        setattr(letter, name, value)
    if not goes_on:
        letter.save()
    note(letter, step.event, actor=actor, at=at, data=data or {}, goes_on=goes_on)
    return letter


def note(
    letter: Letter, event: str, *, actor: Actor, at: datetime, data: Mapping[str, Any], goes_on: bool = False
) -> None:
    """The event of an act, and whatever follows from it in the apps above (records/kinds.py)."""
    if not goes_on:
        _grow_case(letter, at)
    written = record(
        event, by=actor.stamp, at=at, case_id=letter.case_id, subject=("letter", letter.pk), data=dict(data)
    )
    for follow in letter_followers:
        follow(letter, written, actor, at)


def _grow_case(letter: Letter, at: datetime) -> None:
    """The version of the act; the case of a letter of its own stands where the letter stands."""
    changes: dict[str, Any] = {"version": F("version") + 1}
    if letter.case.kind == OWN_CASE:
        done = letter.state in (*Letter.SENT, Letter.State.VOID) and letter.state != Letter.State.DISPATCHED
        changes |= {"state": letter.state, "closed_on": local_date(at) if done else None}
    Case.objects.filter(pk=letter.case_id).update(**changes)
