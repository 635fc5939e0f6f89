"""Reading letters across cases, within the reader's scope."""

from django.db.models import Q, QuerySet

from organisations.actors import Actor
from records.letters.content import LetterContent
from records.models import Attachment, Case, Letter


def letters_for(actor: Actor) -> QuerySet[Letter]:
    """Letters of the cases that the actor sees; a recipient sees them only once they are sent."""
    before_sending = Q(
        state__in=[
            Letter.State.DRAFT,
            Letter.State.SUBMITTED,
            Letter.State.CHECKED,
            Letter.State.ISSUED,
            Letter.State.VOID,
        ]
    )
    seen = Letter.objects.filter(case__in=Case.objects.for_actor(actor))
    if actor.unit.is_regulator or actor.unit.kind in {"government", "supervisory", "higher"}:
        # Drafts stay in the issuing house.
        drafts = Q(state__in=[Letter.State.DRAFT, Letter.State.SUBMITTED, Letter.State.CHECKED])
        own = Q(issuer=actor.unit_id)
        # A township or department may itself be the recipient.
        return seen.exclude(drafts & ~own).exclude(before_sending & Q(recipient=actor.unit_id) & ~own)
    return seen.exclude(before_sending)


def frozen_content(letter: Letter) -> LetterContent | None:
    """What was issued, word for word; None while it is still a draft."""
    return LetterContent.from_json(letter.content) if letter.content else None


def attachments_for(actor: Actor, case: Case) -> QuerySet[Attachment]:
    """Files of a case that the actor sees, without the copies of letters that are not theirs to read."""
    seen = letters_for(actor).filter(case=case)
    hidden = Letter.objects.filter(case=case).exclude(pk__in=seen.values("pk"))
    files = Attachment.objects.filter(case=case).select_related("uploaded_by")
    for copy in ("scan", "pdf"):
        files = files.exclude(pk__in=hidden.filter(**{f"{copy}__isnull": False}).values(copy))
    return files.order_by("id")
