"""按期办结率: what fell due and how it ended, by unit and by rule, the regulators' own terms included (X5).

One grouped statement per table over what the reader may see; every figure is a condition that `records` lists again.
A clock counts once it was met or has run out. What was ended before it ran out, stands still or is not due yet counts nowhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Self

from django.db.models import Case, Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from audit.clock import SHANGHAI
from deadlines import rules
from deadlines.clauses import order_of
from deadlines.models import AdjustmentKind, Deadline, LedgerEntry
from organisations.actors import Actor
from organisations.models import Unit
from organisations.roles import Scope, UnitKind
from organisations.row_ids import row_id

BY = {"unit": "按单位", "rule": "按规则"}
BASES = {"due": "按到期日", "started": "按起算日"}
KINDS = {"all": "全部单位", "authority": "机关和乡街", "enterprise": "企业"}
OUTCOMES = {
    "owed": "应办结",
    "on_time": "按期",
    "met_late": "逾期办结",
    "overdue": "逾期未办结",
    "adjusted": "延期、中止",
}


@dataclass(frozen=True)
class Asked:
    """What the address asks for; `problem` says in Chinese which dates could not be read."""

    first: date
    last: date
    by: str = "unit"
    basis: str = "due"
    kind: str = "all"
    unit: int | None = None
    rule: str = ""
    problem: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str], *, today: date) -> Self:
        """This year up to today, unless the address says otherwise."""
        asked = cls(
            first=date(today.year, 1, 1),
            last=today,
            by=_known(query.get("by"), BY, "unit"),
            basis=_known(query.get("basis"), BASES, "due"),
            kind=_known(query.get("kind"), KINDS, "all"),
            unit=row_id(query.get("unit", "")),
            rule=_known(query.get("rule"), {rule.key: "" for rule in rules.all_rules()}, ""),
        )
        try:
            first = date.fromisoformat(query["from"]) if query.get("from") else asked.first
            last = date.fromisoformat(query["to"]) if query.get("to") else asked.last
        except ValueError:
            return replace(asked, problem="日期看不懂，应如 2026-10-09；现在列的是本年")
        if first > last:
            return replace(asked, problem="开始日期不能晚于结束日期；现在列的是本年")
        return replace(asked, first=first, last=last)

    def query(self, **changed: Any) -> dict[str, str]:
        told = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in {"first", "last", "problem"}}
        told = {"from": self.first, "to": self.last} | told | changed
        defaults = {"by": "unit", "basis": "due", "kind": "all"}
        return {k: str(v) for k, v in told.items() if v not in {None, ""} and v != defaults.get(k)}

    @property
    def span(self) -> str:
        return f"{self.first} 至 {self.last}{'到期' if self.basis == 'due' else '起算'}"


def _known(value: str | None, allowed: Mapping[str, str], default: str) -> str:
    return value if value is not None and value in allowed else default


def scope(actor: Actor) -> QuerySet[Deadline]:
    """The own clocks; of a township its territory's, of a department what it owes and presses on, else the district's."""
    mine = Deadline.objects.filter(district=actor.district_id)
    match actor.scope:
        case Scope.DISTRICT:
            return mine
        case Scope.TERRITORY:
            return mine.filter(township=actor.unit.territory_id)
        case Scope.SUPERVISED:
            return mine.filter(Q(owner_unit=actor.unit_id) | Q(supervising_unit=actor.unit_id))
        case Scope.OWN:
            return mine.filter(owner_unit=actor.unit_id)
    return mine.none()


def asked_for(asked: Asked, actor: Actor) -> QuerySet[Deadline]:
    found = scope(actor)
    if asked.basis == "due":
        found = found.filter(due_on__range=(asked.first, asked.last))
    else:
        found = found.filter(started_at__gte=_midnight(asked.first), started_at__lt=_midnight(asked.last, days=1))
    if asked.unit is not None:
        found = found.filter(owner_unit=asked.unit)
    if asked.rule:
        found = found.filter(rule_key=asked.rule)
    if asked.kind != "all":
        is_enterprise = Q(owner_unit__kind=UnitKind.ENTERPRISE)
        found = found.filter(is_enterprise if asked.kind == "enterprise" else ~is_enterprise)
    return found


def _midnight(day: date, *, days: int = 0) -> datetime:
    return datetime.combine(day, time.min, tzinfo=SHANGHAI) + timedelta(days=days)


def conditions(at: datetime) -> dict[str, Q]:
    on_time, met_late = Q(met_at__lt=F("due_at")), Q(met_at__gte=F("due_at"))
    # Ended only after it had run out, it was never done in time: ending a clock hides nothing.
    overdue = Q(met_at=None, cancelled_at=None, due_at__lte=at) | Q(cancelled_at__gte=F("due_at"))
    return {
        "owed": on_time | met_late | overdue,
        "on_time": on_time,
        "met_late": met_late,
        "overdue": overdue,
        "adjusted": Q(is_adjusted=True),
    }


def records(asked: Asked, actor: Actor, outcome: str, *, at: datetime) -> QuerySet[Deadline]:
    """What a figure counts."""
    return asked_for(asked, actor).filter(conditions(at)[outcome])


@dataclass(frozen=True)
class Figures:
    """One line of a table, or the sum of all. `adjustments` counts extensions and suspensions, not clocks."""

    name: str
    key: str = ""  # of the unit or the rule
    clause: str = ""
    on_time: int = 0
    met_late: int = 0
    overdue: int = 0
    adjustments: int = 0

    @property
    def owed(self) -> int:
        return self.on_time + self.met_late + self.overdue

    @property
    def rate(self) -> float | None:
        return self.on_time / self.owed if self.owed else None

    @property
    def rate_text(self) -> str:
        """In per cent, cut and not rounded: 100% is said only when nothing was late. "/" where nothing was due."""
        return f"{self.on_time * 1000 // self.owed / 10:.1f}%" if self.owed else "/"


@dataclass(frozen=True)
class Table:
    rows: list[Figures]
    total: Figures


def table(asked: Asked, actor: Actor, *, at: datetime) -> Table:
    """One GROUP BY. Units with most overdue first, rules in the notice's order; the total's rate is counted anew."""
    told = conditions(at)
    counted: dict[str, Any] = {name: Count("pk", filter=told[name]) for name in ("on_time", "met_late", "overdue")}
    counted["adjustments"] = Coalesce(Sum(_times_adjusted()), 0)
    group = ("owner_unit", "owner_unit__short_name", "owner_unit__name", "owner_unit__sort_key")
    found = asked_for(asked, actor).order_by().values(*(group if asked.by == "unit" else ("rule_key",)))
    rows = [_figures(row, asked.by) for row in found.annotate(**counted)]
    rows = [row for row in rows if row.owed or row.adjustments]
    if asked.by == "unit":
        rows.sort(key=lambda row: (-row.overdue, row.rate if row.rate is not None else 2, row.name, row.key))
    else:
        rows.sort(key=lambda row: (order_of(row.clause), row.key))
    sums = {name: sum(getattr(row, name) for row in rows) for name in counted}
    return Table(rows, Figures("合计", **sums))


def _times_adjusted() -> Case:
    """Asked only of the few clocks that have a ledger at all."""
    entries = (
        LedgerEntry.objects.filter(deadline=OuterRef("pk"), kind__in=[AdjustmentKind.EXTEND, AdjustmentKind.SUSPEND])
        .order_by()
        .values("deadline")
        .annotate(times=Count("pk"))
        .values("times")
    )
    return Case(
        When(is_adjusted=True, then=Subquery(entries, output_field=IntegerField())),
        default=Value(0),
        output_field=IntegerField(),
    )


def _figures(row: Mapping[str, Any], by: str) -> Figures:
    counted = {name: row[name] for name in ("on_time", "met_late", "overdue", "adjustments")}
    if by == "unit":
        name = row["owner_unit__short_name"] or row["owner_unit__name"]
        return Figures(name, str(row["owner_unit"]), **counted)
    rule = rules.rule(row["rule_key"])
    return Figures(rule.label, rule.key, rule.clause, **counted)


def unit_name(asked: Asked, actor: Actor) -> str:
    """Of the unit that the table is narrowed to; nothing of one whose clocks the reader may not see."""
    if asked.unit is None:
        return ""
    seen = scope(actor).filter(owner_unit=asked.unit).values("owner_unit")[:1]
    return str(Unit.objects.filter(pk__in=seen).first() or "")


def spans(today: date) -> list[tuple[str, date, date]]:
    """The spans that people ask for."""
    month = today.replace(day=1)
    quarter = date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
    last_month_end, last_quarter_end = month - timedelta(days=1), quarter - timedelta(days=1)
    before_quarter = date(last_quarter_end.year, last_quarter_end.month - 2, 1)
    return [
        ("本年", date(today.year, 1, 1), today),
        ("本季度", quarter, today),
        ("上季度", before_quarter, last_quarter_end),
        ("本月", month, today),
        ("上月", last_month_end.replace(day=1), last_month_end),
    ]
