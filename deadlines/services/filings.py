"""Filing what is expected: reported and signed by whoever owes it, received or returned by whoever it goes to."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Exists, F, OuterRef

from audit.bulk import Entry, record_many
from audit.clock import local_date
from audit.services import Stamp
from deadlines.events import Event
from deadlines.filing_workflow import WORKFLOW
from deadlines.models import Deadline, Filing, FilingState, Report
from deadlines.models.filing import OWED_STATES
from deadlines.workflow import Refused
from organisations.actors import Actor
from organisations.models import Unit
from records.models import Case
from records.services.attachments import attach_all
from records.services.signing import Hand, sign

PURPOSE = "报送材料"


@transaction.atomic
def file_report(
    *,
    filing: Filing,
    text: str,
    hand: Hand,
    files: Iterable[UploadedFile] = (),
    late_reason: str = "",
    actor: Actor,
    at: datetime,
    version: int | None = None,
) -> Report:
    """Refused before the period is over where it is reported afterwards. Each filing is a version of its own."""
    case = WORKFLOW.lock(filing.case, version=version)
    if why := not_open_yet(filing, at):
        raise Refused(why)
    number = filing.reports.count() + 1
    content = {"rule": filing.rule_key, "period": filing.period, "number": number, "text": text}
    signature = sign(case=filing.case, purpose="报送", content=content, hand=hand, actor=actor, at=at)
    done = WORKFLOW.advance(
        filing.case,
        "file",
        actor=actor,
        at=at,
        locked=case,
        signed=signature,
        late_reason=late_reason,
        data={"number": number, "text": text, "late_reason": late_reason},
    )
    assert done.event.case_seq is not None
    attach_all(files, case=filing.case, purpose=PURPOSE, actor=actor, at=at, case_seq=done.event.case_seq)
    return Report.objects.create(
        filing=filing,
        number=number,
        text=text,
        by=actor.person,
        at=at,
        signature=signature,
        case_seq=done.event.case_seq,
    )


def not_open_yet(filing: Filing, at: datetime) -> str:
    if local_date(at) >= filing.opens_on:
        return ""
    return f"这一期尚未结束，{filing.opens_on:%Y-%m-%d} 起报送"


@transaction.atomic
def receive_report(*, filing: Filing, hand: Hand, actor: Actor, at: datetime, version: int | None = None) -> Report:
    """The receipt: signed over the very report that was received."""
    case = WORKFLOW.lock(filing.case, version=version)
    report = _waiting(filing)
    content = {"report": report.pk, "number": report.number, "digest": report.signature.digest}
    signature = sign(case=filing.case, purpose="接收报送", content=content, hand=hand, actor=actor, at=at)
    WORKFLOW.advance(
        filing.case,
        "receive",
        actor=actor,
        at=at,
        locked=case,
        signed=signature,
        data={"number": report.number},
    )
    report.outcome, report.decided_by, report.decided_at = Report.Outcome.RECEIVED, actor.person, at
    report.receipt = signature
    report.save(update_fields=["outcome", "decided_by", "decided_at", "receipt"])
    return report


@transaction.atomic
def return_report(*, filing: Filing, reason: str, actor: Actor, at: datetime, version: int | None = None) -> Report:
    """Back to whoever filed it, with the reason; what was filed stays as it was signed."""
    case = WORKFLOW.lock(filing.case, version=version)
    report = _waiting(filing)
    data = {"number": report.number, "reason": reason}
    WORKFLOW.advance(filing.case, "return", actor=actor, at=at, locked=case, data=data)
    report.outcome, report.decided_by, report.decided_at = Report.Outcome.RETURNED, actor.person, at
    report.return_reason = reason
    report.save(update_fields=["outcome", "decided_by", "decided_at", "return_reason"])
    return report


def _waiting(filing: Filing) -> Report:
    report = filing.reports.filter(outcome=Report.Outcome.WAITING).select_related("signature").first()
    if report is None:
        raise Refused("没有等待接收的报送件")
    return report


def lapse(ids: Sequence[int], *, reason: str, by: Stamp, at: datetime) -> int:
    """End filings that nobody owes any more, with their clocks: a fixed number of statements, two events per case.

    What was filed or ended in the meantime stays as it is. Returns how many lapsed.
    """
    if not ids:
        return 0
    cases = list(Case.objects.select_for_update(of=("self",)).filter(pk__in=ids, state__in=OWED_STATES).order_by("pk"))
    clocks = list(Deadline.objects.open().filter(case__in=cases).order_by("case", "pk"))
    Case.objects.filter(pk__in=[case.pk for case in cases]).update(
        state=FilingState.LAPSED, closed_on=local_date(at), next_due_at=None, version=F("version") + 1
    )
    Filing.objects.filter(case__in=cases).update(lapsed_at=at)
    Deadline.objects.filter(pk__in=[clock.pk for clock in clocks]).update(cancelled_at=at, cancel_reason=reason)
    entries = [
        Entry(
            Event.FILING_LAPSED,
            case.pk,
            ("", ""),
            {"reason": reason, "moved": {"state": [case.state, FilingState.LAPSED]}},
        )
        for case in cases
    ]
    entries += [
        Entry(
            Event.CANCELLED,
            clock.case_id,
            ("deadline", clock.pk),
            {
                "rule": clock.rule_key,
                "label": clock.rule.label,
                "due_on": clock.due_on,
                "reason": reason,
                "late": at >= clock.due_at,
                "late_reason": "",
            },
        )
        for clock in clocks
    ]
    record_many(entries, by=by, at=at)
    return len(cases)


def hand_over(from_unit: Unit, to_unit: Unit, *, by: Stamp, at: datetime) -> set[int]:
    """What `from_unit` still owes is owed by `to_unit`; where that owes the same period itself, once is enough.

    Called with the locks of the cases, before these change hands. What was filed keeps the name of who filed it.
    Returns the cases that ended here and need not go anywhere.
    """
    owed = Filing.objects.filter(owner_unit=from_unit, lapsed_at=None, case__state__in=OWED_STATES)
    its_own = Filing.objects.filter(
        owner_unit=to_unit, rule_key=OuterRef("rule_key"), period=OuterRef("period"), lapsed_at=None
    )
    doubled = list(owed.filter(Exists(its_own)).values_list("pk", flat=True))
    lapse(doubled, reason=f"由承接单位{to_unit}一并报送"[:120], by=by, at=at)
    owed.update(owner_unit=to_unit)
    return set(doubled)
