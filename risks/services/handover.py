"""Handover (交办): the letter to the responsible unit, met by its dispatch; its receipt, or service by leaving (三(二)2)."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.core.files.uploadedfile import UploadedFile

from audit.acts import one_act
from audit.clock import local_date
from audit.models import AuditEvent
from deadlines.workflow import Refused
from organisations.actors import Actor
from organisations.models import Post, Unit
from records.events import Event as RecordsEvent
from records.letters.content import LetterContent
from records.models import Case, Letter
from records.services import letters, sending
from records.services.refusals import LetterRefused
from records.services.signing import Hand, sign
from risks.letters import handover_content, handover_title
from risks.models import Grading, RiskPoint
from risks.workflow import WORKFLOW

ACTIVE = (
    Letter.State.DRAFT,
    Letter.State.SUBMITTED,
    Letter.State.COUNTERSIGNING,
    Letter.State.CHECKED,
    Letter.State.ISSUED,
    Letter.State.DISPATCHED,
)


def current_letter(risk: RiskPoint) -> Letter | None:
    """The handover letter on its way, if any."""
    return (
        Letter.objects.filter(case=risk.pk, kind=Letter.Kind.RISK_HANDOVER, state__in=ACTIVE)
        .select_related("issuer__district", "recipient", "drafted_by", "checker__person", "case__district")
        .first()
    )


def refuse_while_on_its_way(risk: RiskPoint) -> None:
    """A grade or an exit does not change under a handover letter that is being written, checked or sealed."""
    letter = current_letter(risk)
    if letter is not None and letter.state != Letter.State.DISPATCHED:
        raise Refused(f"交办函在“{letter.get_state_display()}”环节，请先作废交办函")


def unfit_due_on(due_on: date, *, at: datetime) -> str:
    """Why a treatment cannot be due on that day, or ""."""
    today = local_date(at)
    if due_on <= today:
        return "治理期限须晚于今天"
    return "治理期限最长三年，请核对年份" if due_on.year > today.year + 3 else ""


@one_act()
def draft_handover(
    *,
    risk: RiskPoint,
    copies_to: str,
    requirements: str,
    due_on: date,
    actor: Actor,
    at: datetime,
    checker: Post | None = None,
    countersigners: Sequence[Unit | Post] | None = None,
    version: int | None = None,
) -> Letter:
    """Write the draft; with `checker`, hand it in for checking at once."""
    case = _lock(risk, version)
    WORKFLOW.check(case, "draft_handover", actor)
    if why := unfit_due_on(due_on, at=at):
        raise LetterRefused(why, field="due_on")
    letter = current_letter(risk)
    letter = letters.draft_letter(
        case=case,
        kind=Letter.Kind.RISK_HANDOVER,
        recipient=case.responsible_unit,
        copies_to=copies_to,
        title=handover_title(case),
        requirements=requirements,
        due_on=due_on,
        actor=actor,
        at=at,
        letter=letter,
        replaces=None if letter else _recalled(case),
        countersigners=countersigners,
    )
    return letters.submit_letter(letter, checker=checker, actor=actor, at=at) if checker else letter


@one_act()
def check_handover(*, risk: RiskPoint, actor: Actor, at: datetime, version: int | None = None) -> Letter:
    _lock(risk, version)
    return letters.check_letter(_letter(risk), actor=actor, at=at)


@one_act()
def return_handover(*, risk: RiskPoint, note: str, actor: Actor, at: datetime, version: int | None = None) -> Letter:
    _lock(risk, version)
    return letters.return_letter(_letter(risk), note=note, actor=actor, at=at)


@one_act()
def issue_handover(
    *,
    risk: RiskPoint,
    actor: Actor,
    at: datetime,
    dispatch: bool = True,
    version: int | None = None,
    late_reason: str = "",
    number: str = "",
) -> Letter:
    """Sign the letter out: freeze, number, and (unless it waits for the seal) dispatch in the same act."""
    case = _lock(risk, version)
    letter = _letter(risk)
    _still_ahead(letter, at)
    content = content_of(letter, risk)
    letters.issue_letter(letter, content=content, actor=actor, at=at, number=number, goes_on=dispatch)
    return _dispatch(risk, case, letter, actor=actor, at=at, late_reason=late_reason) if dispatch else letter


@one_act()
def dispatch_handover(
    *, risk: RiskPoint, actor: Actor, at: datetime, version: int | None = None, late_reason: str = ""
) -> Letter:
    """Send the issued letter. This is what the law's three working days ask for; receipt and treatment start here."""
    case = _lock(risk, version)
    return _dispatch(risk, case, _letter(risk), actor=actor, at=at, late_reason=late_reason)


