"""Asking that a clock be extended, stopped or started again, and deciding it: two persons, one entry in the ledger (X5)."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from audit.services import record
from deadlines import adjusting
from deadlines.adjusting import asked_words
from deadlines.calendar import WorkCalendar
from deadlines.events import ADJUSTED
from deadlines.models import AdjustmentKind, Deadline, LedgerEntry, LedgerRequest
from deadlines.replay import Unreplayable, replay
from deadlines.rules import Extension
from deadlines.services.ledger import refresh_next_due
from deadlines.services.notices import tell_person
from deadlines.terms import parse
from deadlines.workflow import Refused, Workflow
from organisations.actors import Actor
from organisations.models import Person
from records.models import Case
from records.services.attachments import attach_all
from records.services.signing import Hand, sign

K = AdjustmentKind


class AdjustmentRefused(Refused):
    """Refused for what stands in one field of the form."""

    def __init__(self, message: str, field: str = "") -> None:
        self.field = field
        super().__init__(message)


@transaction.atomic
def request_adjustment(
    *,
    deadline: Deadline,
    kind: str,
    reason: str,
    amount: int | None = None,
    new_on: date | None = None,
    ground: str = "",
    evidence: Iterable[UploadedFile] = (),
    actor: Actor,
    at: datetime,
    version: int | None = None,
) -> LedgerRequest:
    """Ask for an extension (by `amount` in the unit of the rule's limit, or to `new_on`), a suspension or a resumption.

    Raises Refused (Overtaken when another person was faster), FileRefused.
    """
    case = Workflow.lock(deadline.case, version=version)
    deadline = _fresh(deadline)
    calendar = WorkCalendar.load()
    waiting = open_request(deadline)
    if why := adjusting.ask_refusal(deadline, kind, actor, at=at, calendar=calendar, waiting=waiting):
        raise Refused(why)
    length = ""
    if kind == K.EXTEND:
        extension = deadline.rule.extension
        assert extension is not None
        length, new_on = _asked(deadline, extension, calendar, amount=amount, new_on=new_on)
    elif kind == K.SUSPEND and (deadline.rule.suspension is None or ground not in deadline.rule.suspension.grounds):
        raise AdjustmentRefused("请选择规则列明的中止事由", "ground")
    request = LedgerRequest(
        deadline=deadline,
        kind=kind,
        length=length,
        new_on=new_on if kind == K.EXTEND else None,
        ground=ground if kind == K.SUSPEND else "",
        reason=reason,
        requested_by=actor.person,
        requested_post=actor.post,
        requested_at=at,
    )
    data = _told(request) | {"due_on": deadline.due_on}
    subject = ("deadline", deadline.pk)
    event = record(ADJUSTED[kind][0], by=actor.stamp, at=at, case_id=case.pk, subject=subject, data=data)
    purpose = f"{K(kind).label}申请"
    kept = attach_all(evidence, case=case, purpose=purpose, actor=actor, at=at, case_seq=event.case_seq)
    request.attachment = kept[0] if kept else None
    request.save()
    _acted_on(case)
    return request


@transaction.atomic
def decide_adjustment(
    *,
    request: LedgerRequest,
    approve: bool,
    note: str,
    hand: Hand,
    amount: int | None = None,
    new_on: date | None = None,
    actor: Actor,
    at: datetime,
    version: int | None = None,
) -> LedgerRequest:
    """Approve (an extension possibly for less than was asked: `amount` or `new_on`) or refuse, with a signature.

    Raises Refused (Overtaken when another person was faster), SignatureRefused.
    """
    case = Workflow.lock(request.deadline.case, version=version)
    deadline = _fresh(request.deadline)
    request = LedgerRequest.objects.select_related("requested_by", "requested_post", "decided_by").get(pk=request.pk)
    request.deadline = deadline
    if why := adjusting.decide_refusal(request, actor):
        raise Refused(why)
    if not approve and not note.strip():
        raise AdjustmentRefused("不同意的，请写明理由", "note")
    length, day = request.length, request.new_on
    if approve and request.kind == K.EXTEND:
        length, day = _granted(request, amount=amount, new_on=new_on)
    was_on = deadline.due_on
    content = _told(request) | {
        "number": case.number,
        "request": request.pk,
        "approved": approve,
        "granted_length": length if approve else "",
        "granted_on": day if approve else None,
        "note": note,
        "due_on": was_on,
    }
    purpose = f"审批{request.get_kind_display()}申请"
    request.signature = sign(case=case, purpose=purpose, content=content, hand=hand, actor=actor, at=at)
    request.decided_by, request.decided_at = actor.person, at
    request.is_approved, request.decision_note = approve, note
    request.save()
    if approve:
        _enter(request, length=length, new_on=day, decided_by=actor.person, at=at)
        refresh_next_due(case)
    _, granted, refused = ADJUSTED[request.kind]
    record(
        granted if approve else refused,
        by=actor.stamp,
        at=at,
        case_id=case.pk,
        subject=("deadline", deadline.pk),
        data=content | {"signature": request.signature.pk, "new_due_on": deadline.due_on},
    )
    _acted_on(case)
    _tell_applicant(request, at=at)
    return request


def open_request(deadline: Deadline) -> LedgerRequest | None:
    return deadline.requests.filter(decided_at=None).select_related("requested_by").first()


def _fresh(deadline: Deadline) -> Deadline:
    """The clock as it is under the case's lock, which everything that moves it takes."""
    found = Deadline.objects.select_for_update(of=("self",))
    return found.select_related("district", "owner_unit", "supervising_unit", "case").get(pk=deadline.pk)


def _asked(
    deadline: Deadline, extension: Extension, calendar: WorkCalendar, *, amount: int | None, new_on: date | None
) -> tuple[str, date | None]:
    """What is asked for as the ledger keeps it; within the rule's limit."""
    if adjusting.is_by_date(deadline):
        last = adjusting.last_day(deadline, extension, calendar)
        if new_on is None or not deadline.due_on < new_on <= last:
            raise AdjustmentRefused(f"延期后的日期须晚于 {deadline.due_on}，最迟 {last}", "new_on")
        return "", new_on
    left = adjusting.left_to_extend(deadline, extension, adjusting.ledger(deadline, calendar))
    if amount is None or not 1 <= amount <= left:
        raise AdjustmentRefused(f"请填写 1 至 {left} 的整数", "amount")
    return adjusting.length_of(extension.at_most, amount), None


def _granted(request: LedgerRequest, *, amount: int | None, new_on: date | None) -> tuple[str, date | None]:
    """What was asked for, or less."""
    if request.new_on:
        day, before = new_on or request.new_on, request.deadline.due_on
        if not before < day <= request.new_on:
            raise AdjustmentRefused(f"须晚于 {before}，不晚于申请的 {request.new_on}", "new_on")
        return "", day
    asked = parse(request.length)
    most = adjusting.amount_of(asked)
    chosen = most if amount is None else amount
    if not 1 <= chosen <= most:
        raise AdjustmentRefused(f"请填写 1 至 {most} 的整数，不能多于申请的", "amount")
    return adjusting.length_of(asked, chosen), None


def _enter(request: LedgerRequest, *, length: str, new_on: date | None, decided_by: Person, at: datetime) -> None:
    """Write the entry and let the clock follow. A suspension begins on the day it was asked for, whoever is slow."""
    deadline = request.deadline
    LedgerEntry.objects.create(
        deadline=deadline,
        request=request,
        kind=request.kind,
        effective_at=request.requested_at if request.kind == K.SUSPEND else at,
        length=length,
        new_on=new_on,
        ground=request.ground,
        reason=request.reason,
        attachment=request.attachment,
        requested_by=request.requested_by,
        decided_by=decided_by,
        at=at,
    )
    entries = list(deadline.entries.all())
    try:
        when = replay(deadline, entries, WorkCalendar.load())
    except Unreplayable as error:
        raise Refused(str(error)) from error
    deadline.due_on, deadline.due_at, deadline.provisional = when.due_on, when.due_at, when.provisional
    deadline.is_adjusted = True
    deadline.suspended_at = entries[-1].effective_at if request.kind == K.SUSPEND else None
    deadline.save(update_fields=["due_on", "due_at", "provisional", "is_adjusted", "suspended_at"])


def _acted_on(case: Case) -> None:
    case.version += 1
    case.save(update_fields=["version"])


def _told(request: LedgerRequest) -> dict[str, Any]:
    rule = request.deadline.rule
    return {
        "rule": rule.key,
        "label": rule.label,
        "asked": asked_words(request),
        "reason": request.reason,
        "by": request.requested_by.name,
    }


def _tell_applicant(request: LedgerRequest, *, at: datetime) -> None:
    deadline, what = request.deadline, request.get_kind_display()
    if not request.is_approved:
        text = f"{what}申请没有批准：{request.decision_note}"
    elif request.kind == K.SUSPEND:
        text = "已中止计时，恢复前不计逾期"
    else:
        text = f"{what}申请已批准，到期日为 {deadline.due_on}"
    kind = "extension" if request.kind == K.EXTEND else "suspension"
    tell_person(
        person=request.requested_by,
        post=request.requested_post,
        deadline=deadline,
        rung=f"{kind}-{request.pk}",
        text=text[:300],
        at=at,
    )
