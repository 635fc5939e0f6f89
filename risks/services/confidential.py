"""Marking a risk case, or files of it, as 敏感: by the unit in charge, with a reason."""

from collections.abc import Sequence
from datetime import datetime

from audit.acts import one_act
from deadlines.workflow import Refused
from organisations.actors import Actor
from records.models import Attachment
from records.services.confidential import set_marks
from risks.models import RiskPoint
from risks.workflow import WORKFLOW


@one_act()
def mark(
    *,
    risk: RiskPoint,
    whole: bool,
    files: Sequence[Attachment],
    reason: str,
    on: bool,
    actor: Actor,
    at: datetime,
    version: int | None = None,
) -> RiskPoint:
    if not whole and not files:
        raise Refused("请选择整个案卷，或其中的附件")
    told = {"reason": reason, "whole": whole, "files": [{"id": a.pk, "name": a.name} for a in files]}
    action = "mark_confidential" if on else "unmark_confidential"
    WORKFLOW.advance(risk.case, action, actor=actor, at=at, version=version, data=told)
    set_marks(risk.case, whole=whole, files=files, on=on)
    return risk
