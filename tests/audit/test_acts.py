"""X6: the events of one act are written together at its end, with the numbers they got as they came."""

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.acts import one_act
from audit.bulk import Entry, record_many
from audit.models import AuditEvent, AuditPersonal
from audit.services import SYSTEM, Stamp, record
from records.events import Event
from tests.audit.chains import numbers_of
from tests.bench.measure import statements
from tests.factories import at
from tests.risks.builders import registered

pytestmark = pytest.mark.django_db
MOMENT = at("2026-09-30 16:40")
SOMEBODY = Stamp(label="周立新", person_id=7, district_code="340303")


def note(case: int, **more: object) -> AuditEvent:
    return record(Event.EXPORTED, by=SOMEBODY, at=MOMENT, case_id=case, data=more)


def many(case: int, count: int, after: AuditEvent | None = None) -> None:
    entries = [Entry(Event.LETTER_OPENED, case, ("letter", 3), {"of": number}) for number in range(count)]
    record_many(entries, by=SYSTEM, at=MOMENT, after=after)


def rows(case: int) -> list[tuple[object, ...]]:
    """Without what differs between two cases: the number of the case stands in the text, and so in the digest."""
    found = AuditEvent.objects.filter(case_id=case).order_by("case_seq")
    names = ("name", "at", "actor_label", "person_id", "district_code", "case_seq", "subject_kind", "subject_id")
    return [(*row, event.data) for event, row in zip(found, found.values_list(*names), strict=True)]


def test_x6_act_asks_the_number_once_and_writes_once():
    pk = registered().pk

    @one_act()
    def act() -> None:
        first = note(pk)
        many(pk, 3, after=first)
        note(pk)

    assert len(statements(act)) == 2
    assert numbers_of(pk) == [1, 2, 3, 4, 5, 6]
    assert not AuditEvent.objects.filter(auditunsealed=None).exists()  # each waits for the seal


def test_x6_act_writes_what_would_be_written_event_by_event():
    together, singly = registered(), registered(title="加油机")
    with one_act():
        many(together.pk, 2, after=note(together.pk, of="first"))
        note(together.pk, of="last")
    many(singly.pk, 2, after=note(singly.pk, of="first"))
    note(singly.pk, of="last")
    assert rows(together.pk)[1:] == rows(singly.pk)[1:]
    assert len(rows(together.pk)) == 5


def test_x6_act_numbers_each_case_by_itself():
    one, other = registered().pk, registered(title="加油机").pk
    with one_act():
        note(one)
        note(other)
        note(one)
        record(Event.EXPORTED, by=SYSTEM, at=MOMENT)
    assert (numbers_of(one), numbers_of(other)) == ([1, 2, 3], [1, 2])


def test_x6_act_keeps_personal_values_beside_their_event():
    pk = registered().pk
    with one_act():
        record(Event.EXPORTED, by=SYSTEM, at=MOMENT, case_id=pk, personal={"phone": "13805520000"})
    kept = AuditPersonal.objects.get(field="phone")
    assert (kept.value, kept.event.case_id, kept.event.case_seq) == ("13805520000", pk, 2)


def test_x6_act_that_fails_leaves_no_event():
    pk = registered().pk
    with pytest.raises(ZeroDivisionError), one_act():
        note(pk)
        raise ZeroDivisionError
    with one_act():
        note(pk)
        transaction.set_rollback(True)
    assert numbers_of(pk) == [1]
    assert note(pk).pk  # nothing of the act is under way any more
    assert numbers_of(pk) == [1, 2]


def test_x6_part_of_an_act_that_fails_gives_its_numbers_back():
    pk = registered().pk
    with one_act():
        note(pk, of="first")
        with pytest.raises(ZeroDivisionError), one_act():
            note(pk, of="lost")
            raise ZeroDivisionError
        with one_act():
            note(pk, of="part")
    assert numbers_of(pk) == [1, 2, 3]
    assert [row[-1].get("of") for row in rows(pk)[1:]] == ["first", "part"]


# Depth-first: how many events, then the parts of the act, then whether it is given up.
ACTS = st.recursive(
    st.tuples(st.integers(0, 3), st.just([]), st.booleans()),
    lambda part: st.tuples(st.integers(0, 3), st.lists(part, max_size=3), st.booleans()),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(act=ACTS)
def test_x6_no_course_of_acts_and_parts_makes_a_gap_or_a_double(act):
    with transaction.atomic():
        pk = registered().pk

        def perform(count: int, parts: list, is_given_up: bool) -> int:
            """How many of its events stay."""
            with one_act():
                many(pk, count)
                kept = count + sum(perform(*part) for part in parts)
                if count:
                    note(pk)
                    kept += 1
                transaction.set_rollback(is_given_up)
            return 0 if is_given_up else kept

        kept = perform(*act)
        assert numbers_of(pk) == list(range(1, kept + 2))
        transaction.set_rollback(True)
