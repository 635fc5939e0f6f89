"""Risk points from xlsx (R2): every bad cell is named, nothing is half-imported, what is confirmed is registered once."""

import io
import json
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.http import FileResponse, HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from python_calamine import CalamineWorkbook

from audit.models import AuditEvent
from deadlines.models import Deadline
from organisations.actors import Actor
from records.models import Case
from risks import exports
from risks.models import RiskImport, RiskPoint
from risks.services.importing import forget_unapplied
from risks.services.importing.columns import COLUMNS, MAX_ROWS, SHEET
from risks.services.importing.sheet import _EXPORTED_ONLY
from tests.factories import at, client_for, make_actor, make_district, make_enterprise, make_uscc, unit_of
from tests.risks.builders import DETAILS, WEDNESDAY, registered
from tests.risks.sheets import TITLES, book, line, sent

pytestmark = pytest.mark.django_db
UPLOAD = "/risks/import/"
WORKS = "蚌埠市恒达铝制品有限公司"
LEC = {"评估方法": "LEC", "L 可能性": 3, "E 暴露": 6, "C 后果": 7}  # 126
LEC_SEVERE = {"评估方法": "lec", "L 可能性": 6, "E 暴露": 6, "C 后果": 15}  # 540


@pytest.fixture(autouse=True)
def clock(settings: Any, media: Any) -> None:
    settings.BUSINESS_NOW = at("2026-10-09 14:20").isoformat()


@pytest.fixture
def reporter() -> Actor:
    return make_actor("enterprise_reporter", make_enterprise(name=WORKS, sector="dust", uscc=make_uscc(serial=9001)))


def upload(client: Client, *rows: dict[str, Any], **how: Any) -> Any:
    return client.post(UPLOAD, sent(book(*rows, **how)))


def kept(response: HttpResponse) -> str:
    """The address of the list to confirm."""
    assert response.status_code == 302, [fault for fault in response.context["faults"]]  # type: ignore[attr-defined]
    return response["Location"]


def confirm(client: Client, url: str, **more: Any) -> Any:
    return client.post(url, {"form_key": str(uuid4())} | more)


def faults(response: Any) -> list[tuple[str, str, str, str]]:
    """(cell or row, column, what is wrong, what would be right); nothing was registered."""
    assert response.status_code == 422
    assert (Case.objects.count(), RiskImport.objects.count()) == (0, 0)
    return [(f.cell or str(f.row), f.title, f.wrong, f.right) for f in response.context["faults"]]


def test_r2_a_good_file_is_listed_first_and_registered_when_confirmed(reporter: Actor) -> None:
    client = client_for(reporter)
    url = kept(upload(client, line(**LEC), line(风险点名称="熔铝炉灼烫", 责任人电话=13805520001.0, 同时作业人数=9)))
    page = client.get(url)
    assert Case.objects.count() == 0
    assert [(row["row"], row["title"], row["grade"]) for row in page.context["lines"]] == [
        (2, "抛光车间铝粉尘爆炸", "LEC 3 × 6 × 7 = 126，一般 黄"),
        (3, "熔铝炉灼烫", ""),
    ]
    assert "登记这 2 个风险点" in page.content.decode()
    assert confirm(client, url)["Location"] == url
    first, second = Case.objects.order_by("pk")
    assert (first.number, first.title, first.state) == ("340303200-2026-0001", "抛光车间铝粉尘爆炸", "registered")
    assert (first.responsible_unit.name, first.sector.name, first.township.name) == (WORKS, "粉尘涉爆", "燕山乡")
    assert first.lead_unit.short_name == "区应急管理局"
    risk = first.risk
    assert (risk.hazard_factors, risk.accident_types) == ("铝粉尘积聚\n遇静电火花", "粉尘爆炸、火灾")
    assert (risk.category, risk.control_level, risk.check_frequency) == ("place", "workshop", "shift")
    assert {m.kind: m.text for m in risk.measures.all()} == {"engineering": "湿式除尘", "emergency": "现场处置方案"}
    assert (risk.source, risk.headcount, second.risk.headcount) == ("日常查找", None, 9)
    assert second.risk.responsible_phone == "13805520001"
    done = client.get(url)
    page_text = done.content.decode()
    assert "登记了 2 个风险点" in page_text
    assert [row["case"].number for row in done.context["lines"]] == [first.number, second.number]
    assert f'href="/risks/{first.pk}/"' in page_text
    named = list(AuditEvent.objects.filter(case_id=first.pk).order_by("case_seq").values_list("name", flat=True))
    assert named == ["risks.registered", "risks.self_graded"]
    said = json.loads(AuditEvent.objects.get(name="risks.imported").canonical)["data"]
    assert (said["made"], said["graded"], said["severe"], said["file"]) == (
        [first.pk, second.pk],
        1,
        0,
        "风险点.xlsx",
    )
    assert RiskImport.objects.get().rows == []


