"""Entries from a workbook: nothing half-imported, every bad row named in Chinese (R1)."""

import io
from collections.abc import Sequence

import pytest
import xlsxwriter
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from python_calamine import CalamineWorkbook

from risks.models import Guide
from risks.services.guides import sheet
from tests.factories import client_for, make_actor
from tests.risks.guide_scenes import drafted, published

pytestmark = pytest.mark.django_db
TITLES = [column.title for column in sheet.COLUMNS]
GOOD = {
    "部位、环节": "卸油区",
    "风险点名称": "卸油燃爆",
    "类别": "作业",
    "危害因素": "静电",
    "可能的事故类型": "火灾、泄漏",
    "参考等级": "较大",
    "工程技术措施": "接地",
    "监控措施": "视频",
    "管控层级": "公司",
    "排查频次": "每日",
}


@pytest.fixture(autouse=True)
def clock(settings: LazySettings) -> None:
    settings.BUSINESS_NOW = "2026-10-09T10:00:00+08:00"


def book(rows: Sequence[dict[str, str]], titles: Sequence[str] = TITLES, name: str = sheet.SHEET) -> bytes:
    out = io.BytesIO()
    written = xlsxwriter.Workbook(out, {"in_memory": True})
    page = written.add_worksheet(name)
    page.write_row(0, 0, titles)
    for number, row in enumerate(rows, start=1):
        page.write_row(number, 0, [row.get(title, "") for title in titles])
    written.close()
    return out.getvalue()


def send(guide: Guide, data: bytes, actor=None):
    client = client_for(actor or make_actor("bureau_handler"))
    file = SimpleUploadedFile("条目.xlsx", data)
    return client.post(f"/risks/guides/{guide.pk}/import/", {"file": file})


def test_r1_good_rows_are_added_and_known_ones_changed() -> None:
    guide = drafted(entries=1)
    known = guide.entries.get()
    rows = [GOOD, GOOD | {"风险点名称": "风险点1", "危害因素": "油气积聚"}]
    assert send(guide, book(rows)).status_code == 302
    assert [(e.position, e.title, e.hazard_factors) for e in guide.entries.all()] == [
        (1, "风险点1", "油气积聚"),
        (2, "卸油燃爆", "静电"),
    ]
    assert guide.entries.get(title="风险点1").key == known.key
    told = send(guide, book(rows))
    assert told.status_code == 302 and guide.entries.count() == 2


def test_r1_bad_rows_are_named_one_by_one_and_nothing_is_kept() -> None:
    guide = drafted(entries=0)
    rows = [
        GOOD,
        GOOD | {"风险点名称": "甲", "类别": "地方", "可能的事故类型": "起火"},
        GOOD | {"风险点名称": "乙", "工程技术措施": "", "监控措施": ""},
        GOOD,
    ]
    answer = send(guide, book(rows))
    problems = [(p.row, p.column, p.reason) for p in answer.context["report"].problems]
    assert problems == [
        (3, "类别", "请选择类别"),
        (3, "可能的事故类型", "“起火”不是现行国标的事故类型"),
        (4, "监控措施", "请填写监控措施"),
        (4, "工程技术措施", "五类管控措施至少写一类"),
        (5, "风险点名称", "和第 2 行的部位、名称相同"),
    ]
    assert answer.status_code == 422 and guide.entries.count() == 0
    assert "一条也没有导入" in answer.content.decode() and "第 3 行" in answer.content.decode()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"not a book", "这不是 Excel（xlsx）文件，或者文件已损坏"),
        (book([GOOD], name="别的"), "没有名为“手册条目”的工作表"),
        (book([], TITLES), "表里没有条目"),
        (book([GOOD], [*TITLES, "备注"]), "P 列的表头不认识"),
        (book([GOOD], TITLES[1:]), "缺少这一列"),
    ],
)
def test_r1_a_file_that_is_none_of_ours_is_told_so(data: bytes, said: str) -> None:
    answer = send(drafted(entries=0), data)
    assert answer.status_code == 422 and said in answer.content.decode()


def test_r1_the_export_reads_back_unchanged_and_the_template_imports_nothing() -> None:
    guide = drafted(entries=2)
    client = client_for(make_actor("bureau_handler"))
    exported = client.get(f"/risks/guides/{guide.pk}/export/").content
    before = list(guide.entries.values())
    assert send(guide, exported).status_code == 302
    assert list(guide.entries.values()) == before
    template = client.get("/risks/guides/template/").content
    lines = CalamineWorkbook.from_filelike(io.BytesIO(template)).get_sheet_by_name(sheet.SHEET).to_python()
    assert lines[0] == TITLES and len(lines) == 2
    assert "示例行不导入" in send(guide, template).content.decode()


def test_r1_a_published_manual_takes_no_file() -> None:
    guide = published(entries=1)
    answer = send(guide, book([GOOD]))
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/risks/guides/{guide.pk}/")
    assert guide.entries.count() == 1
