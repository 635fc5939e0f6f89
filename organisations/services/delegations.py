"""岗位委托: rights of a post lent to a colleague, from a day to a day, approved by another (docs/adr/0024)."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet

from audit.clock import local_date
from audit.personal import Personal
from audit.services import record
from organisations.actors import Actor
from organisations.events import Event
from organisations.models import Delegation, Person, Post
from organisations.roles import ADMINISTRATORS, ROLE_BY_KEY, ROLES, Right
from organisations.services.people import end_post

LONGEST = timedelta(days=183)
# What only the 主要负责人 does; somebody who stands in for one is appointed 主持工作 with a document.
NEVER = frozenset({Right.SIGN_PRINCIPAL, Right.APPROVE_UNIT})


def lendable(post: Post) -> list[Right]:
    """The rights of this post that may be lent; none of an administrator's, none that were only lent to it."""
    if post.role_key in ADMINISTRATORS or post.granted is not None:
        return []
    return [right for right in Right if right in post.role.rights - NEVER]


def colleagues(post: Post, *, on: date) -> QuerySet[Person]:
    """Who may receive: somebody else with a post of the same unit."""
    posts = Post.objects.open_on(on).filter(unit_id=post.unit_id, granted__isnull=True)
    return Person.objects.filter(posts__in=posts).exclude(pk=post.person_id).distinct()


@transaction.atomic
def ask_delegation(
    *,
    person: Person,
    rights: Iterable[str],
    valid_from: date,
    valid_to: date,
    basis: str,
    actor: Actor,
    at: datetime,
) -> Delegation:
    """The holder asks to lend rights of the acting post. ValidationError at the field."""
    source, today = actor.post, local_date(at)
    chosen = [right.value for right in lendable(source) if right in set(rights)]
    if not chosen:
        raise ValidationError({"rights": "请至少选一项可以委托的事项"})
    if valid_from < today:
        raise ValidationError({"valid_from": "不能早于今天"})
    if not valid_from <= valid_to <= valid_from + LONGEST:
        raise ValidationError({"valid_to": f"须在开始之后，最长 {LONGEST.days} 天"})
    if source.valid_to is not None and valid_to > source.valid_to:
        raise ValidationError({"valid_to": f"不能晚于自己的任期 {source.valid_to}"})
    if not colleagues(source, on=today).filter(pk=person.pk).exists():
        raise ValidationError({"person": "受托人须是本单位在任的另一人"})
    row = Delegation.objects.create(
        source=source,
        person=person,
        rights=chosen,
        valid_from=valid_from,
        valid_to=valid_to,
        basis=basis,
        asked_at=at,
    )
    record(Event.DELEGATION_ASKED, by=actor.stamp, at=at, subject=("delegation", row.pk), data=_told(row))
    return row


def waiting_for(actor: Actor) -> QuerySet[Delegation]:
    """What this post may decide: of the own unit as its principal, of the whole district as people's administrator."""
    rows = Delegation.objects.filter(decided_at=None, source__unit__district_id=actor.district_id)
    rows = rows.exclude(Q(source__person_id=actor.post.person_id) | Q(person_id=actor.post.person_id))
    if actor.may(Right.MANAGE_PEOPLE):
        return rows
    return rows.filter(source__unit_id=actor.unit_id) if actor.may(Right.APPROVE_UNIT) else rows.none()


@transaction.atomic
def decide_delegation(*, delegation: Delegation, approve: bool, note: str, actor: Actor, at: datetime) -> Delegation:
    """By the unit's principal or the people's administrator; neither who lends nor who receives."""
    row = waiting_for(actor).select_for_update(of=("self",)).filter(pk=delegation.pk).first()
    if row is None:
        raise ValidationError("这项委托已经办理，或者不由您批准")
    row = Delegation.objects.select_related("source__person", "source__unit", "person").get(pk=row.pk)
    if approve and (row.valid_to < local_date(at) or not row.source.is_open_on(max(row.valid_from, local_date(at)))):
        raise ValidationError("委托期限或委托人的任期已过，不能再同意")
    row.approved, row.note, row.decided_by, row.decided_at = approve, note, actor.person, at
    if approve:
        row.post = _realised(row, at)
    row.save()
    event = Event.DELEGATION_APPROVED if approve else Event.DELEGATION_REFUSED
    record(event, by=actor.stamp, at=at, subject=("delegation", row.pk), data=_told(row) | {"note": note})
    return row


def _realised(row: Delegation, at: datetime) -> Post:
    """A post of its own, so that everything done in it says 受…委托; it ends by its date."""
    source = row.source
    post = Post(
        person=row.person,
        unit=source.unit,
        section=source.section,
        title=f"受{source.person.name}（{source.title}）委托"[:40],
        role_key=_plain_role(source),
        granted=row.rights,
        basis=row.basis,
        valid_from=max(row.valid_from, local_date(at)),
        valid_to=row.valid_to,
    )
    post.full_clean()
    post.save()
    return post


def _plain_role(source: Post) -> str:
    """The source's role; of a principal the one below, so that nobody is taken for the 主要负责人."""
    if not source.role.is_principal:
        return source.role_key
    below = [r for r in ROLES if r.unit_kinds == ROLE_BY_KEY[source.role_key].unit_kinds and not r.is_principal]
    return max(below, key=lambda role: len(role.rights & source.role.rights)).key


@transaction.atomic
def end_delegation(*, delegation: Delegation, actor: Actor, at: datetime) -> bool:
    """The lender takes it back; today is its last day. False when it is over already."""
    row = Delegation.objects.select_for_update(of=("self",)).get(pk=delegation.pk, source__person=actor.person)
    today = local_date(at)
    if row.decided_at is None:
        row.decided_at, row.decided_by, row.note = at, actor.person, "委托人撤回"
        row.save()
    elif row.post is None or row.post.valid_to is None or row.post.valid_to <= today:
        return False
    else:
        end_post(row.post, on=max(today, row.post.valid_from), reason="委托人收回", actor=actor, at=at)
    record(Event.DELEGATION_ENDED, by=actor.stamp, at=at, subject=("delegation", row.pk), data=_told(row))
    return True


def _told(row: Delegation) -> dict[str, object]:
    return {
        "source": str(row.source),
        "from": Personal(row.source.person.name),
        "to": Personal(row.person.name),
        "rights": [Right(right).label for right in row.rights],
        "valid_from": row.valid_from,
        "valid_to": row.valid_to,
        "basis": row.basis,
    }
