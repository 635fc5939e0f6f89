"""The xlsx of the go-live import (补录): its columns, the template, and its rows as what the step forms take."""

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import xlsxwriter
from python_calamine import CalamineError, CalamineWorkbook

from organisations.services.import_sheet import Problem
from risks.accident_types import parted
from risks.grading import Method
from risks.models import ControlMeasure, RiskPoint

SHEET = "补录"
MAX_ROWS = 500
EXAMPLE = "示例："


@dataclass(frozen=True)
class Column:
    """`step` and `name` of the form field; `scan` names the file that is uploaded with the sheet."""

    title: str
    step: str
    name: str
    hint: str = ""


_MEASURES = tuple(Column(f"{kind.label}措施", "facts", f"measure_{kind.value}") for kind in ControlMeasure.Kind)
COLUMNS: tuple[Column, ...] = (
    Column("风险点名称", "facts", "title", "必填"),
    Column("责任单位", "unit", "unit", "必填；登记的全称或统一社会信用代码"),
    Column("行业领域", "facts", "sector", "必填"),
    Column("类别", "facts", "category", "必填：" + "、".join(RiskPoint.Category.labels)),
    Column("具体位置", "facts", "location", "必填"),
    Column("危害因素", "facts", "hazard_factors", "必填"),
    Column("可能的事故类型", "facts", "accident_types", "必填；用顿号隔开"),
    *_MEASURES,
    Column("监控措施", "facts", "monitoring", "必填"),
    Column("管控层级", "facts", "control_level", "必填：" + "、".join(RiskPoint.Level.labels)),
    Column("排查频次", "facts", "check_frequency", "必填：" + "、".join(RiskPoint.Frequency.labels)),
    Column("责任人", "facts", "responsible_person", "必填"),
    Column("责任人电话", "facts", "responsible_phone", "必填"),
    Column("查找来源", "facts", "source", "不填为“纸质台账”"),
    Column("登记日期", "facts", "found_on", "必填；如 2025-03-01"),
    Column("登记扫描件", "facts", "scan", "必填；一起上传的文件名"),
    Column("研判日期", "grading", "concluded_on"),
    Column("研判方法", "grading", "method", "LEC 或 LS"),
    Column("L", "grading", "likelihood"),
    Column("E", "grading", "exposure", "LS 不填"),
    Column("C或S", "grading", "consequence"),
    Column("研判签字人", "grading", "signer"),
    Column("研判签字人职务", "grading", "signer_title"),
    Column("参加研判的人员", "grading", "participants"),
    Column("研判扫描件", "grading", "scan"),
    Column("交办文号", "handover", "number"),
    Column("送达日期", "handover", "handed_on"),
    Column("治理期限", "handover", "due_on"),
    Column("治理要求", "handover", "requirements"),
    Column("交办函扫描件", "handover", "scan"),
    Column("签收日期", "receipt", "received_on"),
    Column("签收人", "receipt", "receiver"),
    Column("签收人职务", "receipt", "receiver_title"),
    Column("签收扫描件", "receipt", "scan"),
    Column("申请销号日期", "closure", "applied_on"),
    Column("申请签字人", "closure", "applicant"),
    Column("治理完成情况", "closure", "statement"),
    Column("核查通过日期", "closure", "verified_on"),
    Column("核查人", "closure", "verifiers", "两人以上，用顿号隔开"),
    Column("现场核查情况", "closure", "findings"),
    Column("销号方法", "closure", "method", "LEC 或 LS"),
    Column("销号L", "closure", "likelihood"),
    Column("销号E", "closure", "exposure", "LS 不填"),
    Column("销号C或S", "closure", "consequence"),
    Column("销号扫描件", "closure", "scan"),
)
_BY_TITLE = {column.title: column for column in COLUMNS}
TITLE_OF = {(column.step, column.name): column.title for column in COLUMNS}


@dataclass
class Row:
    """What one row types into each step's form, and the name of each step's scan."""

    number: int
    unit: str
    typed: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    scans: dict[str, str] = field(default_factory=dict)


