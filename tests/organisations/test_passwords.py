"""What a password must be, and for how long it stands (X3)."""

from datetime import timedelta

import pytest
from django.test import Client

from organisations.models import PasswordHistory
from organisations.services.logins import change_password
from tests.factories import PASSWORD, at, client_for, make_actor, make_enterprise, make_person

pytestmark = pytest.mark.django_db
NOW = at("2026-10-09 09:00")


@pytest.mark.parametrize(
    ("new", "message"),
    [
        ("Ab1-xyz", "10"),
        ("onlysmallletters", "四类中的三类"),
        ("small-letters-only", "四类中的三类"),
        ("ANJIAN-and-2026", "密码不能包含用户名"),
        ("x-13805521234", "密码不能包含手机号"),
        ("x-Y-05521234", "密码不能包含手机号"),
    ],
)
def test_x3_a_weak_password_is_refused_at_the_field(new, message):
    actor = make_actor(username="anjian", person=make_person(phone="13805521234"))
    response = client_for(actor).post("/change-password/", {"old": PASSWORD, "new": new, "again": new})
    assert message in " ".join(response.context["form"].errors["new"])
    actor.account.refresh_from_db()
    assert actor.account.check_password(PASSWORD)


@pytest.mark.parametrize("new", ["Duanwujie2026", "duanwu-jie-2026", "DUANWU-JIE-2026", "端午节安全生产Duanwu-x"])
def test_x3_three_of_four_classes_are_enough(new):
    actor = make_actor()
    response = client_for(actor).post("/change-password/", {"old": PASSWORD, "new": new, "again": new})
    assert response.status_code == 302


def test_x3_the_last_five_do_not_come_back_and_the_sixth_may():
    actor = make_actor()
    client = client_for(actor)
    words = [f"mi-ma-di-{n}-ge" for n in range(1, 6)]
    for word in words:
        change_password(account=actor.account, password=word, actor=None, at=NOW)
    client = client_for(actor)

    def errors(new: str) -> list[str]:
        response = client.post("/change-password/", {"old": words[-1], "new": new, "again": new})
        return [] if response.status_code == 302 else list(response.context["form"].errors["new"])

    for word in words[:-1]:
        assert errors(word) == ["新密码不能与最近 5 次用过的相同"]
    assert errors(words[-1]) == ["新密码不能与现在的相同"]
    assert errors(PASSWORD) == []
    assert PasswordHistory.objects.filter(account=actor.account).count() == 4


def test_x3_an_officials_password_must_be_changed_after_ninety_days(settings):
    settings.BUSINESS_NOW = NOW.isoformat()
    actor = make_actor(username="anjian")
    for days, where in ((89, "/"), (90, "/change-password/")):
        actor.account.must_change_password = False
        actor.account.password_set_at = NOW - timedelta(days=days)
        actor.account.save()
        client = Client()
        assert client.post("/login/", {"username": "anjian", "password": PASSWORD}).url == where
    page = client.get("/change-password/").content.decode()
    assert "已用满 90 天" in page
    form = {"old": PASSWORD, "new": "tian-qing-2026", "again": "tian-qing-2026"}
    assert client.post("/change-password/", form).status_code == 302
    assert client.get("/rules/").status_code == 200


def test_x3_enterprises_and_districts_that_set_none_have_no_maximum_age(settings):
    settings.BUSINESS_NOW = NOW.isoformat()
    official = make_actor(username="anjian")
    reporter = make_actor("enterprise_reporter", make_enterprise(), username="qiye")
    for actor in (official, reporter):
        actor.account.password_set_at = NOW - timedelta(days=1000)
        actor.account.save()
    assert Client().post("/login/", {"username": "qiye", "password": PASSWORD}).url == "/"
    settings.PASSWORD_MAX_AGE_DAYS = 0
    assert Client().post("/login/", {"username": "anjian", "password": PASSWORD}).url == "/"
