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