@one_act()
def receive_handover(*, risk: RiskPoint, hand: Hand, actor: Actor, at: datetime, version: int | None = None) -> Letter:
    case = _lock(risk, version)
    letter = _letter(risk)
    WORKFLOW.check(case, "receive", actor)
    content = {"letter": letter.number, "digest": letter.content_digest, "received_by": case.responsible_unit.name}
    receipt = sign(case=case, purpose="签收交办函", content=content, hand=hand, actor=actor, at=at)
    sending.receive_letter(letter, receipt=receipt, actor=actor, at=at, goes_on=True)
    letter.save()
    WORKFLOW.advance(
        risk.case, "receive", actor=actor, at=at, locked=case, signed=receipt, data={"number": letter.number}
    )
    return letter


@one_act()
def leave_handover(
    *,
    risk: RiskPoint,
    refusal_reason: str,
    witnesses: Sequence[str],
    photos: Iterable[UploadedFile],
    actor: Actor,
    at: datetime,
    version: int | None = None,
) -> Letter:
    """留置送达 when the recipient refuses or cannot sign: treatment goes on from here as if it had."""
    case = _lock(risk, version)
    WORKFLOW.check(case, "leave", actor)
    letter = _letter(risk)
    sending.leave_letter(
        letter,
        refusal_reason=refusal_reason,
        witnesses=witnesses,
        photos=photos,
        actor=actor,
        at=at,
        goes_on=True,
    )
    letter.save()
    data = {"number": letter.number, "reason": refusal_reason}
    WORKFLOW.advance(risk.case, "leave", actor=actor, at=at, locked=case, data=data)
    return letter


@one_act()
def void_handover(*, risk: RiskPoint, reason: str, actor: Actor, at: datetime, version: int | None = None) -> Letter:
    _lock(risk, version)
    return letters.void_letter(_letter(risk), reason=reason, actor=actor, at=at)


def follow_recall(letter: Letter, event: AuditEvent, actor: Actor, at: datetime) -> None:
    """A handover that was taken back was none: the risk waits for handover again, on the clock it had (docs/adr/0021)."""
    if event.name != RecordsEvent.LETTER_RECALLED or letter.kind != Letter.Kind.RISK_HANDOVER:
        return
    try:
        WORKFLOW.advance(letter.case, "recall_handover", actor=actor, at=at, data={"number": letter.number})
    except Refused as refused:
        raise LetterRefused(f"交办函不能撤回：{refused}") from refused


def _recalled(case: Case) -> Letter | None:
    """The handover that was taken back last: the next one says that it stands in its place."""
    found = Letter.objects.filter(case=case, kind=Letter.Kind.RISK_HANDOVER, state=Letter.State.RECALLED)
    return found.order_by("-pk").first()


def content_of(letter: Letter, risk: RiskPoint) -> LetterContent:
    conclusion = risk.gradings.filter(basis=Grading.Basis.OFFICIAL).first()
    assert conclusion is not None, "a risk that waits for handover has a conclusion"
    return handover_content(letter, risk, conclusion)


def _dispatch(risk: RiskPoint, case: Case, letter: Letter, *, actor: Actor, at: datetime, late_reason: str) -> Letter:
    _still_ahead(letter, at)
    sending.dispatch_letter(letter, actor=actor, at=at, goes_on=True)
    letter.save()
    WORKFLOW.advance(
        risk.case,
        "hand_over",
        actor=actor,
        at=at,
        locked=case,
        on=letter.due_on,
        data={"number": letter.number, "to": letter.addressee, "due_on": letter.due_on, "letter": letter.pk},
        late_reason=late_reason,
    )
    return letter


def _still_ahead(letter: Letter, at: datetime) -> None:
    if letter.due_on is None or letter.due_on <= local_date(at):
        raise LetterRefused("函中的治理期限已过，请退回修改后再签发")


def _lock(risk: RiskPoint, version: int | None) -> Case:
    return WORKFLOW.lock(risk.case, version=version)


def _letter(risk: RiskPoint) -> Letter:
    letter = current_letter(risk)
    if letter is None:
        raise Refused("没有在办的交办函")
    return letter
