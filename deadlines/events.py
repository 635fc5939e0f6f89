"""Names of what the engine itself does to deadlines."""

from django.db.models import TextChoices

from audit.names import declare


@declare
class Event(TextChoices):
    STARTED = "deadlines.started", "启动时限"
    MET = "deadlines.met", "时限办结"
    CANCELLED = "deadlines.cancelled", "时限终止"
    EXPECTED = "deadlines.expected", "生成应报事项"
    FILED = "deadlines.filed", "报送"
    FILING_RECEIVED = "deadlines.filing_received", "接收报送"
    FILING_RETURNED = "deadlines.filing_returned", "退回重报"
    FILING_LAPSED = "deadlines.filing_lapsed", "不再应报"
    MOVED = "deadlines.moved", "时限变动"
    SETTLED = "deadlines.settled", "时限日期确定"
    CALENDAR_DRAFTED = "deadlines.calendar_drafted", "拟定工作日历变更"
    CALENDAR_DISCARDED = "deadlines.calendar_discarded", "放弃工作日历变更"
    CALENDAR_APPLIED = "deadlines.calendar_applied", "工作日历变更生效"
    URGED = "deadlines.urged", "催办"
    MESSAGE_RETRIED = "deadlines.message_retried", "重发失败的消息"
    EXTENSION_ASKED = "deadlines.extension_asked", "申请延期"
    EXTENDED = "deadlines.extended", "批准延期"
    EXTENSION_REFUSED = "deadlines.extension_refused", "不同意延期"
    SUSPENSION_ASKED = "deadlines.suspension_asked", "申请中止计时"
    SUSPENDED = "deadlines.suspended", "批准中止计时"
    SUSPENSION_REFUSED = "deadlines.suspension_refused", "不同意中止计时"
    RESUMPTION_ASKED = "deadlines.resumption_asked", "申请恢复计时"
    RESUMED = "deadlines.resumed", "批准恢复计时"
    RESUMPTION_REFUSED = "deadlines.resumption_refused", "不同意恢复计时"


# By the kind of the request: asked, granted, refused.
ADJUSTED: dict[str, tuple[Event, Event, Event]] = {
    "extend": (Event.EXTENSION_ASKED, Event.EXTENDED, Event.EXTENSION_REFUSED),
    "suspend": (Event.SUSPENSION_ASKED, Event.SUSPENDED, Event.SUSPENSION_REFUSED),
    "resume": (Event.RESUMPTION_ASKED, Event.RESUMED, Event.RESUMPTION_REFUSED),
}
