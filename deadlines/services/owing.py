"""Who owes a period of a recurring rule, as one SELECT: district_id, owner_id, township_id, sector_id, lead_id."""

from datetime import datetime
from typing import Any

from django.db import connection

from audit.clock import local_date
from deadlines.models.filing import OWED_STATES
from deadlines.periods import Every, Period
from deadlines.recurring import EachEnterprise, EachLeadUnit, EachUnit, Recurring
from organisations.models import Enterprise
from organisations.roles import UnitKind

# To whom a district's filings go: the first kind of the rule that has a unit now.
RECEIVERS = """receivers AS (
    SELECT DISTINCT ON (r.district_id) r.district_id, r.id FROM organisations_unit r
    WHERE r.district_id = ANY(%(districts)s) AND r.kind = ANY(%(receiving)s)
      AND (r.valid_from IS NULL OR r.valid_from <= %(today)s) AND (r.valid_to IS NULL OR r.valid_to >= %(today)s)
    ORDER BY r.district_id, array_position(%(receiving)s::text[], r.kind::text), r.id
)"""
_ENTERPRISES = """
SELECT u.district_id, u.id AS owner_id, e.township_id, e.sector_id,
       COALESCE(e.enforcement_department_id, receivers.id) AS lead_id
FROM organisations_enterprise e JOIN organisations_unit u ON u.id = e.unit_id
JOIN receivers USING (district_id)
WHERE e.operation = %(running)s {only} AND {valid}"""
# What belongs to no township stands under the district's own area.
_UNITS = """
SELECT u.district_id, u.id AS owner_id, COALESCE(u.territory_id, root.id) AS township_id, NULL::bigint AS sector_id,
       receivers.id AS lead_id
FROM organisations_unit u JOIN receivers USING (district_id)
JOIN organisations_territory root ON root.district_id = u.district_id AND root.kind = 'district'
LEFT JOIN organisations_territory area ON area.id = u.territory_id
WHERE {which} AND u.id <> receivers.id AND (area.id IS NULL OR area.is_district_managed) AND {valid}"""
_KINDS = "u.kind = ANY(%(kinds)s)"
_LEADS = """EXISTS (SELECT 1 FROM records_case k WHERE k.lead_unit_id = u.id AND k.kind = %(case_kind)s
    AND k.state = ANY(%(case_states)s) AND k.closed_on IS NULL)"""
# A unit that has ended owes nothing new; one that did not exist when the period was over never owed it.
_THERE = "u.district_id = ANY(%(districts)s) AND (u.valid_to IS NULL OR u.valid_to >= greatest(%(today)s, %(owed_on)s))"
_SINCE = "(u.valid_from IS NULL OR u.valid_from <= %(owed_on)s)"
_SURPLUS = """
WITH {receivers}, owing AS ({owing})
SELECT f.case_id FROM deadlines_filing f JOIN records_case c ON c.id = f.case_id
WHERE f.rule_key = %(rule)s AND f.period = %(period)s AND f.lapsed_at IS NULL AND c.district_id = ANY(%(districts)s)
  AND c.state = ANY(%(owed)s) AND c.next_due_at > %(at)s
  AND NOT EXISTS (SELECT 1 FROM owing o WHERE o.owner_id = f.owner_unit_id)
"""


def select(
    rule: Recurring, every: Every, period: Period, districts: list[int], *, at: datetime, new: bool
) -> tuple[str, dict[str, Any]]:
    """With `new`, only units that were there in time: a successor that began later keeps what it took over."""
    today = local_date(at)
    params: dict[str, Any] = {
        "at": at,
        "today": today,
        "rule": rule.key,
        "period": period.key,
        "districts": districts,
        "receiving": [kind.value for kind in rule.received_by],
        # What is told afterwards is owed by whoever was there when the period ended.
        "owed_on": period.last if every.after else every.placed(period).day,
    }
    valid = f"{_THERE} AND {_SINCE}" if new else _THERE
    match rule.owed_by:
        case EachEnterprise(only):
            params["running"] = Enterprise.Operation.RUNNING.value
            return _ENTERPRISES.format(valid=valid, only="".join(f"AND e.{_flag(name)} " for name in only)), params
        case EachUnit(kinds):
            params["kinds"] = [UnitKind(kind).value for kind in kinds]
            return _UNITS.format(valid=valid, which=_KINDS), params
        case EachLeadUnit(kind, states):
            params |= {"case_kind": kind, "case_states": [str(state) for state in states]}
            return _UNITS.format(valid=valid, which=_LEADS), params


def surplus(rule: Recurring, every: Every, period: Period, districts: list[int], *, at: datetime) -> list[int]:
    """Filings of this period that are not due yet and whose unit no longer owes them (it stopped, it was delisted)."""
    sql, params = select(rule, every, period, districts, at=at, new=False)
    params["owed"] = [state.value for state in OWED_STATES]
    with connection.cursor() as cursor:
        cursor.execute(_SURPLUS.format(receivers=RECEIVERS, owing=sql), params)
        return [row[0] for row in cursor.fetchall()]


def _flag(name: str) -> str:
    """A yes-or-no column of the registry, by its declared name only."""
    field = Enterprise._meta.get_field(name)
    assert field.get_internal_type() == "BooleanField", name  # type: ignore[union-attr]
    return str(field.column)  # type: ignore[union-attr]
