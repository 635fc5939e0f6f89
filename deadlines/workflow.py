"""The workflow: who may do what from which state is a table; `advance` is the only way a case changes state.

Each app declares `WORKFLOW = Workflow(kind, [Step(...), ...])` in its own workflow.py. `advance` locks the case, checks
the step, writes the audit event and lets the deadlines follow by the rule table, all in the caller's transaction.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from audit.acts import one_act
from audit.clock import SHANGHAI, local_date
from audit.models import AuditEvent
from audit.services import record
from deadlines.services.ledger import Effects, apply_event
from organisations.actors import Actor
from organisations.models import Person
from records.calendar_lock import held
from records.events import READINGS
from records.models import Case, Signature

Who = Callable[[Actor, Case], bool]


class Refused(Exception):
    """The act is not possible; the message says why in Chinese and is shown where the person stands."""


class Overtaken(Refused):
    """Somebody else acted on the case since the form was opened."""


@dataclass(frozen=True)
class Step:
    """One row: `action` leads from `sources` to `target` (None: the state stays), for whom `who` says yes.

    `who_label` is what a refused person reads. `hidden` steps are taken by other acts, never offered by themselves.
    `not_by` names persons who may not do it although their post may (nobody approves their own act).
    """

    action: str
    label: str
    sources: tuple[str, ...]
    target: str | None
    who: Who
    who_label: str
    event: str
    not_by: Callable[[Case], Iterable[int]] | None = None
    not_by_label: str = "不能办理自己经手的事项"
    closes: bool = False
    hidden: bool = False


@dataclass(frozen=True)
class Advanced:
    event: AuditEvent
    effects: Effects


class Workflow:
    def __init__(self, kind: str, states: type, steps: Sequence[Step]) -> None:
        self.kind = kind
        self.states = states
        self.steps = tuple(steps)
        self._by_action = {step.action: step for step in steps}
        if len(self._by_action) != len(self.steps):
            raise ValueError(f"{kind}: an action is declared twice")

    def step(self, action: str) -> Step:
        return self._by_action[action]

    def refusal(self, case: Case, action: str, actor: Actor) -> str:
        """Why `actor` may not do `action` now, in Chinese; "" when it is possible."""
        step = self._by_action[action]
        if case.state not in step.sources:
            return f"当前环节是“{self.state_label(case.state)}”，不能办理“{step.label}”"
        if actor.from_paper:  # states still hold; who acted stands on papers that two people have compared
            return ""
        if not step.who(actor, case):
            return f"“{step.label}”由{step.who_label}办理"
        if step.not_by and actor.post.person_id in set(step.not_by(case)):
            return step.not_by_label
        return ""

    def check(self, case: Case, action: str, actor: Actor) -> None:
        """Raises Refused where there is a `refusal`: asked of the locked case before anything is signed for the step."""
        if why := self.refusal(case, action, actor):
            raise Refused(why)

    def actions_for(self, case: Case, actor: Actor) -> list[Step]:
        """What `actor` can do on `case` now, in the order of the table."""
        return [s for s in self.steps if not s.hidden and not self.refusal(case, s.action, actor)]

    def state_label(self, state: str) -> str:
        return str(dict(self.states.choices).get(state, state))  # type: ignore[attr-defined]

    @staticmethod
    def lock(case: Case, *, version: int | None = None) -> Case:
        """Take the case's row lock, holding the calendar. With `version`, refuse when somebody acted since it was shown."""
        locked = (
            held(Case.objects.select_for_update(of=("self",)))
            .select_related("lead_unit", "responsible_unit", "district")
            .get(pk=case.pk)
        )
        if version is not None and locked.version != version:
            raise Overtaken(_who_was_faster(locked))
        return locked

    @one_act()
    def advance(
        self,
        case: Case,
        action: str,
        *,
        actor: Actor,
        at: datetime,
        version: int | None = None,
        locked: Case | None = None,
        signed: Signature | None = None,
        data: Mapping[str, Any] | None = None,
        changes: Mapping[str, Any] | None = None,
        event: str | None = None,
        on: date | None = None,
        late_reason: str = "",
        goes_on: bool = False,
    ) -> Advanced:
        """Take one step. `changes` are fields of the spine, `event` overrides the step's (an outcome known only now).

        `locked` is what `lock` gave, by whoever had to look before this step and wrote nothing else to the row since.
        With `goes_on` the act takes another step of the same `locked`, which writes the row for both.
        `signed` is what was signed for this step, just before it: the event names it and goes on from its number.
        Raises Refused (Overtaken when another person was faster), LateReasonMissing.
        """
        locked = locked or self.lock(case, version=version)
        self.check(locked, action, actor)
        step = self._by_action[action]
        before = {"state": locked.state, "level": locked.level}
        for name, value in (changes or {}).items():
            setattr(locked, name, value)
        if step.target:
            locked.state = step.target
        if step.closes:
            locked.closed_on = local_date(at)
        locked.version += 1
        now = {"state": locked.state, "level": locked.level}
        moved = {key: [before[key], now[key]] for key in before if before[key] != now[key]}
        said = dict(data or {}) | ({"signature": signed.pk} if signed else {}) | ({"moved": moved} if moved else {})
        written = record(
            event or step.event,
            by=actor.stamp,
            at=at,
            case_id=locked.pk,
            after=signed.event if signed else None,
            data=said,
        )
        effects = apply_event(locked, written, at=at, on=on, late_reason=late_reason, closes=step.closes)
        if not goes_on:
            locked.save()
        for name in ("state", "level", "version", "closed_on", "next_due_at", *(changes or {})):
            setattr(case, name, getattr(locked, name))
        return Advanced(event=written, effects=effects)


# Written beside an act, never the act itself.
_PART_OF_AN_ACT = ("records.attached", "records.signed", *READINGS)


def _who_was_faster(case: Case) -> str:
    acts = AuditEvent.objects.filter(case_id=case.pk, person_id__isnull=False).exclude(name__in=_PART_OF_AN_ACT)
    last = acts.order_by("-case_seq").first()
    if last is None:
        return "案卷已有变动，请刷新后再办"
    when = last.at.astimezone(SHANGHAI)
    return f"{last.actor_label}已于 {when:%m-%d %H:%M} 办理“{last.label}”，您填写的内容未提交，请核对后再办"


def persons(*values: Person | int | None) -> set[int]:
    """Ids of the persons named, for `not_by`."""
    return {v.pk if isinstance(v, Person) else v for v in values if v is not None}
