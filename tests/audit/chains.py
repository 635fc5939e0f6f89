"""Chains to tamper with, and what a superuser of the database can do to them."""

import hashlib
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction

from audit.anchors.writing import read_own, write_anchor
from audit.models import AuditEvent
from audit.sealing import seal
from audit.services import SYSTEM, record
from audit.verification import Verification, verify
from records.events import Event
from tests.factories import at

MOMENT = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)


def events(count: int = 6, **more: object) -> None:
    for number in range(count):
        with transaction.atomic():
            record(Event.EXPORTED, by=SYSTEM, at=at("2026-09-30 16:40"), data={"number": number}, **more)


def anchored_chain(batches: int = 3, size: int = 10) -> None:
    """Batches of events, each sealed and anchored a minute after the one before; the third falls into December."""
    for batch in range(batches):
        events(size)
        assert seal() == size
        assert write_anchor(at=MOMENT + timedelta(hours=8 * batch)) is not None


def tamper(statement: str, *values: object) -> None:
    """What an administrator of the database can do: switch the guard off and write."""
    with connection.cursor() as cursor:
        # Foreign keys of what was written before are checked now; of what comes, nobody checks any.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("SET LOCAL session_replication_role = 'replica'")
        cursor.execute(statement, values or None)
        assert cursor.rowcount != 0
        cursor.execute("SET LOCAL session_replication_role = 'origin'")


def loosen(statement: str) -> None:
    """Change the tables themselves; checks that wait for the commit must not be in the way."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(statement)


def rechain(first: int) -> None:
    """Number all links from `first` on anew and compute every digest again, so that the table agrees with itself."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT digest FROM audit_auditlink WHERE seq = %s", [first - 1])
        found = cursor.fetchone()
        prev = found[0] if found else "0" * 64
        cursor.execute(
            "SELECT l.seq, e.id, encode(sha256(convert_to(e.canonical, 'UTF8')), 'hex'), e.recorded_at"
            " FROM audit_auditlink l JOIN audit_auditevent e ON e.id = l.event_id WHERE l.seq >= %s ORDER BY l.seq",
            [first],
        )
        rows = cursor.fetchall()
    tamper("DELETE FROM audit_auditlink WHERE seq >= %s", first)
    for seq, (_, event, digest, recorded_at) in enumerate(rows, start=first):
        told = recorded_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")
        own = hashlib.sha256(f"2|{seq}|{event}|{digest}|{told}|{prev}".encode()).hexdigest()
        tamper("UPDATE audit_auditevent SET digest = %s WHERE id = %s", digest, event)
        tamper(
            "INSERT INTO audit_auditlink (seq, form, event_id, prev, digest) VALUES (%s, 2, %s, %s, %s)",
            seq,
            event,
            prev,
            own,
        )
        prev = own


def numbers_of(case: int) -> list[int | None]:
    return list(AuditEvent.objects.filter(case_id=case).order_by("case_seq").values_list("case_seq", flat=True))


def event_of(seq: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT event_id FROM audit_auditlink WHERE seq = %s", [seq])
        return cursor.fetchone()[0]


def found() -> Verification:
    return verify(reading=read_own())
