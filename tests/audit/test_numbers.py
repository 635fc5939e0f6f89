"""X6: the numbers of a case's events, when they go on from the event at hand instead of being asked for."""

import pytest
from django.db import DatabaseError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.bulk import Entry, record_many
from audit.models import AuditEvent, AuditUnsealed
from audit.services import SYSTEM, record
from records.events import Event
from tests.audit.chains import numbers_of
from tests.bench.measure import statements
from tests.factories import at
from tests.risks.builders import registered

pytestmark = pytest.mark.django_db
MOMENT = at("2026-09-30 16:40")


def written(case: int, after: AuditEvent | None = None) -> AuditEvent:
    return record(Event.EXPORTED, by=SYSTEM, at=MOMENT, case_id=case, after=after)


def many(case: int, count: int, after: AuditEvent | None = None) -> None:
    record_many([Entry(Event.EXPORTED, case, ("", ""), {})] * count, by=SYSTEM, at=MOMENT, after=after)


def test_x6_goes_on_from_the_event_at_hand_in_one_statement():
    pk = registered().pk
    assert len(statements(lambda: written(pk))) == 2
    last = AuditEvent.objects.get(case_id=pk, case_seq=2)
    assert len(statements(lambda: written(pk, after=last))) == 1
    last = AuditEvent.objects.get(case_id=pk, case_seq=3)
    assert len(statements(lambda: many(pk, 5, after=last))) == 1
    assert numbers_of(pk) == list(range(1, 9))
    assert not AuditEvent.objects.filter(auditunsealed=None).exists()


def test_x6_event_of_another_case_is_no_beginning():
    pk, other = registered().pk, registered(title="加油机").pk
    elsewhere, nowhere = written(other), record(Event.EXPORTED, by=SYSTEM, at=MOMENT)
    for after in (elsewhere, nowhere):
        with pytest.raises(ValueError, match="is of another case"):
            written(pk, after=after)
        with pytest.raises(ValueError, match="is of another case"):
            many(pk, 2, after=after)
    assert numbers_of(pk) == [1]


def test_x6_event_that_is_not_the_last_is_refused():
    pk = registered().pk
    first = AuditEvent.objects.get(case_id=pk)
    written(pk)
    with pytest.raises(DatabaseError, match="audit_event_case_seq"), transaction.atomic():
        written(pk, after=first)
    assert numbers_of(pk) == [1, 2]


def test_x6_event_that_was_rolled_back_leaves_no_gap():
    pk = registered().pk
    with transaction.atomic():
        gone = written(pk)
        transaction.set_rollback(True)
    for go_on in (lambda: written(pk, after=gone), lambda: many(pk, 2, after=gone)):
        with pytest.raises(DatabaseError, match="there is none before it"), transaction.atomic():
            go_on()
    assert written(pk).case_seq == 2
    assert numbers_of(pk) == [1, 2]


# How many at once, whether from the event at hand, and whether in a savepoint that is given up.
STEPS = st.lists(st.tuples(st.integers(1, 4), st.booleans(), st.booleans()), max_size=12)


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(steps=STEPS)
def test_x6_no_course_of_writing_and_giving_up_makes_a_gap_or_a_double(steps):
    """Whatever is held too long is refused; what is there is 1, 2, 3…, each waiting once for the seal."""
    with transaction.atomic():
        pk = registered().pk
        last: AuditEvent | None = None
        kept = 1
        for count, goes_on, is_given_up in steps:
            try:
                with transaction.atomic():
                    last = written(pk, after=last if goes_on else None)
                    if count > 1:
                        many(pk, count - 1, after=last)
                    transaction.set_rollback(is_given_up)
                kept += 0 if is_given_up else count
            except DatabaseError:
                assert goes_on  # asking never goes wrong
        assert numbers_of(pk) == list(range(1, kept + 1))
        assert AuditUnsealed.objects.filter(event__case_id=pk).count() == kept
        transaction.set_rollback(True)
