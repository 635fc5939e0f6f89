"""应报清单: who has filed what is due again and again, who has not, who was late. Read within the reader's scope."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.http import QueryDict

from deadlines import rules
from deadlines.models import Deadline, Filing, FilingState
from deadlines.models.filing import OWED_STATES
from organisations.actors import Actor
from organisations.roles import Scope

PERIODS_OFFERED = 12
STATES = {
    "all": "全部",
    "missing": "未报",
    "late": "逾期未报",
    "filed": "已报",
    "filed_late": "逾期才报",
    "lapsed": "不再应报",
}
WHOSE = {"all": "全部", "mine": "本单位应报", "mine_to_receive": "报给本单位"}


@dataclass(frozen=True)
class Asked:
    """What the address asks for; an unknown value asks for nothing."""

    whose: str
    state: str
    rule: str
    period: str
    unit: str

    @classmethod
    def of(cls, query: QueryDict | Mapping[str, str], actor: Actor) -> "Asked":
        whose, state, rule = query.get("whose", ""), query.get("state", ""), query.get("rule", "")
        return cls(
            whose="mine" if actor.scope == Scope.OWN else whose if whose in WHOSE else "all",
            state=state if state in STATES else "all",
            rule=rule if rule in {r.key for r in rules.recurring_rules()} else "",
            period=query.get("period", "")[:12].replace("\x00", ""),
            unit=query.get("unit", "").strip()[:60].replace("\x00", ""),
        )

    def given(self, **changed: str) -> dict[str, str]:
        values = {name: getattr(self, name) for name in ("whose", "state", "rule", "period", "unit")} | changed
        return {name: value for name, value in values.items() if value and value != "all"}


def filings(asked: Asked, actor: Actor) -> QuerySet[Filing]:
    """All that is asked for except the state, whose counts stand on the chips."""
    found = Filing.objects.for_actor(actor)
    if asked.whose == "mine":
        found = found.filter(owner_unit=actor.unit_id)
    elif asked.whose == "mine_to_receive":
        found = found.filter(case__lead_unit=actor.unit_id)
    if asked.rule:
        found = found.filter(rule_key=asked.rule)
    if asked.period:
        found = found.filter(period=asked.period)
    if asked.unit:
        found = found.filter(
            Q(owner_unit__name__icontains=asked.unit) | Q(owner_unit__short_name__icontains=asked.unit)
        )
    return found


def _conditions(at: datetime) -> dict[str, Q]:
    own = Deadline.objects.filter(case=OuterRef("pk"), rule_key=OuterRef("rule_key"))
    owed = Q(case__state__in=OWED_STATES)
    filed = Q(case__state__in=[FilingState.FILED, FilingState.RECEIVED])
    return {
        "all": Q(),
        "missing": owed,
        "late": owed & Q(case__next_due_at__lte=at),
        "filed": filed,
        "filed_late": filed & Q(Exists(own.filter(met_at__gte=F("due_at")))),
        "lapsed": Q(case__state=FilingState.LAPSED),
    }


def in_state(found: QuerySet[Filing], state: str, *, at: datetime) -> QuerySet[Filing]:
    return found.filter(_conditions(at)[state])


def counts(found: QuerySet[Filing], *, at: datetime) -> dict[str, int]:
    """How many in each state: one statement."""
    told = {name: Count("pk", filter=condition) for name, condition in _conditions(at).items() if name != "all"}
    return found.order_by().aggregate(all=Count("pk"), **told)


def periods(actor: Actor, rule: str) -> list[str]:
    """The latest periods of one rule."""
    found = Filing.objects.for_actor(actor).filter(rule_key=rule).order_by("-period").values_list("period", flat=True)
    return list(found.distinct()[:PERIODS_OFFERED])


def clocks(rows: Sequence[Filing]) -> dict[int, Deadline]:
    """The clock of the filing itself, not of a correction, for a page of rows: one statement."""
    found = Deadline.objects.filter(case__in=[row.pk for row in rows], rule_key__in={row.rule_key for row in rows})
    return {clock.case_id: clock for clock in found}


def with_names(found: QuerySet[Filing]) -> QuerySet[Filing]:
    return found.select_related("case__lead_unit", "case__township", "owner_unit")


def outcome(filing: Filing, clock: Deadline, at: datetime) -> dict[str, Any]:
    """What a line says of it: the state in words, and whether it is, or was, late."""
    state = FilingState(filing.case.state)
    late = clock.is_late_at(at) and state != FilingState.LAPSED
    return {"text": state.label, "late": late, "owed": state in OWED_STATES}
