"""Letters: what happens to them, each act with its audit event, under the case's lock (X7)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import F

from audit.clock import local_date
from audit.services import SYSTEM, digest_of, record
from organisations.actors import Actor
from organisations.models import Post, Unit
from organisations.roles import Right
from records.events import Event
from records.letters.content import LetterContent
from records.letters.flow import STEPS, refusal
from records.letters.glyphs import LetterFontsMissing, missing_characters
from records.letters.render import LetterCharactersMissing, render_letter
from records.models import Attachment, Case, Letter, LetterCounter, Signature
from records.services.attachments import attach_all, store

# What stands between the unit's code and the year in the number: 蚌山应急交办〔2026〕12号
NUMBER_WORD = {Letter.Kind.RISK_HANDOVER: "交办"}
MAX_RENDER_ATTEMPTS = 5


class LetterRefused(Exception):
    """The act on the letter is not possible; the Chinese message belongs at `field` when there is one."""

    def __init__(self, message: str, field: str = "") -> None:
        self.field = field
        super().__init__(message)


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
) -> Letter:
    """Begin a draft or rewrite one's unit's draft. Whoever wrote last is the drafter, and cannot check it."""
    if letter is not None and (letter.state != Letter.State.DRAFT or letter.issuer_id != actor.unit_id):
        raise LetterRefused("这份文书已提交核稿，不能再改")
    letter = letter or Letter(case=case, kind=kind, issuer=actor.unit)
    letter.recipient, letter.copies_to, letter.title = recipient, copies_to, title
    letter.requirements, letter.due_on = requirements, due_on
    letter.drafted_by, letter.drafted_at = actor.person, at
    letter.save()
    _note(
        letter,
        Event.LETTER_DRAFTED,
        actor=actor,
        at=at,
        data={"title": title, "due_on": due_on, "recipient": recipient.name},
    )
    return letter


def submit_letter(letter: Letter, *, checker: Post, actor: Actor, at: datetime) -> Letter:
    fit = checker.unit_id == letter.issuer_id and Right.CHECK_LETTER in checker.role.rights
    if not fit or checker.person_id == letter.drafted_by_id or not checker.is_open_on(local_date(at)):
        raise LetterRefused("核稿人须是本机关在任、有核稿权限的另一人", field="checker")
    return _advance(
        letter,
        "submit",
        actor=actor,
        at=at,
        changes={"checker": checker, "return_note": ""},
        data={"checker": str(checker.person)},
    )


def return_letter(letter: Letter, *, note: str, actor: Actor, at: datetime) -> Letter:
    return _advance(letter, "return", actor=actor, at=at, changes={"return_note": note}, data={"note": note})


def check_letter(letter: Letter, *, actor: Actor, at: datetime) -> Letter:
    return _advance(letter, "check", actor=actor, at=at, changes={"checked_by": actor.person, "checked_at": at})


def issue_letter(letter: Letter, *, content: LetterContent, actor: Actor, at: datetime) -> Letter:
    """Freeze the content and take the next number, gap-free by issuer, kind and year.

    Every character is asked of the fonts before the number is taken. Raises LetterRefused naming the ones nobody has.
    """
    if why := refusal(letter, "issue", actor):
        raise LetterRefused(why)
    try:
        missing = missing_characters(content.printed_text() + _number(letter, local_date(at).year, 0))
    except LetterFontsMissing as error:
        raise LetterRefused(str(error)) from error
    if missing:
        raise LetterRefused(str(LetterCharactersMissing(missing)))
    year = local_date(at).year
    LetterCounter.objects.get_or_create(issuer=letter.issuer, kind=letter.kind, year=year)
    counter = LetterCounter.objects.select_for_update().get(issuer=letter.issuer, kind=letter.kind, year=year)
    counter.last += 1
    counter.save(update_fields=["last"])
    number = _number(letter, year, counter.last)
    text = replace(content, doc_number=number, signed_on=local_date(at), draft=False).to_json()
    return _advance(
        letter,
        "issue",
        actor=actor,
        at=at,
        changes={
            "issued_by": actor.person,
            "issued_at": at,
            "year": year,
            "seq": counter.last,
            "number": number,
            "content": text,
            "content_digest": digest_of(text),
        },
        data={"number": number, "digest": digest_of(text)},
    )


def _number(letter: Letter, year: int, seq: int) -> str:
    return f"{letter.issuer.letter_code}{NUMBER_WORD[Letter.Kind(letter.kind)]}〔{year}〕{seq}号"


def dispatch_letter(letter: Letter, *, actor: Actor, at: datetime) -> Letter:
    """Send the issued letter to the recipient through the portal."""
    return _advance(
        letter,
        "dispatch",
        actor=actor,
        at=at,
        changes={"dispatched_by": actor.person, "dispatched_at": at},
        data={"number": letter.number, "to": letter.recipient.name, "by": "平台送达"},
    )


def receive_letter(letter: Letter, *, receipt: Signature, actor: Actor, at: datetime) -> Letter:
    return _advance(
        letter,
        "receive",
        actor=actor,
        at=at,
        changes={"received_at": at, "receipt": receipt},
        data={"number": letter.number},
    )


def leave_letter(
    letter: Letter,
    *,
    refusal_reason: str,
    witnesses: Sequence[str],
    photos: Iterable[UploadedFile],
    actor: Actor,
    at: datetime,
) -> Letter:
    """留置送达: the recipient will not sign; at least two witnesses and a photo stand in for the signature (X6)."""
    names = [name.strip() for name in witnesses if name.strip()]
    if len(set(names)) < 2:
        raise LetterRefused("留置送达须有两名以上见证人", field="witnesses")
    kept = attach_all(photos, case=letter.case, purpose="留置送达", actor=actor, at=at)
    if not kept:
        raise LetterRefused("请上传留置送达的现场照片", field="photos")
    return _advance(
        letter,
        "leave",
        actor=actor,
        at=at,
        changes={"received_at": at, "refusal_reason": refusal_reason, "witnesses": "、".join(names)},
        data={
            "number": letter.number,
            "reason": refusal_reason,
            "witnesses": names,
            "photos": [a.digest for a in kept],
        },
    )


def void_letter(letter: Letter, *, reason: str, actor: Actor, at: datetime) -> Letter:
    """A number once taken stays visible as 作废 and is never given again."""
    return _advance(
        letter,
        "void",
        actor=actor,
        at=at,
        changes={"void_reason": reason},
        data={"number": letter.number, "reason": reason},
    )


@transaction.atomic
def attach_scan(letter: Letter, *, scan: UploadedFile, actor: Actor, at: datetime) -> Letter:
    """The sealed scan becomes the authoritative copy, its digest beside the PDF's (X7)."""
    if actor.unit_id != letter.issuer_id or letter.state not in Letter.NUMBERED:
        raise LetterRefused("签发后由发文机关上传盖章扫描件")
    case = Case.objects.select_for_update().get(pk=letter.case_id)
    if Letter.objects.filter(pk=letter.pk, scan__isnull=False).exists():
        raise LetterRefused("盖章扫描件已存档，不能更换")
    letter.scan = attach_all([scan], case=case, purpose="盖章扫描件", actor=actor, at=at)[0]
    letter.save(update_fields=["scan"])
    _note(
        letter, Event.LETTER_SCANNED, actor=actor, at=at, data={"number": letter.number, "digest": letter.scan.digest}
    )
    return letter


