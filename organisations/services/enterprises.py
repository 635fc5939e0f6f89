"""Registering enterprises and keeping their facts (X1, X2).

What stands here is a plain fact. Name, township, operation and 上级直管 change only by dated events (`changes.py`), and an
enterprise that is 待明确 gets its department only by proposal and decision (`enforcers.py`).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from audit.clock import local_date
from audit.personal import Personal
from audit.services import record
from organisations.actors import Actor
from organisations.events import Event
from organisations.models import Enterprise, Sector, Unit
from organisations.models.people import mask_phone
from organisations.roles import Right, Scope, UnitKind

# What the enterprise itself keeps up to date.
CONTACT_FACTS = ("address", "longitude", "latitude", "principal_name", "principal_phone", "headcount")
# What officials may edit besides.
FACTS = (
    "uscc",
    "no_uscc_reason",
    "sector",
    "section",
    "scale",
    "affiliation",
    "is_key",
    "is_high_risk",
    "supervision_level",
    *CONTACT_FACTS,
)


class RegistryRefused(Exception):
    """Why the registry does not take it, in Chinese; `field` is where it stands in the form, or ""."""

    def __init__(self, message: str, field: str = "") -> None:
        self.field = field
        super().__init__(message)


def may_edit(actor: Actor, enterprise: Enterprise) -> bool:
    """All facts: officials of the registry, a township only in its own territory."""
    if not actor.may(Right.EDIT_ENTERPRISES) or enterprise.unit.district_id != actor.district_id:
        return False
    return actor.scope == Scope.DISTRICT or enterprise.township_id == actor.unit.territory_id


def may_edit_contact(actor: Actor, enterprise: Enterprise) -> bool:
    """Contact facts only: the enterprise's own people."""
    return actor.scope == Scope.OWN and enterprise.unit_id == actor.unit_id


def may_change_enforcer(actor: Actor, enterprise: Enterprise) -> bool:
    """From one department of the sector to another, or to 待明确; out of 待明确 only by decision (X2)."""
    return (
        actor.scope == Scope.DISTRICT
        and may_edit(actor, enterprise)
        and enterprise.enforcement_department_id is not None
    )


@transaction.atomic
def register_enterprise(*, values: Mapping[str, Any], actor: Actor, at: datetime) -> Enterprise:
    """A new unit with its registry row.

    `values`: name, short_name, township, operation, enforcement_department (None: 待明确 from today) and `FACTS`.
    """
    township = values["township"]
    if not actor.may(Right.EDIT_ENTERPRISES) or township.district_id != actor.district_id:
        raise RegistryRefused("当前岗位不能登记企业")
    if actor.scope == Scope.TERRITORY and township.pk != actor.unit.territory_id:
        raise RegistryRefused("只能登记本乡街的企业", "township")
    department = values.get("enforcement_department")
    today = local_date(at)
    check_enforcer(department, values["sector"], at=at)
    if not values.get("uscc"):
        _refuse_same_name(values["name"], township.pk, district_id=actor.district_id)
    unit = Unit.objects.create(
        district_id=actor.district_id,
        kind=UnitKind.ENTERPRISE,
        name=values["name"],
        short_name=values.get("short_name", ""),
        territory=township,
        valid_from=None,
    )
    enterprise = Enterprise(
        unit=unit,
        township=township,
        operation=values.get("operation") or Enterprise.Operation.RUNNING,
        enforcement_department=department,
        undetermined_since=None if department else today,
    )
    _set_facts(enterprise, values)
    _save(enterprise, new=True)
    record(
        Event.ENTERPRISE_REGISTERED,
        by=actor.stamp,
        at=at,
        subject=("enterprise", unit.pk),
        data={
            "name": unit.name,
            "uscc": enterprise.uscc,
            "no_uscc_reason": enterprise.no_uscc_reason,
            "township": township.name,
            "sector": enterprise.sector.name,
            "enforcement_department": department.name if department else "待明确",
        },
    )
    return enterprise


