"""The sweep: what is due is computed from rows; each rung tells each person once, because the insert is the claim."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Min

from audit.clock import SHANGHAI, local_date
from deadlines.calendar import CalendarOutOfRange
from deadlines.models import CalendarDay
from deadlines.rules import all_rules
from deadlines.services.notices import WORKING
from deadlines.services.outbox import queue_messages
from organisations.roles import UnitKind

# What is near its due day, by the partial index on open deadlines; materialised, so that nothing else is looked at.
# A clock that had run out before its case was entered from paper (补录) tells nobody: it is history, not news.
_NEAR = """
SELECT d.id, d.rule_key, d.due_on, d.owner_unit_id, d.supervising_unit_id, d.district_id,
    CASE WHEN d.due_at <= %(at)s THEN 'late' WHEN d.due_on = %(today)s THEN 'today' ELSE 'soon' END AS phase,
    abs(due.ordinal - %(ordinal)s) AS days
FROM deadlines_deadline d JOIN deadlines_calendarday due ON due.date = d.due_on
JOIN records_case c ON c.id = d.case_id AND (c.entered_at IS NULL OR d.due_at > c.entered_at)
WHERE d.met_at IS NULL AND d.cancelled_at IS NULL AND d.due_at > %(first)s AND d.due_at <= %(last)s
    AND d.started_at <= %(at)s
"""
# Late goes one level up: to the unit that presses on, or to 安委办 where the regulator itself is late.
_SWEEP = f"""
WITH near AS MATERIALIZED ({_NEAR}),
said AS (
    SELECT DISTINCT ON (near.id, step.rung, p.person_id) near.id AS deadline_id, near.due_on, step.rung, p.person_id,
        p.id AS post_id
    FROM near
    JOIN unnest(%(keys)s::text[], %(rungs)s::text[], %(phases)s::text[], %(lows)s::int[], %(highs)s::int[], %(ups)s::bool[])
        AS step (rule_key, rung, phase, low, high, up)
        ON step.rule_key = near.rule_key AND step.phase = near.phase AND near.days BETWEEN step.low AND step.high
    LEFT JOIN organisations_unit committee
        ON step.up AND committee.district_id = near.district_id AND committee.kind = %(committee)s
            AND committee.valid_to IS NULL
    JOIN organisations_post p ON p.unit_id =
        CASE WHEN step.up THEN coalesce(near.supervising_unit_id, committee.id) ELSE near.owner_unit_id END
    WHERE p.role_key = ANY(%(roles)s) AND p.valid_from <= %(today)s AND (p.valid_to IS NULL OR p.valid_to >= %(today)s)
      AND NOT EXISTS (SELECT FROM deadlines_notice old
                      WHERE old.deadline_id = near.id AND old.rung = step.rung AND old.person_id = p.person_id
                        AND old.due_on = near.due_on)
    ORDER BY near.id, step.rung, p.person_id, p.id
),
told AS (
    INSERT INTO deadlines_notice (deadline_id, due_on, rung, person_id, post_id, at)
    SELECT deadline_id, due_on, rung, person_id, post_id, %(at)s FROM said
    ON CONFLICT (deadline_id, rung, person_id, due_on) DO NOTHING
    RETURNING id
)
SELECT (SELECT count(*) FROM near), (SELECT array_agg(id) FROM told)
"""


@dataclass(frozen=True)
class SweepResult:
    """`scanned` open deadlines within the ladders' reach, `fired` new notices."""

    scanned: int
    fired: int


@transaction.atomic
def sweep(*, at: datetime, after_silence: bool = False) -> SweepResult:
    """Tell who must be told at `at`. May run twice, late, or in two places at once: the result is the same.

    `after_silence`: no sweep ran for long, so whoever has several things to hear hears them in one message.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SWEEP, sweep_values(at=at))
        scanned, told = cursor.fetchone()
    queue_messages(told or [], at=at, after_silence=after_silence)
    return SweepResult(scanned=int(scanned), fired=len(told or []))


def sweep_values(*, at: datetime) -> dict[str, Any]:
    steps = [(rule.key, step) for rule in all_rules() for step in rule.ladder.steps]
    today = local_date(at)
    ahead = max((step.high for _, step in steps if step.phase == "soon"), default=0)
    behind = max((step.high for _, step in steps if step.phase == "late"), default=0)
    ordinal, first, last = _reach(today, ahead=ahead, behind=behind)
    return {
        "at": at,
        "today": today,
        "ordinal": ordinal,
        "first": first,
        "last": last,
        "keys": [key for key, _ in steps],
        "rungs": [step.rung for _, step in steps],
        "phases": [step.phase for _, step in steps],
        "lows": [step.low for _, step in steps],
        "highs": [step.high for _, step in steps],
        "ups": [step.goes_up for _, step in steps],
        "roles": WORKING,
        "committee": UnitKind.COMMITTEE.value,
    }


def _reach(today: date, *, ahead: int, behind: int) -> tuple[int, datetime, datetime]:
    """Today's ordinal, the first and the last due moment that a rung can concern, as plain values for the planner."""
    ordinal = CalendarDay.objects.filter(pk=today).values_list("ordinal", flat=True).first()
    if ordinal is None:
        raise CalendarOutOfRange(f"{today} 不在工作日历范围内，不能提醒")
    edges = CalendarDay.objects.filter(ordinal__range=(ordinal - behind, ordinal + ahead))
    found = edges.aggregate(first=Min("date"), last=Max("date"))
    return ordinal, _midnight(found["first"]), _midnight(found["last"] + timedelta(days=1))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=SHANGHAI)
