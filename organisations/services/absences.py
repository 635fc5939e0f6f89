"""Absence and its deputy (A/B 角). The deputy sees and is told; acts and signatures stay each person's own (X3)."""

from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from audit.clock import local_date
from audit.personal import Personal
from audit.services import record
from organisations.actors import Actor
from organisations.events import Event
from organisations.models import Absence, Post
from organisations.roles import ROLES, Right

# 主要负责人 sign and approve themselves, or a documented acting principal does: an absence hands neither over.
NOT_DEPUTISED = frozenset({Right.SIGN_PRINCIPAL, Right.APPROVE_UNIT})
LONGEST_DAYS = 366


def possible_deputies(post: Post, *, on: date) -> QuerySet[Post]:
    """Others' posts in the same unit, at work on that day, that may do what this post does."""
    needed = post.role.rights - NOT_DEPUTISED
    able = [role.key for role in ROLES if role.rights >= needed]
    posts = Post.objects.open_on(on).filter(unit=post.unit_id, role_key__in=able).exclude(person=post.person_id)
    return posts.select_related("person", "unit").order_by("person__sort_key", "pk")


@transaction.atomic
def register(*, first_day: date, last_day: date, deputy: Post, reason: str, actor: Actor, at: datetime) -> Absence:
    """One's own absence from the acting post. ValidationError names the field and the reason."""
    # Both posts, in one order: whoever registers for either waits here, so that the looks below hold.
    list(Post.objects.select_for_update().filter(pk__in=[actor.post.pk, deputy.pk]).order_by("pk"))
    if last_day < first_day:
        raise ValidationError({"last_day": "结束日期不能早于开始日期"})
    if last_day < local_date(at):
        raise ValidationError({"last_day": "这段时间已经过去"})
    if (last_day - first_day).days >= LONGEST_DAYS:
        raise ValidationError({"last_day": "一次最长登记一年；长期离岗请办理免职或岗位交接"})
    if not possible_deputies(actor.post, on=max(first_day, local_date(at))).filter(pk=deputy.pk).exists():
        raise ValidationError({"deputy": "代理人须是本单位在任、有相应权限的另一个人"})
    if deputy.valid_to is not None and deputy.valid_to < last_day:
        raise ValidationError({"deputy": f"{deputy.person.name}的岗位到 {deputy.valid_to} 为止，代理不到结束日期"})
    lasting = Absence.objects.filter(cancelled_at=None, first_day__lte=last_day, last_day__gte=first_day)
    if mine := lasting.filter(post=actor.post).first():
        raise ValidationError({"first_day": f"与已登记的 {_days(mine)} 重叠，请先撤销原来的登记"})
    if theirs := lasting.filter(post__person=deputy.person_id).first():
        raise ValidationError({"deputy": f"{deputy.person.name}自己 {_days(theirs)} 请假，请另选代理人"})
    absence = Absence.objects.create(
        post=actor.post, deputy=deputy, first_day=first_day, last_day=last_day, reason=reason, created_at=at
    )
    record(Event.ABSENCE_REGISTERED, by=actor.stamp, at=at, subject=("absence", absence.pk), data=_told(absence))
    return absence


@transaction.atomic
def cancel(*, absence: Absence, actor: Actor, at: datetime) -> bool:
    """Back earlier, or not gone at all: it ends at once. False when it has ended or was cancelled already."""
    found = Absence.objects.select_for_update(of=("self",)).for_actor(actor).get(pk=absence.pk)
    if found.cancelled_at is not None or found.last_day < local_date(at):
        return False
    found.cancelled_at = at
    found.save(update_fields=["cancelled_at"])
    record(Event.ABSENCE_CANCELLED, by=actor.stamp, at=at, subject=("absence", found.pk), data=_told(found))
    return True


def _days(absence: Absence) -> str:
    return f"{absence.first_day} 至 {absence.last_day}"


def _told(absence: Absence) -> dict[str, Any]:
    return {
        "post": str(absence.post),
        "deputy": Personal(absence.deputy.person.name),
        "deputy_post_id": absence.deputy_id,
        "first_day": absence.first_day,
        "last_day": absence.last_day,
        "reason": absence.reason,
    }
