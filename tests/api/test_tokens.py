"""POST token/: who gets one, what is kept of it, and how long it speaks for somebody (P6, X3, X6)."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from audit.clock import SHANGHAI
from audit.models import AuditEvent
from organisations.models import ApiToken
from organisations.services.logins import change_password
from organisations.services.tokens import token_digest
from tests.api.calls import API, Caller, read
from tests.factories import PASSWORD, at, client_for, make_actor, make_post, unit_of

pytestmark = pytest.mark.django_db


def ask(status: int = 200, **body: Any) -> Any:
    return read(Client().post(f"{API}/token/", json.dumps(body), "application/json"), status)


def test_p6_a_token_is_given_for_the_first_post_and_lists_the_others(settings: Settings) -> None:
    settings.BUSINESS_NOW = "2026-09-30T17:00:00+08:00"
    actor = make_actor("bureau_handler", username="anjian", name="周立新")
    second = make_post(person=actor.person, unit=unit_of("区安委办"), role_key="committee_officer")
    answer = ask(username="anjian", password=PASSWORD)
    assert answer["post"]["id"] == actor.post.pk
    assert answer["post"]["unit"] == {"id": actor.unit_id, "name": "区应急管理局"}
    assert [post["id"] for post in answer["posts"]] == [actor.post.pk, second.pk]
    row = ApiToken.objects.get()
    assert row.digest == token_digest(answer["token"]) and answer["token"] not in row.digest
    assert row.expires_at - row.created_at == timedelta(days=30)
    assert row.expires_at.astimezone(SHANGHAI).strftime("%Y-%m-%d") == "2026-10-30"
    assert ask(username="anjian", password=PASSWORD, post=second.pk)["post"]["role"] == "committee_officer"
    issued = AuditEvent.objects.filter(name="organisations.token_issued")
    assert issued.count() == 2
    assert answer["token"] not in "".join(issued.values_list("canonical", flat=True))


def test_x3_wrong_passwords_unknown_names_and_foreign_posts_get_no_token() -> None:
    make_actor("bureau_handler", username="anjian")
    other = make_actor("township_handler", "燕山乡", username="yanshan")
    assert ask(401, username="anjian", password="wrong")["detail"] == "用户名或密码不对"
    assert ask(401, username="nobody", password=PASSWORD)["detail"] == "用户名或密码不对"
    assert ask(400, username="anjian", password=PASSWORD, post=other.post.pk)["errors"] == {
        "post": ["这不是您在任的岗位"]
    }
    assert set(ask(400, username="anjian")["errors"]) == {"password"}
    assert ApiToken.objects.count() == 0
    assert AuditEvent.objects.filter(name="organisations.login_failed").count() == 2


def test_x3_five_wrong_passwords_lock_the_name_also_for_the_right_one(settings: Settings) -> None:
    settings.AXES_ENABLED = True
    make_actor("bureau_handler", username="anjian")
    for _ in range(4):
        ask(401, username="anjian", password="wrong")
    ask(429, username="anjian", password="wrong")
    assert "15 分钟" in ask(429, username="anjian", password=PASSWORD)["detail"]


def test_x3_a_first_password_must_be_changed_before_a_token_is_given() -> None:
    actor = make_actor("bureau_handler", username="anjian")
    actor.account.must_change_password = True
    actor.account.save()
    assert "首次密码" in ask(403, username="anjian", password=PASSWORD)["detail"]


def test_x3_a_token_ends_with_its_time_its_post_its_account_and_its_password(settings: Settings) -> None:
    settings.BUSINESS_NOW = "2026-09-30T17:00:00+08:00"

    def caller() -> Caller:
        found = Caller(make_actor("bureau_handler"))
        found.get("territories/")
        return found

    expired, dismissed, disabled, changed = caller(), caller(), caller(), caller()
    ApiToken.objects.filter(account=expired.actor.account).update(expires_at=at("2026-09-30 16:00"))
    dismissed.actor.post.valid_to = at("2026-09-29").date()
    dismissed.actor.post.save()
    disabled.actor.account.is_active = False
    disabled.actor.account.save()
    change_password(account=changed.actor.account, password="another-2018-101", actor=None, at=at("2026-09-30 17:00"))
    for one in (expired, dismissed, disabled, changed):
        assert one.get("territories/", status=401)["detail"] == "令牌无效或已过期，请重新取得"


def test_x3_nothing_but_token_schema_and_docs_answers_without_one() -> None:
    for path in (
        "territories/",
        "enterprises/",
        "risk-points/",
        "deadlines/",
        "letters/",
        "letters/1/pdf/",
        "workdays/",
    ):
        response = Client().get(f"{API}/{path}")
        assert read(response, 401)["title"] == "没有登录或令牌失效"
        assert response["WWW-Authenticate"] == "Bearer"
    for path in ("schema/", "docs/"):
        assert Client().get(f"{API}/{path}").status_code == 200


def test_x6_a_browser_session_reads_but_cannot_sign_without_hand_and_password() -> None:
    from tests.risks.builders import make_cast, registered

    scene = registered(cast=make_cast())
    browser = client_for(scene.cast.handler)
    assert browser.get(f"{API}/risk-points/{scene.pk}/").status_code == 200
    body = json.dumps({"method": "lec", "likelihood": 6, "exposure": 6, "consequence": 15})
    answer = read(browser.post(f"{API}/risk-points/{scene.pk}/grade/", body, "application/json"), 400)
    assert answer["errors"] == {"password": ["密码不对，请重新输入登录密码"]}
    assert scene.state == "registered"
