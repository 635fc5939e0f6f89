"""What the registry tells of an enterprise in its dossier: facts, dated changes, the daily-enforcement department, its people."""

from datetime import datetime

from django.db.models import QuerySet

from audit.clock import local_date
from audit.models import AuditEvent
from organisations.events import Event
from organisations.filters import GRADE_TEXT
from organisations.models import EnforcerProposal, Enterprise, EnterpriseChange, Post
from organisations.models.people import mask_phone
from records.dossier.compose import moment
from records.dossier.sections import Section, Table


def sections(enterprise: Enterprise, at: datetime) -> list[Section]:
    return [
        Section("registered", "企业登记情况", facts=facts(enterprise)),
        Section("changes", "企业变更", tables=_changes(enterprise)),
        Section("enforcer", "日常执法部门的确定", tables=_enforcers(enterprise)),
        Section("people", "在任人员", tables=_people(enterprise, at)),
    ]


def events_of(enterprise: Enterprise) -> QuerySet[AuditEvent]:
    return AuditEvent.objects.filter(subject_kind="enterprise", subject_id=str(enterprise.pk)).order_by("pk")


def acts_on(enterprise: Enterprise) -> int:
    """How often the registry was changed or a change proposed: who only looked at a phone number changed nothing."""
    return events_of(enterprise).exclude(name=Event.UNMASKED).count()


def code_of(enterprise: Enterprise) -> str:
    return enterprise.uscc or "无统一社会信用代码"


def enforcer_of(enterprise: Enterprise) -> str:
    if enterprise.enforcement_department:
        return enterprise.enforcement_department.name
    return f"待明确（自 {enterprise.undetermined_since}）"


def grade_of(enterprise: Enterprise) -> str:
    return GRADE_TEXT.get(enterprise.risk_grade, "没有在册的分级风险")


def facts(e: Enterprise) -> list[tuple[str, str]]:
    unit = e.unit
    superior = f"是，直管单位：{unit.superior}" if unit.superior else "是"
    told = [
        ("企业全称", unit.name),
        ("简称", unit.short_name if unit.short_name != unit.name else ""),
        ("统一社会信用代码", e.uscc or f"没有代码：{e.no_uscc_reason}"),
        ("行业领域", e.sector.name),
        ("行业门类", e.section),
        ("规模", e.get_scale_display()),
        ("隶属关系", e.get_affiliation_display()),
        ("从业人数", "" if e.headcount is None else f"{e.headcount} 人"),
        ("乡街", e.township.name),
        ("地址", e.address),
        ("经纬度", "" if e.longitude is None else f"{e.longitude}，{e.latitude}"),
        ("经营状态", e.get_operation_display()),
        ("日常执法部门", enforcer_of(e)),
        ("分级监管", e.get_supervision_level_display()),
        ("重点企业", _yes(e.is_key)),
        ("高危企业", _yes(e.is_high_risk)),
        ("上级直管", superior if e.is_higher_managed else _yes(False)),
        ("风险等级", grade_of(e)),
        ("主要负责人", e.principal_name),
        ("主要负责人电话", mask_phone(e.principal_phone)),
        ("职能承接", f"{unit.valid_to} 并入{unit.succeeded_by}" if unit.succeeded_by else ""),
    ]
    return [(label, value) for label, value in told if value]


def _yes(on: bool) -> str:
    return "是" if on else "否"


def _changes(enterprise: Enterprise) -> list[Table]:
    found = EnterpriseChange.objects.filter(enterprise=enterprise).select_related("proposed_by", "decided_by")
    rows = [
        [
            f"{change.get_kind_display()}\n{change.get_state_display()}",
            str(change.effective_on),
            f"{change.before} → {change.after}",
            _lines(change.reason, change.document),
            _lines(str(change.proposed_by), moment(change.proposed_at)),
            _lines(str(change.decided_by or ""), moment(change.decided_at), change.decision_note),
        ]
        for change in found.order_by("proposed_at", "id")
    ]
    heads = ("事项", "生效日期", "变更前后", "说明和依据", "提出", "确认")
    return [Table(heads, rows, (14, 13, 24, 19, 15, 15))] if rows else []


def _enforcers(enterprise: Enterprise) -> list[Table]:
    found = EnforcerProposal.objects.filter(enterprise=enterprise)
    outcomes = {True: "同意", False: "不同意", None: "待决定"}
    rows = [
        [
            str(proposal.department),
            proposal.reason,
            _lines(str(proposal.proposed_by), moment(proposal.proposed_at)),
            outcomes[proposal.is_approved],
            _lines(str(proposal.decided_by or ""), moment(proposal.decided_at), proposal.decision_note),
        ]
        for proposal in found.select_related("department", "proposed_by", "decided_by").order_by("proposed_at", "id")
    ]
    heads = ("建议部门", "理由", "提出", "决定", "决定人和意见")
    return [Table(heads, rows, (20, 30, 18, 10, 22))] if rows else []


def _people(enterprise: Enterprise, at: datetime) -> list[Table]:
    posts = Post.objects.open_on(local_date(at)).filter(unit=enterprise.unit).select_related("person")
    rows = [
        [post.person.name, post.title, post.role.label, post.person.masked_phone, f"{post.valid_from} 起"]
        for post in posts.order_by("person__sort_key", "pk")
    ]
    return [Table(("姓名", "职务", "在平台的角色", "手机", "任职"), rows, (16, 24, 24, 18, 18))] if rows else []


def _lines(*parts: str) -> str:
    return "\n".join(part for part in parts if part)
