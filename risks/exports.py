"""The risk register (风险台账) as xlsx: exactly what is filtered, row by row, with constant memory."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import IO, Any

import xlsxwriter
from django.db import transaction
from django.db.models import Count, Max, QuerySet

from audit.clock import SHANGHAI, local_date
from audit.models import AuditEvent
from audit.services import record
from deadlines.nearest import nearest_deadlines
from organisations.actors import Actor
from organisations.models import Post
from organisations.models.people import mask_phone
from organisations.roles import ROLES
from records.events import Event
from records.models import Case, Letter
from records.selectors import letters_for
from risks.events import Event as RiskEvent
from risks.grading import LEC_LABELS, LS_LABELS, Method
from risks.models import ControlMeasure, Grading, RiskPoint
from risks.selectors.register import latest_gradings, page_of, sort_text
from risks.workflow import WORKFLOW

CHUNK = 500
SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_PRINCIPALS = [role.key for role in ROLES if role.is_principal]
FORMULA_STARTS = ("=", "+", "-", "@")
# One column per factor: what is read back from the sheet has no words around it.
FACTORS = (("L 可能性", 8), ("E 暴露", 8), ("C 后果", 8), ("S 严重性", 8))
# (head, width in characters): the fields of a risk record, in the order of the paper register.
COLUMNS: tuple[tuple[str, int], ...] = (
    ("序号", 6),
    ("编号", 20),
    ("风险点名称", 28),
    ("类别", 8),
    ("行业", 14),
    ("乡街", 12),
    ("具体位置", 26),
    ("经度", 11),
    ("纬度", 11),
    ("责任单位", 30),
    ("统一社会信用代码", 20),
    ("主要负责人", 11),
    ("危害因素", 36),
    ("可能的事故类型", 24),
    ("评估方法", 10),
    *FACTORS,
    ("评估说明", 30),
    ("分值", 8),
    ("等级", 10),
    ("等级依据", 11),
    *((f"{kind.label}措施", 32) for kind in ControlMeasure.Kind),
    ("管控层级", 9),
    ("监控措施", 32),
    ("责任人", 10),
    ("责任人电话", 14),
    ("排查频次", 9),
    ("同时作业人数", 12),
    ("环节", 10),
    ("最近到期日", 12),
    ("到期日暂定", 10),
    ("交办单位", 16),
    ("交办文号", 24),
    ("公示", 20),
    ("查找来源", 16),
    ("登记日期", 12),
    ("销号日期", 12),
    ("修改次数", 9),
    ("最近修改", 12),
)


@transaction.atomic
def export_register(
    *, cases: QuerySet[Case], sort: str, conditions: Sequence[tuple[str, str]], actor: Actor, at: datetime
) -> IO[bytes]:
    """Write the sheet to a temporary file, record the export, and return the file at its beginning."""
    out = tempfile.TemporaryFile()  # noqa: SIM115 - the answer streams and closes it
    book = xlsxwriter.Workbook(out, {"constant_memory": True, "in_memory": False, "default_date_format": "yyyy-mm-dd"})
    rows = _write(book, _rows(cases, sort, actor=actor, at=at), head=_head(sort, conditions, actor, at))
    book.close()
    record(
        Event.EXPORTED,
        by=actor.stamp,
        at=at,
        subject=("register", "risks"),
        data={"register": "风险台账", "filters": dict(conditions), "sort": sort, "rows": rows},
    )
    out.seek(0)
    return out


def file_name(actor: Actor, at: datetime) -> str:
    return f"风险台账-{actor.unit.district.name}-{at.astimezone(SHANGHAI):%Y%m%d-%H%M}.xlsx"


def _head(sort: str, conditions: Sequence[tuple[str, str]], actor: Actor, at: datetime) -> list[str]:
    told = "；".join(f"{label}：{value}" for label, value in conditions) or "无，列出全部"
    moment = f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    return [
        f"{actor.unit.district.name}风险台账",
        f"条件：{told}（{sort_text(sort)}）",
        f"数据截至 {moment}，{actor.label}导出。电话已隐去中间号码。",
    ]


def _write(book: Any, rows: Iterator[list[Any]], *, head: list[str]) -> int:
    sheet = book.add_worksheet("风险台账")
    title = book.add_format({"bold": True, "font_size": 16})
    small = book.add_format({"font_color": "#47524f"})
    header = book.add_format({"bold": True, "bottom": 1, "bg_color": "#eef1f0", "text_wrap": True, "valign": "vcenter"})
    text = book.add_format({"text_wrap": True, "valign": "top"})
    quoted = book.add_format({"text_wrap": True, "valign": "top", "quote_prefix": True})
    day = book.add_format({"num_format": "yyyy-mm-dd", "valign": "top", "align": "left"})
    for number, (_, width) in enumerate(COLUMNS):
        sheet.set_column(number, number, width)
    for number, line in enumerate(head):
        sheet.write_string(number, 0, line, title if number == 0 else small)
    top = len(head)
    for number, (label, _) in enumerate(COLUMNS):
        sheet.write_string(top, number, label, header)
    sheet.freeze_panes(top + 1, 3)
    sheet.set_landscape()
    sheet.set_paper(8)  # A3
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(top)
    written = 0
    for written, row in enumerate(rows, start=1):
        for number, value in enumerate([written, *row]):
            # Never as a formula: what people typed may begin with “=”, and is marked as text for whoever edits the sheet.
            if isinstance(value, date):
                sheet.write_datetime(top + written, number, value, day)
            elif isinstance(value, int | float):
                sheet.write_number(top + written, number, value, text)
            elif value:
                said = str(value)[:32_000]
                sheet.write_string(top + written, number, said, quoted if said.startswith(FORMULA_STARTS) else text)
    if written:
        sheet.autofilter(top, 0, top + written, len(COLUMNS) - 1)
    sheet.write_string(top + written + 1, 0, f"合计 {written} 个风险点", small)
    return written


def _rows(cases: QuerySet[Case], sort: str, *, actor: Actor, at: datetime) -> Iterator[list[Any]]:
    """Page by page along the register's own order: a fixed number of queries for every 500 rows."""
    after = ""
    whole = cases.select_related("responsible_unit__enterprise", "township", "sector", "lead_unit")
    while True:
        page = page_of(whole, sort=sort, after=after, size=CHUNK)
        yield from _chunk(page.rows, actor=actor, at=at)
        after = page.after
        if not after:
            return


