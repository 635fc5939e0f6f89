from deadlines.models.calendar import CalendarDay
from deadlines.models.filing import Filing, FilingState, Report
from deadlines.models.ledger import Deadline
from deadlines.models.notice import Notice

__all__ = ["CalendarDay", "Deadline", "Filing", "FilingState", "Notice", "Report"]
