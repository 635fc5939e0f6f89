"""Names of what happens to units, people and accounts."""

from django.db.models import TextChoices

from audit.names import declare


@declare
class Event(TextChoices):
    DISTRICT_LOADED = "organisations.district_loaded", "载入区县配置"
    DEMO_LOADED = "organisations.demo_loaded", "载入演示数据"
    LOGGED_IN = "organisations.logged_in", "登录"
    LOGIN_FAILED = "organisations.login_failed", "登录失败"
    LOGGED_OUT = "organisations.logged_out", "退出"
    POST_CHOSEN = "organisations.post_chosen", "选择岗位"
    TOKEN_ISSUED = "organisations.token_issued", "签发接口令牌"
    PASSWORD_CHANGED = "organisations.password_changed", "修改密码"
    PASSWORD_RESET = "organisations.password_reset", "重置密码"
    ACCOUNT_CREATED = "organisations.account_created", "开通账号"
    ACCOUNT_DISABLED = "organisations.account_disabled", "停用账号"
    ACCOUNT_ENABLED = "organisations.account_enabled", "恢复账号"
    PERSON_SAVED = "organisations.person_saved", "登记人员"
    POST_OPENED = "organisations.post_opened", "任命岗位"
    POST_CLOSED = "organisations.post_closed", "免去岗位"
    UNIT_SAVED = "organisations.unit_saved", "登记单位"
    UNIT_SUCCEEDED = "organisations.unit_succeeded", "单位职能承接"
    TERRITORY_CHANGED = "organisations.territory_changed", "调整区划管理"
    SECTOR_CHANGED = "organisations.sector_changed", "调整行业监管部门"
    ENTERPRISE_REGISTERED = "organisations.enterprise_registered", "登记企业"
    ENTERPRISE_UPDATED = "organisations.enterprise_updated", "修改企业资料"
    ENTERPRISE_IMPORTED = "organisations.enterprise_imported", "批量导入企业"
    ENTERPRISE_RENAMED = "organisations.enterprise_renamed", "企业更名"
    ENTERPRISE_MERGED = "organisations.enterprise_merged", "企业合并"
    ENTERPRISE_STATUS = "organisations.enterprise_status", "企业经营状态变更"
    ENTERPRISE_MOVED = "organisations.enterprise_moved", "企业迁移乡街"
    ENTERPRISE_SUPERIOR = "organisations.enterprise_superior", "上级直管变更"
    CHANGE_PROPOSED = "organisations.change_proposed", "提出企业变更"
    CHANGE_REJECTED = "organisations.change_rejected", "企业变更未通过"
    ENFORCER_PROPOSED = "organisations.enforcer_proposed", "提出日常执法部门建议"
    ENFORCER_DECIDED = "organisations.enforcer_decided", "明确日常执法部门"
    ENFORCER_UNDETERMINED = "organisations.enforcer_undetermined", "日常执法部门转为待明确"
    EXPORTED = "organisations.exported", "导出"
    SETTING_CHANGED = "organisations.setting_changed", "修改区县参数"
