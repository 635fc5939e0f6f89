"""Names of what the engine itself does to deadlines."""

from django.db.models import TextChoices

from audit.names import declare


@declare
class Event(TextChoices):
    STARTED = "deadlines.started", "启动时限"
    MET = "deadlines.met", "时限办结"
    CANCELLED = "deadlines.cancelled", "时限终止"
