"""What an act beside a case is: its form, what the form starts with, the sentence of what will happen, the ONE call."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from django import forms

from deadlines.models import Deadline
from organisations.actors import Actor
from organisations.models import Unit
from records.models import Letter
from risks.models import ExitProposal, RiskPoint, Verification
from risks.services.closure import waiting_verification
from risks.services.exits import open_proposal


@dataclass(frozen=True)
class Context:
    """What an act's form is built from.

    What several acts ask of the case is read once; the service that acts judges again, under the case's lock.
    """

    risk: RiskPoint
    actor: Actor
    at: datetime
    letter: Letter | None

    @property
    def responsible(self) -> Unit:
        return self.risk.case.responsible_unit

    @cached_property
    def waiting(self) -> Verification | None:
        """The conclusion that waits for signatures."""
        return waiting_verification(self.risk)

    @cached_property
    def proposal(self) -> ExitProposal | None:
        """The exit that waits for approval."""
        return open_proposal(self.risk)

    def owes_late(self) -> bool:
        """Some clock of the regulator's own has run out on this case."""
        late = Deadline.objects.open().filter(case=self.risk.pk, owner_unit=self.actor.unit_id, due_at__lte=self.at)
        return any(deadline.rule.is_own_term for deadline in late)

    def is_late(self, rule_key: str) -> bool:
        """The regulator's own clock of this act has run out."""
        return Deadline.objects.open().filter(case=self.risk.pk, rule_key=rule_key, due_at__lte=self.at).exists()


@dataclass(frozen=True)
class Act:
    label: str
    form: type[forms.Form]
    perform: Callable[[Context, Any, int | None], object]
    will: Callable[[Context], str]
    done: str
    arguments: Callable[[Context], dict[str, Any]] = field(default=lambda c: {})
    initial: Callable[[Context], dict[str, Any]] = field(default=lambda c: {})
    submit_label: str = ""
    letter_step: str = ""  # the act is a step of the handover letter (records/letters/flow.py)
    known: Callable[[Context], list[dict[str, Any]]] = field(default=lambda c: [])
    # Whose signed paper may be keyed in instead: the responsible unit's ("party"), or the actor's own ("own").
    on_paper: str = ""


def common(c: Context, version: int | None) -> dict[str, Any]:
    return {"risk": c.risk, "actor": c.actor, "at": c.at, "version": version}


def variant(c: Context) -> dict[str, Any]:
    return {"ls_variant": c.risk.case.district.profile.get("grading", {}).get("ls_variant", "A")}
