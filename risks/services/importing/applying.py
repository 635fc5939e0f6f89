"""Registering the checked rows, all of them or none, by the services that the forms use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from audit.services import record
from deadlines.workflow import Refused
from organisations.actors import Actor
from organisations.models import Sector, Territory, Unit
from risks.events import Event
from risks.models import RiskImport, RiskPoint
from risks.services.grading import self_grade
from risks.services.register import register_risk


@dataclass(frozen=True)
class ImportedPoint:
    """One good row: what `register_risk` takes and, with a method, what `self_grade` takes."""

    row: int
    title: str
    unit: Unit
    sector: Sector
    township: Territory
    details: Mapping[str, Any]
    measures: Mapping[str, str]
    method: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)


class RowRefused(Refused):
    """A rule that only the service knows turned a row down; nothing was registered."""

    def __init__(self, row: int, why: str) -> None:
        super().__init__(f"第 {row} 行：{why}。一行也没有登记，请改好后重新上传")


@transaction.atomic
def import_points(
    *,
    upload: RiskImport,
    points: Sequence[ImportedPoint],
    skipped: Sequence[int],
    numbered: Sequence[int],
    actor: Actor,
    at: datetime,
) -> RiskImport:
    """Apply an upload once; what was applied before stays as it is. `skipped` and `numbered` are rows left out knowingly.

    Raises RowRefused.
    """
    locked = RiskImport.objects.for_actor(actor).select_for_update(of=("self",)).get(pk=upload.pk)
    if locked.applied_at is not None:
        return locked
    made = [_register(point, actor=actor, at=at) for point in points]
    severe = sum(risk.case.state == "awaiting" for risk in made)
    locked.result = {
        "made": [risk.pk for risk in made],
        "graded": sum(bool(point.method) for point in points),
        "severe": severe,
        "skipped": len(skipped),
        "numbered": len(numbered),
    }
    locked.rows, locked.applied_at = [], at
    locked.save(update_fields=["result", "rows", "applied_at"])
    record(
        Event.IMPORTED,
        by=actor.stamp,
        at=at,
        subject=("risk_import", locked.pk),
        data={
            **locked.result,
            "file": locked.file_name,
            "digest": locked.digest,
            "skipped_rows": list(skipped),
            "numbered_rows": list(numbered),
        },
    )
    return locked


def _register(point: ImportedPoint, *, actor: Actor, at: datetime) -> RiskPoint:
    try:
        risk = register_risk(
            title=point.title,
            responsible_unit=point.unit,
            sector=point.sector,
            township=point.township,
            details=point.details,
            measures=point.measures,
            actor=actor,
            at=at,
        )
        if point.method:
            self_grade(risk=risk, method=point.method, inputs=point.inputs, actor=actor, at=at)
    except Refused as refused:
        raise RowRefused(point.row, str(refused)) from refused
    return risk
