"""What an enterprise's dossier tells of its risk points at one glance (X10); each one's own dossier follows in the volume."""

from datetime import datetime

from deadlines.display import printed_due
from deadlines.nearest import nearest_deadlines
from organisations.actors import Actor
from organisations.models import Enterprise
from records.dossier.sections import Section, Table
from risks.models import RiskPoint, RiskState


def sections(enterprise: Enterprise, actor: Actor, at: datetime) -> list[Section]:
    found = RiskPoint.objects.for_actor(actor).filter(case__responsible_unit=enterprise.unit_id).select_related("case")
    risks = list(found.order_by("case__opened_on", "pk"))
    due = nearest_deadlines(risk.case for risk in risks)
    rows = [
        [
            risk.case.number,
            risk.case.title,
            risk.grade_text,
            RiskState(risk.case.state).label,
            str(risk.case.opened_on),
            str(risk.case.closed_on or ""),
            printed_due(due[risk.pk]) if risk.pk in due else "",
        ]
        for risk in risks
    ]
    heads = ("编号", "风险点", "等级", "环节", "登记", "结案", "最近到期")
    tables = [Table(heads, rows, (22, 21, 10, 11, 12, 12, 12))] if rows else []
    return [Section("risks", "风险点一览", tables=tables)]
