"""The form that registers and edits a risk point: for whom, what it asks, what it refuses, and that it acts once."""

import json
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from records.models import Attachment, Case
from risks.accident_types import GB6441_1986, GB6441_2025, names_on
from risks.forms.register import RiskForm
from risks.models import RiskPoint
from tests.factories import at, client_for, make_actor, make_district, make_enterprise, sector_of, territory_of, unit_of
from tests.risks.builders import WEDNESDAY, photo, registered

pytestmark = pytest.mark.django_db
NEW = "/risks/new/"


@pytest.fixture(autouse=True)
def clock(settings: Any, media: Any) -> None:
    settings.BUSINESS_NOW = at("2026-10-09 14:20").isoformat()


def filled(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "title": "抛光车间铝粉尘爆炸",
        "category": "place",
        "sector": sector_of("dust").pk,
        "location": "2 号厂房一层东侧",
        "hazard_factors": "铝粉尘积聚\r\n遇静电火花",
        "accident_types": ["粉尘爆炸", "火灾"],
        "headcount": "9",
        "measure_engineering": "湿式除尘",
        "measure_emergency": "现场处置方案",
        "monitoring": "粉尘浓度报警器",
        "control_level": "workshop",
        "check_frequency": "shift",
        "responsible_person": "陈国强",
        "responsible_phone": "138 0552 0000",
        "source": "日常查找",
        "form_key": str(uuid4()),
    }
    return {name: value for name, value in (values | changes).items() if value is not None}


def errors_of(response: HttpResponse) -> dict[str, list[str]]:
    assert response.status_code == 422
    return {name: list(said) for name, said in response.context["form"].errors.items()}  # type: ignore[attr-defined]


def enterprise_client() -> Client:
    enterprise = make_enterprise(name="蚌埠市恒达铝制品有限公司", sector="dust")
    return client_for(make_actor("enterprise_reporter", enterprise))


def test_r2_an_enterprise_registers_for_itself_and_comes_to_the_case() -> None:
    client = enterprise_client()
    page = client.get(NEW)
    assert "蚌埠市恒达铝制品有限公司" in page.content.decode()
    assert page.context["form"]["sector"].initial == sector_of("dust").pk
    assert "township" not in page.context["form"].fields
    response = client.post(NEW, filled(photos=[photo("一.jpg"), photo("二.jpg")]))
    case = Case.objects.get()
    assert response.status_code == 302
    assert response["Location"] == reverse("risks:case", args=[case.pk])
    assert (case.title, case.state, case.township.name) == ("抛光车间铝粉尘爆炸", "registered", "燕山乡")
    assert (case.responsible_unit.name, case.lead_unit.short_name) == ("蚌埠市恒达铝制品有限公司", "区应急管理局")
    assert case.number == "340303200-2026-0001"
    risk = case.risk
    assert risk.accident_types == "粉尘爆炸、火灾"
    assert (risk.hazard_factors, risk.responsible_phone) == ("铝粉尘积聚\n遇静电火花", "13805520000")
    assert {m.kind: m.text for m in risk.measures.all()} == {"engineering": "湿式除尘", "emergency": "现场处置方案"}
    assert list(Attachment.objects.values_list("name", flat=True)) == ["一.jpg", "二.jpg"]
    assert [str(m) for m in get_messages(response.wsgi_request)] == ["已登记风险点，编号已自动编列。"]


def test_a_form_sent_twice_registers_once() -> None:
    client, form = enterprise_client(), filled()
    first = client.post(NEW, form)
    second = client.post(NEW, form)
    assert Case.objects.count() == 1
    assert second["Location"] == first["Location"]


def test_nothing_typed_is_lost_and_every_mistake_is_named_at_its_field() -> None:
    response = enterprise_client().post(
        NEW,
        filled(
            title="", accident_types=None, measure_engineering=None, measure_emergency=None, responsible_phone="123"
        ),
    )
    assert errors_of(response) == {
        "title": ["请填写风险点名称"],
        "accident_types": ["请至少选一种可能的事故类型"],
        "measure_engineering": ["五类管控措施至少写一类"],
        "responsible_phone": ["电话不对，应是 11 位手机号，或带区号的座机，如 0552-3120000"],
    }
    page = response.content.decode()
    assert "2 号厂房一层东侧" in page
    assert "没有提交成功，请更正" in page
    assert 'href="#id_title"' in page
    assert Case.objects.count() == 0


