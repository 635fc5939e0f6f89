"""Open deadlines on an edited calendar, in the database: one statement says which of them move, and one moves them.

The edit is laid over the days in a CTE, so that the preview counts on days nobody has changed yet and the same text
serves when it is applied. `terms` and `started_at` of the ledger row are all that is read of a deadline; D, M, H and ON
without roll hang on no calendar and never move, days of the year (ON2026-10-10R, …W3, …L for expected filings) do. Closed deadlines are history. The few that were extended or suspended
have a ledger to be replayed: their dates are counted one by one and handed to the same statement.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from deadlines.calendar import CalendarDayLike, CalendarOutOfRange, WorkCalendar
from deadlines.models import CalendarDay, CalendarEdit, CalendarEditDay, Deadline, DeadlineMove
from deadlines.replay import Unreplayable, replay

# `guesses` counts the provisional days up to a day, as `ordinal` counts the working days: two look-ups tell whether a
# span holds one.
_TARGETS = """
WITH day AS MATERIALIZED (
    SELECT date, is_workday, provisional,
        count(*) FILTER (WHERE is_workday) OVER (ORDER BY date) AS ordinal,
        count(*) FILTER (WHERE provisional) OVER (ORDER BY date) AS guesses
    FROM (
        SELECT coalesce(e.date, c.date) AS date, coalesce(e.is_workday, c.is_workday) AS is_workday,
            e.date IS NULL AND c.provisional AS provisional
        FROM deadlines_calendarday c
        FULL JOIN (SELECT date, is_workday FROM deadlines_calendareditday WHERE edit_id = %(edit)s) e ON e.date = c.date
    ) laid_over
),
workday AS MATERIALIZED (SELECT date, ordinal, guesses FROM day WHERE is_workday),
-- Whatever ended before the first changed day, or began after the last, cannot move. A week's last working day is
-- decided by the whole week, whose Sunday the term names.
touched AS (
    SELECT d.id, d.terms, d.day_zero, d.length, d.placed
    FROM (
        SELECT id, terms, due_on, (started_at AT TIME ZONE 'Asia/Shanghai')::date AS day_zero,
            substring(terms FROM '^(?:WD|[DM])([0-9]+)')::int AS length, substring(terms FROM '^ON(.{10})')::date AS placed
        FROM deadlines_deadline
        WHERE met_at IS NULL AND cancelled_at IS NULL AND NOT is_adjusted
            AND terms ~ '^(WD[0-9]+|[DM][0-9]+R|ON[0-9]{4}-[0-9]{2}-[0-9]{2}(R|L|W[0-9]+))$'
    ) d
    WHERE greatest(d.due_on, d.placed) >= %(first)s AND coalesce(d.placed - 6, d.day_zero) <= %(last)s
),
target AS (
    SELECT t.id, last.date AS due_on, last.guesses - zero.guesses + zero.provisional::int > 0 AS provisional
    FROM touched t
    JOIN day zero ON zero.date = t.day_zero
    LEFT JOIN workday last ON last.ordinal = zero.ordinal + t.length
    WHERE t.terms LIKE 'WD%%'
    UNION ALL
    SELECT t.id, last.date, last.guesses - nominal.guesses + nominal.provisional::int > 0
    FROM touched t
    JOIN day nominal ON nominal.date = CASE WHEN t.terms LIKE 'D%%' THEN t.day_zero + t.length
        ELSE (t.day_zero + make_interval(months => t.length))::date END
    LEFT JOIN workday last ON last.ordinal = nominal.ordinal + (NOT nominal.is_workday)::int
    WHERE t.terms ~ '^[DM]'
    UNION ALL
    SELECT t.id, last.date, CASE WHEN t.terms LIKE '%%L' THEN greatest(last.guesses, named.guesses)
        - six_before.guesses + six_before.provisional::int ELSE last.guesses - named.guesses + named.provisional::int END > 0
    FROM touched t
    JOIN day named ON named.date = t.placed
    JOIN day six_before ON six_before.date = t.placed - 6
    LEFT JOIN workday last ON last.ordinal = named.ordinal + CASE
        WHEN t.terms LIKE '%%L' THEN (named.ordinal = six_before.ordinal - six_before.is_workday::int)::int
        WHEN t.terms LIKE '%%R' THEN (NOT named.is_workday)::int
        ELSE substring(t.terms FROM 'W([0-9]+)$')::int - named.is_workday::int END
    UNION ALL
    SELECT * FROM unnest(%(adjusted)s::bigint[], %(adjusted_due)s::date[], %(adjusted_provisional)s::bool[])
),
moved AS (
    SELECT d.id, d.case_id, d.district_id, d.rule_key, d.owner_unit_id, d.due_on AS was_due_on,
        d.provisional AS was_provisional, target.due_on, target.provisional
    FROM target JOIN deadlines_deadline d ON d.id = target.id
    WHERE (d.due_on, d.provisional) IS DISTINCT FROM (target.due_on, target.provisional)
)
"""
_COUNTS = f"""{_TARGETS}
SELECT rule_key, district_id = %(district)s,
    count(*) FILTER (WHERE due_on > was_due_on), count(*) FILTER (WHERE due_on < was_due_on),
    count(*) FILTER (WHERE due_on = was_due_on),
    count(*) FILTER (WHERE due_on < was_due_on AND was_due_on >= %(today)s AND due_on < %(today)s),
    count(*) FILTER (WHERE due_on IS NULL)
