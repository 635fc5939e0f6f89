"""The xlsx of a manual's entries: its columns, the template, an export in the same columns, and reading a filled one."""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import xlsxwriter

from organisations.services.import_sheet import EXAMPLE_MARK, Problem, cell_text, column_letter, open_book
from risks.accident_types import parted
from risks.grading import Grade
from risks.models import ControlMeasure, GuideEntry, RiskPoint
from risks.selectors.guide_changes import shown

SHEET = "手册条目"
MAX_ROWS = 500


@dataclass(frozen=True)
class Column:
    """`key` is the entry's field; `words` what may stand in it, as people read it."""

    key: str
    title: str
    hint: str
    required: bool = False
    width: int = 18
    words: tuple[str, ...] = ()
    example: str = ""


COLUMNS = (
    Column("area", "部位、环节", "同一部位的条目排在一起，如：卸油区", required=True, example=f"{EXAMPLE_MARK}卸油区"),
    Column("title", "风险点名称", "部位加危险，如：卸油作业油气燃爆", required=True, width=26, example="卸油作业油气燃爆"),
    Column("category", "类别", "场所、设施、作业、区域之一", required=True, width=8, words=tuple(RiskPoint.Category.labels), example="作业"),
    Column("hazard_factors", "危害因素", "什么东西、什么状态或行为会引发事故", required=True, width=36, example="静电接地不良，油气积聚遇点火源"),
    Column("accident_types", "可能的事故类型", "现行国标的名称，用顿号隔开", required=True, width=22, example="火灾、可燃气体爆炸"),
    Column("reference_grade", "参考等级", "重大、较大、一般、低之一；没有就空着", width=10, words=tuple(Grade.labels), example="较大"),
    *(
        Column(kind.value, f"{kind.label}措施", "五类措施至少写一类", width=30, example="静电接地报警仪" if kind == ControlMeasure.Kind.ENGINEERING else "")
        for kind in ControlMeasure.Kind
    ),
    Column("monitoring", "监控措施", "用什么发现异常", required=True, width=26, example="可燃气体报警，卸油全程视频"),
    Column("control_level", "管控层级", "公司、车间、班组、岗位之一", required=True, width=10, words=tuple(RiskPoint.Level.labels), example="公司"),
    Column("check_frequency", "排查频次", "每班、每日、每周、每月、每季度之一", required=True, width=10, words=tuple(RiskPoint.Frequency.labels), example="每日"),
    Column("clause", "依据条款", "如：GB 50156 第 6.4 节；可不填", width=22),
)  # fmt: skip
BY_TITLE = {column.title: column for column in COLUMNS}
TITLE_OF = {column.key: column.title for column in COLUMNS}
_VALUE_OF: dict[str, dict[str, str]] = {
    "category": {label: value for value, label in RiskPoint.Category.choices},
    "control_level": {label: value for value, label in RiskPoint.Level.choices},
    "check_frequency": {label: value for value, label in RiskPoint.Frequency.choices},
    "reference_grade": {label: value for value, label in Grade.choices},
}


@dataclass(frozen=True)
class Row:
    """What one line types into the form of an entry."""

    number: int
    typed: dict[str, list[str]]


def write(entries: Iterable[GuideEntry] | None = None) -> bytes:
    """The template with an example line, or (given entries) a manual in the same columns, to be changed and read back."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    head = book.add_format({"bold": True, "bg_color": "#E6F0EE", "border": 1, "text_wrap": True, "valign": "top"})
    must = book.add_format({"bold": True, "bg_color": "#C9DED9", "border": 1, "text_wrap": True, "valign": "top"})
    text = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
    sheet = book.add_worksheet(SHEET)
    sheet.freeze_panes(1, 2)
    lines = [[shown(entry, c.key) for c in COLUMNS] for entry in entries or ()]
    for index, column in enumerate(COLUMNS):
        sheet.set_column(index, index, column.width, text)
        sheet.write_string(0, index, column.title, must if column.required else head)
        sheet.write_comment(0, index, ("必填。" if column.required else "可不填。") + column.hint)
        if column.words:
            sheet.data_validation(1, index, MAX_ROWS, index, {"validate": "list", "source": list(column.words)})
    for number, line in enumerate([[c.example for c in COLUMNS]] if entries is None else lines, start=1):
        for index, word in enumerate(line):
            sheet.write_string(number, index, word, text)
    book.close()
    return out.getvalue()


def read(data: bytes) -> tuple[list[Row], list[Problem]]:
    """The filled rows, and what is wrong with the file as a whole."""
    book = open_book(data)
    if isinstance(book, str):
        return [], [Problem(0, "", book)]
    if SHEET not in book.sheet_names:
        return [], [Problem(0, "", f"没有名为“{SHEET}”的工作表，请用模板填写")]
    table: list[list[Any]] = book.get_sheet_by_name(SHEET).to_python(skip_empty_area=False)
    header = [cell_text(value) for value in table[0]] if table else []
    if problems := _header_problems(header):
        return [], problems
    rows = []
    for number, line in enumerate(table[1:], start=2):
        cells = {BY_TITLE[title].key: cell_text(v) for title, v in zip(header, line, strict=False) if title}
        if any(cells.values()) and not cells["area"].startswith(EXAMPLE_MARK):
            rows.append(Row(number, {key: _typed(key, said) for key, said in cells.items()}))
    if len(rows) > MAX_ROWS:
        return [], [Problem(0, "", f"一份手册最多 {MAX_ROWS} 条，现在有 {len(rows)} 行")]
    return rows, [] if rows else [Problem(0, "", "表里没有条目：第 2 行起一行一条（示例行不导入）")]


def _header_problems(header: list[str]) -> list[Problem]:
    if not any(header):
        return [Problem(1, "", "第 1 行应是表头，现在是空的。请用模板填写")]
    problems = []
    for index, title in enumerate(header):
        if title and title not in BY_TITLE:
            problems.append(Problem(1, title, f"{column_letter(index)} 列的表头不认识，请照模板"))
        elif title and header.index(title) != index:
            first = column_letter(header.index(title))
            problems.append(Problem(1, title, f"表头重复：{first} 列和 {column_letter(index)} 列"))
    missing = [column.title for column in COLUMNS if column.required and column.title not in header]
    return problems + [Problem(1, title, "缺少这一列") for title in missing]


def _typed(key: str, said: str) -> list[str]:
    if key == "accident_types":
        return parted(said)
    return [_VALUE_OF.get(key, {}).get(said, said)]
