"""Deadlines and working days with their reasons, errors as problem details, the description and its page."""

import json
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from tests.api.calls import API, Caller, read
from tests.factories import make_actor
from tests.risks.builders import make_cast, registered, risk_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def bureau() -> Caller:
    return Caller(make_actor("bureau_handler"))


def test_x4_workdays_answers_with_every_day_and_its_reason(bureau: Caller) -> None:
    answer = bureau.get("workdays/", start="2018-09-28", days=3)
    assert {key: answer[key] for key in ("due", "provisional")} == {"due": "2018-10-08", "provisional": False}
    assert set(answer) == {"due", "provisional", "days"}
    assert answer["days"][0] == {"date": "2018-09-28", "counted": False, "reason": "起算日，当日不计"}
    assert [day["date"] for day in answer["days"] if day["counted"]] == ["2018-09-29", "2018-09-30", "2018-10-08"]
    assert len(answer["days"]) == 11


def test_x4_a_year_without_arrangement_is_provisional_and_beyond_the_table_an_error(bureau: Caller) -> None:
    assert bureau.get("workdays/", start="2026-12-30", days=5)["provisional"] is True
    for start in ("2017-12-31", "2099-01-01", "9999-12-31", "0001-01-01"):
        assert "工作日历范围" in bureau.get("workdays/", start=start, days=1, status=400)["errors"]["start"][0]
    assert "工作日历止于" in bureau.get("workdays/", start="2026-01-01", days=9999, status=400)["errors"]["start"][0]


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ({}, {"start", "days"}),
        ({"start": "2018-09-28"}, {"days"}),
        ({"start": "28.9.2018", "days": "3"}, {"start"}),
        ({"start": "2018-02-30", "days": "0"}, {"start", "days"}),
        ({"start": "2018-09-28", "days": "1e3"}, {"days"}),
        ({"start": "2018-09-28", "days": "9" * 2000}, {"days"}),
        ({"start": "\x00", "days": "３"}, {"start"}),
    ],
)
def test_x4_bad_values_are_named_at_their_field(bureau: Caller, query: dict[str, str], fields: set[str]) -> None:
    errors = bureau.get("workdays/", status=400, **query)["errors"]
    assert set(errors) == fields
    assert all("\u4e00" <= lines[0][0] <= "\u9fff" or "。" in lines[0] for lines in errors.values())


def test_x5_deadlines_are_filtered_by_state_rule_owner_and_date(settings: Settings) -> None:
    settings.BUSINESS_NOW = "2026-09-30T17:00:00+08:00"
    cast = make_cast()
    graded, awaiting = registered(cast=cast), risk_in("awaiting", cast=cast)
    graded.conclude()
    bureau = Caller(cast.handler)

    def ids(**query: Any) -> list[int]:
        return [row["id"] for row in bureau.get("deadlines/", **query)["results"]]

    handover, assessment = graded.deadline("handover").pk, awaiting.deadline("assessment").pk
    assert set(ids()) == {handover, assessment}
    assert ids(rule="risks.handover") == ids(case=graded.pk) == ids(due_on_before="2026-10-10") == [handover]
    assert ids(due_on_after="2026-10-11") == [assessment]
    assert set(ids(owner=cast.lead.pk, state="open")) == {handover, assessment}
    assert ids(owner=cast.responsible.pk) == []
    settings.BUSINESS_NOW = "2026-10-12T09:00:00+08:00"
    assert (ids(state="overdue"), ids(state="open")) == ([handover], [assessment])
    awaiting.conclude()
    assert ids(state="met") == [assessment]
    for name, value in (("state", "late"), ("case", "x"), ("owner", str(2**63)), ("due_on_after", "x")):
        assert set(bureau.get("deadlines/", status=400, **{name: value})["errors"]) == {name}


