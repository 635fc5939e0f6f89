"""How long a login lasts, that nothing typed is lost with it, and who ends it (X3)."""

import re
import time

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from audit.models import AuditEvent
from organisations.events import Event
from organisations.middleware import SEEN, SESSION_KEY, SINCE
from organisations.models import LoginSession, Person
from organisations.tasks import tidy
from tests.factories import PASSWORD, client_for, make_actor, make_post

pytestmark = pytest.mark.django_db


def log_in(username: str = "anjian", agent: str = "Firefox Windows") -> Client:
    client = Client(headers={"User-Agent": agent})
    assert client.post("/login/", {"username": username, "password": PASSWORD}).status_code == 302
    return client


def let_pass(client: Client, *, idle: int = 0, since: int = 0) -> None:
    session = client.session
    session[SEEN], session[SINCE] = session[SEEN] - idle, session[SINCE] - since
    session.save()


def kept_in(page: str) -> str:
    return re.search(r'name="kept" value="([^"]+)"', page).group(1)


def test_x3_half_an_hour_without_a_click_ends_the_login():
    make_actor(username="anjian")
    client = log_in()
    let_pass(client, idle=30 * 60 - 5)
    assert client.get("/rules/").status_code == 200
    let_pass(client, idle=30 * 60 + 1)
    response = client.get("/rules/", follow=True)
    assert response.redirect_chain[0][0] == "/login/?next=/rules/"
    assert "已有 30 分钟没有操作" in response.content.decode()
    assert (LoginSession.objects.count(), "_auth_user_id" in client.session) == (0, False)
    assert "30 分钟" in AuditEvent.objects.get(name=Event.LOGGED_OUT).data["why"]


def test_x3_twelve_hours_end_the_busiest_login(settings):
    make_actor(username="anjian")
    client = log_in()
    let_pass(client, since=12 * 3600 - 5)
    assert client.get("/rules/").status_code == 200
    let_pass(client, since=6)
    assert "登录已满 12 小时" in client.get("/rules/", follow=True).content.decode()


def test_x3_the_idle_limit_is_the_districts(settings):
    settings.SESSION_IDLE_MINUTES = 5
    make_actor(username="anjian")
    client = log_in()
    let_pass(client, idle=301)
    assert client.get("/rules/").status_code == 302


def test_x3_clicks_are_noted_at_most_once_a_minute(django_assert_num_queries):
    make_actor(username="anjian")
    client = log_in()
    seen = client.session[SEEN]
    client.get("/rules/")
    assert client.session[SEEN] == seen
    let_pass(client, idle=61)
    client.get("/rules/")
    assert abs(client.session[SEEN] - time.time()) < 30


def test_x3_what_was_typed_survives_the_end_of_the_login():
    admin = make_actor("system_admin", username="sysadmin")
    client = log_in("sysadmin")
    let_pass(client, idle=1801)
    typed = {"name": "钱待录", "phone": "13805529999"}
    page = client.post("/manage/people/new/", typed)
    assert page.status_code == 401
    html = page.content.decode()
    assert "刚才填写的内容没有丢" in html and 'action="/login/?next=%2Fmanage%2Fpeople%2Fnew%2F"' in html
    again = client.post(
        "/login/?next=%2Fmanage%2Fpeople%2Fnew%2F",
        {"username": "sysadmin", "password": PASSWORD, "kept": kept_in(html)},
    )
    html = again.content.decode()
    assert 'action="/manage/people/new/"' in html
    assert all(f'name="{name}" value="{value}"' in html for name, value in typed.items())
    assert client.session[SESSION_KEY] == admin.post.pk
    assert client.post("/manage/people/new/", typed).status_code == 302
    assert Person.objects.filter(name="钱待录").exists()


