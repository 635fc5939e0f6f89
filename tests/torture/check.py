"""The portal's rows against the oracle's. Reads the tables as anybody with a password could."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

import psycopg2
from psycopg2.extras import NamedTupleCursor

from tests.torture.oracle import NEVER, Clock, Edit, almanac_at, rungs_at

Findings = Counter  # kind of fault → how often


def rows(database: str, sql: str, *values: Any) -> list[Any]:
    link = psycopg2.connect(database, cursor_factory=NamedTupleCursor)
    try:
        with link, link.cursor() as cursor:
            cursor.execute("SET TIME ZONE 'Asia/Shanghai'")
            cursor.execute(sql, values)
            return list(cursor.fetchall())
    finally:
        link.close()


def compare_deadlines(database: str, expected: dict[int, list[Clock]]) -> tuple[Findings, list[str], dict[int, Clock]]:
    """Faults, the first of them in words, and which expected clock each ledger row is."""
    found: dict[tuple[int, str], list[Any]] = defaultdict(list)
    for row in rows(
        database,
        "SELECT id, case_id, rule_key, started_at, due_on, due_at, provisional, met_at, cancelled_at, late_reason"
        " FROM deadlines_deadline WHERE rule_key LIKE 'risks.%%' ORDER BY id",
    ):
        found[row.case_id, row.rule_key].append(row)
    wanted: dict[tuple[int, str], list[Clock]] = defaultdict(list)
    for clocks in expected.values():
        for clock in clocks:
            wanted[clock.case, clock.rule.key].append(clock)
    faults, words, known = Findings(), [], {}
    for key in sorted({*found, *wanted}):
        ours, theirs = wanted.get(key, []), found.get(key, [])
        faults["lost"] += max(0, len(ours) - len(theirs))
        faults["doubled"] += max(0, len(theirs) - len(ours))
        if len(ours) != len(theirs):
            words.append(f"{key}: expected {len(ours)} clocks, found {len(theirs)}")
        for clock, row in zip(ours, theirs, strict=False):
            known[row.id] = clock
            for fault, detail in _differences(clock, row):
                faults[fault] += 1
                words.append(f"case {key[0]} {key[1]} started {clock.started_at:%Y-%m-%d %H:%M}: {detail}")
    return faults, words, known


def _differences(clock: Clock, row: Any) -> Iterable[tuple[str, str]]:
    if row.due_at != clock.due_at or row.due_on != clock.due_on:
        yield "early" if row.due_at < clock.due_at else "late", f"due {row.due_on}, expected {clock.due_on}"
    if row.started_at != clock.started_at:
        yield "wrong", f"started {row.started_at}, expected {clock.started_at}"
    if row.met_at != clock.met_at or row.cancelled_at != clock.ended_at:
        yield "wrong", f"met {row.met_at} ended {row.cancelled_at}, expected {clock.met_at} {clock.ended_at}"
    if row.provisional != clock.provisional:
        yield "wrong", f"provisional {row.provisional}, expected {clock.provisional}"
    # Ended by another's act, an own term may be late without a reason; met late it must have one.
    met_late = clock.met_at is not None and clock.met_at >= clock.due_at
    if clock.rule.is_own and clock.met_at is not None and met_late != bool(row.late_reason):
        yield "wrong", f"late reason {row.late_reason!r}"


def compare_next_due(database: str, expected: dict[int, list[Clock]]) -> tuple[Findings, list[str]]:
    """The spine's copy of the nearest open due moment."""
    faults, words = Findings(), []
    for row in rows(database, "SELECT id, next_due_at FROM records_case WHERE kind = 'risk'"):
        running = (c.due_at for c in expected.get(row.id, []) if c.closed_at is None and c.due_at != NEVER)
        nearest = min(running, default=None)
        if nearest != row.next_due_at:
            faults["wrong"] += 1
            words.append(f"case {row.id}: next due {row.next_due_at}, expected {nearest}")
    return faults, words


