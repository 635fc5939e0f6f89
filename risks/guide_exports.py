"""Guide manuals as xlsx: the entries of one, and the coverage by sector and unit with every enterprise behind the figures."""

import hashlib
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import xlsxwriter
from django.db import transaction

from audit.clock import SHANGHAI
from audit.services import record
from organisations.actors import Actor
from records.events import Event
from risks.models import Guide
from risks.selectors.guide_coverage import STANDINGS, Coverage, Figures, Standing, counted, coverage
from risks.services.guides import sheet

_FIGURES = (("企业（家）", 10), ("有风险点", 10), ("按行业手册登记", 15), ("没有风险点", 11))
_STANDING = (("手册", 40), ("版本", 9), ("首版发布", 12), ("对照目标日期", 14))


@transaction.atomic
def export_guide(*, guide: Guide, actor: Actor, at: datetime) -> bytes:
    """In the columns of the import, so that it can be changed and read back."""
    entries = list(guide.entries.all())
    data = sheet.write(entries)
    told = {"guide": str(guide), "rows": len(entries), "digest": hashlib.sha256(data).hexdigest()}
    record(Event.EXPORTED, by=actor.stamp, at=at, subject=("guide", guide.pk), data=told)
    return data


@transaction.atomic
def export_coverage(*, actor: Actor, at: datetime) -> io.BytesIO:
    """Everything within the reader's scope; the export is an audit event."""
    found = coverage(actor, at=at)
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    bold = book.add_format({"bold": True, "bg_color": "#E6F0EE", "border": 1})
    _sheet(book, bold, "行业", (("行业领域", 20), ("主管部门", 30), *_STANDING, *_FIGURES), _sectors(found))
    if found.townships:
        _sheet(book, bold, "乡街", (("乡街", 20), *_STANDING, *_FIGURES), _townships(found))
    if found.departments:
        heads = (
            ("部门", 20),
            ("主管行业（个）", 14),
            ("已发布", 9),
            ("未发布的行业", 40),
            ("对照目标日期", 14),
            *_FIGURES,
        )
        _sheet(book, bold, "部门", heads, _departments(found))
    heads = (("企业名称", 36), ("行业领域", 16), ("乡街", 16), ("日常执法部门", 18), ("风险点登记", 20))
    rows = _sheet(book, bold, "企业", heads, _enterprises(actor))
    _sheet(
        book,
        bold,
        "导出说明",
        (("项", 16), ("内容", 70)),
        [
            ["导出时间", f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"],
            ["导出人", actor.label],
            ["范围", actor.scope.label],
            ["目标", f"{found.target.words}（{found.target.basis}{found.target.place}），按 {found.target.due_on} 计"],
            ["口径", "企业不含已关闭的；按行业手册登记，指有风险点出自本行业手册各版或据其编制的本单位手册"],
        ],
    )
    book.close()
    digest = hashlib.sha256(out.getvalue()).hexdigest()
    data = {"register": "指导手册覆盖", "sectors": len(found.sectors), "rows": rows, "digest": digest}
    record(Event.EXPORTED, by=actor.stamp, at=at, subject=("register", "guides"), data=data)
    out.seek(0)
    return out


def _sheet(book: Any, bold: Any, name: str, heads: Sequence[tuple[str, int]], rows: Iterable[Sequence[Any]]) -> int:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 1)
    for index, (title, width) in enumerate(heads):
        sheet.set_column(index, index, width)
        sheet.write_string(0, index, title, bold)
    line = 0
    for line, row in enumerate(rows, start=1):
        for index, value in enumerate(row):
            (sheet.write_string if isinstance(value, str) else sheet.write_number)(line, index, value)
    return line


def _standing(standing: Standing) -> list[str]:
    guide, first = standing.guide, standing.first_on
    known = [guide.title, guide.version_text, str(first)] if guide else ["", "", ""]
    return [*known, standing.text]


def _figures(figures: Figures) -> list[int]:
    return [figures.enterprises, figures.with_risks, figures.guided, figures.enterprises - figures.with_risks]


def _sectors(found: Coverage) -> Iterable[Sequence[Any]]:
    for row in found.sectors:
        departments = "、".join(str(unit) for unit in row.departments)
        yield [row.sector.name, departments, *_standing(row.standing), *_figures(row.figures)]
    yield ["合计", "", "", "", "", f"{found.done} 个行业已发布", *_figures(found.total)]


def _townships(found: Coverage) -> Iterable[Sequence[Any]]:
    for row in found.townships:
        yield [str(row.unit), *_standing(row.standing), *_figures(row.figures)]


def _departments(found: Coverage) -> Iterable[Sequence[Any]]:
    for row in found.departments:
        wanting = "、".join(sector.name for sector in row.wanting)
        yield [str(row.unit), len(row.sectors), row.done, wanting, row.text, *_figures(row.figures)]


def _enterprises(actor: Actor) -> Iterable[Sequence[Any]]:
    rows = counted(actor).select_related("unit", "sector", "township", "enforcement_department")
    for one in rows.order_by("sector__order", "unit__sort_key", "pk"):
        standing = "guided" if one.is_guided else "other" if one.has_risk else "none"  # type: ignore[attr-defined]
        department = str(one.enforcement_department) if one.enforcement_department else "待明确"
        yield [one.unit.name, one.sector.name, one.township.name, department, STANDINGS[standing]]
