"""Dated events in an enterprise's life (X1): who proposes, who confirms, and what then becomes true in one transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from django.db import transaction

from audit.clock import local_date
from audit.services import record
from organisations.actors import Actor
from organisations.events import Event
from organisations.models import Enterprise, EnterpriseChange, Territory, Unit
from organisations.roles import Right, Scope, UnitKind
from organisations.services.change_checks import before_and_after, check_successor
from organisations.services.enterprises import RegistryRefused

Kind = EnterpriseChange.Kind
State = EnterpriseChange.State


class Hat(Enum):
    ENTERPRISE = "企业自己"
    TOWNSHIP = "所在乡街"
    RECEIVING_TOWNSHIP = "迁入乡街"
    BUREAU = "应急管理局"
    COMMITTEE = "安委办"


@dataclass(frozen=True)
class Rule:
    proposes: tuple[Hat, ...]
    confirms: Hat
    event: Event


# Who may do which. Proposer and confirmer are always two persons, whatever hats they wear.
#   what                      who proposes                                                who confirms
RULES: dict[str, Rule] = {
    Kind.RENAME: Rule((Hat.ENTERPRISE, Hat.TOWNSHIP, Hat.COMMITTEE, Hat.BUREAU), Hat.BUREAU, Event.ENTERPRISE_RENAMED),
    Kind.MERGE: Rule((Hat.ENTERPRISE, Hat.TOWNSHIP, Hat.COMMITTEE, Hat.BUREAU), Hat.BUREAU, Event.ENTERPRISE_MERGED),
    Kind.STATUS: Rule((Hat.ENTERPRISE, Hat.TOWNSHIP, Hat.BUREAU), Hat.TOWNSHIP, Event.ENTERPRISE_STATUS),
    Kind.MOVE: Rule((Hat.TOWNSHIP, Hat.BUREAU), Hat.RECEIVING_TOWNSHIP, Event.ENTERPRISE_MOVED),
    Kind.SUPERIOR: Rule((Hat.TOWNSHIP, Hat.COMMITTEE, Hat.BUREAU), Hat.BUREAU, Event.ENTERPRISE_SUPERIOR),
}


@dataclass(frozen=True)
class Move:
    """What upper apps must follow: open rows of `from_unit` now belong to `to_unit` in `to_township`.

    A merger has two units; a move between townships has the same unit twice and another township.
    """

    change: EnterpriseChange
    from_unit: Unit
    to_unit: Unit
    to_township: Territory


# (move, actor=, at=) -> one Chinese sentence for the people ("3 个未结案卷已移交"), or "".
MoveHandler = Callable[..., str]
_move_handlers: list[MoveHandler] = []


def on_move(handler: MoveHandler) -> MoveHandler:
    """Upper apps register, in `AppConfig.ready`, how their rows follow. Called in the transaction of the confirmation."""
    if handler not in _move_handlers:
        _move_handlers.append(handler)
    return handler


def wears(
    hat: Hat, actor: Actor, enterprise: Enterprise, to_township_id: int | None, *, confirming: bool = False
) -> bool:
    if enterprise.unit.district_id != actor.district_id:
        return False
    township_right = Right.CONFIRM_STATUS if confirming else Right.EDIT_ENTERPRISES
    in_township = actor.scope == Scope.TERRITORY and actor.may(township_right)
    match hat:
        case Hat.ENTERPRISE:
            return actor.scope == Scope.OWN and actor.unit_id == enterprise.unit_id
        case Hat.TOWNSHIP:
            return in_township and actor.unit.territory_id == enterprise.township_id
        case Hat.RECEIVING_TOWNSHIP:
            return in_township and to_township_id is not None and actor.unit.territory_id == to_township_id
        case Hat.BUREAU:
            return actor.unit.kind == UnitKind.BUREAU and actor.may(Right.EDIT_ENTERPRISES)
        case Hat.COMMITTEE:
            return actor.unit.kind == UnitKind.COMMITTEE and actor.may(Right.EDIT_ENTERPRISES)


def may_propose(kind: str, actor: Actor, enterprise: Enterprise) -> bool:
    return any(wears(hat, actor, enterprise, None) for hat in RULES[kind].proposes)


def may_decide(change: EnterpriseChange, actor: Actor) -> bool:
    """This post may confirm or refuse it: the right hat, and not the proposer's own proposal."""
    return (
        change.state == State.PROPOSED
        and change.proposed_by_id != actor.post.person_id
        and wears(RULES[change.kind].confirms, actor, change.enterprise, change.to_township_id, confirming=True)
    )


def open_change(enterprise: Enterprise) -> EnterpriseChange | None:
    return (
        EnterpriseChange.objects.filter(enterprise=enterprise, state=State.PROPOSED)
        .select_related("enterprise__unit", "proposed_by", "to_unit", "to_township")
        .first()
    )


