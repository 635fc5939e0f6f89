"""A form sent twice acts once: its key is claimed in the transaction of the act."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from records.models import SubmittedForm
from records.services.forms import claim, earlier_result
from tests.factories import at, make_actor

NOW = at("2026-09-30 16:40")
KEY = UUID("11111111-2222-3333-4444-555555555555")


@pytest.mark.django_db
def test_x8_second_sending_finds_the_first_result():
    actor = make_actor()
    assert earlier_result(KEY, actor=actor) == ""
    claim(KEY, actor=actor, result_url="/risks/1/", at=NOW)
    assert earlier_result(KEY, actor=actor) == "/risks/1/"
    with pytest.raises(IntegrityError), transaction.atomic():
        claim(KEY, actor=actor, result_url="/risks/2/", at=NOW)
    assert earlier_result(KEY, actor=actor) == "/risks/1/"


@pytest.mark.django_db
def test_x3_somebody_elses_key_tells_nothing():
    claim(KEY, actor=make_actor(), result_url="/risks/1/", at=NOW)
    assert earlier_result(KEY, actor=make_actor()) == ""


@pytest.mark.django_db
def test_x8_key_of_a_failed_act_is_free_again():
    actor = make_actor()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        claim(KEY, actor=actor, result_url="/risks/1/", at=NOW)
        _ = 1 / 0
    assert earlier_result(KEY, actor=actor) == ""


def test_x8_two_sendings_at_once_act_once(cloned_db):
    actor, key, start = make_actor(), uuid4(), Barrier(4)

    def send(number: int) -> bool:
        start.wait()
        try:
            with transaction.atomic():
                claim(key, actor=actor, result_url=f"/risks/{number}/", at=NOW)
            return True
        except IntegrityError:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(send, range(4))) == [False, False, False, True]
    assert SubmittedForm.objects.filter(key=key).count() == 1
