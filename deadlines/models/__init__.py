from deadlines.models.adjustment import AdjustmentKind, LedgerEntry, LedgerRequest
from deadlines.models.calendar import CalendarDay
from deadlines.models.calendar_edit import CalendarEdit, CalendarEditDay, DeadlineMove
from deadlines.models.ledger import Deadline
from deadlines.models.notice import Notice

__all__ = [
    "AdjustmentKind",
    "CalendarDay",
    "CalendarEdit",
    "CalendarEditDay",
    "Deadline",
    "DeadlineMove",
    "LedgerEntry",
    "LedgerRequest",
    "Notice",
]
