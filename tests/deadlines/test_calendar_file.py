"""X4: the file of a year, xlsx or JSON, and what is said about each row that cannot be taken."""

import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from deadlines.calendar_data import calendar_rows
from deadlines.calendar_file import HEAD, SHEET, NewDay, read, write_json, write_xlsx

ROWS = list(calendar_rows())
SAMPLE = Path(__file__).parent / "samples" / "样例-2027-虚构.json"
GOOD = ["2027-01-01", "休息", "元旦", ""]


def of_year(year: int) -> list[Any]:
    return [row for row in ROWS if date(year - 1, 12, 1) <= row.date <= date(year, 12, 31)]


def book(*rows: list[Any], year: Any = 2027, source: str = "样例通知", sheet: str = SHEET) -> bytes:
    out = io.BytesIO()
    file = xlsxwriter.Workbook(out, {"in_memory": True})
    page = file.add_worksheet(sheet)
    head: list[list[Any]] = [["年份", year], ["依据文件", source], [], list(HEAD)]
    for number, row in enumerate([*head, *rows]):
        for index, value in enumerate(row):
            if isinstance(value, date):
                page.write_datetime(number, index, value, file.add_format({"num_format": "yyyy/m/d"}))
            else:
                page.write(number, index, value)
    file.close()
    return out.getvalue()


def told(data: bytes, **more: str) -> list[tuple[str, str, str]]:
    return [(p.place, p.column, p.reason) for p in read(data, **more).problems]


def test_x4_a_good_file_gives_its_days():
    found = read(
        book(
            [date(2026, 12, 31), "休息", "元旦"],
            ["2027年1月9日", "上班", "元旦调休", "另一份通知"],
            ["2027/1/1", "休息", "元旦"],
        )
    )
    assert (found.problems, found.year, found.source) == ([], 2027, "样例通知")
    assert found.days == [
        NewDay(date(2026, 12, 31), False, "元旦", "样例通知"),
        NewDay(date(2027, 1, 9), True, "元旦调休", "另一份通知"),
        NewDay(date(2027, 1, 1), False, "元旦", "样例通知"),
    ]


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        (["2027-13-01", "休息", "元旦"], "日期", "应写作 2027-01-01，现在是“2027-13-01”"),
        (["", "休息", "元旦"], "日期", "没有填"),
        (["2028-01-01", "休息", "元旦"], "日期", "不在 2027 年（可以从上一年 12 月的连休写起）"),
        (["2026-11-30", "休息", "元旦"], "日期", "不在 2027 年（可以从上一年 12 月的连休写起）"),
        (["2027-01-01", "休息", "元旦"], "日期", "与第 5 行是同一天"),
        (["2027-01-09", "加班", "元旦"], "安排", "填休息或上班，现在是“加班”"),
        (["2027-01-09", "", "元旦"], "安排", "没有填：休息或上班"),
        (["2027-01-04", "上班", "元旦"], "安排", "01-04 是周一，本来就上班，不用写；放假请填休息"),
        (["2027-01-09", "上班", ""], "名称", "没有填：节日名称，或某某调休"),
        (["2027-01-09", "上班", "元" * 41], "名称", "最多 40 个字，现在是 41 个"),
    ],
)
def test_x4_a_bad_row_is_told_at_its_row_and_nothing_is_taken(row, column, reason):
    data = book(GOOD, row)
    assert told(data) == [("第 6 行", column, reason)]
    assert read(data).days == []