def template(sectors: Iterable[str]) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet(SHEET)
    head = book.add_format({"bold": True, "bg_color": "#eef1f0", "text_wrap": True, "valign": "vcenter"})
    plain, text = book.add_format({"font_color": "#47524f", "text_wrap": True}), book.add_format({"num_format": "@"})
    for number, column in enumerate(COLUMNS):
        sheet.set_column(number, number, 18, text)
        sheet.write_string(0, number, column.title, head)
        sheet.write_string(1, number, f"{EXAMPLE}{column.hint}" if number == 0 else column.hint, plain)
    sheet.data_validation(2, 2, MAX_ROWS + 1, 2, {"validate": "list", "source": list(sectors)[:20]})
    sheet.freeze_panes(2, 1)
    book.close()
    return out.getvalue()


def read(data: bytes) -> tuple[list[Row], list[Problem]]:
    """The filled rows. A step whose cells are all empty was not on paper, or has not happened."""
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        table = book.get_sheet_by_name(SHEET).to_python(skip_empty_area=False)
    except (CalamineError, ValueError, OSError):
        return [], [Problem(0, "", f"文件打不开，或没有名为“{SHEET}”的工作表，请用模板填写")]
    header = [_text(value) for value in table[0]] if table else []
    unknown = [title for title in header if title and title not in _BY_TITLE]
    missing = [column.title for column in COLUMNS[:3] if column.title not in header]
    problems = [Problem(1, title, "表头不认识，请照模板") for title in unknown]
    problems += [Problem(1, title, "缺少这一列") for title in missing]
    if problems:
        return [], problems
    rows = []
    for number, line in enumerate(table[1:], start=2):
        cells = {title: _text(value) for title, value in zip(header, line, strict=False) if title}
        if not any(cells.values()) or cells.get("风险点名称", "").startswith(EXAMPLE):
            continue
        rows.append(_row(number, cells))
    if len(rows) > MAX_ROWS:
        return [], [Problem(0, "", f"一次最多 {MAX_ROWS} 行，现在有 {len(rows)} 行，请分几个文件")]
    return rows, [] if rows else [Problem(0, "", "没有填写任何一行")]


def _row(number: int, cells: Mapping[str, str]) -> Row:
    row = Row(number, cells.get("责任单位", ""))
    for title, text in cells.items():
        column = _BY_TITLE[title]
        if not text or column.step == "unit":
            continue
        if column.name == "scan":
            row.scans[column.step] = text
            continue
        row.typed.setdefault(column.step, {})[column.name] = _values(column, text)
    for step in ("grading", "closure"):
        if step in row.typed:
            row.typed[step] = _graded(row.typed[step])
    facts = row.typed.setdefault("facts", {})
    facts.setdefault("source", ["纸质台账"])
    for step in row.scans:
        row.typed.setdefault(step, {})
    return row


_LABELS: dict[str, dict[str, str]] = {
    "category": {label: value for value, label in RiskPoint.Category.choices},
    "control_level": {label: value for value, label in RiskPoint.Level.choices},
    "check_frequency": {label: value for value, label in RiskPoint.Frequency.choices},
}


def _values(column: Column, text: str) -> list[str]:
    if column.name == "accident_types":
        return parted(text)
    return [_LABELS.get(column.name, {}).get(text, text)]


def _graded(typed: dict[str, list[str]]) -> dict[str, list[str]]:
    """L, E, C of the sheet under the names that the form gives them by method."""
    method = typed.pop("method", ["LEC"])[0].strip().lower()
    method = method if method in Method.values else "lec"
    last = "consequence" if method == "lec" else "severity"
    names = {"likelihood": "likelihood", "exposure": "exposure", "consequence": last}
    moved = {f"{method}_{to}": typed.pop(name) for name, to in names.items() if name in typed}
    return typed | moved | {"method": [method]}


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if value is None:
        return ""
    return " ".join(str(value).replace("\x00", "").split())
