"""The xlsx of the enterprise import: its columns, the template to download, and reading a filled one."""

import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import xlsxwriter
from python_calamine import CalamineError, CalamineWorkbook

SHEET = "企业"
VALUES_SHEET = "可填内容"
EXAMPLE_MARK = "示例："
MAX_ROWS = 20_000
MAX_UNPACKED = 200 * 1024 * 1024
_ERRORS = ("#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!")


@dataclass(frozen=True)
class Column:
    key: str
    title: str
    hint: str
    example: str
    required: bool = False
    width: int = 14


COLUMNS = (
    Column("name", "企业名称", "营业执照上的全称", f"{EXAMPLE_MARK}蚌埠××加油站有限公司", required=True, width=34),
    Column("short_name", "简称", "可不填，列表里显示", "××加油站"),
    Column(
        "uscc", "统一社会信用代码", "18 位；单元格设成文本。没有代码的留空并填下一列", "91340303MA2T000156", width=22
    ),
    Column("no_uscc_reason", "无代码原因", "没有统一社会信用代码的才填，如：临时摊点", ""),
    Column("sector", "行业领域", "见“可填内容”", "危险化学品", required=True),
    Column("section", "行业门类", "GB/T 4754-2017 门类字母 A–T", "F", width=10),
    Column("scale", "规模", "见“可填内容”；空着按小型", "小型", width=10),
    Column("affiliation", "隶属关系", "见“可填内容”；空着按民营及其他", "民营及其他"),
    Column("is_key", "重点企业", "是或否；空着按否", "是", width=10),
    Column("is_high_risk", "高危企业", "是或否；空着按否", "是", width=10),
    Column("operation", "经营状态", "见“可填内容”；空着按在营。已登记的企业在页面上办理变更", "在营", width=10),
    Column("township", "乡街", "名称或统计代码。已登记的企业在页面上办理迁移", "燕山乡", required=True),
    Column("address", "地址", "门牌到号", "燕山乡东海大道 1 号", required=True, width=30),
    Column("longitude", "经度", "如 117.389719", "117.389719", width=12),
    Column("latitude", "纬度", "如 32.916630", "32.916630", width=12),
    Column("principal_name", "主要负责人", "姓名", "张三", required=True, width=12),
    Column("principal_phone", "主要负责人电话", "手机，或带区号的固定电话", "13800000000"),
    Column("headcount", "从业人数", "整数", "12", width=10),
    Column("enforcement_department", "日常执法部门", "主管这个行业的部门；空着或填“待明确”即为待明确", "", width=18),
    Column("supervision_level", "分级监管", "区级或乡街级；空着按区级", "区级", width=10),
)
BY_TITLE = {column.title: column for column in COLUMNS}


@dataclass(frozen=True)
class Problem:
    """Why a row cannot be taken. Row 0: the file as a whole."""

    row: int
    column: str
    reason: str


@dataclass(frozen=True)
class Row:
    number: int  # as Excel counts
    cells: dict[str, str]


@dataclass(frozen=True)
class Sheet:
    rows: list[Row]
    problems: list[Problem]
    columns: frozenset[str]
    skipped_examples: int = 0


