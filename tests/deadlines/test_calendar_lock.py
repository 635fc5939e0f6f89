"""X4: nobody counts on a calendar that is being changed, and nobody changes one that is being counted on."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

import pytest
from django.db import OperationalError, connection, transaction
from pytest_django import DjangoDbBlocker

from records.calendar_lock import held, hold, take
from records.models import Case, Letter
from records.services import own_letters


@contextmanager
def in_another_transaction(act) -> Iterator[None]:
    """Somebody else has done `act` and has not committed yet."""
    done, over = Event(), Event()

    def stay() -> None:
        try:
            with transaction.atomic():
                act()
                done.set()
                over.wait(10)
        finally:
            connection.close()

    other = Thread(target=stay)
    other.start()
    assert done.wait(10)
    try:
        yield
    finally:
        over.set()
        other.join()


def waits(act) -> bool:
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '60ms'")
            act()
    except OperationalError:
        return True
    return False


def lock_a_case() -> None:
    """As the workflow does; there need not even be such a row for the calendar to be held."""
    list(held(Case.objects.select_for_update().filter(pk=0)))


def lock_a_letter() -> None:
    with suppress(Case.DoesNotExist):
        own_letters.locked(Letter(case=Case(pk=0)))


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (take, lock_a_letter, True),
        (lock_a_letter, take, True),
        (take, lock_a_case, True),
        (take, hold, True),
        (lock_a_case, take, True),
        (hold, take, True),
        (lock_a_case, lock_a_case, False),
        (lock_a_case, hold, False),
    ],
)
def test_x4_counting_and_changing_wait_for_each_other(
    cloned_db: str, django_db_blocker: DjangoDbBlocker, first, second, expected
) -> None:
    with django_db_blocker.unblock():
        with in_another_transaction(first):
            assert waits(second) is expected
        assert not waits(second)
