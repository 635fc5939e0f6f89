"""An enterprise's grade: the worst of its open risk points, kept on its row for registers and maps."""

from datetime import datetime

from django.db.models import Subquery, Value
from django.db.models.functions import Coalesce

from organisations.actors import Actor
from organisations.models import Enterprise, Unit
from organisations.services.changes import Move
from records.models import Case
from risks.models.point import OPEN_STATES


def refresh_enterprise_grade(unit: Unit) -> None:
    graded = Case.objects.filter(kind="risk", responsible_unit=unit, state__in=OPEN_STATES).exclude(level="")
    worst = Subquery(graded.order_by("rank").values("level")[:1])
    Enterprise.objects.filter(unit=unit).update(risk_grade=Coalesce(worst, Value("")))


def regrade_after_move(move: Move, *, actor: Actor, at: datetime) -> str:
    """A merger takes risk points along: both enterprises are graded anew. Runs after the cases have moved."""
    for unit in {move.from_unit, move.to_unit}:
        refresh_enterprise_grade(unit)
    return ""
