"""The sweep: what is due is computed from rows; each rung tells each person once, because the insert is the claim."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from audit.clock import local_date
from deadlines.models import Notice
from deadlines.rules import all_rules
from organisations.roles import ROLES, Right, UnitKind

# Posts that work on cases; administrators and tip officers are not told of other people's deadlines.
_WORKING = [r.key for r in ROLES if r.rights & {Right.TREAT, Right.ASSESS, Right.PROPOSE_ENFORCER, Right.DESIGNATE}]

# A clock that had run out before its case was entered from paper (补录) tells nobody: it is history, not news.
_NOTICES = """
INSERT INTO deadlines_notice (deadline_id, rung, person_id, post_id, at)
SELECT DISTINCT ON (d.id, p.person_id) d.id, %(rung)s, p.person_id, p.id, %(at)s
FROM deadlines_deadline d
JOIN unnest(%(keys)s::text[], %(before)s::int[]) AS ladder (rule_key, before) ON ladder.rule_key = d.rule_key
JOIN deadlines_calendarday due ON due.date = d.due_on
JOIN deadlines_calendarday today ON today.date = %(today)s
JOIN records_case c ON c.id = d.case_id
JOIN organisations_post p ON {recipients}
WHERE (c.entered_at IS NULL OR d.due_at > c.entered_at) AND d.met_at IS NULL AND d.cancelled_at IS NULL AND {moment}
  AND p.role_key = ANY(%(roles)s) AND p.valid_from <= %(today)s AND (p.valid_to IS NULL OR p.valid_to >= %(today)s)
ORDER BY d.id, p.person_id, p.id
ON CONFLICT (deadline_id, rung, person_id) DO NOTHING
"""
_OWNER = "p.unit_id = d.owner_unit_id"
# Late goes one level up: to the unit that presses on, or to 安委办 where the regulator itself is late.
_SUPERIOR = """p.unit_id = d.supervising_unit_id OR (d.supervising_unit_id IS NULL AND p.unit_id IN
    (SELECT u.id FROM organisations_unit u WHERE u.district_id = d.district_id AND u.kind = %(committee)s))"""
R = Notice.Rung
LADDER = (
    (R.SOON, _OWNER, "d.due_on > %(today)s AND due.ordinal - today.ordinal <= ladder.before"),
    (R.TODAY, _OWNER, "d.due_on = %(today)s AND d.due_at > %(at)s"),
    (R.LATE, _OWNER, "d.due_at <= %(at)s"),
    (R.ESCALATED, f"({_SUPERIOR})", "d.due_at <= %(at)s"),
)


@dataclass(frozen=True)
class SweepResult:
    """`scanned` open deadlines that are due within the ladder's reach or late, `fired` new notices."""

    scanned: int
    fired: int


@transaction.atomic
def sweep(*, at: datetime) -> SweepResult:
    """Tell who must be told at `at`. May run twice, late, or in two places at once: the result is the same."""
    rules = list(all_rules())
    values: dict[str, Any] = {
        "at": at,
        "today": local_date(at),
        "keys": [r.key for r in rules],
        "before": [r.remind_before for r in rules],
        "roles": _WORKING,
        "committee": UnitKind.COMMITTEE.value,
    }
    fired = 0
    with connection.cursor() as cursor:
        for rung, recipients, moment in LADDER:
            cursor.execute(_NOTICES.format(recipients=recipients, moment=moment), values | {"rung": rung.value})
            fired += cursor.rowcount
        cursor.execute(
            "SELECT count(*) FROM deadlines_deadline WHERE met_at IS NULL AND cancelled_at IS NULL"
            " AND due_at <= %(at)s + interval '31 days'",
            values,
        )
        scanned = int(cursor.fetchone()[0])
    return SweepResult(scanned=scanned, fired=fired)
