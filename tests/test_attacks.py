"""What an attacker or a careless hand would try, each with the row whose promise it would break."""

import io
import json
import struct
import zlib
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.test import Client
from PIL import Image

from deadlines.workflow import Refused
from organisations.actors import Actor
from organisations.services.once import keep_answer
from records.models import Case, Letter
from records.selectors import letters_for
from records.services import letters
from records.services.attachments import FileRefused, inspect
from records.services.refusals import LetterRefused
from records.web import submit
from risks.models import RiskPoint
from risks.selectors.timeline import timeline
from risks.services import register
from risks.services.closure import ClosureRefused
from tests.factories import client_for, make_actor, make_enterprise, make_post, sector_of, territory_of, unit_of
from tests.plugins.workspace import media, plain_font, plain_font_folder
from tests.risks.builders import DETAILS, WEDNESDAY, make_cast, photo, registered, risk_in, traces

__all__ = ["media", "plain_font", "plain_font_folder"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_font", "media")]

NUMBERS = ("²", "٣", "9" * 5000, "99999999999999999999", "-1", "x")


@pytest.mark.parametrize(
    ("role", "address", "name"),
    [
        ("bureau_handler", "/letters/", "before"),
        ("system_admin", "/manage/people/", "page"),
        ("security_admin", "/manage/accounts/new/", "person"),
        ("audit_admin", "/manage/audit/", "before"),
        ("audit_admin", "/manage/audit/", "after"),
    ],
)
def test_x3_a_number_that_is_none_asks_for_nothing(role: str, address: str, name: str) -> None:
    client = client_for(make_actor(role))
    assert {client.get(address, {name: number}).status_code for number in NUMBERS} <= {200, 404}


def test_x3_a_version_that_is_none_is_no_version() -> None:
    scene = risk_in("treating")
    client = client_for(scene.cast.reporter)
    for number in NUMBERS:
        client.post(f"/risks/{scene.pk}/progress/", {"text": "已到货", "percent": "50", "version": number})
    # Twenty digits name no version either, so each acted once.
    assert scene.risk.progress.count() == len(NUMBERS)


def test_x3_nul_in_the_search_for_a_unit_finds_nothing() -> None:
    client = client_for(make_actor("bureau_handler"))
    assert client.get("/risks/unit-options/", {"q": "加油\x00"}).json()["results"] == []
    assert client.get("/risks/new/", {"q": "加油\x00"}).status_code == 200


def test_x3_endless_user_name_is_a_wrong_user_name() -> None:
    answer = Client().post("/login/", {"username": "x" * 100_000, "password": "y"})
    assert answer.status_code == 200 and "用户名或密码不对" in answer.content.decode()


@pytest.mark.parametrize("body", ['{"category": "\\ud800"}', "[" * 100_000, '{"\\ud800": 1}'])
def test_x3_json_that_no_answer_could_repeat_is_refused(body: str) -> None:
    client = client_for(make_actor("enterprise_reporter", make_enterprise()))
    answer = client.post("/api/v1/risk-points/", body, content_type="application/json")
    assert answer.status_code == 400 and "无法解析" in answer.json()["detail"]


def _with_chunk(*, at_end: bool) -> bytes:
    """A sound PNG with a text chunk that unpacks to 70 MB."""
    out = io.BytesIO()
    Image.new("RGB", (9, 9)).save(out, "PNG")
    data, body = out.getvalue(), b"a\0\0" + zlib.compress(b"A" * 70_000_000)
    chunk = struct.pack(">I", len(body)) + b"zTXt" + body + struct.pack(">I", zlib.crc32(b"zTXt" + body))
    place = len(data) - 12 if at_end else 33
    return data[:place] + chunk + data[place:]


@pytest.mark.parametrize("at_end", [False, True])
def test_x3_picture_that_unpacks_without_end_is_refused(at_end: bool) -> None:
    with pytest.raises(FileRefused, match="图片可能已损坏"):
        inspect(SimpleUploadedFile("现场.png", _with_chunk(at_end=at_end)))


def test_x3_the_township_of_a_risk_follows_from_the_unit() -> None:
    township = make_actor("township_handler", "燕山乡")
    asked = {
        "title": "路口",
        "responsible_unit": township.unit_id,
        "sector": "road",
        "township": territory_of("雪华乡").code,
        **DETAILS,
    }
    answer = client_for(township).post("/api/v1/risk-points/", json.dumps(asked), content_type="application/json")
    assert answer.status_code == 201
    assert Case.objects.get().township == territory_of("燕山乡")  # it follows from the unit, whatever is asked


def test_x3_a_department_does_not_register_into_a_sector_it_cannot_see() -> None:
    enterprise = make_enterprise(sector="construction", enforcer="区应急管理局")
    department = make_actor("department_handler", "区住建交通委")
    asked = {"title": "塔吊", "responsible_unit": enterprise.unit_id, "sector": "hazchem", **DETAILS}
    answer = client_for(department).post("/api/v1/risk-points/", json.dumps(asked), content_type="application/json")
    assert answer.status_code == 409 and "不在您的权限范围内" in answer.json()["detail"]
    assert not Case.objects.exists()


def test_x3_department_registers_within_its_sectors() -> None:
    site = make_enterprise(sector="construction", enforcer=None)
    with pytest.raises(Refused, match="不在您的权限范围内"):
        register.register_risk(
            title="塔吊",
            responsible_unit=site.unit,
            sector=sector_of("hazchem"),
            township=site.township,
            details=DETAILS,
            measures={},
            actor=make_actor("department_handler", "区住建交通委"),
            at=WEDNESDAY,
        )
    assert not RiskPoint.objects.exists()


def _sealed_road() -> Any:
    """A road of 燕山乡 whose letter has its number and its seal, and has not gone out."""
    scene = risk_in(
        "graded", cast=make_cast(responsible=unit_of("燕山乡"), lead="区住建交通委", sector="road"), sector="road"
    )
    scene.draft()
    scene.check()
    scene.issue(dispatch=False)
    letters.attach_scan(scene.letter(), scan=photo("盖章.jpg"), actor=scene.cast.handler, at=scene.at)
    return scene


def test_x3_township_that_receives_sees_nothing_before_sending() -> None:
    scene = _sealed_road()
    recipient = scene.cast.reporter
    assert list(letters_for(recipient)) == []
    assert _letter_events(scene, recipient) == []
    scene.dispatch()
    assert list(letters_for(recipient)) == [scene.letter()]
    assert _letter_events(scene, recipient) == ["上传盖章扫描件", "签发文书"]


def test_x3_timeline_keeps_drafts_in_the_issuing_house() -> None:
    scene = _sealed_road()
    assert {"起草文书", "提交核稿", "核稿通过"} <= set(_letter_events(scene, scene.cast.handler))
    assert _letter_events(scene, make_actor("supervisory_reader")) == ["上传盖章扫描件", "签发文书"]


def _letter_events(scene: Any, actor: Actor) -> list[str]:
    letters = set(letters_for(actor).filter(case=scene.pk).values_list("pk", flat=True))
    told = [entry["title"] for entry in timeline(scene.risk, actor, letters)]
    return [title for title in told if "文书" in title or "稿" in title or "盖章" in title]


def test_x7_sealed_scan_is_not_exchanged() -> None:
    scene = _sealed_road()
    kept = scene.letter().scan
    with pytest.raises(LetterRefused, match="已存档，不能更换"):
        letters.attach_scan(scene.letter(), scan=photo("另一份.jpg"), actor=scene.cast.handler, at=scene.at)
    assert Letter.objects.get(case=scene.pk).scan == kept


def test_r6_two_risks_cannot_merge_into_each_other() -> None:
    first = registered()
    second = registered(cast=first.cast, title="加油区")
    first.propose("merged", merged_into=second.risk)
    second.propose("merged", merged_into=first.risk)
    first.decide_exit()
    before = traces(second.pk)
    with pytest.raises(Refused, match="已不在册"):
        second.decide_exit()
    assert (first.state, second.state) == ("exited", "registered") and traces(second.pk) == before


def test_r6_who_supplied_the_correction_does_not_verify() -> None:
    scene = risk_in("applied")
    second = make_actor("enterprise_principal", scene.cast.responsible)
    scene.ask_correction()
    scene.supply_correction(actor=second)
    hat = make_post(person=second.person, unit=scene.cast.lead, role_key="bureau_handler")
    with pytest.raises(ClosureRefused, match="不能参加核查"):
        scene.verify(colleagues=[second.person])
    with pytest.raises(Refused, match="不能参加核查"):
        scene.verify(actor=Actor(account=second.account, post=hat))


def test_r6_who_checked_in_long_term_control_does_not_verify() -> None:
    scene = risk_in("long_term")
    scene.check_long_term()
    make_post(
        person=scene.cast.reporter.person, unit=scene.cast.lead, role_key="bureau_handler", valid_from=date(2020, 1, 1)
    )
    scene.apply()
    with pytest.raises(ClosureRefused, match="不能参加核查"):
        scene.verify(colleagues=[scene.cast.reporter.person])


def test_p1_crumb_of_the_township_leads_to_its_risks() -> None:
    scene = risk_in("graded")
    client = client_for(scene.cast.handler)
    crumb = client.get(f"/risks/{scene.pk}/").context["crumbs"][1]["url"]
    assert scene.case.number in client.get(crumb).content.decode()


def test_x6_double_click_is_not_another_person() -> None:
    """The second sending comes when the act is no longer possible, and is led where the first one went."""
    scene = risk_in("treating")
    actor, key = scene.cast.reporter, uuid4()
    keep_answer(account=actor.account, key=key, status=302, answer="/risks/1/", at=scene.at)

    def act() -> str:
        raise Refused("陈国强已办理")

    request = client_for(actor).get("/").wsgi_request
    request.POST = QueryDict(f"form_key={key}")  # type: ignore[assignment]
    answer = submit(request, forms.Form({}), act, actor=actor, at=scene.at, refusals=(Refused,), done="已报送")
    assert answer is not None and (answer.status_code, answer.headers["Location"]) == (302, "/risks/1/")


def test_x6_form_key_of_another_account_is_told() -> None:
    scene = risk_in("treating")
    sent = {"text": "已到货", "percent": "50", "form_key": str(uuid4())}
    codes = [
        client_for(actor).post(f"/risks/{scene.pk}/progress/", sent).status_code
        for actor in (scene.cast.reporter, scene.cast.principal)
    ]
    assert codes == [302, 422] and scene.risk.progress.count() == 1
