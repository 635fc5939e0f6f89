"""Deadlines follow events by the rule table. Called by the workflow only, under the case's row lock."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import OuterRef, Subquery

from audit.bulk import Entry, record_many
from audit.models import AuditEvent
from audit.services import SYSTEM
from deadlines import rules
from deadlines.calendar import WorkCalendar
from deadlines.events import Event
from deadlines.models import Deadline
from deadlines.terms import OnDate, due
from organisations.models import Unit
from records.models import Case


class LateReasonMissing(Exception):
    """A regulator's own term is met late and nobody said why."""

    def __init__(self, deadline: Deadline) -> None:
        self.deadline = deadline
        super().__init__(f"“{deadline.rule.label}”已于 {deadline.due_on} 到期，本机关时限不可延期，请写明逾期原因")


@dataclass(frozen=True)
class Effects:
    """What an event did to the clocks."""

    started: Sequence[Deadline]
    met: Sequence[Deadline]
    cancelled: Sequence[Deadline]


def apply_event(
    case: Case,
    event: AuditEvent,
    *,
    at: datetime,
    on: date | None = None,
    late_reason: str = "",
    closes: bool = False,
) -> Effects:
    """Start, meet and cancel what the rule table says for `event`; `closes` ends every clock that is left.

    `event` is the last one of the case. The case's `next_due_at` is set, to be saved with what else the act changed.
    `on` is the day that a date-based term takes from the act itself (治理期限). A clock that runs is not started again:
    a second conclusion does not give the regulator three fresh days.
    Raises LateReasonMissing when a regulator's own term is met, or ended by that regulator, late and without a reason.
    """
    starting = rules.started_by(event.name)
    met_keys = {r.key for r in rules.met_by(event.name)}
    cancel_keys = {r.key for r in rules.cancelled_by(event.name)}
    if not (starting or met_keys or cancel_keys or closes):
        return Effects(started=(), met=(), cancelled=())  # no rule speaks of it: every clock runs as it ran
    # The open ones, and those that ended but from whose first day a clock started now may go on.
    looking_back = [rule.key for rule in starting if rule.resumes or event.name in rule.reopened_by]
    wanted = Deadline.objects.open() | Deadline.objects.filter(rule_key__in=looking_back)
    clocks = list(wanted.filter(case=case).order_by("pk").select_for_update())
    open_ = [clock for clock in clocks if clock.is_open]
    met = [d for d in open_ if d.rule_key in met_keys]
    cancelled = [d for d in open_ if d not in met and (closes or d.rule_key in cancel_keys)]
    told = [_meet(deadline, at=at, late_reason=late_reason) for deadline in met]
    told += [_cancel(deadline, event, at=at, late_reason=late_reason) for deadline in cancelled]
    running = {d.rule_key for d in open_ if d.is_open}
    started = []
    if starting := [rule for rule in starting if rule.key not in running]:
        calendar = WorkCalendar.load()
        for rule in starting:
            first = _first_day(rule, event, clocks, at) or at
            started.append(_start(case, rule, event, calendar, started_at=first, on=on))
    _keep_ended([*met, *cancelled])
    told += _keep_started(started, event)
    record_many(told, by=SYSTEM, at=at, after=event)
    case.next_due_at = _nearest([*clocks, *started])
    return Effects(started=started, met=met, cancelled=cancelled)


def apply_to_each(
    case: Case,
    event: AuditEvent,
    *,
    rule: rules.Response,
    owners: Mapping[str, Unit] | None = None,
    done: Collection[str] = (),
    ended: Collection[str] = (),
    at: datetime,
) -> None:
    """The same for a rule that several owe at once, each under an occurrence of its own: the addressees of a letter.

    `owners` start, `done` are met, what else is `ended` is cancelled. Saves the case's `next_due_at`.
    """
    clocks = list(Deadline.objects.open().filter(case=case).order_by("pk").select_for_update())
    started = []
    if owners:
        calendar = WorkCalendar.load()
        for occurrence, owner in owners.items():
            clock = _start(case, rule, event, calendar, started_at=at, owner=owner, occurrence=occurrence)
            started.append(clock)
    told = _keep_started(started, event)
    clocks += started
    over = [d for d in clocks if d.rule_key == rule.key and (d.occurrence in done or d.occurrence in ended)]
    for deadline in over:
        is_done = deadline.occurrence in done
        told.append(_meet(deadline, at=at) if is_done else _cancel(deadline, event, at=at))
    _keep_ended(over)
    record_many(told, by=SYSTEM, at=at, after=event)
    case.next_due_at = _nearest(clocks)
    case.save(update_fields=["next_due_at"])


