"""Putting a checked district profile into the database: what is new is added, what differs is changed, nothing is deleted."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any, TypeVar

from django.db import models, transaction

from audit.services import SYSTEM, Stamp, record
from organisations.events import Event
from organisations.models import District, Sector, Territory, Unit
from organisations.profile import Profile
from organisations.roles import UnitKind

M = TypeVar("M", bound=models.Model)


@transaction.atomic
def load_district(*, profile: Profile, at: datetime, by: Stamp = SYSTEM) -> list[str]:
    """Returns what changed, one Chinese line each; empty when the database already says the same.

    The file wins over what an official changed in the portal, and the returned lines say so. Units are found by short
    name, then by full name; territories and sectors by code.
    """
    changes: list[str] = []
    district = _save_district(profile, changes)
    areas = _save_territories(district, profile, changes)
    units = _save_units(district, profile, areas, changes)
    _save_sectors(district, profile, units, changes)
    if changes:
        stamp = replace(by, district_code=district.code)
        record(Event.DISTRICT_LOADED, by=stamp, at=at, subject=("district", district.pk), data={"changes": changes})
    return changes


def _save_district(profile: Profile, changes: list[str]) -> District:
    values = profile.district | {"profile": profile.settings}
    district = District.objects.select_for_update().filter(code=profile.code).first()
    return _save(district or District(), values, f"区县 {profile.district['name']}", changes)


def _save_territories(district: District, profile: Profile, changes: list[str]) -> dict[str, Territory]:
    found = {t.code: t for t in Territory.objects.filter(code__startswith=profile.code)}
    root = _save(
        found.get(profile.code) or Territory(district=district),
        {"code": profile.code, "name": district.name, "kind": Territory.Kind.DISTRICT},
        f"区划 {district.name}",
        changes,
    )
    areas = {}
    for row in profile.territories:
        code = row["code"]
        values = {
            "code": code,
            "name": row["name"],
            "kind": row["kind"],
            "is_district_managed": row["district_managed"],
            "parent": root,
        }
        areas[code] = _save(found.get(code) or Territory(district=district), values, f"区划 {row['name']}", changes)
    return areas


def _save_units(
    district: District, profile: Profile, areas: Mapping[str, Territory], changes: list[str]
) -> dict[str, Unit]:
    existing = list(Unit.objects.filter(district=district).exclude(kind=UnitKind.ENTERPRISE))
    by_short, by_name = {u.short_name: u for u in existing}, {u.name: u for u in existing}
    units = {}
    for row in profile.units:
        unit = by_short.get(row["short_name"]) or by_name.get(row["name"])
        if unit is None:
            # Links to other units wait until all of them are there.
            unit = Unit(district=district)
            _save(unit, _plain_values(row, areas), f"单位 {row['short_name']}", changes)
        units[row["short_name"]] = unit
    for row in profile.units:
        links = {key: units[row[key]] if key in row else None for key in ("superior", "succeeded_by")}
        unit = units[row["short_name"]]
        is_new = unit.pk not in {u.pk for u in existing}
        _save(unit, _plain_values(row, areas) | links, f"单位 {row['short_name']}", [] if is_new else changes)
    return units


def _plain_values(row: Mapping[str, Any], areas: Mapping[str, Territory]) -> dict[str, Any]:
    values = {key: row.get(key, "") for key in ("short_name", "name", "kind", "letterhead", "letter_code")}
    dates = {key: row.get(key) for key in ("valid_from", "valid_to")}
    return values | dates | {"territory": areas[row["territory"]] if "territory" in row else None}


def _save_sectors(district: District, profile: Profile, units: Mapping[str, Unit], changes: list[str]) -> None:
    found = {s.code: s for s in Sector.objects.filter(district=district).prefetch_related("departments")}
    for order, row in enumerate(profile.sectors, 1):
        values = {
            "code": row["code"],
            "name": row["name"],
            "sections": row.get("sections", ""),
            "is_high_risk": row["high_risk"],
            "order": order,
        }
        sector = found.get(row["code"])
        held = sorted(sector.departments.all(), key=lambda unit: unit.pk) if sector else []
        before = {unit.pk: unit.short_name for unit in held}
        wanted = {units[name].pk: name for name in row["departments"]}
        saved = _save(sector or Sector(district=district), values, f"行业领域 {row['name']}", changes)
        if set(before) != set(wanted):
            saved.departments.set(wanted)
            if sector:
                changes.append(
                    f"修改行业领域 {row['name']}：主管部门 {_said(before.values())} → {_said(wanted.values())}"
                )


def _save(row: M, values: Mapping[str, Any], label: str, changes: list[str]) -> M:
    """Set what differs, save if anything does, and say what it was before."""
    is_new = row.pk is None
    differing = [key for key, value in values.items() if getattr(row, key) != value]
    if is_new:
        changes.append(f"新增{label}")
    for key in differing:
        before, after = getattr(row, key), values[key]
        setattr(row, key, after)
        if not is_new:
            name = row._meta.get_field(key).verbose_name  # type: ignore[union-attr]
            changes += [f"修改{label}：{name}{part} {_said(b)} → {_said(a)}" for part, b, a in _parts(before, after)]
    if is_new or differing:
        row.save()
    return row


def _parts(before: Any, after: Any, path: str = "") -> list[tuple[str, Any, Any]]:
    """Of nested settings only the leaves that differ: (` terms.letter_receipt`, before, after)."""
    if not isinstance(before, dict) or not isinstance(after, dict):
        return [(f" {path}" if path else "", before, after)]
    keys = [key for key in before | after if before.get(key) != after.get(key)]
    return [
        p for key in keys for p in _parts(before.get(key, ""), after.get(key, ""), f"{path}.{key}" if path else key)
    ]


def _said(value: Any) -> str:
    match value:
        case None | "":
            return "（空）"
        case bool():
            return "是" if value else "否"
        case date():
            return value.isoformat()
        case dict():
            return "、".join(f"{key} {_said(inner)}" for key, inner in value.items()) or "（空）"
        case str() | models.Model():
            return str(value)
        case Iterable():
            return "、".join(value) or "（空）"
    return str(value)
