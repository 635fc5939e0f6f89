from deadlines.models.adjustment import AdjustmentKind, LedgerEntry, LedgerRequest
from deadlines.models.calendar import CalendarDay
from deadlines.models.calendar_edit import CalendarEdit, CalendarEditDay, DeadlineMove
from deadlines.models.filing import Filing, FilingState, Report
from deadlines.models.ledger import Deadline
from deadlines.models.notice import Notice
from deadlines.models.outbox import Message, MessageItem
from deadlines.models.urge import Urge

__all__ = [
    "AdjustmentKind",
    "CalendarDay",
    "CalendarEdit",
    "CalendarEditDay",
    "Deadline",
    "DeadlineMove",
    "Filing",
    "FilingState",
    "LedgerEntry",
    "LedgerRequest",
    "Message",
    "MessageItem",
    "Notice",
    "Report",
    "Urge",
]
