"""`Idempotency-Key`: one key, one act, one answer, whoever sends how often (P6, X8)."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from pytest_django import Settings

from audit.models import AuditEvent
from organisations.models import SentRequest
from organisations.services import once
from records.models import Attachment
from risks.models import Progress, RiskPoint
from tests.api.calls import API, Caller, read
from tests.api.test_risk_points import BODY
from tests.factories import PASSWORD, at, client_for, make_actor, make_enterprise
from tests.risks.builders import Scene, make_cast, photo, risk_in
from tests.risks.test_register_form import filled

HEADER = "Idempotency-Key"
PROGRESS = {"text": "接地装置已到货", "percent": 50}


def key() -> dict[str, str]:
    return {HEADER: str(uuid4())}


def send(caller: Caller, path: str, body: Any, headers: dict[str, str]) -> Any:
    return caller.client.post(f"{API}/{path}", json.dumps(body), "application/json", headers=headers)


@pytest.fixture
def scene(plain_font: Any) -> Scene:
    return risk_in("treating")


@pytest.mark.django_db
def test_p6_the_same_request_is_answered_word_for_word_and_acted_on_once(scene: Scene) -> None:
    caller, path, headers = Caller(scene.cast.reporter), f"risk-points/{scene.pk}/progress/", key()
    first = send(caller, path, PROGRESS, headers)
    events = AuditEvent.objects.count()
    # Another spelling of the same content is the same content.
    again = caller.client.post(
        f"{API}/{path}", '{"percent": 50,\n "text": "接地装置已到货"}', "application/json", headers=headers
    )
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content and again["Content-Type"] == first["Content-Type"]
    assert (first.get("Idempotent-Replayed"), again["Idempotent-Replayed"]) == (None, "true")
    assert (Progress.objects.count(), AuditEvent.objects.count()) == (1, events)
    row = SentRequest.objects.get(account=scene.cast.reporter.account, status=201)
    assert row.answer.encode() == first.content


@pytest.mark.django_db
def test_p6_another_body_or_address_under_the_same_key_is_422(scene: Scene) -> None:
    caller, headers = Caller(scene.cast.reporter), key()
    path = f"risk-points/{scene.pk}/progress/"
    send(caller, path, PROGRESS, headers)
    for where, body in ((path, PROGRESS | {"percent": 60}), (f"risk-points/{scene.pk}/receive/", PROGRESS)):
        refused = read(send(caller, where, body, headers), 422)
        assert refused["title"] == "与此前的请求不同" and "请换一个键" in refused["detail"]
    assert Progress.objects.count() == 1


@pytest.mark.django_db
def test_p6_a_key_belongs_to_its_account(scene: Scene) -> None:
    headers, path = key(), f"risk-points/{scene.pk}/progress/"
    assert send(Caller(scene.cast.reporter), path, PROGRESS, headers).status_code == 201
    assert send(Caller(scene.cast.principal), path, PROGRESS, headers).status_code == 201
    assert Progress.objects.count() == 2


@pytest.mark.django_db
def test_p6_what_was_refused_leaves_the_key_free(scene: Scene) -> None:
    caller, headers, path = Caller(scene.cast.reporter), key(), f"risk-points/{scene.pk}/progress/"
    assert read(send(caller, path, {"percent": 500}, headers), 400)["errors"].keys() == {"text", "percent"}
    assert SentRequest.objects.filter(status__gte=400).count() == 0
    assert send(caller, path, PROGRESS, headers).status_code == 201


@pytest.mark.django_db
def test_p6_files_count_by_their_bytes(scene: Scene, media: Any) -> None:
    caller, headers, path = Caller(scene.cast.reporter), key(), f"{API}/risk-points/{scene.pk}/progress/"

    def upload(name: str, like: str) -> Any:
        file = photo(name)
        file.seek(0)
        content = file.read() + like.encode()
        return caller.client.post(path, PROGRESS | {"photos": [SimpleUploadedFile(name, content)]}, headers=headers)

    assert upload("一.jpg", "").status_code == 201
    assert upload("二.jpg", "")["Idempotent-Replayed"] == "true"
    assert upload("一.jpg", "longer").status_code == 422
    assert (Progress.objects.count(), Attachment.objects.filter(name="一.jpg").count()) == (1, 1)


@pytest.mark.django_db
def test_p6_a_key_that_is_no_uuid_is_named_and_nothing_done() -> None:
    cast = make_cast()
    caller = Caller(cast.reporter)
    body = BODY | {"responsible_unit": cast.responsible.pk}
    assert read(send(caller, "risk-points/", body, {HEADER: "x"}), 400)["errors"] == {HEADER: ["须是 UUID"]}
    assert RiskPoint.objects.count() == 0


@pytest.mark.django_db
def test_p6_token_gives_a_new_one_each_time_whatever_the_key() -> None:
    make_actor("bureau_handler", username="anjian")
    body = json.dumps({"username": "anjian", "password": PASSWORD})
    headers = key()
    given = {
        read(Client().post(f"{API}/token/", body, "application/json", headers=headers), 200)["token"] for _ in range(2)
    }
    assert len(given) == 2 and SentRequest.objects.count() == 0


@pytest.mark.django_db
def test_p6_every_unsafe_operation_takes_the_key_and_says_so(settings: Settings) -> None:
    schema = Client().get(f"{API}/schema/", headers={"Accept": "application/vnd.oai.openapi+json"}).json()
    with_key, without = set(), set()
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            if method in {"post", "put", "patch", "delete"}:
                named = HEADER in {parameter["name"] for parameter in operation.get("parameters", [])}
                assert named == ("422" in operation["responses"]), path
                (with_key if named else without).add(path.removeprefix(f"{API}/"))
    assert without == {"token/"}
    assert "risk-points/{id}/grade/" in with_key


@pytest.mark.django_db
def test_p6_keys_are_forgotten_after_72_hours() -> None:
    account = make_actor().account
    sent = at("2026-09-30 16:40")
    kept = uuid4()
    with transaction.atomic():
        for one, moment in ((kept, sent), (uuid4(), sent - timedelta(seconds=1))):
            once.keep_answer(account=account, key=one, status=302, answer="/risks/1/", at=moment)
    assert once.forget_old(at=sent + timedelta(hours=72)) == 1
    assert SentRequest.objects.get().key == kept


@pytest.mark.django_db
def test_x8_a_form_sent_twice_is_led_where_the_first_one_went(scene: Scene) -> None:
    client = client_for(scene.cast.reporter)
    page = client.get(f"/risks/{scene.pk}/?do=progress")
    form = {"text": "围栏已装", "percent": "30", "form_key": str(page.context["form_key"])}
    url = f"/risks/{scene.pk}/progress/"
    first = client.post(url, form | {"version": scene.case.version})
    second = client.post(url, form | {"version": scene.case.version, "text": "改了一改"})
    assert (first.status_code, second.status_code, second["Location"]) == (302, 302, first["Location"])
    assert Progress.objects.count() == 1


def test_p6_sixteen_at_once_with_one_key_act_once(cloned_db: str) -> None:
    actor = make_actor("enterprise_reporter", make_enterprise())
    caller, headers, start = Caller(actor), key(), Barrier(16)
    body = BODY | {"responsible_unit": actor.unit_id}

    def shoot(_: int) -> tuple[int, str]:
        try:
            client = Client(**caller.client.defaults)
            start.wait()
            response = client.post(f"{API}/risk-points/", json.dumps(body), "application/json", headers=headers)
            return response.status_code, response.content.decode()
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(shoot, range(16)))
    made = {content for status, content in answers if status == 201}
    assert len(made) == 1, answers
    assert {status for status, _ in answers} <= {201, 409}
    assert all("正在办理" in content for status, content in answers if status == 409)
    assert RiskPoint.objects.count() == 1
    # Whoever was told to wait asks again and hears what the first one heard.
    assert send(caller, "risk-points/", body, headers).content.decode() in made


def test_x8_a_double_click_waits_and_acts_once(cloned_db: str) -> None:
    actor = make_actor("enterprise_reporter", make_enterprise())
    form, start = filled(form_key=str(uuid4())), Barrier(4)
    client = client_for(actor)

    def click(_: int) -> tuple[int, str]:
        try:
            own = Client()
            own.cookies = client.cookies
            start.wait()
            response = own.post("/risks/new/", form)
            return response.status_code, response["Location"]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        answers = set(pool.map(click, range(4)))
    made = RiskPoint.objects.get(case__responsible_unit=actor.unit)
    assert answers == {(302, f"/risks/{made.pk}/")}