@pytest.mark.parametrize(
    ("longitude", "latitude", "errors"),
    [
        ("117.36", "", {"latitude": ["经度和纬度要么都填，要么都不填"]}),
        ("32.91", "117.36", {"longitude": ["经度和纬度像是填反了，请核对"]}),
        ("17.36", "32.91", {"longitude": ["经度应在 73 到 136 之间"]}),
        ("117.36", "62.91", {"latitude": ["纬度应在 3 到 54 之间"]}),
        ("一一七", "32.91", {"longitude": ["经度应是数字，如 117.358600"]}),
        ("117.36", "32.91", {}),
        ("", "", {}),
    ],
)
def test_r2_a_position_is_both_numbers_or_none_and_lies_in_a_sane_box(
    longitude: str, latitude: str, errors: dict[str, list[str]]
) -> None:
    make_district()
    form = RiskForm(filled(longitude=longitude, latitude=latitude), on=date(2026, 10, 9))
    assert dict(form.errors) == errors


def test_a_position_far_from_the_district_is_kept_and_said() -> None:
    for number in range(5):
        make_enterprise(longitude=Decimal(f"117.3{number}"), latitude=Decimal(f"32.9{number}"))
    client = enterprise_client()
    far = client.post(NEW, filled(longitude="116.40", latitude="39.90"))
    assert "可能不在本区" in [str(m) for m in get_messages(far.wsgi_request)][1]
    assert RiskPoint.objects.get().longitude == Decimal("116.4")
    near = enterprise_client().post(NEW, filled(longitude="117.35", latitude="32.88"))
    assert [str(m) for m in get_messages(near.wsgi_request)] == ["已登记风险点，编号已自动编列。"]


def test_r2_accident_types_follow_the_standard_in_force() -> None:
    assert (len(GB6441_1986), len(GB6441_2025)) == (20, 27)
    assert names_on(date(2026, 6, 30)) == GB6441_1986
    assert names_on(date(2026, 7, 1)) == GB6441_2025
    form = RiskForm(on=date(2026, 10, 9), kept_types="中毒和窒息、火灾")
    names = [name for name, _ in form.fields["accident_types"].choices]  # type: ignore[attr-defined]
    assert names == [*GB6441_2025, "中毒和窒息"]


def test_too_many_accident_types_are_refused_before_the_column_is_full() -> None:
    response = enterprise_client().post(NEW, filled(accident_types=list(GB6441_2025)))
    assert errors_of(response) == {"accident_types": ["选得太多，请只选最可能的几种"]}


def test_a_file_that_is_no_photo_is_refused_at_the_photos() -> None:
    text = photo("说明.jpg")
    text.file.seek(0)
    text.file.write(b"%PDF-1.4 not a photo")
    text.file.truncate()
    text.file.seek(0)
    assert errors_of(enterprise_client().post(NEW, filled(photos=[text]))) == {
        "photos": ["“说明.jpg”不是照片，请选 JPG、PNG 或 WEBP 图片"]
    }
    assert Case.objects.count() == 0


def test_a_broken_photo_is_refused_at_the_photos_and_nothing_is_kept() -> None:
    broken = photo("坏.jpg")
    broken.file.seek(0)
    data = broken.file.read()
    broken.file.seek(0)
    broken.file.truncate()
    broken.file.write(data[:200])
    broken.file.seek(0)
    assert list(errors_of(enterprise_client().post(NEW, filled(photos=[broken])))) == ["photos"]
    assert (Case.objects.count(), Attachment.objects.count()) == (0, 0)


def test_a_regulator_finds_the_responsible_unit_without_a_script() -> None:
    enterprise = make_enterprise(name="蚌埠市恒达铝制品有限公司")
    make_enterprise(name="蚌埠市恒达关闭厂", operation="closed")
    make_enterprise(name="蚌埠市恒达雪华厂", township="雪华乡")
    client = client_for(make_actor("township_handler", "燕山乡"))
    page = client.get(f"{NEW}?q=恒达")
    assert [row["text"] for row in page.context["found"]["results"]] == ["蚌埠市恒达铝制品有限公司"]
    link = page.context["found"]["results"][0]["url"]
    assert link == f"/risks/new/?unit={enterprise.unit_id}"
    client.post(link, filled())
    assert Case.objects.get().responsible_unit == enterprise.unit
    assert client.get(f"{NEW}?q=恒").context["found"]["text"] == "至少输入两个字。"


