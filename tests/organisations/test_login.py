"""Coming in, choosing the post, changing the password (X3, X6)."""

from datetime import date

import pytest
from django.test import Client

from audit.models import AuditEvent
from organisations.events import Event
from organisations.middleware import SESSION_KEY
from organisations.models import Account
from tests.factories import (
    PASSWORD,
    client_for,
    make_account,
    make_actor,
    make_district,
    make_person,
    make_post,
    unit_of,
)

pytestmark = pytest.mark.django_db


def log_in(username: str, password: str = PASSWORD, following: str = "") -> tuple[Client, object]:
    client = Client()
    url = f"/login/?next={following}" if following else "/login/"
    return client, client.post(url, {"username": username, "password": password})


def test_x6_wrong_password_says_so_and_is_recorded():
    actor = make_actor(username="anjian")
    client, response = log_in("anjian", "not-the-password")
    assert "用户名或密码不对" in response.content.decode()
    assert 'value="anjian"' in response.content.decode()
    event = AuditEvent.objects.get(name=Event.LOGIN_FAILED)
    assert (event.account_id, event.data["username"], event.district_code) == (actor.account.pk, "anjian", "340303")
    assert "not-the-password" not in event.canonical
    assert "_auth_user_id" not in client.session


def test_x6_unknown_name_is_recorded_for_the_only_district():
    make_district()
    log_in("nobody", "whatever-it-is")
    event = AuditEvent.objects.get(name=Event.LOGIN_FAILED)
    assert (event.district_code, event.data["known"]) == ("340303", False)


def test_x3_one_post_is_taken_without_asking():
    actor = make_actor(username="anjian")
    client, response = log_in("anjian", following="/rules/")
    assert (response.status_code, response.url) == (302, "/rules/")
    assert client.session[SESSION_KEY] == actor.post.pk
    names = list(AuditEvent.objects.order_by("pk").values_list("name", flat=True))
    assert names == [Event.LOGGED_IN, Event.POST_CHOSEN]


def test_x3_two_posts_lead_to_the_choice_and_keep_the_way():
    actor = make_actor(username="anjian")
    other = make_post(person=actor.person, role_key="committee_officer")
    client, response = log_in("anjian", following="/rules/")
    assert response.url == "/choose-post/?next=%2Frules%2F"
    assert SESSION_KEY not in client.session
    page = client.get(response.url).content.decode()
    assert f'value="{actor.post.pk}"' in page and f'value="{other.pk}"' in page
    chosen = client.post("/choose-post/", {"post": other.pk, "next": "/rules/"})
    assert (chosen.url, client.session[SESSION_KEY]) == ("/rules/", other.pk)
    assert AuditEvent.objects.get(name=Event.POST_CHOSEN).post_id == other.pk


def test_x3_the_choice_never_leads_to_another_site():
    actor = make_actor()
    make_post(person=actor.person, role_key="committee_officer")
    response = client_for(actor).post("/choose-post/", {"post": actor.post.pk, "next": "https://evil.example/"})
    assert response.url == "/"


def test_x3_another_persons_post_cannot_be_chosen():
    actor, stranger = make_actor(), make_actor("bureau_principal")
    client = client_for(actor)
    response = client.post("/choose-post/", {"post": stranger.post.pk})
    assert "不在任期内" in response.content.decode()
    assert client.session[SESSION_KEY] == actor.post.pk


def test_x3_expired_post_is_locked_out():
    person = make_person()
    make_post(person=person, role_key="bureau_handler", title="科员", valid_to=date(2020, 9, 30))
    make_account(person=person, username="daoqi")
    client, response = log_in("daoqi")
    assert response.url == "/choose-post/"
    assert "任期已于 2020-09-30 结束" in client.get("/choose-post/").content.decode()
    assert client.get("/rules/").url.startswith("/choose-post/")


def test_x3_a_post_that_ends_while_logged_in_stops_the_next_page():
    actor = make_actor()
    client = client_for(actor)
    assert client.get("/rules/").status_code == 200
    actor.post.valid_to = date(2020, 1, 1)
    actor.post.save()
    assert client.get("/rules/").url.startswith("/choose-post/")


def test_x3_disabled_account_is_told_only_with_the_right_password():
    person = make_person()
    make_post(person=person)
    make_account(person=person, username="tingyong", is_active=False)
    _, right = log_in("tingyong")
    _, wrong = log_in("tingyong", "something-else")
    assert "已停用" in right.content.decode()
    assert "已停用" not in wrong.content.decode()


def test_x3_first_password_must_be_changed_before_anything():
    person = make_person()
    make_post(person=person)
    account = make_account(person=person, username="shouci", must_change_password=True)
    client, response = log_in("shouci")
    assert response.url == "/change-password/"
    assert client.get("/rules/").url == "/change-password/"
    form = {"old": PASSWORD, "new": "tian-qing-2026", "again": "tian-qing-2026"}
    assert client.post("/change-password/", form).status_code == 302
    account.refresh_from_db()
    assert (account.must_change_password, account.check_password("tian-qing-2026")) == (False, True)
    assert client.get("/rules/").status_code == 200
    assert AuditEvent.objects.filter(name=Event.PASSWORD_CHANGED).count() == 1


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"old": "wrong-wrong", "new": "tian-qing-2026", "again": "tian-qing-2026"}, "现在的密码不对"),
        ({"old": PASSWORD, "new": "tian-qing-2026", "again": "tian-qing-2027"}, "两次输入的新密码不一致"),
        ({"old": PASSWORD, "new": PASSWORD, "again": PASSWORD}, "新密码不能与现在的相同"),
        ({"old": PASSWORD, "new": "short-1", "again": "short-1"}, "10"),
    ],
)
def test_x3_bad_new_password_is_refused_at_the_field(form, message):
    actor = make_actor()
    response = client_for(actor).post("/change-password/", form)
    assert (response.status_code, message in response.content.decode()) == (200, True)
    assert Account.objects.get(pk=actor.account.pk).check_password(PASSWORD)


def test_x6_going_out_is_recorded_and_ends_the_session():
    actor = make_actor(unit=unit_of("区应急管理局", district=make_district()))
    client = client_for(actor)
    assert client.get("/logout/").status_code == 405
    assert client.post("/logout/").url == "/login/"
    assert AuditEvent.objects.get(name=Event.LOGGED_OUT).post_id == actor.post.pk
    assert client.get("/rules/").url.startswith("/login/")


def test_x3_five_wrong_passwords_lock_and_a_reset_unlocks(settings):
    settings.AXES_ENABLED = True
    make_actor(username="anjian")
    for _ in range(5):
        _, response = log_in("anjian", "not-the-password")
    assert (response.status_code, "暂时不能登录" in response.content.decode()) == (429, True)
    _, response = log_in("anjian")
    assert response.status_code == 429
    reset = client_for(make_actor("security_admin"))
    reset.post(f"/manage/accounts/{Account.objects.get(username='anjian').pk}/reset/", {"reason": "已当面核对身份"})
    _, response = log_in("anjian", "still-wrong-password")
    assert (response.status_code, "用户名或密码不对" in response.content.decode()) == (200, True)


def test_demo_accounts_stand_on_the_login_page_of_the_demo_only(settings):
    make_district(is_demo=True)
    make_actor(username="anjian", title="科室负责人")
    settings.DEMO = False
    assert "anjian" not in Client().get("/login/").content.decode()
    settings.DEMO = True
    page = Client().get("/login/").content.decode()
    assert "anjian" in page and "区应急管理局 科室负责人" in page
