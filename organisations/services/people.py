"""People and their posts: who may act for which unit, from when until when."""

from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from audit.personal import Personal
from audit.services import record
from organisations.actors import Actor
from organisations.events import Event
from organisations.models import Person, Post, Unit
from organisations.roles import ADMINISTRATORS, ROLE_BY_KEY


@transaction.atomic
def save_person(*, person: Person, actor: Actor, at: datetime) -> Person:
    """Register or correct. The evidence commits to who it is; telephone numbers are masked even beside it."""
    before = Person.objects.select_for_update().filter(pk=person.pk, district_id=actor.district_id).first()
    if person.pk and before is None:
        raise ValidationError("本区没有这名人员")
    person.district_id = actor.district_id
    person.full_clean()
    person.save()
    about = {"name": person.name, "phone": person.masked_phone}
    if person.email:
        about["email"] = person.masked_email
    if before is not None and before.name != person.name:
        about["name_before"] = before.name
    record(
        Event.PERSON_SAVED,
        by=actor.stamp,
        at=at,
        subject=("person", person.pk),
        data={"new": before is None},
        personal=about,
    )
    return person


@transaction.atomic
def open_post(*, post: Post, actor: Actor, at: datetime) -> Post:
    """Appoint. ValidationError names the reason: kind of unit, exclusion of administrators, a post twice, one's own."""
    person = Person.objects.select_for_update().get(pk=post.person_id, district_id=actor.district_id)
    unit = Unit.objects.for_actor(actor).get(pk=post.unit_id)
    if person.pk == actor.post.person_id:
        raise ValidationError("不能给自己任命岗位，请由另一名系统管理员办理")
    role = ROLE_BY_KEY[post.role_key]
    if unit.kind not in role.unit_kinds:
        raise ValidationError({"role_key": f"{unit.get_kind_display()}不能设“{role.label}”"})
    if not unit.is_valid_on(post.valid_from):
        raise ValidationError({"valid_from": f"{unit}在 {post.valid_from} 不在存续期内"})
    _refuse_second_administrator(person, post)
    if Post.objects.filter(
        _overlaps(post), person=person, unit=unit, role_key=post.role_key, section=post.section
    ).exists():
        raise ValidationError(f"{person.name}在任期内已有{unit}的“{role.label}”岗位")
    post.full_clean()
    post.save()
    record(Event.POST_OPENED, by=actor.stamp, at=at, subject=("post", post.pk), data=_told(post))
    return post


def _overlaps(post: Post) -> Q:
    runs_on = Q(valid_to__isnull=True) | Q(valid_to__gte=post.valid_from)
    return runs_on & Q(valid_from__lte=post.valid_to) if post.valid_to else runs_on


def _refuse_second_administrator(person: Person, post: Post) -> None:
    """等保 8.1.5: the three administrators exclude one another, by person."""
    if post.role_key not in ADMINISTRATORS:
        return
    others = ADMINISTRATORS - {post.role_key}
    held = Post.objects.filter(_overlaps(post), person=person, role_key__in=others).first()
    if held is not None:
        wanted = ROLE_BY_KEY[post.role_key].label
        raise ValidationError(
            {
                "role_key": f"{person.name}是{held.role.label}，不能再任{wanted}：系统、安全、审计管理员须由不同的人担任（等保三权分立）"
            }
        )


@transaction.atomic
def close_post(*, post: Post, on: date, reason: str, actor: Actor, at: datetime) -> bool:
    """End a post with `on` as its last day. Returns False when somebody else closed it meanwhile."""
    post = (
        Post.objects.select_for_update(of=("self",))
        .select_related("person", "unit")
        .get(pk=post.pk, unit__district_id=actor.district_id)
    )
    if post.person_id == actor.post.person_id:
        raise ValidationError("不能免去自己的岗位，请由另一名系统管理员办理")
    if on < post.valid_from:
        raise ValidationError({"on": f"免职日期不能早于任职日期 {post.valid_from}"})
    if post.valid_to is not None and post.valid_to <= on:
        return False
    end_post(post, on=on, reason=reason, actor=actor, at=at)
    return True


def end_post(post: Post, *, on: date, reason: str, actor: Actor, at: datetime) -> None:
    post.valid_to = on
    post.save(update_fields=["valid_to"])
    record(Event.POST_CLOSED, by=actor.stamp, at=at, subject=("post", post.pk), data=_told(post) | {"reason": reason})


def _told(post: Post) -> dict[str, str | bool | date | Personal | None]:
    return {
        "person": Personal(post.person.name),
        "unit": str(post.unit),
        "section": post.section,
        "title": post.title,
        "role": post.role.label,
        "is_acting": post.is_acting,
        "basis": post.basis,
        "valid_from": post.valid_from,
        "valid_to": post.valid_to,
    }
