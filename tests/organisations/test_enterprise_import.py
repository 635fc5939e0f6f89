"""Import from xlsx: every bad row named, nothing half-imported, a second import changes nothing (X1)."""

import io
import time

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from python_calamine import CalamineWorkbook

from audit.models import AuditEvent
from organisations.models import Enterprise, Unit
from organisations.roles import UnitKind
from organisations.services.import_sheet import COLUMNS, EXAMPLE_MARK
from organisations.services.imports import import_enterprises, import_template
from tests.factories import at, client_for, make_actor, make_district, make_enterprise, make_uscc, unit_of

pytestmark = pytest.mark.django_db
NOW = at("2026-10-09 10:00")
TITLES = [column.title for column in COLUMNS]


def line(**changed):
    good = {
        "企业名称": "蚌埠市新兴加油站有限公司",
        "统一社会信用代码": make_uscc(serial=9001),
        "行业领域": "危险化学品",
        "乡街": "燕山乡",
        "地址": "燕山乡东海大道 8 号",
        "主要负责人": "李建国",
        "主要负责人电话": "13805520001",
        "从业人数": 12,
        "日常执法部门": "区应急管理局",
    }
    return good | changed


def book(*rows, titles=TITLES, sheet="企业", merged=None):
    out = io.BytesIO()
    file = xlsxwriter.Workbook(out, {"in_memory": True})
    page = file.add_worksheet(sheet)
    for index, title in enumerate(titles):
        page.write(0, index, title)
    for number, row in enumerate(rows, start=1):
        for index, title in enumerate(titles):
            value = row.get(title, "")
            if isinstance(value, tuple):
                page.write_formula(number, index, value[0], None, value[1])
            else:
                page.write(number, index, value)
    if merged:
        page.merge_range(merged, "合并")
    file.close()
    return out.getvalue()


def run(data, actor=None):
    return import_enterprises(data=data, filename="企业.xlsx", actor=actor or make_actor("bureau_handler"), at=NOW)


def told(report):
    return [(problem.row, problem.column) for problem in report.problems]


def test_x1_a_good_file_is_imported_and_recorded():
    make_district()
    report = run(
        book(
            line(),
            line(
                企业名称="老街夜市摊点",
                统一社会信用代码="",
                无代码原因="临时摊点",
                日常执法部门="",
                经度=117.389719,
                纬度="32.91663",
            ),
        )
    )
    assert (report.problems, report.created, report.updated, report.unchanged, report.undetermined) == ([], 2, 0, 0, 1)
    made = Enterprise.objects.get(uscc=make_uscc(serial=9001))
    assert (made.unit.name, made.unit.sort_key[:3], made.headcount) == ("蚌埠市新兴加油站有限公司", "ben", 12)
    stall = Enterprise.objects.get(uscc=None)
    assert (stall.undetermined_since, str(stall.longitude), str(stall.latitude)) == (
        NOW.date(),
        "117.389719",
        "32.916630",
    )
    data = AuditEvent.objects.get(name="organisations.enterprise_imported").data
    assert (data["created"], data["file"], len(data["digest"])) == (2, "企业.xlsx", 64)


def test_x1_every_bad_row_is_reported_and_nothing_is_imported():
    make_district()
    report = run(
        book(
            line(),
            line(统一社会信用代码="91340303MA2T000157"),
            line(企业名称="", 统一社会信用代码=make_uscc(serial=9002)),
            line(统一社会信用代码=make_uscc(serial=9003), 行业领域="危化", 乡街="燕山镇", 从业人数="约 20"),
            line(统一社会信用代码=make_uscc(serial=9004), 日常执法部门="区市场监管局"),
            line(统一社会信用代码=""),
            line(统一社会信用代码=make_uscc(serial=9005), 主要负责人电话="12", 经度="117.3", 重点企业="也许"),
        )
    )
    assert told(report) == [
        (3, "统一社会信用代码"),
        (4, "企业名称"),
        (5, "行业领域"),
        (5, "乡街"),
        (5, "从业人数"),
        (6, "日常执法部门"),
        (7, "统一社会信用代码"),
        (8, "重点企业"),
        (8, "主要负责人电话"),
        (8, "经度"),
    ]
    assert report.bad_rows == 6
    reasons = {(p.row, p.column): p.reason for p in report.problems}
    assert reasons[3, "统一社会信用代码"] == "统一社会信用代码校验不通过，请对照营业执照逐位核对"
    assert reasons[6, "日常执法部门"] == "区市场监管局不主管“危险化学品”；可填区应急管理局，或待明确"
    assert Enterprise.objects.count() == 0
    assert Unit.objects.filter(kind=UnitKind.ENTERPRISE).count() == 0
    assert AuditEvent.objects.count() == 0