def test_r2_every_bad_cell_is_named_with_what_would_be_right(reporter: Actor) -> None:
    response = upload(
        client_for(reporter),
        line(),
        line(类别="厂房", 可能的事故类型="粉尘爆炸、着火", 责任人电话="138****0000"),
        line(风险点名称="", 经度=32.9, 纬度=117.3, 同时作业人数="约 9"),
        line(工程技术措施="", 应急措施="", 排查频次="", 行业="粉尘", 乡街="雪华乡"),
        line(编号="340303200-2026-0099"),
    )
    assert faults(response) == [
        ("C3", "类别", "不在可填内容里", "填场所、设施、作业、区域之一"),
        ("L3", "可能的事故类型", "“着火”不是现行国标的事故类型", "用顿号隔开，名称见“可填内容”"),
        ("Z3", "责任人电话", "电话的中间几位被隐去了", "填完整的号码"),
        ("B4", "风险点名称", "没有填", "部位加危险，最多 120 字，如：抛光车间铝粉尘爆炸"),
        ("G4", "经度", "经度和纬度像是填反了，请核对", "以度为单位，如 117.358600；和纬度一起填，或都留空"),
        ("AB4", "同时作业人数", "人数应是整数", "整数；可留空"),
        ("D5", "行业", "不在可填内容里", "填危险化学品、粉尘涉爆、建筑施工、特种设备、道路交通之一"),
        ("E5", "乡街", "责任单位在燕山乡", "改成“燕山乡”，或留空"),
        ("R5", "工程技术措施", "五类管控措施至少写一类", "有几类写几类，至少一类，每类最多 300 字"),
        ("AA5", "排查频次", "没有填", "填每班、每日、每周、每月、每季度之一"),
        ("A6", "编号", "台账里没有这个编号，或不在您的权限范围内", "新登记的请留空，编号由平台编列"),
    ]
    page = response.content.decode()
    assert '有 <span class="num">11</span> 处要改，在 <span class="num">4</span> 行。' in page
    assert "138****0000" in page


@pytest.mark.parametrize(
    ("how", "told"),
    [
        (
            {"merged": "B3:B4"},
            [("B3:B4", "风险点名称", "数据里有合并单元格", "取消合并，逐格填写")],
        ),
        ({"merged": "C1:D1"}, [("C1:D1", "合并、行业", "表头里有合并单元格", "取消合并，逐格填写")]),
        (
            {"sheet": "Sheet1"},
            [
                (
                    "0",
                    "",
                    "没有名为“风险台账”的工作表，文件里有“Sheet1”",
                    "请下载模板填写，或用平台导出的台账",
                )
            ],
        ),
        ({"titles": [*TITLES, "备注"]}, [("AE1", "备注", "表头不认识", "改成模板里的列名，或删去这一列")]),
        ({"titles": [*TITLES, "类别"]}, [("AE1", "类别", "表头重复，C 列已有", "删去一列")]),
        ({"titles": [t for t in TITLES if t != "类别"]}, [("1", "类别", "缺少这一列", "照模板补上这一列")]),
    ],
)
def test_r2_a_wrong_file_says_what_is_wrong_and_where(reporter: Actor, how: Any, told: Any) -> None:
    found = faults(upload(client_for(reporter), line(), line(风险点名称="熔铝炉灼烫"), **how))
    assert [fault for fault in found if fault in told] == told


def test_r2_what_is_no_workbook_says_so(reporter: Actor) -> None:
    client = client_for(reporter)
    right = "请下载模板填写，或用平台导出的台账"
    wrong = "这不是 Excel（xlsx）文件，或者文件已损坏。xls、csv 请先另存为 xlsx"
    assert faults(client.post(UPLOAD, sent(b"no workbook"))) == [("0", "", wrong, right)]
    assert faults(upload(client)) == [
        ("0", "", "表里没有可导入的风险点", "表头下面一行填一个（“示例：”开头的示例行不导入）")
    ]
    assert client.post(UPLOAD).status_code == 422


