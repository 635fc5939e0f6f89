"""Guessing passwords gets nobody in, and locks nobody else out (X3). django-axes is on in every test here."""

import pytest
from django.test import Client

from audit.models import AuditEvent
from organisations.events import Event
from organisations.models import KnownDevice
from tests.factories import PASSWORD, client_for, make_account, make_actor

pytestmark = pytest.mark.django_db
OFFICE, ELSEWHERE = "10.1.2.3", "203.0.113.9"


@pytest.fixture(autouse=True)
def counting(settings):
    settings.AXES_ENABLED = True


def attempt(address: str, password: str = "wrong-wrong", username: str = "anjian", client: Client | None = None):
    return (client or Client()).post(
        "/login/", {"username": username, "password": password}, REMOTE_ADDR=address, HTTP_USER_AGENT="Chrome Windows"
    )


def used_browser(address: str = OFFICE) -> Client:
    """A browser from which anjian has logged in once; nobody is logged in there now."""
    client = Client()
    assert attempt(address, PASSWORD, client=client).status_code == 302
    client.post("/logout/")
    return client


def test_x3_a_colleague_behind_the_same_address_cannot_lock_the_official_out():
    make_actor(username="anjian")
    mine = used_browser()
    for _ in range(5):
        response = attempt(OFFICE)
    assert response.status_code == 429
    assert attempt(OFFICE, PASSWORD).status_code == 429, "a strange browser at this address waits"
    assert attempt(OFFICE, PASSWORD, client=mine).status_code == 302


def test_x3_guessing_from_everywhere_is_slowed_and_the_official_is_not():
    make_actor(username="anjian")
    mine = used_browser()
    for number in range(20):
        assert attempt(f"198.51.100.{number}").status_code == 200
    for address in ("198.51.100.77", ELSEWHERE):
        assert attempt(address, PASSWORD).status_code == 429, "strangers wait, with whatever password"
    assert attempt(ELSEWHERE, PASSWORD, client=mine).status_code == 302, "the own browser, wherever it is"
    assert attempt(OFFICE, PASSWORD).status_code == 302, "a new browser at an address that is known"


def test_x3_the_own_browser_counts_for_itself():
    make_actor(username="anjian")
    mine = used_browser()
    for _ in range(5):
        response = attempt(OFFICE, client=mine)
    assert (response.status_code, attempt(OFFICE, PASSWORD, client=mine).status_code) == (429, 429)
    assert attempt(OFFICE, PASSWORD).status_code == 302, "another browser of the office goes on"


def test_x3_nobody_can_type_the_name_of_somebodys_device():
    make_actor(username="anjian")
    mine = used_browser()
    device = KnownDevice.objects.get()
    for _ in range(6):
        attempt(OFFICE, username=f"anjian#{device.pk}")
    assert attempt(OFFICE, PASSWORD, client=mine).status_code == 302


def test_x3_a_made_up_device_word_is_no_known_device():
    make_actor(username="anjian")
    client = Client()
    client.cookies["device"] = "x" * 43
    for _ in range(5):
        attempt(OFFICE, client=client)
    assert attempt(OFFICE, PASSWORD).status_code == 429
    assert KnownDevice.objects.count() == 0


def test_x3_another_account_of_the_same_browser_is_a_stranger_there():
    make_actor(username="anjian")
    make_actor(username="juzhang")
    mine = used_browser()
    for number in range(20):
        attempt(f"198.51.100.{number}", username="juzhang")
    assert attempt(ELSEWHERE, PASSWORD, username="juzhang", client=mine).status_code == 429


def test_x3_trying_during_the_lock_does_not_lengthen_it(settings):
    from datetime import timedelta

    from axes.models import AccessAttempt
    from django.db.models import F

    make_actor(username="anjian")
    for _ in range(8):
        attempt(OFFICE)
    assert AccessAttempt.objects.get().failures_since_start == 5
    AccessAttempt.objects.update(attempt_time=F("attempt_time") - timedelta(minutes=15, seconds=1))
    assert attempt(OFFICE, PASSWORD).status_code == 302


def test_x3_the_security_administrator_sees_and_lifts_the_lock():
    target = make_actor(username="anjian", name="周立新")
    for _ in range(5):
        attempt(OFFICE)
    client = client_for(make_actor("security_admin"))
    assert "锁定中" in client.get("/manage/accounts/").content.decode()
    url = f"/manage/accounts/{target.account.pk}/"
    page = client.get(url).content.decode()
    assert f"地址 {OFFICE} 上的陌生设备" in page and "连续输错 5 次" in page
    assert client.post(f"{url}do/unlock/", {"reason": ""}).status_code == 200
    assert client.post(f"{url}do/unlock/", {"reason": "本人来电核实"}).url == url
    assert "锁定中" not in client.get("/manage/accounts/").content.decode()
    assert attempt(OFFICE, PASSWORD).status_code == 302
    event = AuditEvent.objects.get(name=Event.LOCK_LIFTED)
    assert (event.subject_id, event.data["reason"]) == (str(target.account.pk), "本人来电核实")


def test_x3_the_own_lock_is_lifted_by_another():
    actor = make_actor("security_admin")
    page = client_for(actor).post(f"/manage/accounts/{actor.account.pk}/do/unlock/", {"reason": "试"})
    assert "请由另一名安全管理员办理" in page.content.decode()


def test_x3_a_reset_forgets_the_browsers():
    target = make_actor(username="anjian")
    used_browser()
    client_for(make_actor("security_admin")).post(
        f"/manage/accounts/{target.account.pk}/reset/", {"reason": "疑似泄露"}
    )
    assert KnownDevice.objects.count() == 0


def test_x3_logins_per_address_are_limited_in_the_database(settings):
    settings.THROTTLE_RATES = {"login": 3}
    make_account(username="anjian")
    for _ in range(3):
        assert attempt(OFFICE).status_code == 200
    response = attempt(OFFICE)
    assert (response.status_code, "登录过于频繁" in response.content.decode()) == (429, True)
    assert 1 <= int(response["Retry-After"]) <= 60
    assert attempt(ELSEWHERE).status_code == 200
