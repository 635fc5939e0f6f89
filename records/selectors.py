"""Reading letters across cases, within the reader's scope."""

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from audit.clock import local_date
from organisations.actors import Actor
from organisations.roles import Right, Scope
from organisations.selectors import Waiting
from records.kinds import OWN_CASE
from records.letters.content import LetterContent
from records.models import Attachment, Case, Countersign, Delivery, Letter

S = Letter.State
_UNSENT = (*Letter.IN_HOUSE, S.ISSUED, S.VOID)


def letters_for(actor: Actor) -> QuerySet[Letter]:
    """Letters of the cases that the actor sees, and those sent to its unit or put before it for countersigning.

    Drafts stay in the issuing house, except with whoever is asked to countersign; addressees see a letter once it is sent.
    """
    mine = Delivery.objects.filter(letter=OuterRef("pk"), unit=actor.unit_id)
    sent = Exists(mine.filter(sent_at__isnull=False))
    asked = Exists(
        Countersign.objects.filter(letter=OuterRef("pk"), unit=actor.unit_id, asked_at__isnull=False).filter(
            Q(post=None) | Q(post=actor.post.pk)
        )
    )
    # Asked of each letter's case: beside an OR, "in" would first list every case of the district.
    within = Q(Exists(Case.objects.for_actor(actor).filter(pk=OuterRef("case"))))
    seen = within | Q(issuer=actor.unit_id) | sent | asked
    if actor.scope in {Scope.ASSIGNED, Scope.NONE}:
        seen = within
    own = Q(issuer=actor.unit_id) | asked
    found = Letter.objects.filter(seen)
    if actor.unit.is_regulator or actor.unit.kind in {"government", "supervisory", "higher"}:
        return found.exclude(Q(state__in=Letter.IN_HOUSE) & ~own).exclude(Q(state__in=_UNSENT) & Q(Exists(mine)) & ~own)
    return found.exclude(Q(state__in=_UNSENT) & ~own)


def may_print(actor: Actor) -> bool:
    """Whoever has letters to keep on paper: those who issue them and those who receive them."""
    return actor.may(Right.DRAFT_LETTER) or actor.may(Right.RECEIVE_LETTER)


def printable(actor: Actor) -> QuerySet[Letter]:
    """Numbered letters with a PDF, newest first."""
    ready = letters_for(actor).filter(state__in=Letter.NUMBERED, pdf__isnull=False)
    return ready.select_related("case", "issuer", "pdf", "scan").order_by("-issued_at", "-pk")


def frozen_content(letter: Letter) -> LetterContent | None:
    """What was issued, word for word; None while it is still a draft."""
    return LetterContent.from_json(letter.content) if letter.content else None


# What the next hand does on a letter of its own, by its state.
_NEXT = {
    S.DRAFT: ("edit", "续拟"),
    S.SUBMITTED: ("check", "核稿"),
    S.COUNTERSIGNING: ("countersign", "会签"),
    S.CHECKED: ("issue", "签发"),
    S.ISSUED: ("dispatch", "送达"),
    S.DISPATCHED: ("receive", "签收"),
}


def letters_waiting_for(actor: Actor) -> list[Waiting]:
    """Letters that wait for this post's hand and stand under no other clock: one query."""
    person, unit = actor.post.person_id, actor.unit_id
    asked = Countersign.objects.filter(
        letter=OuterRef("pk"), unit=unit, asked_at__isnull=False, decision="", voided_at=None
    ).filter(Q(post=None) | Q(post=actor.post.pk))
    waiting = Q(pk__in=[])
    if actor.may(Right.COUNTERSIGN):
        waiting |= Q(state=S.COUNTERSIGNING) & Exists(asked) & ~Q(drafted_by=person)
    # A letter that an act on another case is made by waits on that case's page (risks/kind.py).
    own = Q(issuer=unit) & (Q(case__kind=OWN_CASE) | Q(recalls__isnull=False))
    if actor.may(Right.DRAFT_LETTER):
        waiting |= own & Q(state=S.DRAFT, drafted_by=person) | own & Q(state=S.ISSUED)
    if actor.may(Right.CHECK_LETTER):
        waiting |= own & Q(state=S.SUBMITTED, checker__person=person)
    if actor.may(Right.ISSUE_LETTER):
        waiting |= own & Q(state=S.CHECKED)
    found = Letter.objects.filter(waiting).select_related("issuer", "drafted_by").order_by("drafted_at", "pk")[:100]
    return [_waiting(letter) for letter in found]


def _waiting(letter: Letter) -> Waiting:
    action, label = _NEXT[S(letter.state)]
    return Waiting(
        title=f"{letter.get_kind_display()}：{letter.title}",
        sub=f"{letter.issuer}，{letter.drafted_by}拟稿，主送{letter.addressee}"
        if letter.addressee
        else f"{letter.issuer}",
        url=letter_url(letter, action),
        action_label=label,
        since=local_date(letter.drafted_at),
    )


def letter_url(letter: Letter, action: str = "") -> str:
    if action == "edit":
        return reverse("letters:edit", args=[letter.pk])
    url = reverse("letters:detail", args=[letter.pk])
    return f"{url}?do={action}" if action else url


def attachments_for(actor: Actor, case: Case) -> QuerySet[Attachment]:
    """Files of a case that the actor sees, without the copies of letters that are not theirs to read."""
    seen = letters_for(actor).filter(case=case)
    hidden = Letter.objects.filter(case=case).exclude(pk__in=seen.values("pk"))
    files = Attachment.objects.filter(case=case).select_related("uploaded_by")
    for copy in ("scan", "pdf"):
        files = files.exclude(pk__in=hidden.filter(**{f"{copy}__isnull": False}).values(copy))
    return files.order_by("id")
