"""岗位交接: one transaction appoints the successor, moves what hangs on the person, closes the old post, writes the slip."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from audit.personal import Personal
from audit.services import canonical_text, digest_of, record
from organisations.actors import Actor
from organisations.events import Event
from organisations.models import Delegation, Person, Post, PostHandover
from organisations.services.people import end_post, open_post


@dataclass(frozen=True)
class Work:
    """One piece of open work that names the person and not only the unit. `hold` says why it does not go along."""

    what: str
    url: str
    hold: str = ""


Lister = Callable[[Post, Person, datetime], list[Work]]
Mover = Callable[[Post, Post, Actor, datetime], int]
_KINDS: list[tuple[Lister, Mover | None]] = []


def on_handover(lister: Lister, mover: Mover | None = None) -> None:
    """An app says what of its own hangs on a person; without a mover it is only listed on the slip."""
    if (lister, mover) not in _KINDS:
        _KINDS.append((lister, mover))


def open_work(post: Post, successor: Person, at: datetime) -> list[Work]:
    return [work for lister, _ in _KINDS for work in lister(post, successor, at)]


@transaction.atomic
def hand_over_post(
    *, post: Post, successor: Person, last_day: date, basis: str, actor: Actor, at: datetime
) -> PostHandover:
    """ValidationError names the reason: the own post, a post that is over, a successor who cannot hold it."""
    post = (
        Post.objects.select_for_update(of=("self",))
        .select_related("person", "unit")
        .get(pk=post.pk, unit__district_id=actor.district_id)
    )
    if post.person_id == actor.post.person_id:
        raise ValidationError("不能移交自己的岗位，请由另一名系统管理员办理")
    if successor.pk == post.person_id:
        raise ValidationError("接收人不能是移交人自己")
    if PostHandover.objects.filter(post=post).exists() or (post.valid_to is not None and post.valid_to < last_day):
        raise ValidationError("这个岗位已经移交或到期")
    if last_day < post.valid_from:
        raise ValidationError({"last_day": f"不能早于任职日期 {post.valid_from}"})
    work = open_work(post, successor, at)
    taking = _successors_post(post, successor, last_day, basis, actor, at)
    for _, mover in _KINDS:
        if mover is not None:
            mover(post, taking, actor, at)
    for lent in Delegation.objects.filter(source=post, approved=True, valid_to__gt=last_day).select_related("post"):
        assert lent.post is not None
        end_post(lent.post, on=max(last_day, lent.post.valid_from), reason="委托岗位已移交", actor=actor, at=at)
    end_post(post, on=last_day, reason=basis, actor=actor, at=at)
    text = canonical_text(
        {
            "post": str(post),
            "role": post.role.label,
            "from": post.person.name,
            "to": successor.name,
            "last_day": last_day,
            "basis": basis,
            "work": [asdict(one) for one in work],
        }
    )
    slip = PostHandover.objects.create(
        post=post,
        successor=taking,
        last_day=last_day,
        basis=basis,
        content=text,
        digest=digest_of(text),
        by_label=actor.label,
        at=at,
    )
    data: dict[str, Any] = {
        "from": Personal(post.person.name),
        "to": Personal(successor.name),
        "post": str(post),
        "last_day": last_day,
        "basis": basis,
    }
    data |= {"moved": sum(not one.hold for one in work), "held": sum(bool(one.hold) for one in work)}
    record(
        Event.POST_HANDED_OVER,
        by=actor.stamp,
        at=at,
        subject=("handover", slip.pk),
        data=data | {"digest": slip.digest},
    )
    return slip


def _successors_post(post: Post, successor: Person, last_day: date, basis: str, actor: Actor, at: datetime) -> Post:
    """The same post for the successor from the last day on; the one that is there already when there is one."""
    held = Post.objects.open_on(last_day).filter(
        person=successor, unit_id=post.unit_id, role_key=post.role_key, section=post.section, granted__isnull=True
    )
    if (found := held.first()) is not None:
        return found
    new = Post(
        person=successor,
        unit=post.unit,
        section=post.section,
        title=post.title,
        role_key=post.role_key,
        is_acting=post.is_acting,
        basis=basis,
        valid_from=last_day,
    )
    return open_post(post=new, actor=actor, at=at)


@transaction.atomic
def confirm_handover(*, slip: PostHandover, password: str, actor: Actor, at: datetime) -> None:
    """The leaver or the successor confirms the slip with the password. ValidationError for a wrong one."""
    slip = PostHandover.objects.select_for_update(of=("self",)).select_related("post", "successor").get(pk=slip.pk)
    if not actor.account.check_password(password):
        raise ValidationError({"password": "密码不对"})
    part = part_of(slip, actor)
    if not part:
        raise ValidationError("只有移交人和接收人可以确认")
    if getattr(slip, part) is None:
        setattr(slip, part, at)
        slip.save(update_fields=[part])
        data = {"part": "移交人" if part == "given_at" else "接收人", "digest": slip.digest}
        record(Event.HANDOVER_CONFIRMED, by=actor.stamp, at=at, subject=("handover", slip.pk), data=data)


def part_of(slip: PostHandover, actor: Actor) -> str:
    """Which confirmation is this person's, or ""."""
    if actor.post.person_id == slip.post.person_id:
        return "given_at"
    return "taken_at" if actor.post.person_id == slip.successor.person_id else ""