def test_x1_importing_the_same_file_again_changes_nothing():
    make_district()
    data = book(line(), line(企业名称="摊点", 统一社会信用代码="", 无代码原因="摊点"))
    actor = make_actor("bureau_handler")
    run(data, actor)
    before = list(Enterprise.objects.order_by("pk").values())
    report = run(data, actor)
    assert (report.created, report.updated, report.unchanged) == (0, 0, 2)
    assert list(Enterprise.objects.order_by("pk").values()) == before


def test_x1_a_re_import_updates_instead_of_doubling():
    make_district()
    actor = make_actor("bureau_handler")
    run(book(line(), line(企业名称="摊点", 统一社会信用代码="", 无代码原因="摊点")), actor)
    report = run(
        book(
            line(地址="新址 9 号", 简称="新兴站", 主要负责人电话=""),
            line(企业名称="摊点", 统一社会信用代码=make_uscc(serial=9002)),
        ),
        actor,
    )
    assert (report.problems, report.created, report.updated, report.unchanged) == ([], 0, 2, 0)
    made = Enterprise.objects.get(uscc=make_uscc(serial=9001))
    # a blank cell leaves what is there
    assert (made.address, made.unit.short_name, made.principal_phone) == ("新址 9 号", "新兴站", "13805520001")
    # the stall got its code
    stall = Enterprise.objects.get(unit__name="摊点")
    assert (stall.uscc, stall.no_uscc_reason) == (make_uscc(serial=9002), "")
    assert Enterprise.objects.count() == 2


def test_x1_a_file_changes_no_dated_fact():
    enterprise = make_enterprise(name="旧名加油站", uscc=make_uscc(serial=9001), township="雪华乡", enforcer=None)
    report = run(book(line(经营状态="停产")))
    assert told(report) == [(2, "企业名称"), (2, "乡街"), (2, "经营状态"), (2, "日常执法部门")]
    enterprise.refresh_from_db()
    assert (enterprise.unit.name, enterprise.operation) == ("旧名加油站", "running")


def test_x1_doubles_within_the_file_name_the_earlier_row():
    make_district()
    report = run(book(line(), line(统一社会信用代码=make_uscc(serial=9001).lower())))
    assert [(p.row, p.column, p.reason) for p in report.problems] == [(3, "统一社会信用代码", "和第 2 行重复")]


@pytest.mark.parametrize(
    ("data", "row", "reason"),
    [
        (lambda: b"not a workbook", 0, "这不是 Excel（xlsx）文件，或者文件已损坏。xls、csv 请先另存为 xlsx"),
        (lambda: book(line(), sheet="Sheet1"), 0, "没有名为“企业”的工作表，文件里有“Sheet1”。请用模板填写"),
        (lambda: book(titles=[]), 1, "第 1 行应是表头，现在是空的。请用模板填写"),
        (lambda: book(), 0, "表里没有可导入的企业：第 2 行起一行一家（示例行不导入）"),
        (lambda: book(line(), titles=[*TITLES, "备注"]), 1, "U 列的表头不认识，请照模板"),
        (lambda: book(line(), titles=[*TITLES, "地址"]), 1, "表头重复：M 列和 U 列"),
        (lambda: book(line(), titles=[t for t in TITLES if t != "乡街"]), 1, "缺少这一列"),
        (lambda: book(line(), merged="E1:F1"), 1, "表头里有合并单元格，请取消合并后逐格填写"),
        (lambda: book(line(), line(), merged="A3:A5"), 3, "数据里有合并单元格，请取消合并后逐格填写"),
    ],
)
def test_x1_a_wrong_file_says_what_is_wrong(data, row, reason):
    make_district()
    report = run(data())
    assert (row, reason) in [(p.row, p.reason) for p in report.problems]
    assert Enterprise.objects.count() == 0


