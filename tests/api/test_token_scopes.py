"""Tokens do no more than they were given for; who asks too often waits (P6, X3)."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from audit.clock import now
from audit.models import AuditEvent
from organisations.actors import Actor
from organisations.events import Event
from organisations.models import ApiToken
from organisations.roles import RIGHTS_OF_SCOPE, ROLES, Right, TokenScope
from organisations.services.tokens import issue_token
from tests.api.calls import API, read
from tests.api.test_risk_points import GRADE
from tests.api.test_tokens import ask
from tests.factories import PASSWORD, client_for, make_actor
from tests.risks.builders import make_cast, registered

pytestmark = pytest.mark.django_db
# Acts of the administration have no API; whoever unmasks must be there in person.
NEVER_BY_TOKEN = {
    Right.MANAGE_UNITS,
    Right.MANAGE_PEOPLE,
    Right.MANAGE_ACCOUNTS,
    Right.MANAGE_SYSTEM,
    Right.UNMASK,
}


def program(actor: Actor, *scopes: str) -> Client:
    token, _ = issue_token(actor=actor, at=now(), scopes=scopes)
    return Client(headers={"Authorization": f"Bearer {token}"})


def test_x3_every_right_belongs_to_one_scope_or_to_none_by_decision() -> None:
    given = [right for rights in RIGHTS_OF_SCOPE.values() for right in rights]
    assert len(given) == len(set(given))
    assert set(given) == set(Right) - NEVER_BY_TOKEN
    assert set(RIGHTS_OF_SCOPE) == set(TokenScope.values)
    assert {right for role in ROLES for right in role.rights} <= set(Right)


def test_p6_a_reading_token_reads_and_does_nothing() -> None:
    scene = registered(cast=make_cast())
    client = program(scene.cast.handler, "read")
    assert client.get(f"{API}/risk-points/{scene.pk}/").status_code == 200
    refused = client.post(f"{API}/risk-points/{scene.pk}/grade/", GRADE, "application/json")
    assert read(refused, 403)["detail"] == "这个令牌只能查询，不能办理"
    assert scene.state == "registered"


def test_p6_a_filing_token_of_an_official_does_not_assess() -> None:
    scene = registered(cast=make_cast())
    grade = f"{API}/risk-points/{scene.pk}/grade/"
    refused = program(scene.cast.handler, "file").post(grade, GRADE, "application/json")
    assert refused.status_code in {403, 409}, refused.content.decode()
    assert scene.state == "registered"
    assert program(scene.cast.handler, "handle").post(grade, GRADE, "application/json").status_code == 200


def test_p6_scopes_name_and_days_are_chosen_at_token(settings: Settings) -> None:
    settings.BUSINESS_NOW = "2026-09-30T17:00:00+08:00"
    make_actor("bureau_handler", username="anjian")
    answer = ask(username="anjian", password=PASSWORD, scopes=["file"], days=7, name="省平台")
    assert answer["scopes"] == ["read", "file"]
    row = ApiToken.objects.get()
    assert (row.name, row.expires_at - row.created_at, str(row.address)) == ("省平台", timedelta(days=7), "127.0.0.1")
    assert ask(username="anjian", password=PASSWORD)["scopes"] == ["read", "file", "handle", "sign"]
    assert ask(400, username="anjian", password=PASSWORD, days=31)["errors"] == {"days": ["有效期须为 1 至 30 天"]}
    assert set(ask(400, username="anjian", password=PASSWORD, scopes=["root"])["errors"]) == {"scopes"}


def test_p6_the_holder_makes_sees_and_revokes_a_token_on_the_page() -> None:
    actor = make_actor("bureau_handler", username="anjian")
    client = client_for(actor)
    form: dict[str, Any] = {"name": "省平台对接", "scopes": ["file"], "days": "10", "password": "wrong-wrong"}
    assert "密码不对" in client.post("/my/tokens/new/", form).content.decode()
    page = client.post("/my/tokens/new/", form | {"password": PASSWORD}).content.decode()
    token = page.partition('id="token">')[2].partition("<")[0]
    api = Client(headers={"Authorization": f"Bearer {token}"})
    assert api.get(f"{API}/territories/").status_code == 200
    row = ApiToken.objects.get()
    assert (row.scopes, str(row.used_from)) == (["read", "file"], "127.0.0.1") and row.used_at is not None
    listed = client.get("/my/logins/").content.decode()
    assert "省平台对接" in listed and "填报" in listed and token not in listed
    stranger = client_for(make_actor())
    assert stranger.post(f"/my/tokens/{row.pk}/revoke/").status_code == 404
    assert client.post(f"/my/tokens/{row.pk}/revoke/").url == "/my/logins/"
    assert api.get(f"{API}/territories/").status_code == 401
    assert AuditEvent.objects.filter(name=Event.TOKEN_REVOKED).count() == 1


def test_p6_the_security_administrator_revokes_them_all() -> None:
    actor = make_actor("bureau_handler", username="anjian")
    api = program(actor, "file")
    client = client_for(make_actor("security_admin"))
    url = f"/manage/accounts/{actor.account.pk}/"
    assert "未写用途" in client.get(url).content.decode()
    assert client.post(f"{url}do/revoke-tokens/", {"reason": "疑似泄露"}).url == url
    assert api.get(f"{API}/territories/").status_code == 401
    assert AuditEvent.objects.get(name=Event.TOKEN_REVOKED).data["reason"] == "疑似泄露"


def test_p6_who_asks_too_often_is_told_when_to_come_back(settings: Settings) -> None:
    settings.THROTTLE_RATES = {"token": 2, "anon": 1}
    one, two = program(make_actor(), "read"), program(make_actor(), "read")
    for _ in range(2):
        assert one.get(f"{API}/territories/").status_code == 200
    refused = one.get(f"{API}/territories/")
    problem = read(refused, 429)
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert problem["detail"] == f"请在 {refused['Retry-After']} 秒后再试"
    assert two.get(f"{API}/territories/").status_code == 200, "each token counts for itself"
    assert Client().get(f"{API}/schema/").status_code == 200


def test_p6_token_is_limited_by_address_for_all_names(settings: Settings) -> None:
    settings.THROTTLE_RATES = {"login": 2}
    for name in ("a", "b"):
        ask(401, username=name, password="x")
    assert "秒后再试" in ask(429, username="c", password="x")["detail"]


def test_p6_counting_costs_one_statement(settings: Settings, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    settings.THROTTLE_RATES = {"token": 100}
    client = program(make_actor(), "read")
    client.get(f"{API}/territories/")
    with django_assert_num_queries(3):  # the token, the count, the page
        client.get(f"{API}/territories/")
