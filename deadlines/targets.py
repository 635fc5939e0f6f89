"""Target dates (完成时限): what the notice wants done once and for all by a day, beside rules that start with an event.

Declared in each app's `deadline_rules.py` like the rules. A target starts no clock: whoever counts towards it reads the day.
"""

from dataclasses import dataclass
from datetime import date

from deadlines.clauses import NOTICE


@dataclass(frozen=True)
class Target:
    """One row of the notice's annex. `words` are the notice's own; `due_on` is the last day of what they name."""

    key: str
    label: str
    clause: str
    words: str
    due_on: date
    place: str  # where in the notice
    page: str  # the address name of the page that shows how far it is
    basis: str = NOTICE

    def is_past(self, today: date) -> bool:
        return today > self.due_on


_TARGETS: dict[str, Target] = {}


def register(*targets: Target) -> None:
    for target in targets:
        if target.key in _TARGETS:
            raise ValueError(f"target {target.key} is declared twice")
        _TARGETS[target.key] = target


def target(key: str) -> Target:
    return _TARGETS[key]


def all_targets() -> list[Target]:
    return list(_TARGETS.values())
