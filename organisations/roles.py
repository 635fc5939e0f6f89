"""Who may do what: one table that a manager can read (shown in the portal under 管理 › 角色权限).

A post has exactly one role. A role has a scope (whose rows it sees) and a set of rights (what it may do there).
From which state an act is possible, and that nobody approves their own act, is said in each app's `workflow.py`.
"""

from dataclasses import dataclass

from django.db.models import TextChoices


class UnitKind(TextChoices):
    GOVERNMENT = "government", "区政府"
    COMMITTEE = "committee", "安委会办公室"
    BUREAU = "bureau", "综合监管部门"
    DEPARTMENT = "department", "行业主管部门"
    TOWNSHIP = "township", "乡街"
    ENTERPRISE = "enterprise", "生产经营单位"
    SUPERVISORY = "supervisory", "监察机关"
    HIGHER = "higher", "上级机关"
    EXPERT = "expert", "第三方机构"
    PLATFORM = "platform", "平台管理"


class Scope(TextChoices):
    """Whose cases a role sees. Each is one equality on the case row, see records.models.case.CaseQuerySet.for_actor."""

    DISTRICT = "district", "全区"
    SUPERVISED = "supervised", "主管行业和本单位承办"
    TERRITORY = "territory", "本乡街辖区"
    OWN = "own", "本单位"
    ASSIGNED = "assigned", "受委派的案卷"
    NONE = "none", "不看业务案卷"


class Right(TextChoices):
    REGISTER_RISK = "register_risk", "登记风险点"
    ASSESS = "assess", "研判定级"
    DRAFT_LETTER = "draft_letter", "拟稿"
    CHECK_LETTER = "check_letter", "核稿"
    COUNTERSIGN = "countersign", "会签"
    ISSUE_LETTER = "issue_letter", "签发、送达"
    RECEIVE_LETTER = "receive_letter", "签收来函"
    TREAT = "treat", "治理和报进展"
    SIGN_PRINCIPAL = "sign_principal", "以主要负责人签字"
    VERIFY = "verify", "现场核查"
    APPROVE_UNIT = "approve_unit", "以本机关主要负责人批准"
    DECIDE_TERM = "decide_term", "审批延期、中止、恢复"
    DESIGNATE = "designate", "指定交办单位、明确执法部门"
    PROPOSE_ENFORCER = "propose_enforcer", "提出日常执法部门建议"
    EDIT_ENTERPRISES = "edit_enterprises", "登记、导入企业"
    CONFIRM_STATUS = "confirm_status", "确认停产、歇业、关闭"
    MANAGE_UNITS = "manage_units", "管理单位、区划、行业"
    MANAGE_PEOPLE = "manage_people", "管理人员、岗位"
    MANAGE_ACCOUNTS = "manage_accounts", "开通、停用账号"
    MANAGE_SYSTEM = "manage_system", "日历、参数、运行状态"
    READ_AUDIT = "read_audit", "查审计"
    HANDLE_TIPS = "handle_tips", "受理举报"
    FILE = "file", "报送应报事项"
    RECEIVE_FILING = "receive_filing", "接收、退回报送"
    UNMASK = "unmask", "查看完整电话（写明原因，留痕）"


class TokenScope(TextChoices):
    """What an API token may be used for, at most; the post of its holder sets the rest."""

    READ = "read", "查询"
    FILE = "file", "填报：登记、报进展、签收"
    HANDLE = "handle", "办理：研判、拟稿、核稿、签发、核查"
    SIGN = "sign", "签批：以主要负责人签字、批准、指定"


@dataclass(frozen=True)
class Role:
    key: str
    label: str
    unit_kinds: frozenset[str]
    scope: Scope
    rights: frozenset[Right]
    # 主要负责人 of the unit: the one whose signature clauses 三(二)4 and others ask for
    is_principal: bool = False


R, K = Right, UnitKind
RIGHTS_OF_SCOPE: dict[str, frozenset[Right]] = {
    TokenScope.READ: frozenset({R.READ_AUDIT}),
    TokenScope.FILE: frozenset(
        {R.REGISTER_RISK, R.TREAT, R.RECEIVE_LETTER, R.EDIT_ENTERPRISES, R.CONFIRM_STATUS, R.FILE}
    ),
    TokenScope.HANDLE: frozenset(
        {
            R.ASSESS,
            R.DRAFT_LETTER,
            R.CHECK_LETTER,
            R.COUNTERSIGN,
            R.ISSUE_LETTER,
            R.VERIFY,
            R.PROPOSE_ENFORCER,
            R.HANDLE_TIPS,
            R.RECEIVE_FILING,
        }
    ),
    TokenScope.SIGN: frozenset({R.SIGN_PRINCIPAL, R.APPROVE_UNIT, R.DESIGNATE, R.DECIDE_TERM}),
}
_REGULATOR = {R.REGISTER_RISK, R.ASSESS, R.DRAFT_LETTER, R.CHECK_LETTER, R.RECEIVE_LETTER, R.TREAT, R.VERIFY}
_REGULATOR |= {R.FILE, R.RECEIVE_FILING}
_HEAD = _REGULATOR | {R.ISSUE_LETTER, R.COUNTERSIGN, R.DECIDE_TERM, R.UNMASK}
_PRINCIPAL = _HEAD | {R.SIGN_PRINCIPAL, R.APPROVE_UNIT}
_TOWNSHIP = {R.REGISTER_RISK, R.RECEIVE_LETTER, R.TREAT, R.CONFIRM_STATUS, R.EDIT_ENTERPRISES, R.FILE}


