"""Lengths of time as the law states them, when they end, and why on that day.

A term's text form (`WD3`, `D30R`, `M12`, `H24`, `ON`) is what the ledger keeps as its snapshot. Day 0 is the Asia/Shanghai
day of the starting event whatever the hour (民法典 201); months end on the corresponding day or the month's last (202); a
term with `roll` that ends on a day off ends on the next working day (203). Nothing here reads the clock or the database.
"""

from deadlines.terms.ends import Due, due, end_of, nominal_end
from deadlines.terms.kinds import (
    FOLD_OVER,
    MAX_LENGTH,
    NEVER,
    ONE_DAY,
    SHANGHAI,
    CalendarDays,
    Hours,
    Months,
    OnDate,
    Placed,
    Term,
    WorkingDays,
    describe,
    parse,
    roll_words,
)
from deadlines.terms.reasons import Explanation, Row, day_words, explain

__all__ = [
    "FOLD_OVER",
    "MAX_LENGTH",
    "NEVER",
    "ONE_DAY",
    "SHANGHAI",
    "CalendarDays",
    "Due",
    "Explanation",
    "Hours",
    "Months",
    "OnDate",
    "Placed",
    "Row",
    "Term",
    "WorkingDays",
    "day_words",
    "describe",
    "due",
    "end_of",
    "explain",
    "nominal_end",
    "parse",
    "roll_words",
]