FROM moved GROUP BY 1, 2 ORDER BY 1
"""
_PAGE = f"""{_TARGETS}
SELECT moved.id, was_due_on, was_provisional, due_on, provisional FROM moved
WHERE district_id = %(district)s AND (due_on <> was_due_on) = %(moves)s
ORDER BY due_on, id LIMIT %(limit)s OFFSET %(offset)s
"""
_NOTE = f"""{_TARGETS}
INSERT INTO deadlines_deadlinemove (edit_id, deadline_id, was_due_on, was_provisional, due_on, provisional)
SELECT %(edit)s, id, was_due_on, was_provisional, due_on, provisional FROM moved
"""
# Sorted by hand: `FOR UPDATE` under `ORDER BY` locks in the order in which everybody else does.
_LOCK_CASES = """
SELECT count(*) FROM (
    SELECT id FROM records_case WHERE id IN (
        SELECT d.case_id FROM deadlines_deadlinemove m JOIN deadlines_deadline d ON d.id = m.deadline_id
        WHERE m.edit_id = %(edit)s
    ) ORDER BY id FOR UPDATE
) locked
"""
_MOVE = """
UPDATE deadlines_deadline d SET due_on = m.due_on, provisional = m.provisional,
    due_at = CASE WHEN m.due_on = m.was_due_on OR d.suspended_at IS NOT NULL THEN d.due_at
        ELSE (m.due_on + 1)::timestamp AT TIME ZONE 'Asia/Shanghai' END
FROM deadlines_deadlinemove m
WHERE m.edit_id = %(edit)s AND d.id = m.deadline_id AND d.met_at IS NULL AND d.cancelled_at IS NULL
"""
_NEXT_DUE = """
UPDATE records_case c SET next_due_at = nearest.due_at
FROM (
    SELECT case_id, min(due_at) AS due_at FROM deadlines_deadline
    WHERE met_at IS NULL AND cancelled_at IS NULL AND suspended_at IS NULL AND case_id IN (
        SELECT d.case_id FROM deadlines_deadlinemove m JOIN deadlines_deadline d ON d.id = m.deadline_id
        WHERE m.edit_id = %(edit)s AND m.due_on <> m.was_due_on
    ) GROUP BY case_id
) nearest
WHERE nearest.case_id = c.id AND c.next_due_at IS DISTINCT FROM nearest.due_at
"""


class CaughtUp(Exception):
    """A deadline was closed between being found and being moved; nothing was changed."""


@dataclass(frozen=True)
class RuleCount:
    """How the open deadlines of one rule fare in the asking district."""

    rule_key: str
    later: int
    earlier: int
    settled: int

    @property
    def moved(self) -> int:
        return self.later + self.earlier


@dataclass(frozen=True)
class Counts:
    """`moved` get another date, `settled` keep theirs and are only no longer, or now, provisional.

    Both are of all districts; `rules` and `elsewhere` divide them. `late` would have run out before today, and
    `beyond` end on a day that the calendar does not have.
    """

    moved: int = 0
    settled: int = 0
    late: int = 0
    beyond: int = 0
    elsewhere: int = 0
    rules: tuple[RuleCount, ...] = ()

    @property
    def here(self) -> int:
        return sum(rule.moved for rule in self.rules)

    @property
    def settled_here(self) -> int:
        return sum(rule.settled for rule in self.rules)


def counts(edit: CalendarEdit, *, district_id: int, today: date) -> Counts:
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, _values(edit) | {"district": district_id, "today": today})
        rows = cursor.fetchall()
    here = [RuleCount(key, later, earlier, settled) for key, is_here, later, earlier, settled, _, _ in rows if is_here]
    return Counts(
        moved=sum(row[2] + row[3] for row in rows),
        settled=sum(row[4] for row in rows),
        late=sum(row[5] for row in rows),
        beyond=sum(row[6] for row in rows),
        elsewhere=sum(row[2] + row[3] + row[4] for row in rows if not row[1]),
        rules=tuple(here),
    )


def page(edit: CalendarEdit, *, district_id: int, moves_date: bool, limit: int, offset: int) -> list[DeadlineMove]:
    """A draft's effects in one district as unsaved rows with their deadlines, in the order of the new date."""
    asked = {"district": district_id, "moves": moves_date, "limit": limit, "offset": offset}
    with connection.cursor() as cursor:
        cursor.execute(_PAGE, _values(edit) | asked)
        rows = cursor.fetchall()
    found = Deadline.objects.select_related("case", "owner_unit").in_bulk([row[0] for row in rows])
    return [
        DeadlineMove(
            edit=edit,
            deadline=found[pk],
            was_due_on=was_due_on,
            was_provisional=was_provisional,
            due_on=due_on,
            provisional=provisional,
        )
        for pk, was_due_on, was_provisional, due_on, provisional in rows
    ]


