"""批量接收、退回报送: what was filed to the own unit (X5, X8)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from deadlines import rules
from deadlines.batches import Batch, Facet, Shown, register
from deadlines.forms.batches import SignedDecisionForm
from deadlines.models import Filing, FilingState, Report
from deadlines.services import filings
from organisations.actors import Actor
from organisations.roles import Right
from records.services.signing import confirmed


def _waiting(actor: Actor, at: datetime) -> QuerySet[Filing]:
    """Never what the own person filed."""
    own = Report.objects.filter(by=actor.post.person_id).values("filing")
    found = Filing.objects.filter(case__lead_unit=actor.unit_id, case__state=FilingState.FILED).exclude(pk__in=own)
    return found.select_related("case__responsible_unit", "case__district", "owner_unit").order_by("last_on", "pk")


def _shown(filing: Filing) -> Shown:
    return Shown(filing.case.title, reverse("filings:filing", args=[filing.pk]), str(filing.owner_unit))


def _told(form: Any, actor: Actor) -> Mapping[str, Any]:
    back = form.sends_back
    hand = None if back else confirmed(form.hand(), actor)
    return {"back": back, "note": form.cleaned_data["note"].strip(), "hand": hand}


def _perform(filing: Filing, told: Mapping[str, Any], actor: Actor, at: datetime, version: int) -> object:
    common: dict[str, Any] = {"filing": filing, "actor": actor, "at": at, "version": version}
    if told["back"]:
        return filings.return_report(**common, reason=told["note"])
    return filings.receive_report(**common, hand=told["hand"])


def _rules(keys: Iterable[Any]) -> Mapping[Any, str]:
    return {key: rules.rule(key).label for key in keys}


register(
    Batch(
        "receive_filings",
        "批量接收报送",
        Right.RECEIVE_FILING,
        _waiting,
        _shown,
        lambda data, actor, at: SignedDecisionForm(data, agree="接收", back="退回重报"),
        _told,
        _perform,
        "接收的逐件签收、本期办结；退回的限期重报，报送件留存。请先点开看过再勾选。",
        lambda told: "已退回重报" if told["back"] else "已接收",
        "项",
        "办理所勾选的",
        "clipboard-check",
        facet=Facet("事项", "rule_key", _rules),
    )
)