def write_template(values: dict[str, Iterable[str]]) -> bytes:
    """Header, one example row, and a sheet with what may be filled in; `values` is title → allowed words."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    head = book.add_format({"bold": True, "bg_color": "#E6F0EE", "border": 1, "text_wrap": True, "valign": "top"})
    must = book.add_format({"bold": True, "bg_color": "#C9DED9", "border": 1, "text_wrap": True, "valign": "top"})
    text = book.add_format({"num_format": "@"})
    sheet = book.add_worksheet(SHEET)
    sheet.freeze_panes(1, 1)
    lists = {title: list(words) for title, words in values.items()}
    for index, column in enumerate(COLUMNS):
        sheet.set_column(index, index, column.width, text)
        sheet.write_string(0, index, column.title, must if column.required else head)
        sheet.write_comment(0, index, ("必填。" if column.required else "可不填。") + column.hint)
        sheet.write_string(1, index, column.example, text)
        if column.title in lists:
            place = list(lists).index(column.title)
            letter = chr(ord("A") + place)
            sheet.data_validation(
                1,
                index,
                MAX_ROWS,
                index,
                {
                    "validate": "list",
                    "source": f"='{VALUES_SHEET}'!${letter}$2:${letter}${len(lists[column.title]) + 1}",
                    "error_title": column.title,
                    "error_message": f"请从“{VALUES_SHEET}”里选",
                    "error_type": "warning",
                },
            )
    allowed = book.add_worksheet(VALUES_SHEET)
    for index, (title, words) in enumerate(lists.items()):
        allowed.set_column(index, index, 22)
        allowed.write_string(0, index, title, head)
        for line, word in enumerate(words, start=1):
            allowed.write_string(line, index, word)
    hints = book.add_worksheet("填写说明")
    hints.set_column(0, 0, 18)
    hints.set_column(1, 1, 8)
    hints.set_column(2, 2, 70)
    for index, title in enumerate(("列", "必填", "怎么填")):
        hints.write_string(0, index, title, head)
    for line, column in enumerate(COLUMNS, start=1):
        for index, word in enumerate((column.title, "是" if column.required else "", column.hint)):
            hints.write_string(line, index, word)
    book.close()
    return out.getvalue()


def read_sheet(data: bytes) -> Sheet:
    """The filled rows as text. Formulas come as the values they had when the file was saved."""
    opened = open_book(data)
    if isinstance(opened, str):
        return Sheet([], [Problem(0, "", opened)], frozenset())
    book = opened
    if SHEET not in book.sheet_names:
        names = "、".join(f"“{name}”" for name in book.sheet_names)
        return Sheet([], [Problem(0, "", f"没有名为“{SHEET}”的工作表，文件里有{names}。请用模板填写")], frozenset())
    sheet = book.get_sheet_by_name(SHEET)
    table = sheet.to_python(skip_empty_area=False)
    problems = [
        Problem(
            first[0] + 1,
            _titles(table, first[1], last[1]),
            ("表头" if first[0] == 0 else "数据") + "里有合并单元格，请取消合并后逐格填写",
        )
        for first, last in (sheet.merged_cell_ranges or [])
        if any(cell_text(v) for line in table[first[0] : last[0] + 1] for v in line[first[1] : last[1] + 1])
    ]
    header = [cell_text(value) for value in table[0]] if table else []
    problems += _header_problems(header, table)
    if problems:
        return Sheet([], problems, frozenset())
    keys = [BY_TITLE[title].key if title else "" for title in header]
    rows, skipped = [], 0
    for number, line in enumerate(table[1:], start=2):
        cells: dict[str, str] = {}
        for key, title, value in zip(keys, header, line, strict=False):
            if not key:
                continue
            cells[key] = cell_text(value)
            if cells[key] in _ERRORS:
                problems.append(Problem(number, title, f"单元格是公式错误 {cells[key]}"))
            elif (
                key == "uscc" and isinstance(value, int | float) and not isinstance(value, bool) and abs(value) >= 1e15
            ):
                problems.append(Problem(number, title, "代码被存成了数字，后几位已经丢失；请把单元格设成文本再填"))
        if not any(cells.values()):
            continue
        if cells.get("name", "").startswith(EXAMPLE_MARK):
            skipped += 1
            continue
        rows.append(Row(number, cells))
    if len(rows) > MAX_ROWS:
        problems.append(Problem(0, "", f"一次最多导入 {MAX_ROWS:,} 行，现在有 {len(rows):,} 行，请分几个文件"))
    elif not rows and not problems:
        problems.append(Problem(0, "", "表里没有可导入的企业：第 2 行起一行一家（示例行不导入）"))
    return Sheet(rows, problems, frozenset(filter(None, keys)), skipped)


def open_book(data: bytes) -> CalamineWorkbook | str:
    """The workbook, or why it is none, in Chinese."""
    if not data:
        return "文件是空的"
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(part.file_size for part in packed.infolist()) > MAX_UNPACKED:
                return "文件展开后过大，请只保留要导入的工作表"
            if "xl/workbook.xml" not in packed.namelist():
                return "这不是 Excel（xlsx）文件，请下载模板填写"
        return CalamineWorkbook.from_filelike(io.BytesIO(data))
    except (zipfile.BadZipFile, CalamineError, OSError, ValueError):
        return "这不是 Excel（xlsx）文件，或者文件已损坏。xls、csv 请先另存为 xlsx"


def _header_problems(header: list[str], table: list[list[Any]]) -> list[Problem]:
    if not any(header):
        return [Problem(1, "", "第 1 行应是表头，现在是空的。请用模板填写")]
    problems = []
    for index, title in enumerate(header):
        letter = column_letter(index)
        if not title:
            if any(cell_text(line[index]) for line in table[1:] if index < len(line)):
                problems.append(Problem(1, f"{letter} 列", "有内容但没有表头"))
        elif title not in BY_TITLE:
            problems.append(Problem(1, title, f"{letter} 列的表头不认识，请照模板"))
        elif header.index(title) != index:
            problems.append(Problem(1, title, f"表头重复：{column_letter(header.index(title))} 列和 {letter} 列"))
    missing = [column.title for column in COLUMNS if column.required and column.title not in header]
    problems += [Problem(1, title, "缺少这一列") for title in missing]
    if not {"统一社会信用代码", "无代码原因"} & set(header):
        problems.append(Problem(1, "统一社会信用代码", "缺少这一列"))
    return problems


def _titles(table: list[list[Any]], first: int, last: int) -> str:
    names = [cell_text(value) for value in table[0][first : last + 1]] if table else []
    return "、".join(filter(None, names)) or f"{column_letter(first)} 列"


def column_letter(index: int) -> str:
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def cell_text(value: Any) -> str:
    """What a person reads in the cell, without what comes along when pasting."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    # Full-width spaces, tabs and line breaks come along when people paste; NUL no database takes.
    return " ".join(str(value).replace("\x00", "").split()) if value is not None else ""