def _role(key: str, label: str, kinds: set[str], scope: Scope, rights: set[Right], *, principal: bool = False) -> Role:
    return Role(key, label, frozenset(kinds), scope, frozenset(rights), principal)


ROLES: tuple[Role, ...] = (
    _role(
        "enterprise_reporter",
        "企业填报员",
        {K.ENTERPRISE},
        Scope.OWN,
        {R.REGISTER_RISK, R.RECEIVE_LETTER, R.TREAT, R.FILE},
    ),
    _role(
        "enterprise_principal",
        "企业主要负责人",
        {K.ENTERPRISE},
        Scope.OWN,
        {R.REGISTER_RISK, R.RECEIVE_LETTER, R.TREAT, R.SIGN_PRINCIPAL, R.FILE},
        principal=True,
    ),
    _role("township_handler", "乡街经办", {K.TOWNSHIP}, Scope.TERRITORY, _TOWNSHIP),
    _role(
        "township_principal",
        "乡街主要负责人",
        {K.TOWNSHIP},
        Scope.TERRITORY,
        _TOWNSHIP | {R.SIGN_PRINCIPAL, R.APPROVE_UNIT, R.COUNTERSIGN, R.DECIDE_TERM, R.UNMASK},
        principal=True,
    ),
    _role("department_handler", "部门经办", {K.DEPARTMENT}, Scope.SUPERVISED, _REGULATOR),
    _role("department_head", "部门科室负责人、分管领导", {K.DEPARTMENT}, Scope.SUPERVISED, _HEAD),
    _role("department_principal", "部门主要负责人", {K.DEPARTMENT}, Scope.SUPERVISED, _PRINCIPAL, principal=True),
    _role("bureau_handler", "应急管理局经办", {K.BUREAU}, Scope.DISTRICT, _REGULATOR | {R.EDIT_ENTERPRISES}),
    _role("bureau_head", "应急管理局科室负责人、分管领导", {K.BUREAU}, Scope.DISTRICT, _HEAD | {R.EDIT_ENTERPRISES}),
    _role("bureau_principal", "应急管理局主要负责人", {K.BUREAU}, Scope.DISTRICT, _PRINCIPAL, principal=True),
    _role(
        "committee_officer",
        "安委办工作人员",
        {K.COMMITTEE},
        Scope.DISTRICT,
        {
            R.PROPOSE_ENFORCER,
            R.EDIT_ENTERPRISES,
            R.RECEIVE_LETTER,
            R.COUNTERSIGN,
            R.FILE,
            R.RECEIVE_FILING,
            R.UNMASK,
        },
    ),
    _role(
        "district_leader",
        "区领导",
        {K.GOVERNMENT},
        Scope.DISTRICT,
        {R.DESIGNATE, R.COUNTERSIGN, R.RECEIVE_LETTER, R.RECEIVE_FILING},
    ),
    _role("supervisory_reader", "监察机关", {K.SUPERVISORY}, Scope.DISTRICT, {R.RECEIVE_LETTER, R.RECEIVE_FILING}),
    _role("higher_reader", "上级机关", {K.HIGHER}, Scope.DISTRICT, {R.RECEIVE_LETTER}),
    _role("expert", "第三方专家", {K.EXPERT}, Scope.ASSIGNED, {R.VERIFY}),
    _role("tip_officer", "举报受理员", {K.COMMITTEE, K.BUREAU}, Scope.NONE, {R.HANDLE_TIPS}),
    _role(
        "system_admin",
        "系统管理员",
        {K.PLATFORM},
        Scope.NONE,
        {R.MANAGE_UNITS, R.MANAGE_PEOPLE, R.MANAGE_SYSTEM, R.UNMASK},
    ),
    _role("security_admin", "安全管理员", {K.PLATFORM}, Scope.NONE, {R.MANAGE_ACCOUNTS}),
    _role("audit_admin", "审计管理员", {K.PLATFORM}, Scope.NONE, {R.READ_AUDIT}),
)
ROLE_BY_KEY = {role.key: role for role in ROLES}
ROLE_CHOICES = [(role.key, role.label) for role in ROLES]

# The three administrators exclude one another, by person (等保 8.1.5).
ADMINISTRATORS = frozenset({"system_admin", "security_admin", "audit_admin"})
