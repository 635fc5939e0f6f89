"""Names of what the engine itself does to deadlines."""

from django.db.models import TextChoices

from audit.names import declare


@declare
class Event(TextChoices):
    STARTED = "deadlines.started", "启动时限"
    MET = "deadlines.met", "时限办结"
    CANCELLED = "deadlines.cancelled", "时限终止"
    URGED = "deadlines.urged", "催办"
    MESSAGE_RETRIED = "deadlines.message_retried", "重发失败的消息"
