"""Accounts, as the security administrator keeps them (X3, X6)."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from audit.personal import told
from organisations.events import Event
from organisations.models import Account, ApiToken
from tests.factories import PASSWORD, at, client_for, make_account, make_actor, make_district, make_person, make_post

pytestmark = pytest.mark.django_db


def shown_password(response) -> str:
    return re.search(r'id="first-password">([^<]+)<', response.content.decode()).group(1)


def test_x3_account_is_opened_with_a_password_shown_once():
    client = client_for(make_actor("security_admin"))
    person = make_person(name="李待开")
    make_post(person=person)
    assert "李待开" in client.get("/manage/accounts/new/").content.decode()
    response = client.post(f"/manage/accounts/new/?person={person.pk}", {"username": "lidaikai"})
    password = shown_password(response)
    assert "no-store" in response["Cache-Control"]
    account = Account.objects.get(person=person)
    assert (account.username, account.must_change_password, account.check_password(password)) == (
        "lidaikai",
        True,
        True,
    )
    event = AuditEvent.objects.get(name=Event.ACCOUNT_CREATED)
    assert told([event])[event.pk] == {"username": "lidaikai", "person": "李待开"}
    again = client.post(f"/manage/accounts/new/?person={person.pk}", {"username": "lidaikai2"})
    assert "已有账号 lidaikai" in again.content.decode()
    assert Account.objects.filter(person=person).count() == 1


@pytest.mark.parametrize("username", ["Ab", "1abc", "李明", "taken"])
def test_x3_bad_or_taken_username_is_refused_and_stays(username):
    make_account(username="taken")
    person = make_person()
    response = client_for(make_actor("security_admin")).post(
        f"/manage/accounts/new/?person={person.pk}", {"username": username}
    )
    assert f'value="{username}"' in response.content.decode()
    assert not Account.objects.filter(person=person).exists()


def test_x3_reset_ends_sessions_and_tokens_and_forces_a_change():
    target = make_actor(username="anjian")
    theirs = client_for(target)
    token = ApiToken.objects.create(
        digest="d", account=target.account, post=target.post, created_at=at("2026-01-01"), expires_at=at("2099-01-01")
    )
    client = client_for(make_actor("security_admin"))
    response = client.post(f"/manage/accounts/{target.account.pk}/reset/", {"reason": "本人忘记，已核对身份"})
    password = shown_password(response)
    assert theirs.get("/rules/").url.startswith("/login/")
    token.refresh_from_db()
    assert token.revoked_at is not None
    newcomer = Client()
    assert newcomer.post("/login/", {"username": "anjian", "password": PASSWORD}).status_code == 200
    assert newcomer.post("/login/", {"username": "anjian", "password": password}).url == "/change-password/"
    assert AuditEvent.objects.get(name=Event.PASSWORD_RESET).data["reason"] == "本人忘记，已核对身份"


def test_x3_disabled_account_is_out_at_once_and_comes_back():
    target = make_actor(username="anjian")
    theirs = client_for(target)
    client = client_for(make_actor("security_admin"))
    url = f"/manage/accounts/{target.account.pk}/toggle/"
    assert "停用账号" in client.get(url).content.decode()
    assert client.post(url, {"active": "0", "reason": ""}).status_code == 200  # a reason is asked
    assert client.post(url, {"active": "0", "reason": "调离"}).status_code == 302
    assert theirs.get("/rules/").url.startswith("/login/")
    client.post(url, {"active": "0", "reason": "调离"})  # the second click does not enable it
    assert Account.objects.get(pk=target.account.pk).is_active is False
    assert client.post(url, {"active": "1", "reason": "回任"}).status_code == 302
    assert Account.objects.get(pk=target.account.pk).is_active is True
    names = list(AuditEvent.objects.values_list("name", flat=True).order_by("pk"))
    assert names == [Event.ACCOUNT_DISABLED, Event.ACCOUNT_ENABLED]


def test_x3_nobody_resets_or_disables_oneself():
    actor = make_actor("security_admin")
    client = client_for(actor)
    assert "修改密码" in client.post(f"/manage/accounts/{actor.account.pk}/reset/", {"reason": "试"}).content.decode()
    page = client.post(f"/manage/accounts/{actor.account.pk}/toggle/", {"active": "0", "reason": "试"})
    assert "不能停用自己的账号" in page.content.decode()
    actor.account.refresh_from_db()
    assert (actor.account.is_active, actor.account.check_password(PASSWORD)) == (True, True)


def test_x3_accounts_of_another_district_are_404():
    client = client_for(make_actor("security_admin"))
    foreign = make_actor("bureau_handler", district=make_district(code="340304", name="禹会区"), username="waiqu")
    for url in (f"/manage/accounts/{foreign.account.pk}/reset/", f"/manage/accounts/{foreign.account.pk}/toggle/"):
        assert client.get(url).status_code == 404
    assert client.get(f"/manage/accounts/new/?person={foreign.person.pk}").status_code == 404
    assert "waiqu" not in client.get("/manage/accounts/").content.decode()


def test_x3_register_costs_the_same_for_one_row_and_for_many():
    client = client_for(make_actor("security_admin"))
    client.get("/manage/accounts/")
    with CaptureQueriesContext(connection) as few:
        client.get("/manage/accounts/")
    for _ in range(5):
        make_actor("bureau_handler")
    with CaptureQueriesContext(connection) as many:
        client.get("/manage/accounts/")
    assert len(many) == len(few)
