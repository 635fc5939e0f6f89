from deadlines.models.adjustment import AdjustmentKind, LedgerEntry, LedgerRequest
from deadlines.models.calendar import CalendarDay
from deadlines.models.filing import Filing, FilingState, Report
from deadlines.models.ledger import Deadline
from deadlines.models.notice import Notice

__all__ = [
    "AdjustmentKind",
    "CalendarDay",
    "Deadline",
    "Filing",
    "FilingState",
    "LedgerEntry",
    "LedgerRequest",
    "Notice",
    "Report",
]