@transaction.atomic
def propose_change(
    *,
    enterprise: Enterprise,
    kind: str,
    effective_on: date,
    actor: Actor,
    at: datetime,
    name: str = "",
    to_unit: Unit | None = None,
    to_township: Territory | None = None,
    to_operation: str = "",
    document: str = "",
    reason: str = "",
) -> EnterpriseChange:
    """Put one change forward. One at a time: what it says "before" must still be so when it is confirmed.

    By kind: `name` (rename), `to_unit` (merge: the successor; superior: who manages it now, may be None),
    `to_operation` (status), `to_township` (move).
    """
    enterprise = (
        Enterprise.objects.select_for_update(of=("self",)).select_related("unit", "township").get(pk=enterprise.pk)
    )
    if not may_propose(kind, actor, enterprise):
        who = "、".join(hat.value for hat in RULES[kind].proposes)
        raise RegistryRefused(f"{Kind(kind).label}由{who}提出")
    if enterprise.unit.succeeded_by_id:
        raise RegistryRefused(f"这家企业已并入{enterprise.unit.succeeded_by}，不能再变更")
    waiting = open_change(enterprise)
    if waiting is not None:
        raise RegistryRefused(
            f"{waiting.proposed_by}提出的{waiting.get_kind_display()}还在等{RULES[waiting.kind].confirms.value}确认，办完再提"
        )
    before, after = before_and_after(
        enterprise,
        kind,
        name=name,
        to_unit=to_unit,
        to_township=to_township,
        to_operation=to_operation,
        effective_on=effective_on,
    )
    change = EnterpriseChange.objects.create(
        enterprise=enterprise,
        kind=kind,
        effective_on=effective_on,
        before=before,
        after=after,
        to_unit=to_unit,
        from_township=enterprise.township if kind == Kind.MOVE else None,
        to_township=to_township if kind == Kind.MOVE else None,
        to_operation=to_operation if kind == Kind.STATUS else "",
        document=document,
        reason=reason,
        proposed_by=actor.person,
        proposed_at=at,
    )
    record(Event.CHANGE_PROPOSED, by=actor.stamp, at=at, subject=("enterprise", enterprise.pk), data=_told(change))
    return change


@transaction.atomic
def decide_change(*, change: EnterpriseChange, approve: bool, note: str, actor: Actor, at: datetime) -> list[str]:
    """Confirm (and apply, at once and whole) or refuse. Returns the sentences of what moved along."""
    enterprise = (
        Enterprise.objects.select_for_update(of=("self", "unit"))
        .select_related("unit", "township")
        .get(pk=change.enterprise_id)
    )
    change = EnterpriseChange.objects.select_related(
        "enterprise__unit", "proposed_by", "decided_by", "to_unit__enterprise__township", "to_township"
    ).get(pk=change.pk)
    change.enterprise = enterprise
    if change.state != State.PROPOSED:
        raise RegistryRefused(f"{change.decided_by}已处理：{change.get_kind_display()}{change.get_state_display()}")
    if change.proposed_by_id == actor.post.person_id:
        raise RegistryRefused("提出人不能自己确认")
    if not may_decide(change, actor):
        raise RegistryRefused(f"{change.get_kind_display()}由{RULES[change.kind].confirms.value}确认")
    if not approve and not note.strip():
        raise RegistryRefused("不通过须写明理由", "note")
    if approve and change.effective_on > local_date(at):
        raise RegistryRefused(f"生效日期是 {change.effective_on:%Y-%m-%d}，到日再确认", "approve")
    change.state = State.EFFECTIVE if approve else State.REJECTED
    change.decided_by, change.decided_at, change.decision_note = actor.person, at, note
    change.save(update_fields=["state", "decided_by", "decided_at", "decision_note"])
    moved = _apply(change, enterprise, actor=actor, at=at) if approve else []
    record(
        RULES[change.kind].event if approve else Event.CHANGE_REJECTED,
        by=actor.stamp,
        at=at,
        subject=("enterprise", enterprise.pk),
        data=_told(change) | {"note": note, "moved": moved},
    )
    return moved


def _apply(change: EnterpriseChange, enterprise: Enterprise, *, actor: Actor, at: datetime) -> list[str]:
    unit = enterprise.unit
    match change.kind:
        case Kind.RENAME:
            # A short name of the old name would go on naming it; a new one is entered with the other facts.
            unit.name, unit.short_name = change.after, ""
            unit.save(update_fields=["name", "short_name", "sort_key"])
        case Kind.STATUS:
            enterprise.operation = change.to_operation
            enterprise.save(update_fields=["operation"])
        case Kind.SUPERIOR:
            enterprise.is_higher_managed = not enterprise.is_higher_managed
            enterprise.save(update_fields=["is_higher_managed"])
            unit.superior = change.to_unit if enterprise.is_higher_managed else None
            unit.save(update_fields=["superior"])
        case Kind.MOVE:
            assert change.to_township is not None
            enterprise.township = unit.territory = change.to_township
            enterprise.save(update_fields=["township"])
            unit.save(update_fields=["territory"])
            return _follow(Move(change, unit, unit, change.to_township), actor=actor, at=at)
        case Kind.MERGE:
            assert change.to_unit is not None
            Enterprise.objects.select_for_update(of=("self",)).get(pk=change.to_unit_id)
            check_successor(enterprise, change.to_unit, change.effective_on)
            enterprise.operation = Enterprise.Operation.CLOSED
            enterprise.save(update_fields=["operation"])
            unit.valid_to, unit.succeeded_by = change.effective_on, change.to_unit
            unit.save(update_fields=["valid_to", "succeeded_by"])
            return _follow(Move(change, unit, change.to_unit, change.to_unit.enterprise.township), actor=actor, at=at)
    return []


def _follow(move: Move, *, actor: Actor, at: datetime) -> list[str]:
    return [sentence for handler in _move_handlers if (sentence := handler(move, actor=actor, at=at))]


def _told(change: EnterpriseChange) -> dict[str, object]:
    return {
        "kind": change.get_kind_display(),
        "before": change.before,
        "after": change.after,
        "effective_on": change.effective_on,
        "document": change.document,
        "reason": change.reason,
    }
