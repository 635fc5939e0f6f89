"""Workbooks as people send them: rows by column title, with what may be wrong with a file."""

import io
from typing import Any

import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile

from risks.services.importing.columns import COLUMNS, SHEET

TITLES = [column.title for column in COLUMNS]


def line(**changed: Any) -> dict[str, Any]:
    good = {
        "风险点名称": "抛光车间铝粉尘爆炸",
        "类别": "场所",
        "具体位置": "2 号厂房一层东侧",
        "危害因素": "铝粉尘积聚\n遇静电火花",
        "可能的事故类型": "粉尘爆炸、火灾",
        "工程技术措施": "湿式除尘",
        "应急措施": "现场处置方案",
        "管控层级": "车间",
        "监控措施": "粉尘浓度报警器",
        "责任人": "陈国强",
        "责任人电话": "13805520000",
        "排查频次": "每班",
    }
    return good | changed


def book(
    *rows: dict[str, Any],
    titles: list[str] = TITLES,
    sheet: str = SHEET,
    merged: str = "",
    above: tuple[str, ...] = (),
) -> bytes:
    """A tuple as a value is a formula with what was saved beside it."""
    out = io.BytesIO()
    file = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False})
    page = file.add_worksheet(sheet)
    for number, text in enumerate(above):
        page.write(number, 0, text)
    top = len(above)
    for index, title in enumerate(titles):
        page.write(top, index, title)
    for number, row in enumerate(rows, start=top + 1):
        for index, title in enumerate(titles):
            value = row.get(title, "")
            if isinstance(value, tuple):
                page.write_formula(number, index, value[0], None, value[1])
            elif value != "":
                page.write(number, index, value)
    if merged:
        page.merge_range(merged, "合并")
    file.close()
    return out.getvalue()


def sent(data: bytes, name: str = "风险点.xlsx") -> dict[str, Any]:
    return {"file": SimpleUploadedFile(name, data)}
