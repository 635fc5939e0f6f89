"""The ladder of a rule: on which working days before, on and after the due day people are told, and when it goes up."""

from collections.abc import Iterator
from dataclasses import dataclass

# For so many working days the last rung still speaks: to whoever takes over the post, and after an outage. What lies
# longer stands on the worklist; paper entered years afterwards raises no alarm.
REACH = 60


@dataclass(frozen=True)
class Step:
    """One rung: said while the deadline is in `phase` (soon, today, late) and `low`–`high` working days from its due day."""

    rung: str
    phase: str
    low: int
    high: int
    goes_up: bool = False


@dataclass(frozen=True)
class Ladder:
    """Declared on the rule, in working days. Of several rungs only the one that is true now is said, never the older."""

    before: tuple[int, ...] = (1,)
    on_day: bool = True
    late: tuple[int, ...] = (0, 3, 10)
    escalate: int = 0  # so many working days late, the superior unit is told and gets the line

    def __post_init__(self) -> None:
        if min(self.before, default=1) < 1 or min(self.late, default=0) < 0 or self.escalate < 0:
            raise ValueError("a ladder counts working days: before from 1, late and escalate from 0")

    @property
    def steps(self) -> Iterator[Step]:
        low = 0
        for days in sorted(self.before):
            yield Step(f"soon-{days}", "soon", low, days)
            low = days + 1
        if self.on_day:
            yield Step("today", "today", 0, 0)
        late = sorted(self.late)
        for days, following in zip(late, [*late[1:], (late or [0])[-1] + REACH], strict=False):
            yield Step(f"late-{days}", "late", days, following - 1)
        yield Step(f"escalated-{self.escalate}", "late", self.escalate, self.escalate + REACH - 1, goes_up=True)

    @property
    def words(self) -> str:
        said = [f"到期前 {_list(self.before)} 个工作日"] if self.before else []
        said += ["到期当天"] if self.on_day else []
        said += ["逾期时"] if 0 in self.late else []
        if again := [days for days in self.late if days]:
            said.append(f"逾期 {_list(sorted(again))} 个工作日")
        up = f"逾期 {self.escalate} 个工作日上报" if self.escalate else "逾期即上报"
        return f"{'、'.join(said)}提醒；{up}上级或督促单位"


def _list(days: tuple[int, ...] | list[int]) -> str:
    return "、".join(str(n) for n in days)
