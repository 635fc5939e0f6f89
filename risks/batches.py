"""批量办理 of risks: the steps of handover letters, and 改派 of what is not handed over yet (三(二)1、2, X8)."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from deadlines.batches import Batch, Facet, Shown, register
from deadlines.forms.batches import ReassignForm
from deadlines.letter_batches import LetterHands, handled_by
from organisations.actors import Actor
from organisations.models import Unit
from organisations.roles import Right
from records.models import Case, Letter
from risks.grading import grade_text
from risks.models import RiskPoint, RiskState
from risks.services import grading, handover
from risks.workflow import BEFORE_HANDOVER


def _on_risk(act: Callable[..., object]) -> Callable[..., object]:
    return lambda letter, **told: act(risk=letter.case.risk, **told)


handled_by(
    Letter.Kind.RISK_HANDOVER,
    LetterHands(
        check=_on_risk(handover.check_handover),
        send_back=_on_risk(handover.return_handover),
        issue=_on_risk(handover.issue_handover),
        dispatch=_on_risk(handover.dispatch_handover),
    ),
)


def _waiting(actor: Actor, at: datetime) -> QuerySet[RiskPoint]:
    seen = Case.objects.for_actor(actor).filter(state__in=BEFORE_HANDOVER, closed_on=None)
    found = RiskPoint.objects.filter(case__in=seen)
    related = ("case__district", "case__lead_unit", "case__responsible_unit", "case__township")
    return found.select_related(*related).order_by("case__rank", "case__due_key", "pk")


def _shown(risk: RiskPoint) -> Shown:
    case = risk.case
    grade = grade_text(case.level)
    marks = [*([grade] if grade else []), RiskState(case.state).label, f"现由{case.lead_unit}"]
    return Shown(case.title, reverse("risks:case", args=[case.pk]), f"{case.responsible_unit}·{case.number}", marks)


def _units(ids: Iterable[Any]) -> Mapping[Any, str]:
    return {unit.pk: str(unit) for unit in Unit.objects.filter(pk__in=list(ids))}


register(
    Batch(
        "designate",
        "批量改派",
        Right.DESIGNATE,
        _waiting,
        _shown,
        lambda data, actor, at: ReassignForm(data, units=grading.designees(actor.district_id, at=at)),
        lambda form, actor: form.cleaned_data,
        lambda risk, told, actor, at, version: grading.designate_lead(
            risk=risk, unit=told["unit"], reason=told["reason"], actor=actor, at=at, version=version
        ),
        "改由所选单位研判、交办和核查，未办结的时限一并转移，到期日不变；交办函已在办的先作废再改派。",
        lambda told: f"已改由{told['unit']}承办",
        "项",
        "改派所勾选的",
        "arrows-exchange",
        facet=Facet("现在的交办单位", "case__lead_unit", _units),
    )
)
