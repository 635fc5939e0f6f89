"""系统、安全、审计管理员 exclude one another by person (等保 8.1.5, X3)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from organisations.models import Post
from organisations.services.people import open_post
from tests.factories import at, make_account, make_actor, make_person, make_post, unit_of
from tests.plugins.cloned_database import cloned_db

__all__ = ["cloned_db"]
NOW = at("2026-10-09 09:00")


def appointment(person, role_key, valid_from=date(2026, 10, 9), valid_to=None) -> Post:
    unit = unit_of("平台管理")
    return Post(person=person, unit=unit, title="管理员", role_key=role_key, valid_from=valid_from, valid_to=valid_to)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("held", "wanted", "allowed"),
    [
        ((date(2026, 1, 1), None), (date(2026, 10, 9), None), False),
        ((date(2027, 1, 1), None), (date(2026, 10, 9), None), False),  # one that only begins next year
        ((date(2027, 1, 1), None), (date(2026, 10, 9), date(2026, 12, 31)), True),
        ((date(2026, 1, 1), date(2026, 10, 8)), (date(2026, 10, 9), None), True),
        ((date(2026, 1, 1), date(2026, 10, 9)), (date(2026, 10, 9), None), False),  # the last day still counts
    ],
)
def test_x3_terms_that_touch_exclude_whatever_is_dated_ahead(held, wanted, allowed):
    admin, person = make_actor("system_admin"), make_person()
    # Two accounts of one person are one person.
    make_account(person=person)
    make_post(person=person, role_key="audit_admin", valid_from=held[0], valid_to=held[1])
    post = appointment(person, "security_admin", *wanted)
    if allowed:
        assert open_post(post=post, actor=admin, at=NOW).pk
    else:
        with pytest.raises(ValidationError, match="不能再任安全管理员"):
            open_post(post=post, actor=admin, at=NOW)


def test_x3_two_appointments_at_once_make_one_administrator(cloned_db):
    admin, person, start = make_actor("system_admin"), make_person(), Barrier(2)

    def appoint(role_key: str, valid_from: date) -> bool:
        try:
            post = appointment(person, role_key, valid_from)
            start.wait()
            open_post(post=post, actor=admin, at=NOW)
            return True
        except ValidationError as error:
            assert "不能再任" in str(error.message_dict)
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(appoint, ["security_admin", "audit_admin"], [date(2026, 10, 9), date(2027, 1, 1)]))
    assert sorted(done) == [False, True]
    assert Post.objects.filter(person=person).count() == 1