def move(edit: CalendarEdit) -> int:
    """Note and move all of them; the caller has taken the calendar. Returns how many rows changed.

    Leaves the cases locked: the events that follow take their numbers under these locks.
    """
    values = _values(edit)
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, values)
        noted = cursor.rowcount
        cursor.execute(_LOCK_CASES, values)
        cursor.execute(_MOVE, values)
        if cursor.rowcount != noted:
            raise CaughtUp
        cursor.execute(_NEXT_DUE, values)
    return noted


def noted(edit: CalendarEdit, *, size: int) -> Iterator[list[DeadlineMove]]:
    """All moves of an edit with their deadlines, by case, `size` at a time."""
    after = (0, 0)
    while True:
        rows = list(
            DeadlineMove.objects.filter(edit=edit)
            .extra(where=["(deadlines_deadline.case_id, deadlines_deadline.id) > (%s, %s)"], params=after)
            .select_related("deadline")
            .order_by("deadline__case_id", "deadline_id")[:size]
        )
        if rows:
            yield rows
        if len(rows) < size:
            return
        after = (rows[-1].deadline.case_id, rows[-1].deadline_id)


def _values(edit: CalendarEdit) -> dict[str, Any]:
    days = list(edit.days.all())
    told = list(_adjusted(days))
    return {
        "edit": edit.pk,
        "first": days[0].date,
        "last": days[-1].date,
        "adjusted": [pk for pk, _, _ in told],
        "adjusted_due": [due_on for _, due_on, _ in told],
        "adjusted_provisional": [provisional for _, _, provisional in told],
    }


def _adjusted(days: Sequence[CalendarEditDay]) -> Iterator[tuple[int, date | None, bool]]:
    """What the edited calendar makes of clocks with entries in their ledger; no date when it does not reach that far."""
    clocks = Deadline.objects.open().filter(is_adjusted=True, due_on__gte=days[0].date).prefetch_related("entries")
    calendar: WorkCalendar | None = None
    for clock in clocks.iterator(chunk_size=2000):
        calendar = calendar or laid_over(days)
        try:
            when = replay(clock, clock.entries.all(), calendar)
        except CalendarOutOfRange:
            yield clock.pk, None, True
        except Unreplayable:
            # It would have run out before it was stopped. What was decided then stands.
            continue
        else:
            yield clock.pk, when.due_on, when.provisional


def laid_over(days: Sequence[CalendarEditDay]) -> WorkCalendar:
    """The calendar as it is once these days are changed."""
    rows: dict[date, CalendarDayLike] = {row.date: row for row in CalendarDay.objects.all()}
    announced = {d.date: CalendarDay(date=d.date, is_workday=d.is_workday, name=d.name, source=d.source) for d in days}
    return WorkCalendar.from_rows((rows | announced).values())
