"""The shape of a rule, and the register of all of them.

The rows themselves are declared in each app's `deadline_rules.py`: how long, from what, until what, who owes it and by
which clause. Nothing else in the product knows how long anything takes.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from deadlines.ladder import Ladder
from deadlines.recurring import Recurring
from deadlines.terms import Term, parse
from organisations.models import Unit
from records.models import Case

Owner = Callable[[Case], Unit]


@dataclass(frozen=True)
class Response:
    """Something must happen within `within` after `starts`. One row of the law.

    `config_key` names a term of the district profile (marked 本区默认值 on every page, because the notice gives no number).
    `extendable=False` for the regulators' own terms: late is late, with a reason.
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
    extendable: bool = False
    resumes: bool = False  # ended and started again before it ran out, it keeps its first day
    ladder: Ladder = field(default_factory=Ladder)
    version: int = 1
    note: str = ""

    @property
    def is_local_default(self) -> bool:
        return bool(self.config_key)

    def term_for(self, case: Case) -> Term:
        """The rule's term, or the district's own where the rule says it may differ."""
        if not self.config_key:
            return self.within
        return parse(case.district.term(self.config_key, str(self.within)))


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
        for names, index in ((rule_.starts, _REGISTER.by_start), (rule_.cancelled_by, _REGISTER.by_cancel)):
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
