"""会签: asking other units and posts, in order or at once; a changed draft voids what they gave (X7)."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from audit.clock import local_date
from audit.services import canonical_text, digest_of, record
from organisations.actors import Actor
from organisations.models import Post, Unit
from organisations.roles import ROLES, Right
from records.events import Event
from records.models import Attachment, Countersign, Letter

Decision = Countersign.Decision


def draft_digest(letter: Letter, enclosures: Iterable[Attachment]) -> str:
    """Of everything that a reader of the draft sees: what a countersignature stands for."""
    names = ("kind", "form", "title", "addressee", "copies_to", "body", "requirements", "due_on", "urgency", "note")
    told = {name: getattr(letter, name) for name in (*names, "attachment_names", "is_sealed")}
    told |= {name: getattr(letter, name) for name in ("attendees", "absentees", "observers")}
    told["enclosures"] = [file.digest for file in sorted(enclosures, key=lambda file: file.pk)]
    return digest_of(canonical_text(told))


def active(letter: Letter) -> list[Countersign]:
    return list(letter.countersigns.filter(voided_at__isnull=True).select_related("unit", "post__person", "person"))


def ask(letter: Letter, asked: Sequence[Unit | Post], *, before: Iterable[Countersign]) -> None:
    """Who is to countersign, written with the draft. Those asked before and not now fall away unless they decided."""
    kept = {(c.unit_id, c.post_id): c for c in before}
    for order, who in enumerate(asked):
        key = (who.unit_id, who.pk) if isinstance(who, Post) else (who.pk, None)
        row = kept.pop(key, None) or Countersign(letter=letter, unit_id=key[0], post_id=key[1])
        row.order = order
        row.save()
    for row in kept.values():
        if not row.decision:
            row.delete()


def settle(letter: Letter, *, actor: Actor, at: datetime) -> None:
    """After a draft was rewritten: agreement with another text is void, refusal too, and each is asked again."""
    void = [
        c for c in active(letter) if c.decision and (c.decision != Decision.AGREED or c.digest != letter.draft_digest)
    ]
    for row in void:
        row.voided_at = at
        row.save(update_fields=["voided_at"])
        Countersign.objects.create(letter=letter, order=row.order, unit=row.unit, post=row.post)
    if void:
        record(
            Event.COUNTERSIGNS_VOIDED,
            by=actor.stamp,
            at=at,
            case_id=letter.case_id,
            subject=("letter", letter.pk),
            data={"who": [str(row) for row in void], "digest": letter.draft_digest},
        )


def send_round(letter: Letter, *, at: datetime) -> bool:
    """The checked draft goes to those who have not agreed yet: all, or the first in order. False when nobody is left."""
    open_ = [c for c in active(letter) if not c.decision]
    for row in open_[: 1 if letter.countersign_in_order else None]:
        if row.asked_at is None:
            row.asked_at = at
            row.save(update_fields=["asked_at"])
    return bool(open_)


def row_for(letter: Letter, actor: Actor) -> Countersign | None:
    """The question that waits for this post, if any."""
    rows = letter.countersigns.filter(voided_at__isnull=True, decision="", asked_at__isnull=False, unit=actor.unit)
    named = [row for row in rows.select_related("unit", "post") if row.post_id in (None, actor.post.pk)]
    return named[0] if named else None


def choices_for(actor: Actor, *, at: datetime) -> list[tuple[str, str]]:
    """Who a drafter may ask: other units that have somebody who may countersign, then the posts of the own office."""
    roles = [role.key for role in ROLES if Right.COUNTERSIGN in role.rights]
    staffed = Post.objects.open_on(local_date(at)).filter(role_key__in=roles, unit__district=actor.district_id)
    units = Unit.objects.filter(pk__in=staffed.values("unit")).exclude(pk=actor.unit_id).order_by("kind", "pk")
    own = staffed.filter(unit=actor.unit_id).exclude(person=actor.post.person_id).select_related("person")
    return [(f"u{unit.pk}", str(unit)) for unit in units] + [
        (f"p{post.pk}", f"本机关：{post.person.name}　{post.title}") for post in own.order_by("pk")
    ]


def chosen(values: Sequence[str], *, actor: Actor) -> list[Unit | Post]:
    """In the order of the list, which is the order of signing one after the other."""
    units = Unit.objects.for_actor(actor).in_bulk([int(v[1:]) for v in values if v.startswith("u")])
    posts = Post.objects.filter(unit=actor.unit_id).in_bulk([int(v[1:]) for v in values if v.startswith("p")])
    return [units[int(v[1:])] if v.startswith("u") else posts[int(v[1:])] for v in values]


def keys(letter: Letter) -> list[str]:
    """Whom the draft asks now, as `choices_for` names them."""
    return [f"p{c.post_id}" if c.post_id else f"u{c.unit_id}" for c in active(letter)]
