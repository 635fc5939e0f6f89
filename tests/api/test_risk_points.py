"""A graded risk travels all the way to close-out over HTTP, by the same rules as on the pages."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from audit.models import AuditEvent
from deadlines.models import Deadline
from records.models import Attachment, Letter, Signature
from records.services.rendering import render_pending
from risks.models import Grading, RiskPoint
from tests.api.calls import Caller
from tests.factories import PASSWORD, STROKES, make_actor, territory_of, unit_of
from tests.risks.builders import DETAILS, make_cast, photo, registered, risk_in

pytestmark = pytest.mark.django_db
GRADE = {"method": "lec", "likelihood": "6", "exposure": "6", "consequence": "15"}
LOWER = {"method": "lec", "likelihood": 3, "exposure": 6, "consequence": 7}
BODY: dict[str, Any] = {**DETAILS, "title": "卸油区", "measures": {"engineering": "更换静电接地装置"}}


@pytest.fixture(autouse=True)
def eve_of_the_feast(settings: Settings) -> Iterator[None]:
    settings.BUSINESS_NOW = "2026-09-30T16:40:00+08:00"
    yield


def test_r3_grade_540_is_red_and_handover_is_due_three_working_days_later_across_the_feast() -> None:
    scene = registered()
    answer = Caller(scene.cast.handler).post(f"risk-points/{scene.pk}/grade/", GRADE | {"participants": "周立新、王敏"})
    assert {key: answer[key] for key in ("basis", "score", "grade", "grade_text", "state", "inputs")} == {
        "basis": "official",
        "score": "540",
        "grade": "red",
        "grade_text": "重大 红",
        "state": "graded",
        "inputs": {"likelihood": "6", "exposure": "6", "consequence": "15"},
    }
    (handover,) = answer["deadlines"]
    assert (handover["rule"], handover["due_on"], handover["state"], handover["provisional"]) == (
        "risks.handover",
        "2026-10-10",
        "open",
        False,
    )
    assert handover["due_at"] == "2026-10-11T00:00:00+08:00"
    assert handover["explanation"] == (
        "自 2026-09-30（周三）起算，当日不计，第 3 个工作日为 2026-10-10（周六，调休上班），当日 24 时届满。"
    )
    assert Signature.objects.get().method == Signature.Method.TOKEN
    assert scene.case.level == "red"


def test_r3_numbers_and_texts_are_the_same_and_other_values_are_refused_at_their_field() -> None:
    scene = registered()
    handler = Caller(scene.cast.handler)
    path = f"risk-points/{scene.pk}/grade/"
    for wrong in ("7", "abc", 1e300, "1e999999999", -6, ""):
        refused = handler.post(path, GRADE | {"likelihood": wrong}, status=400)
        assert refused["errors"] == {"likelihood": ["L 可能性取值须是 10、6、3、1、0.5、0.2、0.1 之一"]}
    assert set(handler.post(path, {"method": "guess"}, status=400)["errors"]) == {"method"}
    assert handler.post(path, {"method": "direct", "grade": "red"}, status=400)["errors"] == {
        "reason": ["直接判定须写明理由"]
    }
    assert Grading.objects.count() == 0
    assert handler.post(path, GRADE | {"likelihood": 0.5, "exposure": 6.0, "consequence": 15})["score"] == "45"
    assert handler.post(path, {"method": "ls", "likelihood": 5, "severity": 4})["grade_text"] == "重大 红"
    direct = handler.post(path, {"method": "direct", "grade": "orange", "reason": "经专家论证认定"})
    assert (direct["score"], direct["grade_text"], direct["reason"]) == (None, "较大 橙", "经专家论证认定")


def test_r3_the_responsible_units_grade_is_its_own_and_starts_the_term_to_assess() -> None:
    scene = registered()
    answer = Caller(scene.cast.reporter).post(f"risk-points/{scene.pk}/grade/", GRADE)
    assert (answer["basis_text"], answer["state_text"]) == ("企业自评", "待研判")
    assert [(d["rule"], d["due_on"]) for d in answer["deadlines"]] == [("risks.assessment", "2026-10-13")]
    assert scene.case.level == ""


def test_p6_the_whole_way_from_registration_to_close_out(plain_font: Path, media: Path) -> None:
    cast = make_cast()
    reporter, principal, handler, colleague, head = (
        Caller(actor) for actor in (cast.reporter, cast.principal, cast.handler, cast.colleague, cast.head)
    )
    uscc = cast.responsible.enterprise.uscc  # type: ignore[attr-defined]
    made = reporter.post("risk-points/", BODY | {"uscc": uscc}, status=201)
    assert (made["township"]["name"], made["sector"], made["lead_unit"]["name"]) == (
        "燕山乡",
        "hazchem",
        "区应急管理局",
    )
    assert made["responsible_phone"] == "138****0000"
    risk = f"risk-points/{made['id']}"
    handler.post(f"{risk}/grade/", GRADE)

    detail = handler.get(f"{risk}/")
    assert "draft_handover" in {act["action"] for act in detail["actions"]}
    assert detail["measures"] == [{"kind": "engineering", "kind_text": "工程技术", "text": "更换静电接地装置"}]
    assert cast.colleague.post.pk in {choice["post"] for choice in detail["checkers"]}
    draft = {"due_on": "2026-11-30", "copies_to": "燕山乡", "checker": cast.colleague.post.pk}
    letter = handler.post(f"{risk}/hand-over/", draft)
    assert (letter["state_text"], letter["number"]) == ("待核稿", "")
    assert letter["requirements"].startswith("1.工程技术：更换静电接地装置")
    assert reporter.get("letters/")["results"] == []
    returned = colleague.post(f"{risk}/hand-over/", {"step": "return", "note": "抄送漏了派出所"})
    assert (returned["state"], returned["return_note"]) == ("draft", "抄送漏了派出所")
    handler.post(f"{risk}/hand-over/", {"checker": cast.colleague.post.pk, "copies_to": "燕山乡、派出所"})
    assert colleague.post(f"{risk}/hand-over/")["state_text"] == "待签发"
    issued = head.post(f"{risk}/hand-over/")
    assert (issued["state_text"], issued["number"]) == ("待签收", "蚌山应急交办〔2026〕1号")
    assert (issued["copies_to"], issued["case"]["state"]) == ("燕山乡、派出所", "handed_over")
    assert handler.post(f"{risk}/hand-over/", status=409)["detail"] == "交办函已送达，等待责任单位签收"
    handed = handler.get("deadlines/", case=made["id"], rule="risks.handover")["results"]
    assert [(d["state"], d["is_late"]) for d in handed] == [("met", False)]

    assert reporter.post(f"{risk}/receive/")["state_text"] == "已签收"
    progress = {"text": "接地装置已到货", "percent": "50", "spent": "3.5", "photos": [photo(), photo("二.jpg")]}
    assert reporter.upload(f"{risk}/progress/", progress, status=201)["spent"] == "3.50"
    assert Attachment.objects.filter(case=made["id"], purpose="治理照片").count() == 2

    applied = principal.post(f"{risk}/apply-close-out/", LOWER | {"statement": "已更换静电接地装置"})
    assert (applied["proposed_text"], applied["state_text"]) == ("一般 黄", "待核查")
    assert [(d["rule"], d["due_on"]) for d in applied["deadlines"]] == [("risks.closure_check", "2026-10-20")]
    assert [choice["person"] for choice in handler.get(f"{risk}/")["verifiers"]].count(cast.colleague.person.pk) == 1
    conclusion = LOWER | {"passed": True, "findings": "接地电阻 3 欧"}
    path = f"{risk}/decide-close-out/"
    assert handler.post(path, conclusion, status=400)["errors"] == {
        "colleagues": ["现场核查不少于 2 人，请再选一名核查人"]
    }
    first = handler.post(path, conclusion | {"colleagues": [cast.colleague.person.pk]})
    assert (first["conclusion"], first["state"]) == ("等待会签", "applied")
    assert {s["name"]: s["signed"] for s in first["signers"]} == {
        cast.handler.person.name: True,
        cast.colleague.person.name: False,
    }
    assert handler.post(path, status=409)["detail"] == "您已签过这份核查结论"
    last = colleague.post(path)
    assert (last["conclusion"], last["state_text"], last["grade"]) == ("已生效", "已销号", "yellow")
    closed = reporter.get(f"{risk}/")
    assert (closed["grade_text"], closed["closed_on"]) == ("一般 黄", "2026-09-30")
    assert Deadline.objects.open().filter(case=made["id"]).count() == 0


def test_p6_a_letters_pdf_comes_when_it_is_rendered(plain_font: Path, media: Path) -> None:
    scene = registered()
    scene.conclude()
    scene.draft()
    head = Caller(scene.cast.head)
    letter = Letter.objects.get()
    assert head.get(f"letters/{letter.pk}/pdf/", status=404)["detail"] == "文书尚未签发或已作废，没有 PDF"
    scene.check()
    scene.issue()
    assert head.get(f"letters/{letter.pk}/pdf/", status=409)["detail"] == "文书 PDF 正在生成，请稍后再取"
    Letter.objects.update(render_error="OSError: disk full", render_attempts=5)
    assert "生成失败" in head.get(f"letters/{letter.pk}/pdf/", status=409)["detail"]


@pytest.mark.letters
def test_p6_the_pdf_is_sent_with_the_digest_that_the_letter_names(media: Path) -> None:
    import hashlib

    scene = risk_in("handed_over")
    render_pending()
    recipient = Caller(scene.cast.reporter)
    letter = recipient.get("letters/")["results"][0]
    response = recipient.client.get(f"/api/v1/letters/{letter['id']}/pdf/", headers={"Accept": "application/pdf"})
    data = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    assert (response["Content-Type"], data[:5]) == ("application/pdf", b"%PDF-")
    assert hashlib.sha256(data).hexdigest() == letter["pdf_digest"]


def test_p6_somebody_was_faster_is_said_with_name_and_act() -> None:
    scene = registered()
    seen = Caller(scene.cast.handler).get(f"risk-points/{scene.pk}/")["version"]
    Caller(scene.cast.colleague).post(f"risk-points/{scene.pk}/grade/", GRADE | {"version": seen})
    late = Caller(scene.cast.handler).post(f"risk-points/{scene.pk}/grade/", LOWER | {"version": seen}, status=409)
    assert scene.cast.colleague.person.name in late["detail"] and "研判结论" in late["detail"]
    assert scene.case.level == "red"


def test_p6_a_regulators_own_term_that_was_missed_asks_for_the_reason(settings: Settings) -> None:
    scene = risk_in("awaiting")
    settings.BUSINESS_NOW = "2026-10-14T09:00:00+08:00"
    handler = Caller(scene.cast.handler)
    path = f"risk-points/{scene.pk}/grade/"
    assert "逾期原因" in handler.post(path, GRADE, status=400)["errors"]["late_reason"][0]
    assert handler.post(path, GRADE | {"late_reason": "专家未到"})["grade"] == "red"
    assert Deadline.objects.get(rule_key="risks.assessment").late_reason == "专家未到"


def test_x6_strokes_with_a_wrong_password_sign_nothing() -> None:
    scene = registered()
    handler = Caller(scene.cast.handler)
    path = f"risk-points/{scene.pk}/grade/"
    assert set(handler.post(path, GRADE | {"strokes": STROKES, "password": "x"}, status=400)["errors"]) == {"password"}
    assert set(handler.post(path, GRADE | {"strokes": "<svg>", "password": PASSWORD}, status=400)["errors"]) == {
        "strokes"
    }
    handler.post(path, GRADE | {"strokes": STROKES, "password": PASSWORD})
    assert Signature.objects.get().method == Signature.Method.PORTAL


def test_p6_registration_names_every_wrong_field_and_keeps_nothing() -> None:
    cast = make_cast()
    reporter = Caller(cast.reporter)
    refused = reporter.post("risk-points/", {"title": "", "longitude": "117.4"}, status=400)
    assert set(refused["errors"]) >= {"title", "category", "location", "hazard_factors", "responsible_person"}
    own = BODY | {"responsible_unit": cast.responsible.pk}
    for wrong, field in (
        ({"longitude": "117.4"}, "longitude"),
        ({"longitude": "400", "latitude": "32"}, "longitude"),
        ({"township": "340303999"}, "township"),
        ({"township": "340303"}, "township"),
        ({"sector": "space"}, "sector"),
        ({"measures": {"magic": "x"}}, "measures"),
        ({"title": "长" * 101}, "title"),
        ({"headcount": -1}, "headcount"),
        ({"responsible_unit": 2**63}, "responsible_unit"),
    ):
        assert set(reporter.post("risk-points/", own | wrong, status=400)["errors"]) == {field}
    assert RiskPoint.objects.count() == 0


def test_x1_a_department_site_needs_a_township_and_the_own_unit() -> None:
    handler = Caller(make_actor("department_handler", "区住建交通委"))
    body = BODY | {"responsible_unit": handler.actor.unit_id, "sector": "road"}
    assert set(handler.post("risk-points/", body, status=400)["errors"]) == {"township"}
    made = handler.post("risk-points/", body | {"township": territory_of("雪华乡").code}, status=201)
    assert (made["township"]["name"], made["lead_unit"]["name"]) == ("雪华乡", "区应急管理局")
    foreign = body | {"responsible_unit": unit_of("区市场监管局").pk, "township": territory_of("雪华乡").code}
    assert handler.post("risk-points/", foreign, status=403)["detail"] == "您的岗位不能为这个单位登记风险点"


def test_p6_lists_cost_the_same_for_one_row_and_for_three(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    cast = make_cast()
    bureau = Caller(cast.handler)
    for rows in (1, 3):
        while RiskPoint.objects.count() < rows:
            registered(cast=cast).conclude()
        # token with its account and post, then the page; deadlines also ask for the calendar's version
        for path, queries in (("risk-points/", 2), ("enterprises/", 2), ("deadlines/", 5), ("territories/", 2)):
            bureau.get(path)
            with django_assert_num_queries(queries):
                assert len(bureau.get(path)["results"]) >= 1
        assert len(bureau.get("risk-points/")["results"]) == rows


def test_p6_letters_cost_the_same_for_one_row_and_for_three(
    django_assert_num_queries: DjangoAssertNumQueries, plain_font: Path
) -> None:
    cast = make_cast()
    bureau = Caller(cast.handler)
    for rows in (1, 3):
        while Letter.objects.count() < rows:
            risk_in("handed_over", cast=cast)
        bureau.get("letters/")
        with django_assert_num_queries(2):
            assert len(bureau.get("letters/")["results"]) == rows


def test_p6_paging_by_keyset_meets_every_row_once_and_refuses_made_up_positions() -> None:
    cast = make_cast()
    bureau = Caller(cast.handler)
    made = [registered(cast=cast).pk for _ in range(5)]
    seen: list[int] = []
    page = bureau.get("risk-points/", page_size=2)
    while True:
        seen += [row["id"] for row in page["results"]]
        if not page["next"]:
            break
        page = bureau.get("risk-points/" + page["next"].partition("risk-points/")[2])
    assert seen == sorted(made, reverse=True)
    for cursor in ("abc", "cD1hYmM=", "cD0lMDA=", "cD05OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk="):
        bureau.get("risk-points/", cursor=cursor, status=400)
    for size in ("0", "201", "x", "-1"):
        assert set(bureau.get("risk-points/", page_size=size, status=400)["errors"]) == {"page_size"}


def test_x6_every_act_over_the_api_is_in_the_audit_with_its_person() -> None:
    scene = registered()
    Caller(scene.cast.handler).post(f"risk-points/{scene.pk}/grade/", GRADE)
    event = AuditEvent.objects.get(name="risks.concluded_severe")
    assert (event.person_id, event.post_id) == (scene.cast.handler.person.pk, scene.cast.handler.post.pk)
