"""The register as xlsx: exactly what is filtered, every export an audit event."""

import hashlib
import io
from collections.abc import Iterable, Sequence
from datetime import datetime

import xlsxwriter
from django.db import transaction
from django.db.models import QuerySet

from audit.clock import SHANGHAI
from audit.services import record
from organisations.actors import Actor
from organisations.events import Event
from organisations.models import Enterprise
from organisations.models.people import mask_phone

_HEADS = (
    ("企业名称", 34),
    ("统一社会信用代码", 22),
    ("无代码原因", 16),
    ("行业领域", 14),
    ("行业门类", 9),
    ("规模", 9),
    ("隶属关系", 12),
    ("重点企业", 9),
    ("高危企业", 9),
    ("上级直管", 9),
    ("经营状态", 9),
    ("风险等级", 10),
    ("乡街", 16),
    ("地址", 34),
    ("经度", 12),
    ("纬度", 12),
    ("主要负责人", 12),
    ("主要负责人电话", 15),
    ("从业人数", 9),
    ("日常执法部门", 18),
    ("待明确起始日", 13),
    ("分级监管", 9),
)


@transaction.atomic
def export_enterprises(
    *,
    rows: QuerySet[Enterprise],
    conditions: Sequence[tuple[str, str]],
    grade_text: dict[str, str],
    actor: Actor,
    at: datetime,
) -> bytes:
    """`rows` are already in the actor's scope; telephone numbers leave the portal masked."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    head = book.add_format({"bold": True, "bg_color": "#E6F0EE", "border": 1})
    sheet = book.add_worksheet("企业")
    sheet.freeze_panes(1, 1)
    for index, (title, width) in enumerate(_HEADS):
        sheet.set_column(index, index, width)
        sheet.write_string(0, index, title, head)
    count = 0
    for count, enterprise in enumerate(rows, start=1):
        for index, value in enumerate(_cells(enterprise, grade_text)):
            if isinstance(value, str):
                sheet.write_string(count, index, value)
            elif value is not None:
                sheet.write_number(count, index, value)
    sheet.autofilter(0, 0, max(count, 1), len(_HEADS) - 1)
    note = book.add_worksheet("导出说明")
    note.set_column(0, 0, 16)
    note.set_column(1, 1, 60)
    told = [
        ("导出时间", f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"),
        ("导出人", actor.label),
        ("范围", actor.scope.label),
        *conditions,
        ("家数", str(count)),
    ]
    for line, (label, text) in enumerate(told):
        note.write_string(line, 0, label)
        note.write_string(line, 1, text)
    book.close()
    data = out.getvalue()
    record(
        Event.EXPORTED,
        by=actor.stamp,
        at=at,
        subject=("register", "enterprises"),
        data={"conditions": dict(conditions), "rows": count, "digest": hashlib.sha256(data).hexdigest()},
    )
    return data


def _cells(enterprise: Enterprise, grade_text: dict[str, str]) -> Iterable[str | float | None]:
    e = enterprise
    return (
        e.unit.name,
        e.uscc or "",
        e.no_uscc_reason,
        e.sector.name,
        e.section,
        e.get_scale_display(),
        e.get_affiliation_display(),
        "是" if e.is_key else "否",
        "是" if e.is_high_risk else "否",
        "是" if e.is_higher_managed else "否",
        e.get_operation_display(),
        grade_text.get(e.risk_grade, ""),
        e.township.name,
        e.address,
        float(e.longitude) if e.longitude is not None else None,
        float(e.latitude) if e.latitude is not None else None,
        e.principal_name,
        mask_phone(e.principal_phone),
        e.headcount,
        e.enforcement_department.name if e.enforcement_department else "待明确",
        e.undetermined_since.isoformat() if e.undetermined_since else "",
        e.get_supervision_level_display(),
    )
