"""Names of what the engine itself does to deadlines."""

from django.db.models import TextChoices

from audit.names import declare


@declare
class Event(TextChoices):
    STARTED = "deadlines.started", "启动时限"
    MET = "deadlines.met", "时限办结"
    CANCELLED = "deadlines.cancelled", "时限终止"
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
