"""One act on many things: all that can be done is done in one transaction, the rest says why not (X8)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from deadlines.batches import REFUSALS, Batch
from organisations.actors import Actor
from records.calendar_lock import held
from records.models import Case


@dataclass
class Outcome:
    done: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)  # title, why not


@transaction.atomic
def act_on_all(
    batch: Batch, picked: Mapping[int, int], *, told: Mapping[str, Any], actor: Actor, at: datetime
) -> Outcome:
    """`picked` are row ids with the version of the case each was shown at. A server that dies in between has done nothing."""
    rows = list(batch.waiting(actor, at).filter(pk__in=picked))
    # All the cases before the first act, in one order: a number series that is taken early never waits for a case.
    list(held(Case.objects.select_for_update(of=("self",))).filter(pk__in=[r.case.pk for r in rows]).order_by("pk"))
    outcome = Outcome()
    for row in rows:
        try:
            with transaction.atomic():
                batch.perform(row, told, actor, at, picked[row.pk])
        except REFUSALS as refusal:
            outcome.refused.append((batch.shown(row).title, str(refusal)))
        else:
            outcome.done += 1
    if gone := len(picked) - len(rows):
        outcome.refused.append((f"另有 {gone} {batch.unit}", "已由别人办理，或不再由您办理"))
    return outcome
