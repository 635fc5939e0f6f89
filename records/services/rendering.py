"""The PDFs of issued letters, made in the worker; the letter row is the queue (docs/adr/0003)."""

from django.db import transaction

from audit.services import SYSTEM, record
from records.events import Event
from records.letters.content import LetterContent
from records.letters.render import render_letter
from records.models import Attachment, Letter
from records.services.attachments import store

MAX_RENDER_ATTEMPTS = 5


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