def _chunk(cases: list[Case], *, actor: Actor, at: datetime) -> Iterator[list[Any]]:
    ids = [case.pk for case in cases]
    risks = {risk.pk: risk for risk in RiskPoint.objects.filter(pk__in=ids).prefetch_related("measures")}
    gradings, deadlines = latest_gradings(cases), nearest_deadlines(cases)
    # Only letters that the reader may open: a recipient learns a number by receiving the letter.
    handovers = letters_for(actor).filter(case__in=ids, kind=Letter.Kind.RISK_HANDOVER, state__in=Letter.NUMBERED)
    letters = dict(handovers.order_by("id").values_list("case", "number"))
    edited = AuditEvent.objects.filter(case_id__in=ids, name=RiskEvent.EDITED).values("case_id")
    edits = {row["case_id"]: row for row in edited.annotate(n=Count("pk"), last=Max("at"))}
    principals = _principals(cases, at=at)
    for case in cases:
        risk, grading, deadline = risks[case.pk], gradings.get(case.pk), deadlines.get(case.pk)
        risk.case = case
        yield [
            *_identity(case, risk, principals),
            risk.hazard_factors,
            risk.accident_types,
            *_assessment(case, risk, grading),
            *_control(risk),
            risk.headcount,
            f"{WORKFLOW.state_label(case.state)}{'（补录）' if case.is_retroactive else ''}",
            deadline.due_on if deadline else None,
            "暂定" if deadline and deadline.provisional else "",
            case.lead_unit.name,
            letters.get(case.pk, ""),
            risk.disclosure,
            risk.source,
            case.opened_on,
            case.closed_on,
            edits[case.pk]["n"] if case.pk in edits else None,
            local_date(edits[case.pk]["last"]) if case.pk in edits else None,
        ]


def _identity(case: Case, risk: RiskPoint, principals: Mapping[int, str]) -> list[Any]:
    enterprise = getattr(case.responsible_unit, "enterprise", None)
    return [
        case.number,
        case.title,
        risk.get_category_display(),
        case.sector_name,
        case.township.name,
        risk.location,
        None if risk.longitude is None else float(risk.longitude),
        None if risk.latitude is None else float(risk.latitude),
        case.responsible_unit.name,
        enterprise.uscc or "" if enterprise else "",
        enterprise.principal_name if enterprise else principals.get(case.responsible_unit_id, ""),
    ]


def _assessment(case: Case, risk: RiskPoint, grading: Grading | None) -> list[Any]:
    """The official grade stands on the spine; a grading that is only the enterprise's own says so."""
    if grading is None:
        return ["", *[None] * len(FACTORS), "", None, risk.grade_text, ""]
    labels = {Method.LEC: LEC_LABELS, Method.LS: LS_LABELS}.get(Method(grading.method), {})
    inputs = {label: float(grading.inputs[key]) for key, label in labels.items() if key in grading.inputs}
    method = "直接判定" if grading.method == Method.DIRECT else grading.method.upper()
    score = None if grading.score is None else float(grading.score)
    is_self = grading.basis == Grading.Basis.SELF
    grade = f"自评{grading.grade_text}" if is_self and not case.level else risk.grade_text
    factors = [inputs.get(label) for label, _ in FACTORS]
    return [method, *factors, grading.reason, score, grade, grading.get_basis_display()]


def _control(risk: RiskPoint) -> list[Any]:
    measures = {m.kind: f"{m.text}（{m.get_status_display()}）" for m in risk.measures.all()}
    return [
        *(measures.get(kind, "") for kind in ControlMeasure.Kind.values),
        risk.get_control_level_display(),
        risk.monitoring,
        risk.responsible_person,
        mask_phone(risk.responsible_phone),
        risk.get_check_frequency_display(),
    ]


def _principals(cases: list[Case], *, at: datetime) -> dict[int, str]:
    """Townships and departments have their principal as a post, enterprises in the registry."""
    units = {case.responsible_unit_id for case in cases}
    posts = (
        Post.objects.open_on(local_date(at)).filter(unit__in=units, role_key__in=_PRINCIPALS).select_related("person")
    )
    return {post.unit_id: post.person.name for post in posts.order_by("-id")}