def test_x1_formulas_count_as_their_values_and_formula_errors_are_named():
    make_district()
    assert run(book(line(从业人数=("=6*3", 18)))).created == 1
    assert Enterprise.objects.get().headcount == 18
    report = run(book(line(统一社会信用代码=make_uscc(serial=9002), 地址=("=1/0", "#DIV/0!"))))
    assert told(report) == [(2, "地址")]


def test_x1_a_code_kept_as_a_number_is_named():
    make_district()
    report = run(book(line(统一社会信用代码=913403030000000015)))
    assert (2, "统一社会信用代码") in told(report)
    assert "代码被存成了数字，后几位已经丢失；请把单元格设成文本再填" in [p.reason for p in report.problems]


def test_x3_a_township_imports_only_its_own_territory():
    make_enterprise(name="雪华加油站", township="雪华乡", uscc=make_uscc(serial=9002))
    actor = make_actor("township_handler", "燕山乡")
    report = run(book(line(乡街="雪华乡"), line(企业名称="雪华加油站", 统一社会信用代码=make_uscc(serial=9002))), actor)
    assert told(report) == [(2, "乡街"), (3, "统一社会信用代码")]
    assert run(book(line()), actor).created == 1


def test_x3_a_code_of_another_district_is_refused_without_a_name():
    other = make_district(code="340304", name="禹会区")
    make_enterprise(district=other, name="禹会加油站", uscc=make_uscc(serial=9001))
    make_district()
    report = run(book(line()))
    assert [p.reason for p in report.problems] == ["这个代码已在其他区县登记"]


def test_x1_the_template_is_imported_as_it_is_without_its_example():
    make_district()
    data = import_template(actor=make_actor("bureau_handler"), at=NOW)
    file = CalamineWorkbook.from_filelike(io.BytesIO(data))
    assert file.sheet_names == ["企业", "可填内容", "填写说明"]
    head, example = file.get_sheet_by_name("企业").to_python()
    assert head == TITLES
    assert example[0].startswith(EXAMPLE_MARK)
    allowed = file.get_sheet_by_name("可填内容").to_python()
    assert "燕山乡" in [row[allowed[0].index("乡街")] for row in allowed]
    report = run(data)
    assert [p.reason for p in report.problems] == ["表里没有可导入的企业：第 2 行起一行一家（示例行不导入）"]


def test_x1_upload_and_result_page_in_the_browser():
    make_district()
    actor = make_actor("bureau_handler")
    client = client_for(actor)
    page = reverse("enterprises:import")
    bad = client.post(page, {"file": SimpleUploadedFile("企业.xlsx", book(line(乡街="燕山镇")))})
    assert bad.status_code == 422
    assert "一行也没有导入" in bad.content.decode() and "第 2 行" in bad.content.decode()
    good = client.post(page, {"file": SimpleUploadedFile("企业.xlsx", book(line()))})
    assert good.status_code == 302
    result = client.get(good.url)
    assert (result.context["done"]["created"], result.status_code) == (1, 200)
    assert client_for(make_actor("township_handler", "燕山乡")).get(good.url).status_code == 404
    assert client.post(page, {}).context["form"].errors == {"file": ["请选择文件"]}
    assert client.get(reverse("enterprises:import-template")).status_code == 200


def test_x1_five_thousand_rows_take_seconds(django_assert_max_num_queries):
    make_district()
    actor = make_actor("bureau_handler")
    rows = [line(企业名称=f"第{n}加油站", 统一社会信用代码=make_uscc(serial=n)) for n in range(5000)]
    first, second = book(*rows), book(*[row | {"地址": "新址"} for row in rows])
    started = time.monotonic()
    with django_assert_max_num_queries(30):
        report = run(first, actor)
    created_after = time.monotonic()
    with django_assert_max_num_queries(30):
        again = run(second, actor)
    updated_after = time.monotonic()
    assert (report.problems, report.created) == ([], 5000)
    assert (again.created, again.updated) == (0, 5000)
    assert Enterprise.objects.filter(address="新址", enforcement_department=unit_of("区应急管理局")).count() == 5000
    assert created_after - started < 10
    assert updated_after - created_after < 10