def test_unit_options_answer_within_the_scope() -> None:
    make_enterprise(name="蚌埠市恒达铝制品有限公司")
    make_enterprise(name="蚌埠市恒达雪华厂", township="雪华乡")
    answer = client_for(make_actor("township_handler", "雪华乡")).get("/risks/unit-options/?q=恒达")
    assert [row["text"] for row in json.loads(answer.content)["results"]] == ["蚌埠市恒达雪华厂"]


def test_r2_a_township_registers_a_road_of_its_own() -> None:
    unit = unit_of("燕山乡", district=make_district())
    client = client_for(make_actor("township_handler", unit))
    url = client.get(NEW).context["own"][0]["url"]
    client.post(url, filled(title="临水临崖路段", sector=sector_of("road").pk))
    case = Case.objects.get()
    assert (case.responsible_unit, case.township.name, case.lead_unit.short_name) == (unit, "燕山乡", "区住建交通委")


def test_r2_a_department_says_where_its_site_lies() -> None:
    make_district()
    client = client_for(make_actor("department_handler", "区住建交通委"))
    url = client.get(NEW).context["own"][0]["url"]
    choices = [area.name for area in client.get(url).context["form"].fields["township"].queryset]
    assert choices == ["纬二路街道", "燕山乡", "雪华乡"]  # not the area that the development zone runs
    assert errors_of(client.post(url, filled())) == {"township": ["请选择所在乡街"]}
    client.post(url, filled(township=territory_of("雪华乡").pk))
    assert Case.objects.get().township.name == "雪华乡"


def test_x3_nobody_registers_for_a_unit_that_is_not_theirs() -> None:
    foreign = make_enterprise(township="雪华乡")
    township = client_for(make_actor("township_handler", "燕山乡"))
    assert township.get(f"{NEW}?unit={foreign.unit_id}").status_code == 404
    assert township.post(f"{NEW}?unit={foreign.unit_id}", filled()).status_code == 404
    assert township.get(f"{NEW}?unit=1e9").status_code == 404
    enterprise = enterprise_client()
    enterprise.post(f"{NEW}?unit={foreign.unit_id}", filled())
    assert Case.objects.get().responsible_unit.name == "蚌埠市恒达铝制品有限公司"
    assert client_for(make_actor("committee_officer")).get(NEW).status_code == 403


def edit_values(client: Client, url: str, **changes: Any) -> dict[str, Any]:
    form = client.get(url).context["form"]
    values = {name: form[name].value() for name in form.fields if name != "photos" and form[name].value() is not None}
    values["version"] = str(client.get(url).context["version"])
    return values | {"form_key": str(uuid4())} | changes


def test_r2_an_edit_writes_what_changed_from_what_to_what() -> None:
    scene = registered(at=WEDNESDAY)
    client, url = client_for(scene.cast.reporter), f"/risks/{scene.pk}/edit/"
    response = client.post(url, edit_values(client, url, location="卸油口", measure_training="每月演练"))
    assert response["Location"] == reverse("risks:case", args=[scene.pk])
    assert scene.risk.location == "卸油口"
    event = AuditEvent.objects.get(case_id=scene.pk, name="risks.edited")
    changes = json.loads(event.canonical)["data"]["changes"]
    assert changes["location"] == ["卸油区", "卸油口"]
    assert changes["measure.training"] == ["", "每月演练"]
    assert set(changes) <= {"location", "measure.training", "accident_types"}


def test_who_was_slower_is_told_who_acted_and_keeps_what_was_typed() -> None:
    scene = registered(at=WEDNESDAY)
    client, url = client_for(scene.cast.reporter), f"/risks/{scene.pk}/edit/"
    values = edit_values(client, url, location="卸油口")
    scene.self_grade()
    response = client.post(url, values)
    assert "办理“提交自评（重大、较大）”" in errors_of(response)["__all__"][0]
    assert response.context["form"]["location"].value() == "卸油口"
    assert scene.risk.location == "卸油区"
    again = client.post(url, values | {"version": str(response.context["version"])})
    assert again.status_code == 302
    assert scene.risk.location == "卸油口"


def test_x3_only_the_responsible_unit_and_its_regulator_edit() -> None:
    scene = registered(at=WEDNESDAY)
    url = f"/risks/{scene.pk}/edit/"
    assert client_for(make_actor("enterprise_reporter", make_enterprise())).get(url).status_code == 404
    township = client_for(make_actor("township_handler", "燕山乡"))
    response = township.get(url)
    assert response["Location"] == reverse("risks:case", args=[scene.pk])
    assert [str(m) for m in get_messages(response.wsgi_request)] == ["“修改风险点”由责任单位或交办单位办理"]
    assert client_for(scene.cast.handler).get(url).status_code == 200
