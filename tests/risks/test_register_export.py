"""The register as xlsx: exactly what is filtered, with every field of a risk record, and an entry in the audit."""

import io
import json
from typing import Any

import pytest
from django.db import connection
from django.http import FileResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from python_calamine import CalamineWorkbook

from audit.models import AuditEvent
from risks import exports
from risks.selectors.register import risk_cases
from tests.factories import at, client_for, make_actor, make_enterprise
from tests.risks.builders import LEC_ORANGE, WEDNESDAY, make_cast, registered, risk_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(settings: Any) -> None:
    settings.BUSINESS_NOW = at("2026-10-09 14:20").isoformat()


def sheet_of(client: Client, query: str = "") -> list[list[Any]]:
    response = client.get(f"/risks/export/{query}")
    assert isinstance(response, FileResponse)
    content = b"".join(response.streaming_content)  # type: ignore[arg-type]
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()


def rows_of(sheet: list[list[Any]]) -> list[dict[str, Any]]:
    head = [str(cell) for cell in sheet[3]]
    return [dict(zip(head, row, strict=True)) for row in sheet[4:-1]]


def test_r2_the_export_holds_every_field_of_a_risk_record(plain_font: Any, media: Any) -> None:
    scene = risk_in("treating", at=WEDNESDAY)
    sheet = sheet_of(client_for(scene.cast.handler))
    assert sheet[0][0] == "蚌山区风险台账"
    assert sheet[1][0] == "条件：等级：重大、较大；环节：未销号（按等级、到期日排序）"
    assert sheet[2][0].startswith("数据截至 2026-10-09 14:20，")
    assert sheet[-1][0] == "合计 1 个风险点"
    assert sheet[3] == [label for label, _ in exports.COLUMNS]
    (row,) = rows_of(sheet)
    expected = {
        "编号": scene.case.number,
        "风险点名称": "卸油区",
        "类别": "设施",
        "行业": "危险化学品",
        "乡街": "燕山乡",
        "责任单位": scene.case.responsible_unit.name,
        "主要负责人": "陈国强",
        "评估方法": "LEC",
        "统一社会信用代码": scene.case.responsible_unit.enterprise.uscc,
        "L 可能性": 6,
        "E 暴露": 6,
        "C 后果": 15,
        "S 严重性": "",
        "评估说明": "现场研判",
        "分值": 540,
        "等级": "重大 红",
        "等级依据": "研判结论",
        "工程技术措施": "更换静电接地装置（执行中）",
        "管控层级": "公司",
        "责任人": "陈国强",
        "责任人电话": "138****0000",
        "排查频次": "每日",
        "环节": "治理",
        "最近到期日": scene.deadline("treatment").due_on,
        "交办文号": scene.letter().number,
        "登记日期": WEDNESDAY.date(),
    }
    assert {name: row[name] for name in expected} == expected


def test_the_export_is_what_the_page_filters_and_in_its_order() -> None:
    for title, inputs in (("甲油罐", LEC_ORANGE), ("乙油罐", LEC_ORANGE), ("丙泵房", LEC_ORANGE)):
        registered(at=WEDNESDAY, title=title).conclude(inputs)
    client = client_for(make_actor("bureau_handler", "区应急管理局"))
    page = client.get("/risks/?q=油罐&sort=-number")
    assert page.context["bar"]["export_url"] == "/risks/export/?q=%E6%B2%B9%E7%BD%90&sort=-number"
    titles = [row["风险点名称"] for row in rows_of(sheet_of(client, "?q=油罐&sort=-number"))]
    assert titles == [line["case"].title for line in page.context["lines"]]
    assert sorted(titles) == ["乙油罐", "甲油罐"]


def test_x6_every_export_leaves_an_entry_with_conditions_and_row_count() -> None:
    scene = registered(at=WEDNESDAY)
    sheet_of(client_for(scene.cast.reporter), "?state=all")
    event = AuditEvent.objects.get(name="records.exported")
    data = json.loads(event.canonical)["data"]
    assert data == {"register": "风险台账", "filters": {}, "sort": "grade", "rows": 1}
    assert event.person_id == scene.cast.reporter.person.pk


def test_x3_an_enterprise_exports_its_own_rows_only() -> None:
    registered(at=WEDNESDAY)
    sheet = sheet_of(client_for(make_actor("enterprise_reporter", make_enterprise())), "?grade=all&state=all")
    assert rows_of(sheet) == []
    assert client_for(make_actor("system_admin")).get("/risks/export/").status_code == 403


def test_what_people_typed_never_becomes_a_formula() -> None:
    scene = registered(at=WEDNESDAY, title="=1+1")
    (row,) = rows_of(sheet_of(client_for(scene.cast.reporter)))
    assert row["风险点名称"] == "=1+1"


def test_a_longer_export_goes_chunk_by_chunk_and_asks_a_fixed_number_of_times(monkeypatch: pytest.MonkeyPatch) -> None:
    cast = make_cast()
    for number in range(5):
        registered(cast=cast, at=WEDNESDAY, title=f"风险点{number}")
    actor = cast.reporter
    monkeypatch.setattr(exports, "CHUNK", 2)
    asked = {}
    for chunk in (2, 5):
        monkeypatch.setattr(exports, "CHUNK", chunk)
        with CaptureQueriesContext(connection) as queries:
            file = exports.export_register(
                cases=risk_cases(actor), sort="number", conditions=[], actor=actor, at=at("2026-10-09 14:20")
            )
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(file.read())).get_sheet_by_index(0).to_python()
        assert [row["风险点名称"] for row in rows_of(sheet)] == [f"风险点{n}" for n in range(5)]
        asked[chunk] = sum(1 for query in queries if query["sql"].startswith("SELECT"))
    assert asked == {5: 8, 2: 24}