def _start(
    case: Case,
    rule: rules.Response,
    event: AuditEvent,
    calendar: WorkCalendar,
    *,
    started_at: datetime,
    on: date | None = None,
    owner: Unit | None = None,
    occurrence: str = "",
) -> Deadline:
    version = rule.snapshot(case, started_at)
    term = version.within
    when = due(term, started_at=started_at, calendar=calendar, on=on)
    return Deadline(
        rule_key=rule.key,
        terms=str(term),
        rule_version=version.number,
        term_basis=version.basis,
        named_on=on if isinstance(term, OnDate) else None,
        case=case,
        occurrence=occurrence or str(event.case_seq),
        title=case.title,
        started_at=started_at,
        due_at=when.due_at,
        due_on=when.due_on,
        provisional=when.provisional,
        owner_unit=owner or rule.owed_by(case),
        supervising_unit=rule.supervised_by(case) if rule.supervised_by else None,
        responsible_unit_id=case.responsible_unit_id,
        township_id=case.township_id,
        district_id=case.district_id,
    )


def _first_day(rule: rules.Response, event: AuditEvent, clocks: Sequence[Deadline], at: datetime) -> datetime | None:
    """The moment from which a clock that ended goes on, if it does."""
    own = [clock for clock in clocks if clock.rule_key == rule.key]
    if event.name in rule.reopened_by:
        # What was done in time and then taken back was not done: the first day stays, and may lie past its due day.
        return next((clock.started_at for clock in reversed(own) if clock.met_at), None)
    if rule.resumes:
        # Ended before its time and started anew before its time: a conclusion corrected to blue and back to red does not
        # give three fresh days.
        return min((clock.started_at for clock in own if clock.cancelled_at and clock.due_at > at), default=None)
    return None


def _keep_started(started: Sequence[Deadline], event: AuditEvent) -> list[Entry]:
    Deadline.objects.bulk_create(started)
    return [
        _entry(
            Event.STARTED,
            deadline,
            clause=deadline.rule.clause,
            terms=deadline.terms,
            basis=deadline.term_basis,
            provisional=deadline.provisional,
            from_seq=event.case_seq,
        )
        for deadline in started
    ]


def _keep_ended(deadlines: Sequence[Deadline]) -> None:
    Deadline.objects.bulk_update(deadlines, ["met_at", "cancelled_at", "cancel_reason", "late_reason"])


def _meet(deadline: Deadline, *, at: datetime, late_reason: str = "") -> Entry:
    late = at >= deadline.due_at
    if late and deadline.rule.is_own_term and not late_reason:
        raise LateReasonMissing(deadline)
    deadline.met_at = at
    deadline.late_reason = late_reason if late else ""
    return _entry(Event.MET, deadline, late=late, reason=deadline.late_reason)


def _cancel(deadline: Deadline, event: AuditEvent, *, at: datetime, late_reason: str = "") -> Entry:
    """Ending a clock does not hide that it had run out: who owed it says why, another's act leaves it late without one."""
    late = at >= deadline.due_at
    own_act = event.unit_id == deadline.owner_unit_id
    if late and own_act and deadline.rule.is_own_term and not late_reason:
        raise LateReasonMissing(deadline)
    deadline.cancelled_at = at
    deadline.cancel_reason = event.label
    deadline.late_reason = late_reason if late else ""
    return _entry(Event.CANCELLED, deadline, late=late, reason=deadline.cancel_reason, late_reason=deadline.late_reason)


def _entry(name: str, deadline: Deadline, **said: Any) -> Entry:
    data = {"rule": deadline.rule_key, "label": deadline.rule.label, "due_on": deadline.due_on}
    return Entry(name, deadline.case_id, ("deadline", deadline.pk), data | said)


def _nearest(clocks: Iterable[Deadline]) -> datetime | None:
    """The spine's copy of the nearest due moment that a clock runs to, which registers sort by."""
    return min((clock.due_at for clock in clocks if clock.is_running), default=None)


def refresh_next_due(case: Case) -> None:
    """After a clock was moved by itself: `_nearest`, asked and kept in one statement."""
    running = Deadline.objects.running().filter(case=OuterRef("pk")).order_by("due_at")
    Case.objects.filter(pk=case.pk).update(next_due_at=Subquery(running.values("due_at")[:1]))


def move_owner(case: Case, before: Unit, after: Unit) -> None:
    """The open clocks of `case` that `before` owes or presses on go over to `after`, with their due dates unchanged.

    Who answers for the case stays: the bureau that hands its own risk to another department is still the one responsible.
    """
    open_ = Deadline.objects.open().filter(case=case)
    open_.filter(owner_unit=before).update(owner_unit=after)
    open_.filter(supervising_unit=before).update(supervising_unit=after)