def test_r2_fifty_thousand_rows_are_refused_before_they_are_parsed(
    reporter: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = book(*({"风险点名称": f"风险点{n}"} for n in range(50_000)), titles=["风险点名称"])
    asked: list[str] = []

    class Watched:
        def __init__(self, real: Any) -> None:
            self.real, self.sheet_names = real, real.sheet_names

        def get_sheet_by_name(self, name: str) -> Any:
            asked.append(name)
            return self.real.get_sheet_by_name(name)

    from organisations.services.import_sheet import open_book

    monkeypatch.setattr("risks.services.importing.sheet.open_book", lambda data: Watched(open_book(data)))
    right = "请分几个文件；如果下面只是拉到底的公式、空格，请删除这些行"
    assert faults(client_for(reporter).post(UPLOAD, sent(data))) == [
        ("0", "", "一次最多导入 2,000 行，这个文件超过了", right)
    ]
    assert asked == []


def test_r2_one_row_more_than_the_most_is_refused(reporter: Actor) -> None:
    rows = [{"风险点名称": f"风险点{n}"} for n in range(MAX_ROWS + 1)]
    titles = [column.title for column in COLUMNS if column.required]
    assert faults(upload(client_for(reporter), *rows, titles=titles)) == [
        ("0", "", "一次最多导入 2,000 行，现在有 2,001 行", "请分几个文件")
    ]


def test_r2_a_formula_is_neither_evaluated_nor_believed(reporter: Actor) -> None:
    """The value saved beside it is not what it says, and an unsaved one is empty: both are named."""
    right = "平台不计算公式：复制后“选择性粘贴”为数值，或直接填写"
    response = upload(
        client_for(reporter),
        line(同时作业人数=("=6*3", 18)),
        line(风险点名称=('=CONCAT("熔铝炉","灼烫")', ""), 具体位置=("=1/0", "#DIV/0!")),
        line(风险点名称="乙", 具体位置="#REF!"),
    )
    assert faults(response) == [
        ("AB2", "同时作业人数", "单元格是公式", right),
        ("B3", "风险点名称", "单元格是公式", right),
        ("F3", "具体位置", "单元格是公式", right),
        ("F4", "具体位置", "单元格里是公式错误", "写到别人能找到的程度，最多 200 字"),
    ]


def test_r2_a_stray_cell_far_away_is_named(reporter: Actor) -> None:
    import xlsxwriter

    out = io.BytesIO()
    file = xlsxwriter.Workbook(out, {"in_memory": True})
    page = file.add_worksheet(SHEET)
    for index, title in enumerate(TITLES):
        page.write(0, index, title)
        page.write(1, index, str(line().get(title, "")))
    page.write(1_048_575, 16_383, "x")
    file.close()
    response = client_for(reporter).post(UPLOAD, sent(out.getvalue()))
    assert faults(response) == [("XFD1048576", "", "离表格很远的单元格里有内容", "只保留要导入的行和列")]


def test_r2_an_enterprise_imports_for_itself_alone(reporter: Actor) -> None:
    other = make_enterprise(name="蚌埠市恒泰有限公司", uscc=make_uscc(serial=9002))
    own = f"只能登记本单位的，填“{WORKS}”或留空"
    rows = [
        line(责任单位=WORKS),
        line(责任单位="蚌埠市恒泰有限公司", 风险点名称="乙"),
        line(统一社会信用代码=other.uscc, 风险点名称="丙"),
    ]
    assert faults(upload(client_for(reporter), *rows)) == [
        ("I3", "责任单位", "没有这个名称的责任单位，或不在您的登记范围内", own),
        ("J4", "统一社会信用代码", "没有这个代码的企业，或不在您的登记范围内", own),
    ]


def test_r2_an_official_imports_over_many_enterprises_by_code_or_exact_name(reporter: Actor) -> None:
    make_enterprise(name="蚌埠市恒泰有限公司", uscc=make_uscc(serial=9002), township="雪华乡", sector="dust")
    client = client_for(make_actor("bureau_handler"))
    url = kept(
        upload(
            client,
            line(统一社会信用代码=make_uscc(serial=9001)),
            line(责任单位="蚌埠市恒泰有限公司"),
            line(责任单位=unit_of("区住建交通委").name, 行业="道路交通", 乡街="雪华乡", 风险点名称="临水路段"),
        )
    )
    confirm(client, url)
    made = [(c.responsible_unit.name, c.sector.name, c.township.name) for c in Case.objects.order_by("pk")]
    assert made == [
        (WORKS, "粉尘涉爆", "燕山乡"),
        ("蚌埠市恒泰有限公司", "粉尘涉爆", "雪华乡"),
        (unit_of("区住建交通委").name, "道路交通", "雪华乡"),
    ]


def test_r2_a_unit_that_is_unknown_ambiguous_closed_or_contradicted_is_an_error_of_its_row(reporter: Actor) -> None:
    for serial in (9002, 9003):
        make_enterprise(name="蚌埠市恒泰有限公司", uscc=make_uscc(serial=serial))
    make_enterprise(name="蚌埠市关闭厂", operation="closed")
    who = "填登记的全称或统一社会信用代码；还没有登记的企业，先在“企业”中登记"
    response = upload(
        client_for(make_actor("bureau_handler")),
        line(责任单位="蚌埠市恒"),
        line(责任单位="蚌埠市恒泰有限公司"),
        line(责任单位="蚌埠市关闭厂"),
        line(责任单位="蚌埠市恒泰有限公司", 统一社会信用代码=make_uscc(serial=9001)),
        line(统一社会信用代码="91340303MA2T000157"),
        line(),
        line(责任单位=unit_of("区住建交通委").name),
        line(责任单位=unit_of("区政府").name),
    )
    sectors = "填危险化学品、粉尘涉爆、建筑施工、特种设备、道路交通之一"
    assert faults(response) == [
        ("I2", "责任单位", "没有这个名称的责任单位，或不在您的登记范围内", who),
        ("I3", "责任单位", "叫这个名称的有 2 家，分不清是哪一家", "填上统一社会信用代码"),
        ("I4", "责任单位", "蚌埠市关闭厂已关闭，不能再登记风险点", "删去这一行"),
        ("I5", "责任单位", f"与代码不一致：这个代码登记的是“{WORKS}”", "改正其中一个，或只留代码"),
        (
            "J6",
            "统一社会信用代码",
            "统一社会信用代码校验不通过，请对照营业执照逐位核对",
            "18 位，单元格设成文本；责任单位不是企业的留空",
        ),
        ("I7", "责任单位", "没有填责任单位", "填登记的全称，或填统一社会信用代码"),
        ("D8", "行业", "没有填：责任单位不是企业，须写明行业", sectors),
        ("E8", "乡街", "没有填：责任单位是部门，须写明所在乡街", "填纬二路街道、燕山乡、雪华乡之一"),
        ("I9", "责任单位", "没有这个名称的责任单位，或不在您的登记范围内", who),
    ]


def test_r2_nobody_imports_for_whom_they_may_not_register(reporter: Actor) -> None:
    """The township of another area, a department of another trade; and a department into another's trade."""
    by_name = ("I2", "责任单位", "没有这个名称的责任单位，或不在您的登记范围内")
    for actor in (make_actor("township_handler", "雪华乡"), make_actor("department_handler", "区住建交通委")):
        assert [fault[:3] for fault in faults(upload(client_for(actor), line(责任单位=WORKS)))] == [by_name]
    site = make_enterprise(name="安徽雪华置业有限公司", sector="construction", enforcer=None)
    department = client_for(make_actor("department_handler", "区住建交通委"))
    assert faults(upload(department, line(责任单位=site.unit.name, 行业="危险化学品"))) == [
        (
            "D2",
            "行业",
            "按这个行业登记后不在您的权限范围内",
            "填本单位主管的行业，或由主管这个行业的部门登记",
        )
    ]
    assert client_for(make_actor("committee_officer")).get(UPLOAD).status_code == 403


def test_r2_a_list_waits_for_its_sender_alone(reporter: Actor) -> None:
    client = client_for(reporter)
    url = kept(upload(client, line()))
    colleague = client_for(make_actor("enterprise_reporter", reporter.unit))
    assert (colleague.get(url).status_code, confirm(colleague, url).status_code) == (404, 404)
    kept(upload(client, line()))
    assert client.get(url).status_code == 404  # replaced by the next file
    assert forget_unapplied(at=at("2026-10-12 14:19")) == 0
    assert forget_unapplied(at=at("2026-10-12 14:21")) == 1


def test_r2_what_is_confirmed_twice_is_registered_once(reporter: Actor) -> None:
    client = client_for(reporter)
    url = kept(upload(client, line()))
    form = {"form_key": str(uuid4())}
    answers = [client.post(url, form)["Location"], client.post(url, form)["Location"], confirm(client, url)["Location"]]
    assert answers == [url, url, url]
    assert (Case.objects.count(), AuditEvent.objects.filter(name="risks.imported").count()) == (1, 1)


def test_r2_duplicates_are_told_and_left_out_only_when_one_says_so(reporter: Actor) -> None:
    client = client_for(reporter)
    confirm(client, kept(upload(client, line())))
    number = Case.objects.get().number
    url = kept(upload(client, line(), line(具体位置="3 号厂房")))
    page = client.get(url)
    assert [(d["row"], d["number"]) for d in page.context["doubles"]] == [(2, number)]
    silent = confirm(client, url, seen="2")
    assert silent.status_code == 422
    assert silent.context["form"].errors == {"duplicates": ["请选择重复的 1 行怎么办"]}
    assert Case.objects.count() == 1
    confirm(client, url, duplicates="skip", seen="2")
    assert [risk.location for risk in RiskPoint.objects.order_by("pk")] == ["2 号厂房一层东侧", "3 号厂房"]
    assert '重复的 <span class="num">1</span> 行按您的选择没有登记' in client.get(url).content.decode()
    also = kept(upload(client, line()))
    confirm(client, also, duplicates="register", seen="2")
    assert RiskPoint.objects.filter(location="2 号厂房一层东侧").count() == 2


def test_r2_a_duplicate_that_turned_up_since_is_named_before_anything_is_registered(reporter: Actor) -> None:
    client = client_for(reporter)
    url = kept(upload(client, line()))
    colleague = client_for(make_actor("enterprise_reporter", reporter.unit))
    confirm(colleague, kept(upload(colleague, line())))
    answer = confirm(client, url, duplicates="skip")
    assert answer.status_code == 422
    assert answer.context["form"].errors["__all__"] == ["检查之后又有人登记了同样的风险点：第 2 行。请看清单后再选"]
    assert Case.objects.count() == 1


def test_r2_the_same_point_twice_in_one_file_names_the_earlier_row(reporter: Actor) -> None:
    assert faults(upload(client_for(reporter), line(), line(责任人="李建国"))) == [
        (
            "B3",
            "风险点名称",
            "和第 2 行重复：责任单位、名称、具体位置都相同",
            "删去一行，或写明不同的位置",
        )
    ]


def test_r2_a_closed_point_is_no_duplicate(reporter: Actor) -> None:
    client = client_for(reporter)
    confirm(client, kept(upload(client, line())))
    Case.objects.update(closed_on=at("2026-10-09").date(), state="closed")
    assert client.get(kept(upload(client, line()))).context["doubles"] == []


def test_r2_severe_self_gradings_go_on_to_assessment_with_their_clock(reporter: Actor) -> None:
    client = client_for(reporter)
    url = kept(
        upload(client, line(**LEC_SEVERE), line(风险点名称="乙", 评估方法="LS", **{"L 可能性": 3, "S 严重性": 4}))
    )
    page = client.get(url)
    assert (page.context["graded"], page.context["severe"]) == (2, 1)
    assert "研判时限开始计算，自评不能再改" in page.content.decode()
    confirm(client, url)
    severe, mild = Case.objects.order_by("pk")
    assert (severe.state, mild.state) == ("awaiting", "registered")
    assert list(Deadline.objects.values_list("case", "rule_key")) == [(severe.pk, "risks.assessment")]
    assert "已送研判" in client.get(url).content.decode()


def test_r2_self_grading_columns_are_held_to_the_tables_and_to_who_may_grade(reporter: Actor) -> None:
    response = upload(
        client_for(reporter),
        line(**LEC | {"L 可能性": 4}),
        line(风险点名称="乙", **LEC | {"评估方法": ""}),
        line(风险点名称="丙", **LEC | {"评估方法": "LS"}),
        line(风险点名称="丁", **LEC | {"C 后果": ""}),
        line(风险点名称="戊", 评估方法="直接判定"),
    )
    either = "填 LEC 或 LS；不自评的，评估各列都留空"
    assert faults(response) == [
        ("N2", "L 可能性", "取值不在评分表里", "L 可能性取值须是 10、6、3、1、0.5、0.2、0.1 之一"),
        ("M3", "评估方法", "填了取值，没有填评估方法", either),
        ("O4", "E 暴露", "LS 不用这一列", "留空"),
        ("P4", "C 后果", "LS 不用这一列", "留空"),
        ("Q4", "S 严重性", "没有填", "S 严重性取值须是 5、4、3、2、1 之一"),
        ("P5", "C 后果", "没有填", "C 后果取值须是 100、40、15、7、3、1 之一"),
        ("M6", "评估方法", "不在可填内容里", either),
    ]
    official = upload(client_for(make_actor("bureau_handler")), line(责任单位=WORKS, **LEC))
    assert faults(official) == [("M2", "评估方法", "自评由责任单位提交", "评估各列都留空；登记后由交办单位研判")]


def exported(client: Client) -> bytes:
    response = client.get("/risks/export/?grade=all&state=all")
    assert isinstance(response, FileResponse)
    return b"".join(response.streaming_content)  # type: ignore[arg-type]


def test_r2_an_exported_list_is_at_home_here_and_registered_points_stay_as_they_are(reporter: Actor) -> None:
    client = client_for(reporter)
    confirm(client, kept(upload(client, line(**LEC))))
    before = RiskPoint.objects.values().get()
    data = exported(client)
    url = kept(client.post(UPLOAD, sent(data)))
    page = client.get(url)
    assert [(n["row"], n["number"]) for n in page.context["numbered"]] == [(5, "340303200-2026-0001")]
    assert (page.context["count"], page.context["doubles"]) == (0, [])
    assert "表里改了什么都不会生效" in page.content.decode()
    assert RiskPoint.objects.values().get() == before
    # A row added below, as it stands in the export but without a number: the cells before it are read by its own header.
    table = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
    old = dict(zip(map(str, table[3]), table[4], strict=True))
    new = {**old, "编号": "", "风险点名称": "熔铝炉灼烫", "责任人电话": "13805520000"}
    titles = [str(title) for title in table[3]]
    again = book(old, new, titles=titles, above=tuple(str(row[0]) for row in table[:3]))
    url = kept(client.post(UPLOAD, sent(again)))
    confirm(client, url)
    made = Case.objects.latest("pk")
    assert (made.number, made.title) == ("340303200-2026-0002", "熔铝炉灼烫")
    assert sorted(made.risk.measures.values_list("text", flat=True)) == ["湿式除尘", "现场处置方案"]
    assert made.risk.gradings.get().score == 126


def test_r2_template_and_export_agree_in_their_columns(reporter: Actor) -> None:
    book_ = CalamineWorkbook.from_filelike(io.BytesIO(client_for(reporter).get(f"{UPLOAD}template/").content))
    assert book_.sheet_names == [SHEET, "可填内容", "填写说明"]
    titles = [str(cell) for cell in book_.get_sheet_by_index(0).to_python()[0]]
    heads = [head for head, _ in exports.COLUMNS]
    assert titles == TITLES
    assert [head for head in heads if head not in _EXPORTED_ONLY] == TITLES
    assert set(heads) >= _EXPORTED_ONLY
    allowed = book_.get_sheet_by_name("可填内容").to_python()
    listed = {head: [row[index] for row in allowed[1:] if row[index]] for index, head in enumerate(allowed[0])}
    assert listed["类别"] == ["场所", "设施", "作业", "区域"]
    assert listed["C 后果"] == ["100", "40", "15", "7", "3", "1"]
    assert "高温熔融物爆炸" in listed["可能的事故类型"]


def test_r2_the_template_as_downloaded_has_nothing_to_import(reporter: Actor) -> None:
    client = client_for(reporter)
    data = client.get(f"{UPLOAD}template/").content
    assert faults(client.post(UPLOAD, sent(data)))[0][2] == "表里没有可导入的风险点"


def test_r2_text_that_looks_like_a_formula_stays_text_on_the_way_in_and_out(reporter: Actor) -> None:
    client = client_for(reporter)
    names = ["=1+1", "+1", "-1 层泵房", "@SUM(A1)"]
    confirm(client, kept(upload(client, *(line(风险点名称=name) for name in names))))
    assert list(Case.objects.order_by("pk").values_list("title", flat=True)) == names
    import zipfile

    with zipfile.ZipFile(io.BytesIO(exported(client))) as packed:
        cells, styles = packed.read("xl/worksheets/sheet1.xml").decode(), packed.read("xl/styles.xml").decode()
    assert "<f>" not in cells
    # Marked as text for Excel, so that editing or saving it elsewhere does not turn it into a formula.
    marked = [n for n, xf in enumerate(styles.split("<cellXfs")[1].split("<xf ")[1:]) if 'quotePrefix="1"' in xf]
    assert len(marked) == 1
    assert cells.count(f's="{marked[0]}"') == len(names)


def test_r2_a_row_that_only_the_service_refuses_leaves_nothing_behind(
    reporter: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_for(reporter)
    url = kept(upload(client, line(), line(风险点名称="乙")))
    from deadlines.workflow import Refused
    from risks.services.importing import applying

    real = applying.register_risk

    def refusing(**given: Any) -> RiskPoint:
        if given["title"] == "乙":
            raise Refused("本区没有有效的综合监管部门")
        return real(**given)

    monkeypatch.setattr(applying, "register_risk", refusing)
    answer = confirm(client, url)
    assert answer.context["form"].errors["__all__"] == [
        "第 3 行：本区没有有效的综合监管部门。一行也没有登记，请改好后重新上传"
    ]
    assert (Case.objects.count(), RiskImport.objects.get().applied_at) == (0, None)


def test_r2_a_unit_that_closed_since_the_check_is_told_and_nothing_is_registered(reporter: Actor) -> None:
    client = client_for(reporter)
    url = kept(upload(client, line()))
    enterprise = reporter.unit.enterprise  # type: ignore[attr-defined]
    enterprise.operation = "closed"
    enterprise.save()
    answer = confirm(client, url)
    assert answer.status_code == 422
    assert [(f.cell, f.wrong) for f in answer.context["faults"]] == [("I2", f"{WORKS}已关闭，不能再登记风险点")]
    assert "情况有变" in answer.content.decode()
    assert Case.objects.count() == 0


def statements(client: Client, count: int, **more: Any) -> tuple[int, int]:
    """Of checking a file of so many rows, and of registering them."""
    rows = [line(风险点名称=f"{uuid4()}", **more) for _ in range(count)]
    with CaptureQueriesContext(connection) as checking:
        url = kept(upload(client, *rows))
        client.get(url)
    with CaptureQueriesContext(connection) as registering:
        confirm(client, url)
    return len(checking), len(registering)


def test_r2_checking_asks_a_fixed_number_of_times_and_registering_so_many_per_row(reporter: Actor) -> None:
    client = client_for(reporter)
    statements(client, 1)
    one, three, five = (statements(client, count) for count in (1, 3, 5))
    assert one[0] == three[0] == five[0]
    per_row = (three[1] - one[1]) / 2
    assert (five[1] - three[1]) / 2 == per_row
    assert per_row == 11
    graded = (statements(client, 3, **LEC)[1] - statements(client, 1, **LEC)[1]) / 2
    assert graded == 20


def test_r2_the_register_offers_the_import_to_whoever_may_register(reporter: Actor) -> None:
    assert f'href="{UPLOAD}"' in client_for(reporter).get("/risks/").content.decode()
    make_district()
    assert f'href="{UPLOAD}"' not in client_for(make_actor("committee_officer")).get("/risks/").content.decode()


def test_r2_a_position_far_away_is_told(reporter: Actor) -> None:
    for number in range(5):
        make_enterprise(longitude=f"117.3{number}", latitude=f"32.9{number}")
    client = client_for(reporter)
    page = client.get(kept(upload(client, line(经度=116.4, 纬度=39.9), line(风险点名称="乙", 经度=117.35, 纬度=32.88))))
    assert page.context["far"] == [2]


def test_r2_registered_through_a_form_counts_as_a_duplicate_too() -> None:
    scene = registered(at=WEDNESDAY)
    client = client_for(scene.cast.reporter)
    url = kept(upload(client, line(风险点名称="卸油区", 具体位置=DETAILS["location"])))
    assert [d["number"] for d in client.get(url).context["doubles"]] == [scene.case.number]
