"""Treatment: the plan and the progress of the responsible unit."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from django.core.files.uploadedfile import UploadedFile

from audit.acts import one_act
from audit.personal import Personal
from organisations.actors import Actor
from records.services.attachments import attach_all
from risks.models import Progress, RiskPoint, TreatmentPlan
from risks.workflow import WORKFLOW


@one_act()
def file_plan(
    *,
    risk: RiskPoint,
    goal: str,
    steps: str,
    responsible: str,
    funds: Decimal,
    finish_on: date,
    interim: str,
    actor: Actor,
    at: datetime,
    version: int | None = None,
) -> TreatmentPlan:
    data = {"goal": goal, "responsible": Personal(responsible), "funds": funds, "finish_on": finish_on}
    WORKFLOW.advance(risk.case, "plan", actor=actor, at=at, version=version, data=data)
    return TreatmentPlan.objects.create(
        risk=risk,
        goal=goal,
        steps=steps,
        responsible=responsible,
        funds=funds,
        finish_on=finish_on,
        interim=interim,
        by=actor.person,
        at=at,
    )


@one_act()
def report_progress(
    *,
    risk: RiskPoint,
    text: str,
    percent: int,
    spent: Decimal | None = None,
    photos: Iterable[UploadedFile] = (),
    actor: Actor,
    at: datetime,
    version: int | None = None,
) -> Progress:
    done = WORKFLOW.advance(
        risk.case,
        "progress",
        actor=actor,
        at=at,
        version=version,
        data={"text": text, "percent": percent, "spent": spent},
    )
    assert done.event.case_seq is not None
    attach_all(photos, case=risk.case, purpose="治理照片", actor=actor, at=at, case_seq=done.event.case_seq)
    return Progress.objects.create(
        risk=risk, text=text, percent=percent, spent=spent, by=actor.person, at=at, case_seq=done.event.case_seq
    )
