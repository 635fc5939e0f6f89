"""X6: what an event holds, and that a case's events are numbered without gaps whoever writes at once."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from threading import Barrier

import pytest
from django.db import DatabaseError, connection, transaction

from audit.bulk import Entry, record_many
from audit.models import AuditEvent, AuditUnsealed
from audit.sealing import seal
from audit.services import SYSTEM, canonical_text, record
from records.events import Event
from records.models import Case
from tests.audit.chains import numbers_of
from tests.factories import at, make_actor
from tests.risks.builders import registered

MOMENT = at("2026-09-30 16:40")


@pytest.mark.django_db
def test_x6_digest_is_of_exactly_the_recorded_text():
    actor = make_actor()
    event = record(
        Event.EXPORTED,
        by=actor.stamp,
        at=MOMENT,
        subject=("register", 7),
        data={"rows": 3, "on": date(2026, 9, 30), "sum": Decimal("1.50")},
    )
    event.refresh_from_db()
    assert event.digest == hashlib.sha256(event.canonical.encode()).hexdigest()
    assert json.loads(event.canonical) == {
        "name": "records.exported",
        "at": "2026-09-30T08:40:00.000000+00:00",
        "actor": {
            "account": actor.account.pk,
            "person": actor.person.pk,
            "post": actor.post.pk,
            "unit": actor.unit_id,
            "label": actor.label,
        },
        "district": "340303",
        "case": None,
        "seq": None,
        "subject": ["register", "7"],
        "data": {"rows": 3, "on": "2026-09-30", "sum": "1.50"},
    }
    assert event.label == "导出台账"
    assert AuditUnsealed.objects.filter(event=event).exists()


# What any program with the database's password could write: the number follows from the rows that are there.
BY_HAND = (
    "INSERT INTO audit_auditevent (name, at, actor_label, district_code, case_id, case_seq, subject_kind, subject_id,"
    " canonical, digest) SELECT name, at, actor_label, district_code, case_id, case_seq + n, subject_kind, subject_id,"
    " canonical, digest FROM audit_auditevent, unnest(%s) AS n WHERE case_id = %s AND case_seq = 1"
)


@pytest.mark.django_db
def test_x6_event_is_queued_for_sealing_once_however_it_is_written():
    pk = registered().pk
    entry = Entry(Event.EXPORTED, pk, ("", ""), {})
    record_many([entry, entry], by=SYSTEM, at=MOMENT)
    record(Event.EXPORTED, by=SYSTEM, at=MOMENT, case_id=pk)
    with connection.cursor() as cursor:
        cursor.execute(BY_HAND, [[4, 5], pk])
    written = AuditEvent.objects.filter(case_id=pk)
    assert written.count() == 6
    assert sorted(AuditUnsealed.objects.values_list("event", flat=True)) == sorted(written.values_list("pk", flat=True))
    assert (seal(), AuditUnsealed.objects.count()) == (6, 0)


@pytest.mark.django_db
@pytest.mark.parametrize("numbers", [[2], [-1], [1, 3], [0]])
def test_x6_number_that_is_taken_or_leaves_a_gap_is_refused(numbers):
    pk = registered().pk
    registered(title="加油机")  # another case's numbers fill no gap
    before = AuditEvent.objects.count()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(BY_HAND, [numbers, pk])
    assert AuditEvent.objects.count() == AuditUnsealed.objects.count() == before
    with connection.cursor() as cursor:
        cursor.execute(BY_HAND, [[2, 1], pk])  # in one statement the order does not matter
    assert numbers_of(pk) == [1, 2, 3]


def test_x6_canonical_text_is_one_for_equal_contents():
    first = canonical_text({"b": [1, {"y": "中", "x": datetime(2026, 1, 1, 8, tzinfo=UTC)}], "a": None})
    second = canonical_text({"a": None, "b": [1, {"x": at("2026-01-01 16:00"), "y": "中"}]})
    assert first == second == '{"a":null,"b":[1,{"x":"2026-01-01T08:00:00.000000+00:00","y":"中"}]}'


def test_x6_canonical_text_refuses_what_it_cannot_write_exactly():
    with pytest.raises(TypeError, match="cannot be written into evidence: set"):
        canonical_text({"a": {1, 2}})


@pytest.mark.django_db
def test_x6_undeclared_event_is_refused():
    with pytest.raises(ValueError, match=r"undeclared event risks\.nonsense"):
        record("risks.nonsense", by=SYSTEM, at=MOMENT)
    assert not AuditEvent.objects.exists()


def test_x6_event_outside_a_transaction_is_refused(cloned_db):
    with pytest.raises(RuntimeError, match="in the transaction of the act"):
        record(Event.EXPORTED, by=SYSTEM, at=MOMENT)


def test_x6_case_numbers_have_no_gap_when_eight_write_at_once(cloned_db):
    pk = registered().pk
    before = AuditEvent.objects.filter(case_id=pk).count()
    start = Barrier(8)

    def write(number: int) -> None:
        start.wait()
        for turn in range(5):
            with transaction.atomic():
                Case.objects.select_for_update().get(pk=pk)
                record(Event.EXPORTED, by=SYSTEM, at=MOMENT, case_id=pk, data={"by": number, "turn": turn})
        connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    assert numbers_of(pk) == list(range(1, before + 41))


def test_x6_rolled_back_act_leaves_no_event_and_no_gap(cloned_db):
    pk = registered(title="加油机").pk
    last = AuditEvent.objects.filter(case_id=pk).count()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        record(Event.EXPORTED, by=SYSTEM, at=MOMENT, case_id=pk)
        _ = 1 / 0
    with transaction.atomic():
        event = record(Event.EXPORTED, by=SYSTEM, at=MOMENT, case_id=pk)
    assert event.case_seq == last + 1
