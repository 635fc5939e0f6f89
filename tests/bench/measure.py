"""Timing in one process, and saying it: every figure is a ratio of two things measured in the same run."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext


def seconds(work: Callable[[], Any], *, times: int = 5) -> float:
    """The median of `times` runs, after one that warms up."""
    work()
    found = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return statistics.median(found)


def once(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def statements(work: Callable[[], Any]) -> list[str]:
    """What the work asks of the database, without the brackets of its transaction."""
    with CaptureQueriesContext(connection) as captured:
        work()
    return [
        q["sql"] for q in captured if not q["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "ROLLBACK"))
    ]


def sql(text: str, *values: Any) -> Callable[[], None]:
    """A bare statement, its rows fetched."""

    def run() -> None:
        with connection.cursor() as cursor:
            cursor.execute(text, values)
            if cursor.description:
                cursor.fetchall()

    return run


@dataclass
class Report:
    """Lines of docs/bench.md: what, the figure, the goal, whether it is reached."""

    lines: list[tuple[str, str, str, bool]] = field(default_factory=list)

    def ratio(self, what: str, ours: float, theirs: float, *, at_most: float, unit: str = "ms") -> None:
        factor = 1000 if unit == "ms" else 1
        found = ours / theirs
        told = f"{found:.2f} ×（{ours * factor:.1f} {unit} 比 {theirs * factor:.1f} {unit}）"
        self.add(what, told, f"≤ {at_most} ×", found <= at_most)

    def number(self, what: str, found: float, *, at_most: float, unit: str = "") -> None:
        self.add(what, f"{found:g}{unit}", f"≤ {at_most:g}{unit}", found <= at_most)

    def at_least(self, what: str, found: float, *, least: float, detail: str = "") -> None:
        self.add(what, f"{found:.2f} ×{detail}", f"≥ {least} ×", found >= least)

    def note(self, what: str, told: str) -> None:
        self.add(what, told, "", True)

    def add(self, what: str, told: str, goal: str, is_reached: bool) -> None:
        self.lines.append((what, told, goal, is_reached))
        print(f"{'  ' if is_reached else '✗ '}{what}: {told}{f'，目标 {goal}' if goal else ''}", flush=True)
