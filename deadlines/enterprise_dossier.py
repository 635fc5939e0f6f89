"""What an enterprise's dossier tells of its time limits (X10): what it filed and when, which clocks it kept and which not."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet

from audit.clock import SHANGHAI
from deadlines import rules
from deadlines.clauses import order_of
from deadlines.display import printed_due
from deadlines.filing_register import clocks, outcome, with_names
from deadlines.models import Deadline, Filing
from deadlines.punctuality import Figures, conditions, scope
from organisations.actors import Actor
from organisations.models import Enterprise
from records.dossier.sections import Section, Table


def sections(enterprise: Enterprise, actor: Actor, at: datetime) -> list[Section]:
    # Of the cases it sees, and what it owes or presses for elsewhere: receipt of a notice kept in the sender's case.
    owed = (Deadline.objects.for_actor(actor) | scope(actor)).filter(owner_unit=enterprise.unit_id)
    return [
        Section("filings", "定期报送", tables=_filings(enterprise, actor, at)),
        Section("clocks", "时限办理情况", tables=[*_by_rule(owed, at), *_overdue(owed, at)]),
    ]


def _filings(enterprise: Enterprise, actor: Actor, at: datetime) -> list[Table]:
    found = with_names(Filing.objects.for_actor(actor).filter(owner_unit=enterprise.unit_id))
    filings = list(found.order_by("last_on", "pk"))
    by_case = clocks(filings)
    rows = [_filing(filing, by_case[filing.pk], at) for filing in filings]
    heads = ("编号", "事项", "期间", "到期", "报送时间", "状态", "是否按期")
    return [Table(heads, rows, (20, 24, 11, 12, 12, 12, 9))] if rows else []


def _filing(filing: Filing, clock: Deadline, at: datetime) -> list[str]:
    told = outcome(filing, clock, at)
    is_due = clock.met_at is not None or told["late"]
    return [
        filing.case.number,
        filing.case.title,
        filing.period,
        printed_due(clock),
        clock.met_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if clock.met_at else "",
        str(told["text"]),
        ("逾期" if told["late"] else "按期") if is_due else "",
    ]


def _by_rule(owed: QuerySet[Deadline], at: datetime) -> list[Table]:
    """One GROUP BY, with the conditions of 按期办结率; what runs still, or was ended in time, is in no rate."""
    told = conditions(at)
    counted: dict[str, Any] = {name: Count("pk", filter=told[name]) for name in ("on_time", "met_late", "overdue")}
    counted["running"] = Count("pk", filter=Q(met_at=None, cancelled_at=None, due_at__gt=at))
    found: Any = owed.order_by().values("rule_key").annotate(**counted)
    lines = [(rules.rule(row["rule_key"]), row) for row in found if any(row[name] for name in counted)]
    if not lines:
        return []
    lines.sort(key=lambda line: (order_of(line[0].clause), line[0].key))
    rows = [[rule.label, rule.clause, *_figures(row)] for rule, row in lines]
    rows.append(["合计", "", *_figures({name: sum(row[name] for _, row in lines) for name in counted})])
    heads = ("事项", "条款", "按期", "逾期办结", "逾期未办结", "按期办结率", "计算中")
    return [Table(heads, rows, (28, 14, 9, 12, 14, 13, 10))]


def _figures(row: Mapping[str, int]) -> list[str]:
    told = Figures("", on_time=row["on_time"], met_late=row["met_late"], overdue=row["overdue"])
    return [str(told.on_time), str(told.met_late), str(told.overdue), told.rate_text, str(row["running"])]


def _overdue(owed: QuerySet[Deadline], at: datetime) -> list[Table]:
    rows = [
        [
            clock.case.number,
            clock.case.title,
            clock.rule.label,
            printed_due(clock),
            f"已终止：{clock.cancel_reason}" if clock.cancelled_at else "尚未办结",
        ]
        for clock in owed.filter(conditions(at)["overdue"]).select_related("case").order_by("due_at", "pk")
    ]
    heads = ("案卷", "名称", "事项", "到期", "现在")
    return [Table(heads, rows, (22, 28, 18, 12, 20), caption="逾期未办结的")] if rows else []