def compare_notices(
    database: str,
    expected: dict[int, list[Clock]],
    known: dict[int, Clock],
    *,
    sweeps: list[datetime],
    edits: list[Edit],
    people: Callable[[Clock, bool], set[int]],
) -> tuple[Findings, list[str], int]:
    """Every reminder and escalation: none lost, doubled, early or late.

    `sweeps` are moments at which a sweep surely ended: what was to be said then must have been said by then. Between them
    others may have run, so whatever else was said must have been true when it was. `people(clock, goes_up)` are the
    persons who hear of it.
    """
    told: dict[tuple[int, str, int, date], list[datetime]] = defaultdict(list)
    faults, words = Findings(), []
    found = rows(
        database,
        "SELECT n.deadline_id, n.rung, n.person_id, n.due_on, n.at FROM deadlines_notice n"
        " JOIN deadlines_deadline d ON d.id = n.deadline_id"
        " WHERE d.rule_key LIKE 'risks.%%' AND split_part(n.rung, '-', 1) IN ('soon', 'today', 'late', 'escalated')",
    )
    number_of = {id(clock): pk for pk, clock in known.items()}
    for row in found:
        told[row.deadline_id, row.rung, row.person_id, row.due_on].append(row.at)
        clock = known.get(row.deadline_id)
        if clock is None:
            continue
        dues = [(entry[1], entry[2]) for entry in clock.history if entry[1] == row.due_on]
        true = any(
            (row.rung, up) in rungs_at(clock, due, row.at, almanac_at(row.at, edits))
            and row.person_id in people(clock, up)
            for due in dues
            for up in (False, True)
        )
        closed = clock.closed_at
        if not true or row.at < clock.history[0][0] or (closed is not None and row.at > closed):
            faults["early"] += 1
            words.append(f"notice {row.rung} of {clock.rule.key} case {clock.case} at {row.at}: not true then")
    faults["doubled"] += sum(len(moments) - 1 for moments in told.values())
    clocks = [clock for group in expected.values() for clock in group]
    for moment in sweeps:
        almanac = almanac_at(moment, edits)
        for clock in clocks:
            if not clock.is_open_at(moment):
                continue
            due = clock.due_as_of(moment)
            for rung, up in rungs_at(clock, due, moment, almanac):
                for person in people(clock, up):
                    moments = told.get((number_of.get(id(clock), 0), rung, person, due[0]))
                    if not moments:
                        faults["lost"] += 1
                        words.append(f"{rung} of {clock.rule.key} case {clock.case} for {person}: not said by {moment}")
                    elif min(moments) > moment:
                        faults["late"] += 1
                        words.append(f"{rung} of {clock.rule.key} case {clock.case}: said {min(moments)}, due {moment}")
    return faults, words, len(found)


def check_outbox(database: str) -> tuple[Findings, list[str], int]:
    """Each notice that leaves the portal leaves once, and nothing waits or is dead in the end."""
    kinds = ("today", "late", "escalated")
    missing = count(
        database,
        "SELECT count(*) FROM deadlines_notice n WHERE split_part(n.rung, '-', 1) = ANY(%s)"
        " AND NOT EXISTS (SELECT FROM deadlines_messageitem i WHERE i.notice_id = n.id)",
        list(kinds),
    )
    twice = count(
        database,
        "SELECT count(*) FROM (SELECT notice_id FROM deadlines_messageitem GROUP BY notice_id, channel"
        " HAVING count(*) > 1) doubled",
    )
    stuck = count(database, "SELECT count(*) FROM deadlines_message WHERE state NOT IN ('sent', 'skipped')")
    sent = count(database, "SELECT count(*) FROM deadlines_message WHERE state = 'sent'")
    words = (
        [f"outbox: {missing} notices without a message, {twice} doubled, {stuck} not out"]
        if missing + twice + stuck
        else []
    )
    return Findings({"lost": missing + stuck, "doubled": twice}), words, sent


def check_filings(database: str, quarters: dict[str, date]) -> tuple[Findings, list[str]]:
    """The quarterly report: one row for each quarter, on its day."""
    faults, words = Findings(), []
    for period, due_on in quarters.items():
        found = rows(
            database,
            "SELECT d.due_on FROM deadlines_deadline d WHERE d.rule_key = 'deadlines.supervisory_report'"
            " AND d.occurrence = %s",
            period,
        )
        faults["lost"] += not found
        faults["doubled"] += max(0, len(found) - 1)
        faults["wrong"] += any(row.due_on != due_on for row in found)
        if len(found) != 1 or found[0].due_on != due_on:
            words.append(f"filing {period}: {[row.due_on for row in found]}, expected {due_on}")
    return faults, words


def check_chain() -> tuple[Findings, list[str]]:
    """The chain of evidence is whole after all of that, and nothing waits to be sealed."""
    from audit.verification import verify

    found = verify()
    return Findings({"wrong": len(found.problems)}), [f"chain: {problem}" for problem in found.problems[:3]]


def count(database: str, sql: str, *values: Any) -> int:
    return int(rows(database, sql, *values)[0][0])
