"""The shape of a rule, and the register of all of them.

The rows themselves are declared in each app's `deadline_rules.py`: how long, from what, until what, who owes it and by
which clause. Nothing else in the product knows how long anything takes.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from audit.clock import local_date
from deadlines.ladder import Ladder
from deadlines.recurring import Recurring
from deadlines.terms import CalendarDays, Hours, Months, OnDate, Term, WorkingDays, describe, parse
from organisations.models import District, Unit
from records.models import Case

Owner = Callable[[Case], Unit]


# In which units a term is extended; a named day goes to a later one, and days say how much later at most.
_EXTENDED_IN: dict[type, tuple[type, ...]] = {
    WorkingDays: (WorkingDays,),
    CalendarDays: (CalendarDays,),
    Months: (Months, CalendarDays),
    Hours: (Hours,),
    OnDate: (CalendarDays,),
}


@dataclass(frozen=True)
class Since:
    """The term as it is for clocks that start on `since` or later; those that run keep what they started with."""

    since: date
    within: Term
    basis: str


@dataclass(frozen=True)
class Version:
    """Which wording of a rule holds on a day. The first, number 1, has no beginning."""

    number: int
    within: Term
    basis: str
    since: date | None = None


@dataclass(frozen=True)
class Extension:
    """How far a term may be extended: `at_most` in all, `times`, asked `ask_before` working days before the last (0: on it)."""

    at_most: Term
    times: int = 1
    ask_before: int = 0
    config_key: str = ""  # of the district's own `at_most`

    def limit(self, district: District) -> Term:
        if not self.config_key:
            return self.at_most
        own = parse(district.term(self.config_key, str(self.at_most)))
        # A district counts in the rule's unit, or its value would fit none of the requests.
        return own if type(own) is type(self.at_most) else self.at_most

    def words(self, district: District) -> str:
        asked = f"到期 {self.ask_before} 个工作日前申请" if self.ask_before else "到期前申请"
        times = "一次" if self.times == 1 else f"不超过 {self.times} 次"
        return f"可延期{times}，合计不超过 {describe(self.limit(district))}，{asked}"


@dataclass(frozen=True)
class Suspension:
    """What may stop the clock; whoever asks names one of the grounds."""

    grounds: tuple[str, ...]

    @property
    def words(self) -> str:
        return f"可中止计时：{'；'.join(self.grounds)}"


@dataclass(frozen=True)
class Response:
    """Something must happen within `within` after `starts`. One row of the law.

    `versions` are later terms with the day from which they hold, in order. `config_key` names a term of the district profile (marked 本区默认值 on every page, because the notice gives no number).
    Without `extension` a term is not extended, and the regulators' own never are: late is late, with a reason.
    """

    key: str
    label: str
    clause: str  # of the notice, or of the law where it says so
    words: str  # the term in the notice's words, without the number: 研判后
    starts: tuple[str, ...]
    within: Term
    met: tuple[str, ...]
    owed_by: Owner
    action: str  # the workflow action that meets it
    action_label: str
    supervised_by: Owner | None = None
    cancelled_by: tuple[str, ...] = ()
    basis: str = "蚌山政办秘〔2018〕101号"
    config_key: str = ""
    is_own_term: bool = False  # 本机关时限: a regulator's own
    extension: Extension | None = None
    suspension: Suspension | None = None
    reopened_by: tuple[
        str, ...
    ] = ()  # undoes the act that met it: the clock goes on from its first day, however long ago
    resumes: bool = False  # ended and started again before it ran out, it keeps its first day
    ladder: Ladder = field(default_factory=Ladder)
    versions: tuple[Since, ...] = ()
    note: str = ""

    def __post_init__(self) -> None:
        days = [version.since for version in self.versions]
        if days != sorted(set(days)):
            raise ValueError(f"{self.key}: versions come in order, one a day")
        if self.is_own_term and self.extension:
            raise ValueError(f"{self.key}: an authority's own term is not extendable")
        if self.extension:
            for version in self.history:
                if type(self.extension.at_most) not in _EXTENDED_IN[type(version.within)]:
                    raise ValueError(f"{self.key}: {version.within} cannot be extended by {self.extension.at_most}")

    @property
    def is_local_default(self) -> bool:
        return bool(self.config_key)

    @property
    def settable(self) -> dict[str, Term]:
        """What a district may set, by its key, with the rule's own value."""
        own = {self.config_key: self.within} if self.config_key else {}
        longer = self.extension
        return own | ({longer.config_key: longer.at_most} if longer and longer.config_key else {})

    @property
    def history(self) -> tuple[Version, ...]:
        first = Version(1, self.within, self.basis)
        later = (Version(n, v.within, v.basis, v.since) for n, v in enumerate(self.versions, start=2))
        return (first, *later)

    def version_on(self, day: date) -> Version:
        """The wording that a clock started on `day` keeps."""
        return [v for v in self.history if v.since is None or v.since <= day][-1]

    def snapshot(self, case: Case, started_at: datetime) -> Version:
        """What a clock started now keeps: the wording of that day, or the district's own where the rule leaves it to it."""
        version = self.version_on(local_date(started_at))
        if not self.config_key:
            return version
        term = parse(case.district.term(self.config_key, str(version.within)))
        return replace(version, within=term, basis=f"本区默认值（区县配置 {self.config_key} = {term}）")


Rule = Response | Recurring


@dataclass
class _Register:
    by_key: dict[str, Rule] = field(default_factory=dict)
    by_start: dict[str, list[Response]] = field(default_factory=dict)
    by_met: dict[str, list[Rule]] = field(default_factory=dict)
    by_cancel: dict[str, list[Response]] = field(default_factory=dict)


_REGISTER = _Register()


def register(*rules: Rule) -> None:
    for rule_ in rules:
        if rule_.key in _REGISTER.by_key:
            raise ValueError(f"rule {rule_.key} is declared twice")
        _REGISTER.by_key[rule_.key] = rule_
        for name in rule_.met:
            _REGISTER.by_met.setdefault(name, []).append(rule_)
        if isinstance(rule_, Recurring):
            continue  # neither an event starts it nor does one end it: deadlines.services.expected does
        for names, index in (
            ((*rule_.starts, *rule_.reopened_by), _REGISTER.by_start),
            (rule_.cancelled_by, _REGISTER.by_cancel),
        ):
            for name in names:
                index.setdefault(name, []).append(rule_)


def rule(key: str) -> Rule:
    """Raises KeyError for a key nobody declares (tests hold a list of all keys ever used, so none can vanish)."""
    return _REGISTER.by_key[key]


def all_rules() -> Iterable[Rule]:
    return _REGISTER.by_key.values()


def recurring_rules() -> list[Recurring]:
    return [rule for rule in _REGISTER.by_key.values() if isinstance(rule, Recurring)]


def started_by(event: str) -> list[Response]:
    return _REGISTER.by_start.get(event, [])


def met_by(event: str) -> list[Rule]:
    return _REGISTER.by_met.get(event, [])


def cancelled_by(event: str) -> list[Response]:
    return _REGISTER.by_cancel.get(event, [])


# Who owes, by the case alone.
def lead_unit(case: Case) -> Unit:
    """The regulator in charge (交办单位)."""
    return case.lead_unit


def responsible_unit(case: Case) -> Unit:
    """The unit that must act (治理责任单位)."""
    return case.responsible_unit
