from deadlines.models.calendar import CalendarDay
from deadlines.models.ledger import Deadline
from deadlines.models.notice import Notice

__all__ = ["CalendarDay", "Deadline", "Notice"]
