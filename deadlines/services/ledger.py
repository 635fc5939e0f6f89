"""Deadlines follow events by the rule table. Called by the workflow only, under the case's row lock."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Min

from audit.models import AuditEvent
from audit.services import SYSTEM, record
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

    `on` is the day that a date-based term takes from the act itself (治理期限). A clock that runs is not started again:
    a second conclusion does not give the regulator three fresh days.
    Raises LateReasonMissing when a regulator's own term is met, or ended by that regulator, late and without a reason.
    """
    open_ = list(Deadline.objects.open().filter(case=case).select_for_update())
    met_keys = {r.key for r in rules.met_by(event.name)}
    cancel_keys = {r.key for r in rules.cancelled_by(event.name)}
    met = [d for d in open_ if d.rule_key in met_keys]
    cancelled = [d for d in open_ if d not in met and (closes or d.rule_key in cancel_keys)]
    for deadline in met:
        _meet(deadline, at=at, late_reason=late_reason)
    for deadline in cancelled:
        own_act = event.unit_id == deadline.owner_unit_id
        _cancel(deadline, at=at, reason=event.label, late_reason=late_reason, own_act=own_act)
    running = {d.rule_key for d in open_ if d not in met and d not in cancelled}
    starting = [rule for rule in rules.started_by(event.name) if rule.key not in running]
    started = [_start(case, rule, event, at=at, on=on) for rule in starting]
    if started or met or cancelled:
        refresh_next_due(case)
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

    `owners` start, `done` are met, what else is `ended` is cancelled.
    """
    for occurrence, owner in (owners or {}).items():
        _start(case, rule, event, at=at, on=None, owner=owner, occurrence=occurrence)
    for deadline in Deadline.objects.open().filter(case=case, rule_key=rule.key).select_for_update():
        if deadline.occurrence in done:
            _meet(deadline, at=at, late_reason="")
        elif deadline.occurrence in ended:
            own_act = event.unit_id == deadline.owner_unit_id
            _cancel(deadline, at=at, reason=event.label, late_reason="", own_act=own_act)
    refresh_next_due(case)


def _start(
    case: Case,
    rule: rules.Response,
    event: AuditEvent,
    *,
    at: datetime,
    on: date | None,
    owner: Unit | None = None,
    occurrence: str = "",
) -> Deadline:
    started_at = (_reopened(case, rule) if event.name in rule.reopened_by else _first_start(case, rule, at)) or at
    version = rule.snapshot(case, started_at)
    term = version.within
    when = due(term, started_at=started_at, calendar=WorkCalendar.load(), on=on)
    deadline = Deadline.objects.create(
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
    data = {"rule": rule.key, "label": rule.label, "clause": rule.clause, "terms": str(term), "basis": version.basis}
    record(
        Event.STARTED,
        by=SYSTEM,
        at=at,
        case_id=case.pk,
        subject=("deadline", deadline.pk),
        data=data | {"due_on": deadline.due_on, "provisional": deadline.provisional, "from_seq": event.case_seq},
    )
    return deadline


def _reopened(case: Case, rule: rules.Response) -> datetime | None:
    """What was done in time and then taken back was not done: the first day stays, and may lie past its due day."""
    done = Deadline.objects.filter(case=case, rule_key=rule.key, met_at__isnull=False)
    return done.order_by("-id").values_list("started_at", flat=True).first()


def _first_start(case: Case, rule: rules.Response, at: datetime) -> datetime | None:
    """When a clock that was ended before its time is started anew before its time: its own first moment.

    A conclusion corrected to blue and back to red does not give three fresh days.
    """
    if not rule.resumes:
        return None
    ended = Deadline.objects.filter(case=case, rule_key=rule.key, cancelled_at__isnull=False, due_at__gt=at)
    return ended.order_by("started_at").values_list("started_at", flat=True).first()


def _meet(deadline: Deadline, *, at: datetime, late_reason: str) -> None:
    if at >= deadline.due_at and deadline.rule.is_own_term and not late_reason:
        raise LateReasonMissing(deadline)
    deadline.met_at = at
    deadline.late_reason = late_reason if at >= deadline.due_at else ""
    deadline.save(update_fields=["met_at", "late_reason"])
    record(
        Event.MET,
        by=SYSTEM,
        at=at,
        case_id=deadline.case_id,
        subject=("deadline", deadline.pk),
        data={
            "rule": deadline.rule_key,
            "label": deadline.rule.label,
            "due_on": deadline.due_on,
            "late": at >= deadline.due_at,
            "reason": deadline.late_reason,
        },
    )


def _cancel(deadline: Deadline, *, at: datetime, reason: str, late_reason: str, own_act: bool) -> None:
    """Ending a clock does not hide that it had run out: who owed it says why, another's act leaves it late without one."""
    late = at >= deadline.due_at
    if late and own_act and deadline.rule.is_own_term and not late_reason:
        raise LateReasonMissing(deadline)
    deadline.cancelled_at = at
    deadline.cancel_reason = reason
    deadline.late_reason = late_reason if late else ""
    deadline.save(update_fields=["cancelled_at", "cancel_reason", "late_reason"])
    record(
        Event.CANCELLED,
        by=SYSTEM,
        at=at,
        case_id=deadline.case_id,
        subject=("deadline", deadline.pk),
        data={
            "rule": deadline.rule_key,
            "label": deadline.rule.label,
            "due_on": deadline.due_on,
            "reason": reason,
            "late": late,
            "late_reason": deadline.late_reason,
        },
    )


def refresh_next_due(case: Case) -> None:
    """The spine's copy of the nearest due moment that a clock runs to, which registers sort by."""
    case.next_due_at = Deadline.objects.running().filter(case=case).aggregate(nearest=Min("due_at"))["nearest"]
    case.save(update_fields=["next_due_at"])


def move_owner(case: Case, before: Unit, after: Unit) -> None:
    """The open clocks of `case` that `before` owes or presses on go over to `after`, with their due dates unchanged.

    Who answers for the case stays: the bureau that hands its own risk to another department is still the one responsible.
    """
    open_ = Deadline.objects.open().filter(case=case)
    open_.filter(owner_unit=before).update(owner_unit=after)
    open_.filter(supervising_unit=before).update(supervising_unit=after)