def test_x5_one_deadline_explains_its_date_day_by_day() -> None:
    scene = registered(cast=make_cast())
    scene.conclude()
    found = Caller(scene.cast.reporter).get(f"deadlines/{scene.deadline('handover').pk}/")
    assert (found["label"], found["clause"], found["owner"]["name"]) == ("风险交办", "三（二）2", "区应急管理局")
    assert found["case"]["number"] == scene.case.number
    assert found["days"][0] == {
        "date": "2026-09-30",
        "until": None,
        "counted": False,
        "count": None,
        "reason": "起算：研判结论签署，当日不计",
    }
    counted = [(day["date"], day["count"], day["reason"]) for day in found["days"] if day["counted"]]
    assert counted == [
        ("2026-10-08", 1, "节后首个工作日"),
        ("2026-10-09", 2, "工作日"),
        ("2026-10-10", 3, "周六，调休上班，到期"),
    ]


def test_p6_errors_are_problem_details_whatever_goes_wrong(bureau: Caller) -> None:
    client = bureau.client
    assert "没有这个接口地址" in bureau.get("no/such/thing/", status=404)["detail"]
    assert "没有这个接口地址" in bureau.get("risk-points/%0A/grade/", status=404)["detail"]
    assert "须以 / 结尾" in bureau.get("risk-points", status=404)["detail"]
    assert bureau.get("enterprises/99999999999999999999/", status=404)["status"] == 404
    assert read(client.delete(f"{API}/risk-points/"), 405)["title"] == "不支持这种请求方法"
    assert read(client.options(f"{API}/risk-points/"), 405)["status"] == 405
    assert read(client.post(f"{API}/risk-points/", "<a/>", "application/xml"), 415)["title"] == "不支持的内容类型"
    assert read(client.post(f"{API}/risk-points/", "{", "application/json"), 400)["detail"].startswith(
        "请求正文无法解析"
    )
    assert read(client.post(f"{API}/risk-points/", b"\xff\xfe", "application/json"), 400)["status"] == 400
    for body in ("[]", "3", '"x"', "null"):
        assert read(client.post(f"{API}/risk-points/", body, "application/json"), 400)["status"] == 400
    assert read(client.get(f"{API}/risk-points/", headers={"Accept": "text/html"}), 406)["status"] == 406
    large = json.dumps({"title": "x" * 6_000_000})
    assert read(client.post(f"{API}/risk-points/", large, "application/json"), 413)["title"] == "请求内容过大"
    assert read(Client().get(f"{API}/territories/", headers={"Authorization": "Bearer"}), 401)["status"] == 401


def test_p6_the_description_is_complete_and_without_warnings(tmp_path: Any) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yaml"))
    schema = Client().get(f"{API}/schema/", headers={"Accept": "application/vnd.oai.openapi+json"}).json()
    assert {path.removeprefix(f"{API}/") for path in schema["paths"]} == {
        "token/",
        "territories/",
        "territories/{id}/",
        "enterprises/",
        "enterprises/{id}/",
        "risk-points/",
        "risk-points/{id}/",
        "risk-points/{id}/grade/",
        "risk-points/{id}/hand-over/",
        "risk-points/{id}/receive/",
        "risk-points/{id}/progress/",
        "risk-points/{id}/apply-close-out/",
        "risk-points/{id}/decide-close-out/",
        "deadlines/",
        "deadlines/{id}/",
        "letters/",
        "letters/{id}/",
        "letters/{id}/pdf/",
        "workdays/",
        "statistics/punctuality/",
    }


def test_p6_the_browsable_page_has_no_inline_script_or_style() -> None:
    page = Client().get(f"{API}/docs/")
    html = page.content.decode()
    assert "script-src 'self'" in page["Content-Security-Policy"]
    assert "<style" not in html and html.count("<script") == html.count("<script src=")
    script = Client().get(f"{API}/docs/?script=")
    assert script["Content-Type"] == "application/javascript"
    assert "/api/v1/schema/" in script.content.decode()
