"""Expected filings: made ahead for everybody who owes them, ended for everybody who no longer does.

`expect` may run twice, late, or in two places at once: what a unit owes for a period is made once. Everything is set-based;
who owes is one SELECT, used both to insert what is missing and to find what is too much.
"""

import logging
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Q

from audit.clock import local_date
from audit.services import SYSTEM, record
from deadlines import rules
from deadlines.calendar import CalendarOutOfRange, WorkCalendar
from deadlines.events import Event
from deadlines.models import Deadline, Filing, FilingState
from deadlines.models.filing import OWED_STATES
from deadlines.periods import Every, Period
from deadlines.recurring import KIND, Recurring
from deadlines.services import owing
from deadlines.services.filings import lapse
from deadlines.services.insert import insert
from deadlines.terms import due
from organisations.models import District, Enterprise
from records.calendar_lock import hold
from records.models import Case

logger = logging.getLogger(__name__)
_LOCK = 0xF111


@dataclass(frozen=True)
class Expected:
    """`scanned` rules and periods looked at, `made` and `lapsed` filings."""

    scanned: int
    made: int
    lapsed: int


def expect(*, at: datetime, until: date | None = None) -> Expected:
    """Make what is due up to `until` (by default as far ahead as each rule says) and end what is no longer owed.

    Each rule in its own transaction, so that one that cannot be made holds up no other.
    """
    scanned = made = lapsed = 0
    for rule in rules.recurring_rules():
        with transaction.atomic():
            hold()
            # Whoever comes second waits here and then, in a new snapshot, finds nothing missing.
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_LOCK, rule.key])
            horizon = until or local_date(at) + timedelta(days=rule.days_ahead)
            for every, districts in _by_schedule(rule):
                for period in periods_to_make(rule, every, districts, at=at, until=horizon):
                    scanned += 1
                    made += make(rule, every, period, districts, at=at)
                    surplus = owing.surplus(rule, every, period, districts, at=at)
                    lapsed += lapse(surplus, reason="报送期前已不再属于应报单位", by=SYSTEM, at=at)
    with transaction.atomic():
        lapsed += lapse(_of_the_gone(at), reason="单位已关闭或撤销", by=SYSTEM, at=at)
    return Expected(scanned=scanned, made=made, lapsed=lapsed)


def periods_to_make(
    rule: Recurring, every: Every, districts: list[int], *, at: datetime, until: date
) -> Iterator[Period]:
    """The periods that are not due yet, up to `until`, and before them those that an outage left out.

    A portal that starts anew does not begin with the overdue filings of all the years before it.
    """
    today, calendar = local_date(at), WorkCalendar.load()
    made = Filing.objects.filter(rule_key=rule.key, case__district__in=districts)
    last_made = made.aggregate(last=Max("last_on"))["last"]
    period = every.before(every.before(every.period_of(today)))
    if last_made is not None and last_made < period.first:
        period = every.next(every.period_of(last_made))
    while every.placed(period).day <= until:
        try:
            is_open = due(every.placed(period), at, calendar).due_on >= today
        except CalendarOutOfRange:
            logger.warning("%s %s waits for its year in the working calendar", rule.key, period.key)
            return
        if is_open or (last_made is not None and period.first > last_made):
            yield period
        period = every.next(period)


def make(rule: Recurring, every: Every, period: Period, districts: list[int], *, at: datetime) -> int:
    """Insert cases, filings and clocks of everybody who owes this period and has none: ONE statement."""
    sql, params = _statement(rule, every, period, districts, at=at)
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        made = cursor.fetchall()
    codes = dict(District.objects.filter(pk__in=[row[0] for row in made]).values_list("pk", "code"))
    for district, count, due_on, owners in made:
        record(
            Event.EXPECTED,
            by=replace(SYSTEM, district_code=codes[district]),
            at=at,
            subject=("rule", rule.key),
            data={
                "rule": rule.key,
                "label": rule.label,
                "clause": rule.clause,
                "period": period.key,
                "terms": str(every.placed(period)),
                "due_on": due_on,
                "count": count,
                "owners": owners,  # digest of their ids: who was expected can be proven later
            },
        )
    return sum(row[1] for row in made)


_MAKE = """
WITH {receivers}, due AS ({due}), owing AS ({owing}),
missing AS (
    SELECT o.*, row_number() OVER (PARTITION BY district_id ORDER BY owner_id) AS n,
           count(*) OVER (PARTITION BY district_id) AS total
    FROM owing o CROSS JOIN due
    WHERE NOT EXISTS (SELECT 1 FROM deadlines_filing f WHERE f.rule_key = %(rule)s AND f.period = %(period)s
                      AND f.owner_unit_id = o.owner_id AND f.lapsed_at IS NULL)
),
counter AS (
    INSERT INTO records_casecounter AS c (district_id, kind, prefix, year, last)
    SELECT district_id, %(kind)s, %(mark)s, %(year)s, count(*) FROM missing GROUP BY district_id
    ON CONFLICT (district_id, kind, prefix, year) DO UPDATE SET last = c.last + excluded.last
    RETURNING district_id, last
),
cases AS ({cases} FROM missing m JOIN counter USING (district_id) CROSS JOIN due
    RETURNING id, district_id, township_id, responsible_unit_id, lead_unit_id),
filings AS ({filings} FROM cases),
clocks AS ({clocks} FROM cases CROSS JOIN due)
SELECT district_id, count(*), max(due_on),
       encode(sha256(string_agg(responsible_unit_id::text, ',' ORDER BY responsible_unit_id)::bytea), 'hex')
FROM cases CROSS JOIN due GROUP BY district_id ORDER BY district_id
"""
# From the rows of the calendar, so that the date is that of the calendar which this very statement sees.
_NOMINAL = "SELECT ordinal, is_workday FROM deadlines_calendarday WHERE date = %(day)s"
_DAY_AFTER = {
    "R": "nominal.ordinal + (NOT nominal.is_workday)::int",
    "W": "nominal.ordinal - nominal.is_workday::int + %(n)s",
    "L": """nominal.ordinal + (NOT EXISTS (SELECT 1 FROM deadlines_calendarday w
            WHERE w.is_workday AND w.date BETWEEN %(seen_from)s AND %(day)s))::int""",
}


