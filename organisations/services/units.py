"""Units, territory and sectors as the system administrator keeps them. What was true before stays in the events."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from audit.services import record
from organisations.actors import Actor
from organisations.events import Event
from organisations.models import Enterprise, Post, Sector, Territory, Unit
from organisations.services.people import end_post

_TOLD = ("kind", "name", "short_name", "letterhead", "letter_code", "territory", "superior", "valid_from")


@transaction.atomic
def save_unit(*, unit: Unit, actor: Actor, at: datetime) -> Unit:
    """Register or correct a unit of the actor's district."""
    before = Unit.objects.for_actor(actor).select_for_update().filter(pk=unit.pk).first()
    if unit.pk and before is None:
        raise ValidationError("本区没有这个单位")
    unit.district_id = actor.district_id
    unit.full_clean()
    unit.save()
    after = _told(unit)
    changed = {k: v for k, v in after.items() if before is None or _told(before)[k] != v}
    data = {"name": unit.name, "new": before is None, "changed": changed}
    if before is not None:
        data["before"] = {k: v for k, v in _told(before).items() if k in changed}
    record(Event.UNIT_SAVED, by=actor.stamp, at=at, subject=("unit", unit.pk), data=data)
    return unit


def _told(unit: Unit) -> dict[str, Any]:
    values = {name: getattr(unit, name) for name in _TOLD}
    return {k: str(v) if v is not None and not isinstance(v, date) else v for k, v in values.items()}


# (from_unit, to_unit, actor=, at=) -> one Chinese sentence for the people, or "".
SuccessionHandler = Callable[..., str]
_succession_handlers: list[SuccessionHandler] = []


def on_succession(handler: SuccessionHandler) -> SuccessionHandler:
    """Upper apps register, in `AppConfig.ready`, how their open rows pass to the successor, in the same transaction."""
    if handler not in _succession_handlers:
        _succession_handlers.append(handler)
    return handler


@transaction.atomic
def succeed_unit(
    *, unit: Unit, successor: Unit | None, on: date, basis: str, close_posts: bool, actor: Actor, at: datetime
) -> int:
    """End a unit with `on` as its last day and name who takes over. Returns how many posts ended with it."""
    unit = Unit.objects.for_actor(actor).select_for_update().get(pk=unit.pk)
    if unit.valid_to is not None:
        raise ValidationError(f"{unit}已于 {unit.valid_to} 撤销")
    if unit.pk == actor.unit_id:
        raise ValidationError("不能撤销当前岗位所在的单位")
    if successor is not None:
        _check_successor(unit, Unit.objects.for_actor(actor).get(pk=successor.pk), on)
    unit.valid_to, unit.succeeded_by = on, successor
    unit.full_clean()
    unit.save(update_fields=["valid_to", "succeeded_by"])
    ended = _end_posts(unit, on=on, basis=basis, actor=actor, at=at) if close_posts else 0
    moved = _hand_over(unit, successor, actor=actor, at=at) if successor else []
    record(
        Event.UNIT_SUCCEEDED,
        by=actor.stamp,
        at=at,
        subject=("unit", unit.pk),
        data={
            "name": unit.name,
            "valid_to": on,
            "successor": successor.name if successor else "",
            "successor_id": successor.pk if successor else None,
            "basis": basis,
            "posts_closed": ended,
            "moved": moved,
        },
    )
    return ended


def _hand_over(unit: Unit, successor: Unit, *, actor: Actor, at: datetime) -> list[str]:
    """The successor inherits sectors, the enterprises it enforces (X2) and, through the handlers, the open cases (X1)."""
    moved = []
    for sector in unit.sectors.all():  # type: ignore[attr-defined]
        sector.departments.add(successor)
        sector.departments.remove(unit)
    if count := Enterprise.objects.filter(enforcement_department=unit).update(enforcement_department=successor):
        moved.append(f"{count} 家企业的日常执法部门已改为{successor}")
    sentences = (handler(unit, successor, actor=actor, at=at) for handler in _succession_handlers)
    return moved + [sentence for sentence in sentences if sentence]


def _check_successor(unit: Unit, successor: Unit, on: date) -> None:
    if successor.pk == unit.pk:
        raise ValidationError({"successor": "职能承接单位不能是它自己"})
    if successor.valid_to is not None and successor.valid_to <= on:
        raise ValidationError({"successor": f"{successor}已于 {successor.valid_to} 撤销，不能承接"})


def _end_posts(unit: Unit, *, on: date, basis: str, actor: Actor, at: datetime) -> int:
    running = (
        Post.objects.select_for_update(of=("self",))
        .select_related("person", "unit")
        .filter(Q(valid_to__isnull=True) | Q(valid_to__gt=on), unit=unit, valid_from__lte=on)
    )
    posts = list(running)
    for post in posts:
        end_post(post, on=on, reason=f"单位撤销：{basis}", actor=actor, at=at)
    return len(posts)


@transaction.atomic
def set_territory(*, territory: Territory, is_district_managed: bool, basis: str, actor: Actor, at: datetime) -> bool:
    """Whether the district or the development zone runs an area. Returns False when nothing changed."""
    territory = Territory.objects.select_for_update().get(pk=territory.pk, district_id=actor.district_id)
    if territory.is_district_managed == is_district_managed:
        return False
    territory.is_district_managed = is_district_managed
    territory.save(update_fields=["is_district_managed"])
    record(
        Event.TERRITORY_CHANGED,
        by=actor.stamp,
        at=at,
        subject=("territory", territory.pk),
        data={
            "code": territory.code,
            "name": territory.name,
            "is_district_managed": is_district_managed,
            "basis": basis,
        },
    )
    return True


@transaction.atomic
def set_sector(
    *, sector: Sector, departments: Iterable[Unit], is_high_risk: bool, basis: str, actor: Actor, at: datetime
) -> bool:
    """Which departments supervise a sector. Returns False when nothing changed."""
    sector = Sector.objects.select_for_update().get(pk=sector.pk, district_id=actor.district_id)
    before = {unit.pk: unit.name for unit in sector.departments.all()}
    after = {unit.pk: unit.name for unit in departments}
    if before.keys() == after.keys() and sector.is_high_risk == is_high_risk:
        return False
    sector.departments.set(after)
    was_high_risk, sector.is_high_risk = sector.is_high_risk, is_high_risk
    sector.save(update_fields=["is_high_risk"])
    record(
        Event.SECTOR_CHANGED,
        by=actor.stamp,
        at=at,
        subject=("sector", sector.pk),
        data={
            "code": sector.code,
            "name": sector.name,
            "departments": sorted(after.values()),
            "departments_before": sorted(before.values()),
            "is_high_risk": is_high_risk,
            "is_high_risk_before": was_high_risk,
            "basis": basis,
        },
    )
    return True
