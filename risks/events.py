"""Names of what happens to a risk point. The deadline rules start and end on these."""

from django.db.models import TextChoices

from audit.names import declare


@declare
class Event(TextChoices):
    REGISTERED = "risks.registered", "登记风险点"
    IMPORTED = "risks.imported", "Excel 导入风险点"
    EDITED = "risks.edited", "修改风险点"
    SELF_GRADED = "risks.self_graded", "提交自评"
    SELF_GRADED_SEVERE = "risks.self_graded_severe", "提交自评（重大、较大）"
    CONCLUDED_SEVERE = "risks.concluded_severe", "签署研判结论（重大、较大）"
    CONCLUDED_MILD = "risks.concluded_mild", "签署研判结论（一般、低）"
    DESIGNATED = "risks.designated", "指定交办单位"
    HANDOVER_DRAFTED = "risks.handover_drafted", "拟交办函"
    HANDED_OVER = "risks.handed_over", "交办"
    HANDOVER_RECALLED = "risks.handover_recalled", "撤回交办函"
    RECEIVED = "risks.received", "签收交办函"
    LEFT = "risks.left", "留置送达交办函"
    PLANNED = "risks.planned", "报送治理方案"
    PROGRESSED = "risks.progressed", "报送治理进展"
    CLOSURE_APPLIED = "risks.closure_applied", "申请销号"
    CORRECTION_ASKED = "risks.correction_asked", "通知补正"
    CORRECTION_SUPPLIED = "risks.correction_supplied", "补正后申请销号"
    CORRECTION_LAPSED = "risks.correction_lapsed", "补正逾期，终止申请"
    VERIFICATION_SIGNED = "risks.verification_signed", "签署核查结论"
    VERIFICATION_OBJECTED = "risks.verification_objected", "对核查结论有异议"
    CLOSURE_PASSED = "risks.closure_passed", "核查通过，销号"
    CLOSURE_FAILED = "risks.closure_failed", "核查未通过，继续治理"
    EXIT_PROPOSED = "risks.exit_proposed", "提出退出治理"
    EXIT_REJECTED = "risks.exit_rejected", "不同意退出治理"
    LONG_TERM_APPROVED = "risks.long_term_approved", "批准长期管控"
    LONG_TERM_CHECKED = "risks.long_term_checked", "长期管控季度检查"
    REASSESSED = "risks.reassessed", "长期管控再评估"
    EXITED = "risks.exited", "批准退出"


@declare
class GuideEvent(TextChoices):
    """What happens to a guide manual: no case, the manual itself is the subject."""

    BEGUN = "risks.guide_begun", "起草查找指导手册"
    EDITED = "risks.guide_edited", "修改手册"
    ENTRY_ADDED = "risks.guide_entry_added", "增加手册条目"
    ENTRY_CHANGED = "risks.guide_entry_changed", "修改手册条目"
    ENTRY_REMOVED = "risks.guide_entry_removed", "删除手册条目"
    IMPORTED = "risks.guide_imported", "导入手册条目"
    SUBMITTED = "risks.guide_submitted", "提交发布"
    RETURNED = "risks.guide_returned", "退回修改"
    PUBLISHED = "risks.guide_published", "发布查找指导手册"
    SUPERSEDED = "risks.guide_superseded", "被新版替代"
    WITHDRAWN = "risks.guide_withdrawn", "撤销查找指导手册"
    DISCARDED = "risks.guide_discarded", "放弃草稿"
