from deadlines.models.adjustment import AdjustmentKind, LedgerEntry, LedgerRequest
from deadlines.models.calendar import CalendarDay
from deadlines.models.ledger import Deadline
from deadlines.models.notice import Notice

__all__ = ["AdjustmentKind", "CalendarDay", "Deadline", "LedgerEntry", "LedgerRequest", "Notice"]