def test_x3_a_wrong_password_in_between_loses_nothing_either():
    make_actor("system_admin", username="sysadmin")
    client = log_in("sysadmin")
    let_pass(client, idle=1801)
    html = client.post("/manage/people/new/", {"name": "钱待录", "phone": ""}).content.decode()
    html = client.post(
        "/login/", {"username": "sysadmin", "password": "wrong-wrong", "kept": kept_in(html)}
    ).content.decode()
    html = client.post(
        "/login/", {"username": "sysadmin", "password": PASSWORD, "kept": kept_in(html)}
    ).content.decode()
    assert 'name="name" value="钱待录"' in html


def test_x3_the_earlier_post_is_taken_up_again():
    actor = make_actor("system_admin", username="sysadmin")
    other = make_post(person=actor.person, role_key="system_admin", section="二室")
    client = log_in("sysadmin")
    client.post("/choose-post/", {"post": other.pk})
    let_pass(client, idle=1801)
    html = client.post("/manage/people/new/", {"name": "钱待录"}).content.decode()
    client.post("/login/", {"username": "sysadmin", "password": PASSWORD, "kept": kept_in(html)})
    assert client.session[SESSION_KEY] == other.pk


def test_x3_somebody_else_does_not_get_what_was_typed():
    make_actor("system_admin", username="sysadmin")
    make_actor("system_admin", username="sysadmin2")
    client = log_in("sysadmin")
    let_pass(client, idle=1801)
    html = client.post("/manage/people/new/", {"name": "钱待录"}).content.decode()
    response = client.post("/login/", {"username": "sysadmin2", "password": PASSWORD, "kept": kept_in(html)})
    assert (response.status_code, response.url) == (302, "/")


def test_x3_passwords_do_not_travel_and_forged_notes_are_dropped():
    make_actor("system_admin", username="sysadmin")
    from organisations.again import read

    client = log_in("sysadmin")
    let_pass(client, idle=1801)
    page = client.post("/manage/people/new/", {"name": "钱待录", "password": "secret", "password2": "secret"})
    kept = kept_in(page.content.decode())
    assert read(kept)["typed"] == {"name": ["钱待录"]}
    assert read(kept[:-2] + "xx") == {}
    response = client.post("/login/", {"username": "sysadmin", "password": PASSWORD, "kept": "forged"})
    assert (response.status_code, response.url) == (302, "/")


def test_x3_one_sees_the_own_logins_and_ends_the_others():
    make_actor(username="anjian")
    here, there = log_in(), log_in(agent="Chrome Android")
    page = here.get("/my/logins/").content.decode()
    assert "Firefox，Windows" in page and "Chrome，Android" in page and "退出其他 1 处" in page
    assert here.post("/my/logins/").status_code == 302
    assert there.get("/rules/").url.startswith("/login/")
    assert here.get("/rules/").status_code == 200
    assert LoginSession.objects.count() == 1
    assert AuditEvent.objects.get(name=Event.SESSIONS_ENDED).data == {"sessions": 1}


def test_x3_the_security_administrator_ends_somebodys_logins():
    target = make_actor(username="anjian")
    theirs = log_in()
    client = client_for(make_actor("security_admin"))
    url = f"/manage/accounts/{target.account.pk}/"
    assert "Firefox，Windows" in client.get(url).content.decode()
    assert client.post(f"{url}do/end-sessions/", {"reason": "手机丢失"}).url == url
    assert theirs.get("/rules/").url.startswith("/login/")
    assert AuditEvent.objects.get(name=Event.SESSIONS_ENDED).data["reason"] == "手机丢失"


def test_x3_a_new_password_ends_every_other_login_and_keeps_this_one():
    make_actor(username="anjian")
    here, there = log_in(), log_in()
    form = {"old": PASSWORD, "new": "tian-qing-2026", "again": "tian-qing-2026"}
    assert here.post("/change-password/", form).status_code == 302
    assert there.get("/rules/").url.startswith("/login/")
    assert here.get("/rules/").status_code == 200
    row = LoginSession.objects.get()
    assert row.session_key == here.session.session_key


def test_x3_tidy_forgets_logins_whose_session_is_gone():
    make_actor(username="anjian")
    log_in()
    Session.objects.all().delete()
    tidy()
    assert LoginSession.objects.count() == 0
