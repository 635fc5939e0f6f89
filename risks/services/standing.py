"""An enterprise's grade: the worst of its open risk points, kept on its row for registers and maps."""

from datetime import datetime

from organisations.actors import Actor
from organisations.models import Enterprise, Unit
from organisations.services.changes import Move
from records.models import Case
from risks.grading import ORDER, Grade
from risks.models.point import OPEN_STATES


def refresh_enterprise_grade(unit: Unit) -> None:
    levels = set(
        Case.objects.filter(kind="risk", responsible_unit=unit, state__in=OPEN_STATES)
        .exclude(level="")
        .values_list("level", flat=True)
    )
    worst = min((Grade(level) for level in levels), key=ORDER.__getitem__, default=None)
    Enterprise.objects.filter(unit=unit).update(risk_grade=worst or "")


def regrade_after_move(move: Move, *, actor: Actor, at: datetime) -> str:
    """A merger takes risk points along: both enterprises are graded anew. Runs after the cases have moved."""
    for unit in {move.from_unit, move.to_unit}:
        refresh_enterprise_grade(unit)
    return ""