@transaction.atomic
def update_enterprise(*, enterprise: Enterprise, values: Mapping[str, Any], actor: Actor, at: datetime) -> list[str]:
    """Write the facts in `values` that differ; returns their field names. Without a difference nothing is recorded."""
    full = may_edit(actor, enterprise)
    allowed = (*FACTS, "short_name", "enforcement_department") if full else CONTACT_FACTS
    if (not full and not may_edit_contact(actor, enterprise)) or set(values) - set(allowed):
        raise RegistryRefused("当前岗位不能修改这些资料")
    enterprise = (
        Enterprise.objects.select_for_update(of=("self", "unit"))
        .select_related("unit", "sector", "enforcement_department")
        .get(pk=enterprise.pk)
    )
    values = {name: _stored(name, value) for name, value in values.items()}
    before = {name: getattr(enterprise.unit if name == "short_name" else enterprise, name) for name in values}
    changed = [name for name, value in values.items() if before[name] != value]
    if not changed:
        return []
    _check_enforcer_change(enterprise, values, changed, actor=actor, at=at)
    if "short_name" in changed:
        enterprise.unit.short_name = values["short_name"]
        enterprise.unit.save(update_fields=["short_name"])
    if "enforcement_department" in changed:
        enterprise.enforcement_department = values["enforcement_department"]
        enterprise.undetermined_since = None if values["enforcement_department"] else local_date(at)
    _set_facts(enterprise, values)
    _save(enterprise, new=False)
    record(
        Event.ENTERPRISE_UPDATED,
        by=actor.stamp,
        at=at,
        subject=("enterprise", enterprise.pk),
        data={"changes": {name: [evident(name, before[name]), evident(name, values[name])] for name in changed}},
    )
    if "enforcement_department" in changed and values["enforcement_department"] is None:
        record(
            Event.ENFORCER_UNDETERMINED,
            by=actor.stamp,
            at=at,
            subject=("enterprise", enterprise.pk),
            data={"was": before["enforcement_department"].name, "since": local_date(at)},
        )
    return changed


def check_enforcer(department: Unit | None, sector: Sector, *, at: datetime) -> None:
    """The department is one that supervises the sector today; None is 待明确 and always possible."""
    if department is None:
        return
    supervising = list(sector.departments.valid_on(local_date(at)).order_by("pk"))  # type: ignore[attr-defined]
    if department in supervising:
        return
    names = "、".join(str(unit) for unit in supervising)
    advice = (
        f"“{sector}”由{names}主管，请选其中一个，或者选“待明确”" if names else f"“{sector}”还没有主管部门，请选“待明确”"
    )
    raise RegistryRefused(advice, "enforcement_department")


def evident(name: str, value: Any) -> Any:
    """A fact as it is kept in evidence: names for rows, commitments for what is about a person, telephones masked besides."""
    if name == "principal_phone":
        return Personal(mask_phone(value or ""))
    if name == "principal_name":
        return Personal(value or "")
    if name == "enforcement_department":
        return value.name if value else "待明确"
    return value.name if isinstance(value, Sector | Unit) else value


def _check_enforcer_change(
    enterprise: Enterprise, values: Mapping[str, Any], changed: list[str], *, actor: Actor, at: datetime
) -> None:
    current = enterprise.enforcement_department
    if "enforcement_department" in changed:
        if current is None:
            raise RegistryRefused("待明确的企业由安委办提出建议、区领导决定", "enforcement_department")
        if not may_change_enforcer(actor, enterprise):
            raise RegistryRefused("日常执法部门由应急管理局或安委办调整", "enforcement_department")
        check_enforcer(values["enforcement_department"], values.get("sector", enterprise.sector), at=at)
    elif "sector" in changed and current is not None:
        try:
            check_enforcer(current, values["sector"], at=at)
        except RegistryRefused as error:
            raise RegistryRefused(
                f"现在的日常执法部门是{current}，不主管“{values['sector']}”，须同时调整日常执法部门", "sector"
            ) from error


def _stored(name: str, value: Any) -> Any:
    if name == "uscc":
        return value or None
    return "" if value is None and name in {"no_uscc_reason", "section", "principal_phone", "short_name"} else value


def _set_facts(enterprise: Enterprise, values: Mapping[str, Any]) -> None:
    for name in FACTS:
        if name in values:
            setattr(enterprise, name, _stored(name, values[name]))
    if enterprise.uscc:
        enterprise.no_uscc_reason = ""


def _save(enterprise: Enterprise, *, new: bool) -> None:
    try:
        with transaction.atomic():
            enterprise.save(force_insert=new)
    except IntegrityError as error:
        if "enterprise_uscc_or_reason" in str(error):
            raise RegistryRefused("填统一社会信用代码，或者说明没有代码的原因", "uscc") from error
        if "enterprise_uscc" in str(error):
            raise RegistryRefused("这个统一社会信用代码已登记", "uscc") from error
        raise


def _refuse_same_name(name: str, township_id: int, *, district_id: int) -> None:
    """Without a code, name and township are all that tells two units apart."""
    if Enterprise.objects.filter(
        unit__district_id=district_id, unit__name=name, township_id=township_id, uscc__isnull=True
    ).exists():
        raise RegistryRefused("这个乡街已登记同名且没有代码的单位", "name")
