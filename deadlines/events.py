"""Names of what the engine itself does to deadlines."""

from django.db.models import TextChoices

from audit.names import declare


@declare
class Event(TextChoices):
    STARTED = "deadlines.started", "启动时限"
    MET = "deadlines.met", "时限办结"
    CANCELLED = "deadlines.cancelled", "时限终止"
    MOVED = "deadlines.moved", "时限变动"
    SETTLED = "deadlines.settled", "时限日期确定"
    CALENDAR_DRAFTED = "deadlines.calendar_drafted", "拟定工作日历变更"
    CALENDAR_DISCARDED = "deadlines.calendar_discarded", "放弃工作日历变更"
    CALENDAR_APPLIED = "deadlines.calendar_applied", "工作日历变更生效"
    URGED = "deadlines.urged", "催办"
    MESSAGE_RETRIED = "deadlines.message_retried", "重发失败的消息"
