from deadlines.models.adjustment import AdjustmentKind, LedgerEntry, LedgerRequest
from deadlines.models.calendar import CalendarDay
from deadlines.models.ledger import Deadline
from deadlines.models.notice import Notice
from deadlines.models.outbox import Message, MessageItem
from deadlines.models.urge import Urge

__all__ = [
    "AdjustmentKind",
    "CalendarDay",
    "Deadline",
    "LedgerEntry",
    "LedgerRequest",
    "Message",
    "MessageItem",
    "Notice",
    "Urge",
]
