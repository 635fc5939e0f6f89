"""The shape of a rule by which something is filed again and again (每季度报送), beside `deadlines.rules.Response`.

Whoever owes a period has a row for it before it is due: `deadlines.services.expected` makes them ahead.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from deadlines.events import Event
from deadlines.ladder import Ladder
from deadlines.periods import Every, Weekly, parse_every
from organisations.roles import UnitKind

if TYPE_CHECKING:
    from organisations.models import District

KIND = "filing"  # of the cases that the filings are


@dataclass(frozen=True)
class EachEnterprise:
    """Every enterprise that runs (neither 停产, 歇业 nor 关闭); `only` names yes-or-no columns of the registry."""

    only: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        return "在营的生产经营单位"


@dataclass(frozen=True)
class EachUnit:
    """Every unit of these kinds; of the townships those that the district runs itself."""

    kinds: tuple[UnitKind, ...]

    @property
    def label(self) -> str:
        return "、".join(kind.label for kind in self.kinds)


@dataclass(frozen=True)
class EachLeadUnit:
    """Every regulator in charge of an open case of this kind in one of these states (有在办风险的交办单位)."""

    kind: str
    states: tuple[str, ...]

    @property
    def label(self) -> str:
        return "有在办案卷的交办单位"


Owing = EachEnterprise | EachUnit | EachLeadUnit
EACH_DEPARTMENT = EachUnit((UnitKind.BUREAU, UnitKind.DEPARTMENT))
EACH_TOWNSHIP = EachUnit((UnitKind.TOWNSHIP,))


@dataclass(frozen=True)
class Recurring:
    """Something is due `every` so often from each of `owed_by`. One row of the law.

    It goes to the first unit found of the kinds `received_by` (an enterprise's goes to its daily-enforcement department,
    and there only where it has none), which also presses for it. `mark` heads the numbers of its cases.
    """

    key: str
    label: str
    clause: str
    every: Every
    owed_by: Owing
    received_by: tuple[UnitKind, ...]
    mark: str
    met: tuple[str, ...] = (Event.FILED,)
    action: str = "file"
    action_label: str = "去报送"
    basis: str = "蚌山政办秘〔2018〕101号"
    config_key: str = ""  # of the district profile's [schedules], where the notice gives no number
    is_own_term: bool = False
    ladder: Ladder = field(default_factory=lambda: Ladder(before=(3, 1)))
    ahead: int = 0  # days before the due day at which its rows are made; 0: what suits the period
    version: int = 1
    note: str = ""

    # What a rule without a starting event answers.
    starts: tuple[str, ...] = ()
    cancelled_by: tuple[str, ...] = ()
    reopened_by: tuple[str, ...] = ()
    resumes: bool = False
    supervised_by: None = None
    extension: None = None
    suspension: None = None

    @property
    def words(self) -> str:
        return self.every.words()

    @property
    def is_local_default(self) -> bool:
        return bool(self.config_key)

    @property
    def days_ahead(self) -> int:
        return self.ahead or (14 if isinstance(self.every, Weekly) else 45)

    def every_for(self, district: "District") -> Every:
        """The rule's own times, or the district's where the rule says it may differ."""
        if not self.config_key:
            return self.every
        return parse_every(district.schedule(self.config_key, str(self.every)))