def _advance(
    letter: Letter,
    action: str,
    *,
    actor: Actor,
    at: datetime,
    changes: Mapping[str, Any],
    data: Mapping[str, Any] | None = None,
) -> Letter:
    if why := refusal(letter, action, actor):
        raise LetterRefused(why)
    step = STEPS[action]
    letter.state = step.target
    for name, value in changes.items():
        setattr(letter, name, value)
    letter.save()
    _note(letter, step.event, actor=actor, at=at, data=data or {})
    return letter


def _note(letter: Letter, event: str, *, actor: Actor, at: datetime, data: Mapping[str, Any]) -> None:
    Case.objects.filter(pk=letter.case_id).update(version=F("version") + 1)
    record(event, by=actor.stamp, at=at, case_id=letter.case_id, subject=("letter", letter.pk), data=dict(data))


def render_pending(*, limit: int = 20) -> tuple[int, int]:
    """Render the PDFs of issued letters that have none yet; returns (found, rendered).

    The letter row is the queue: a worker that dies leaves it as it was, two workers never take the same one.
    """
    found = rendered = 0
    tried: list[int] = []
    for _ in range(limit):
        with transaction.atomic():
            letter = (
                # The case too, and both without waiting: people lock the case first and then write the letter.
                Letter.objects.select_for_update(skip_locked=True, of=("self", "case"))
                .select_related("case")
                .exclude(pk__in=tried)  # what failed now is for the next run, or a passing trouble uses up all attempts
                .filter(state__in=Letter.NUMBERED, pdf__isnull=True, is_retroactive=False)
                .filter(render_attempts__lt=MAX_RENDER_ATTEMPTS)
                .order_by("render_attempts", "id")
                .first()
            )
            if letter is None:
                break
            found += 1
            tried.append(letter.pk)
            try:
                data = render_letter(LetterContent.from_json(letter.content))
            except Exception as error:
                letter.render_attempts += 1
                letter.render_error = f"{type(error).__name__}: {error}"[:300]
                letter.save(update_fields=["render_attempts", "render_error"])
                continue
            letter.pdf = _keep_pdf(letter, data)
            letter.render_error = ""
            letter.save(update_fields=["pdf", "render_error"])
            rendered += 1
    return found, rendered


def _keep_pdf(letter: Letter, data: bytes) -> Attachment:
    digest, path = store(data)
    assert letter.issued_at is not None
    pdf = Attachment.objects.create(
        case_id=letter.case_id,
        purpose="文书",
        name=f"{letter.number}.pdf",
        content_type="application/pdf",
        size=len(data),
        digest=digest,
        path=path,
        uploaded_by=None,
        at=letter.issued_at,
    )
    record(
        Event.LETTER_RENDERED,
        by=SYSTEM,
        at=letter.issued_at,
        case_id=letter.case_id,
        subject=("letter", letter.pk),
        data={"number": letter.number, "digest": digest},
    )
    return pdf