def _due_sql(how: str) -> str:
    if not how:
        return "SELECT %(day)s::date AS due_on, false AS provisional, (%(day)s::date + 1)::timestamp AT TIME ZONE %(zone)s AS due_at"
    return f"""
    SELECT placed.date AS due_on, (placed.date + 1)::timestamp AT TIME ZONE %(zone)s AS due_at,
           EXISTS (SELECT 1 FROM deadlines_calendarday p WHERE p.provisional
                   AND p.date BETWEEN %(seen_from)s AND greatest(placed.date, %(day)s)) AS provisional
    FROM ({_NOMINAL}) nominal
    JOIN deadlines_calendarday placed ON placed.is_workday AND placed.ordinal = {_DAY_AFTER[how]}"""


def _statement(
    rule: Recurring, every: Every, period: Period, districts: list[int], *, at: datetime
) -> tuple[str, dict[str, Any]]:
    term = every.placed(period)
    select, params = owing.select(rule, every, period, districts, at=at, new=True)
    number = "last - m.total + m.n"
    cases, case_params = insert(
        Case,
        {
            "district_id": "m.district_id",
            "kind": "%(kind)s",
            "number": f"%(mark)s || '-' || %(period)s || '-' ||"
            f" lpad(({number})::text, greatest(4, length(({number})::text)), '0')",
            "title": "%(title)s",
            "state": "%(state)s",
            "township_id": "m.township_id",
            "sector_id": "m.sector_id",
            "responsible_unit_id": "m.owner_id",
            "lead_unit_id": "m.lead_id",
            "next_due_at": "due.due_at",
            "opened_on": "%(today)s",
        },
    )
    filings, filing_params = insert(
        Filing,
        {
            "case_id": "id",
            "rule_key": "%(rule)s",
            "owner_unit_id": "responsible_unit_id",
            "period": "%(period)s",
            "first_on": "%(first_on)s",
            "last_on": "%(last_on)s",
            "opens_on": "%(opens_on)s",
        },
    )
    clocks, clock_params = insert(
        Deadline,
        {
            "rule_key": "%(rule)s",
            "terms": "%(terms)s",
            "rule_version": "%(version)s",
            "case_id": "id",
            "occurrence": "%(period)s",
            "title": "%(title)s",
            "started_at": "%(opens_on)s::timestamp AT TIME ZONE %(zone)s",
            "due_at": "due.due_at",
            "due_on": "due.due_on",
            "provisional": "due.provisional",
            "owner_unit_id": "responsible_unit_id",
            "supervising_unit_id": "lead_unit_id",
            "responsible_unit_id": "responsible_unit_id",
            "township_id": "township_id",
            "district_id": "district_id",
        },
    )
    sql = _MAKE.format(
        receivers=owing.RECEIVERS, due=_due_sql(term.how), owing=select, cases=cases, filings=filings, clocks=clocks
    )
    return sql, (
        params
        | case_params
        | filing_params
        | clock_params
        | {
            "kind": KIND,
            "mark": rule.mark,
            "year": period.last.year,
            "title": f"{period.words}{rule.label}",
            "state": FilingState.EXPECTED.value,
            "version": rule.version,
            "terms": str(term),
            "day": term.day,
            "n": term.n,
            "seen_from": term.day - timedelta(days=6) if term.how == "L" else term.day,
            "first_on": period.first,
            "last_on": period.last,
            "opens_on": every.opens_on(period),
            "zone": "Asia/Shanghai",
        }
    )


def _by_schedule(rule: Recurring) -> list[tuple[Every, list[int]]]:
    """Districts that file at the same times together."""
    found: dict[Every, list[int]] = defaultdict(list)
    for district in District.objects.order_by("pk"):
        found[rule.every_for(district)].append(district.pk)
    return list(found.items())


def _of_the_gone(at: datetime) -> list[int]:
    """Whatever was owed, late or not, by a unit that is no more and that nobody succeeded: nobody is left to file it."""
    closed = Q(owner_unit__enterprise__operation=Enterprise.Operation.CLOSED)
    ended = Q(owner_unit__valid_to__lt=local_date(at), owner_unit__succeeded_by=None)
    owed = Filing.objects.filter(lapsed_at=None, case__state__in=OWED_STATES)
    return list(owed.filter(closed | ended).values_list("pk", flat=True))
