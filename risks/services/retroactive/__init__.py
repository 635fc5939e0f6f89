"""补录: a past case entered from paper, judged by the days that stand on the papers (X6, docs/adr/0019).

What is keyed in is a row of its own until a second person has compared it with the papers; only then the case is there,
with every step at noon of its own day, its clocks met or missed as they were, and nobody reminded of what is over.
"""

from risks.services.retroactive.entering import LATE, PURPOSES, Steps, unit_of
from risks.services.retroactive.entries import (
    begin_entry,
    confirm_entry,
    go_live_of,
    keep_scan,
    keep_step,
    may_enter,
    reason_missing,
    refusal_to_compare,
    reject_entry,
    submit_entry,
)

__all__ = [
    "LATE",
    "PURPOSES",
    "Steps",
    "begin_entry",
    "confirm_entry",
    "go_live_of",
    "keep_scan",
    "keep_step",
    "may_enter",
    "reason_missing",
    "refusal_to_compare",
    "reject_entry",
    "submit_entry",
    "unit_of",
]