def test_x4_all_mistakes_are_told_at_once():
    assert told(book(["x", "y", ""], year="明年", source="")) == [
        ("B1 格", "年份", "应是四位年份，如 2027，现在是“明年”"),
        ("B2 格", "依据文件", "没有填：写放假通知的名称和文号，或填在上传页的“依据文件”里"),
        ("第 5 行", "日期", "应写作 2027-01-01，现在是“x”"),
        ("第 5 行", "安排", "填休息或上班，现在是“y”"),
        ("第 5 行", "名称", "没有填：节日名称，或某某调休"),
    ]
    assert told(book(["2027-01-09", "上班", "元旦调休"])) == [("", "安排", "没有一天休息，请核对是不是传错了文件")]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "文件是空的；也可以传 JSON"),
        (b"PK nothing", "这不是 Excel（xlsx）文件，或者文件已损坏。xls、csv 请先另存为 xlsx；也可以传 JSON"),
        (book(GOOD, sheet="别的"), "没有名为“工作日历”的工作表，请用模板填写"),
        (b'{"year": 2027,', "不是正确的 JSON（第 1 行附近）"),
        (b'{"year": 2027, "days": [3]}', "JSON 里应有 days：一个列表，每项是 {date, kind, name, source}，请照模板"),
        (b'{"year": "\xff"}', "不是正确的 JSON（编码须是 UTF-8）"),
    ],
)
def test_x4_what_is_no_calendar_says_why(data, reason):
    assert told(data) == [("", "", reason)]


def test_x4_json_rows_are_told_by_their_place():
    days = [{"date": "2027-01-01", "kind": "休息", "name": "元旦"}, {"date": 20270109, "kind": True}]
    data = json.dumps({"year": 2027, "source": "样例通知", "days": days}, ensure_ascii=False).encode()
    assert [(place, column) for place, column, _ in told(data)] == [
        ("第 2 项", "日期"),
        ("第 2 项", "安排"),
        ("第 2 项", "名称"),
    ]


@pytest.mark.parametrize("year", range(2018, 2031))
@pytest.mark.parametrize("write", [write_xlsx, write_json])
def test_x4_the_template_of_a_year_reads_back_as_that_year(year, write):
    """With it every announced year: its make-up days, its December before, its later documents."""
    rows = of_year(year)
    own = next(row.source for row in rows if row.date.year == year and not row.name)
    provisional = year > 2026
    found = read(write(year, rows), source="样例通知" if provisional else "")
    assert (found.problems, found.year) == ([], year)
    assert found.source == ("样例通知" if provisional else own)
    listed = [row for row in rows if row.name and (row.date.year == year or row.source == own)]
    assert [(d.date, d.is_workday, d.name) for d in found.days] == [(r.date, r.is_workday, r.name) for r in listed]
    assert [d.source for d in found.days] == [("样例通知" if provisional else r.source) for r in listed]


def test_x4_the_sample_says_that_it_is_invented():
    found = read(SAMPLE.read_bytes())
    assert (found.problems, found.year, len(found.days)) == ([], 2027, 36)
    assert "样例，非真实文件" in found.source


@settings(max_examples=60, deadline=None)
@given(data=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: b"{" + text.encode())))
def test_x4_no_bytes_break_the_reading(data):
    assert read(data).problems


@pytest.mark.django_db
def test_x4_the_command_exports_what_it_accepts(tmp_path):
    path, out = tmp_path / "2026.json", io.StringIO()
    call_command("calendar", "export", "2026", stdout=out)
    path.write_text(out.getvalue(), encoding="utf-8")
    out = io.StringIO()
    call_command("calendar", "check", str(path), stdout=out)
    days = [row for row in ROWS if row.date.year == 2026 and row.name]
    off = sum(not row.is_workday for row in days)
    assert out.getvalue().startswith(f"2026 年：休息 {off} 天，上班 {len(days) - off} 天")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ([], "请写明要做什么"),
        (["export", "1999"], "没有“1999”年"),
        (["export", "x"], "没有“x”年"),
        (["check", "/none"], "读不到"),
    ],
)
def test_x4_the_command_says_what_it_wants(words, reason):
    with pytest.raises(CommandError, match=reason):
        call_command("calendar", *words)


def test_x4_the_command_names_each_mistake(tmp_path):
    path = tmp_path / "2027.xlsx"
    path.write_bytes(book(GOOD, ["2027-01-04", "上班", "元旦"]))
    with pytest.raises(CommandError, match="有 1 处要改：\n第 6 行　安排　01-04 是周一"):
        call_command("calendar", "check", str(path))
