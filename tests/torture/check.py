"""The portal's rows against the oracle's. Reads the tables as anybody with a password could."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import psycopg2
from psycopg2.extras import NamedTupleCursor

from tests.torture.oracle import Clock

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
        " FROM deadlines_deadline ORDER BY id",
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
        nearest = min((c.due_at for c in expected.get(row.id, []) if c.closed_at is None), default=None)
        if nearest != row.next_due_at:
            faults["wrong"] += 1
            words.append(f"case {row.id}: next due {row.next_due_at}, expected {nearest}")
    return faults, words


def count(database: str, sql: str, *values: Any) -> int:
    return int(rows(database, sql, *values)[0][0])


def as_moment(value: str) -> datetime:
    return datetime.fromisoformat(value)
