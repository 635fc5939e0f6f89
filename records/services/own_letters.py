"""公文: letters of their own, each in a case of its own; the same way as every letter, under the case's lock (X7)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.core.files.uploadedfile import UploadedFile

from audit.acts import one_act
from organisations.actors import Actor
from organisations.models import Post, Territory, Unit
from organisations.roles import Right
from records.calendar_lock import held
from records.kinds import OWN_CASE
from records.letters.compose import content_of
from records.models import Attachment, Case, Letter
from records.services import letters, sending
from records.services.attachments import attach_all
from records.services.cases import open_case
from records.services.refusals import LetterRefused
from records.services.signing import Hand, sign


@dataclass(frozen=True)
class Draft:
    """What the drafter types, field by field as on the letter."""

    kind: str
    form: str
    title: str
    body: str
    urgency: str = ""
    attachment_names: str = ""
    note: str = ""
    is_sealed: bool = True
    attendees: str = ""
    absentees: str = ""
    observers: str = ""


@one_act()
def write(
    *,
    draft: Draft,
    main: Sequence[Unit | str],
    copies: Sequence[Unit | str],
    actor: Actor,
    at: datetime,
    letter: Letter | None = None,
    addressee: str = "",
    enclosures: Iterable[UploadedFile] = (),
    taken_out: Iterable[Attachment] = (),
    countersigners: Sequence[Unit | Post] = (),
    in_order: bool = False,
    checker: Post | None = None,
    recalls: Letter | None = None,
    replaces: Letter | None = None,
    version: int | None = None,
) -> Letter:
    """Begin or rewrite a draft; with `checker`, hand it in at once. A letter that recalls or replaces one joins its case."""
    if not actor.may(Right.DRAFT_LETTER):
        raise LetterRefused("您的岗位没有拟稿权限")
    earlier = recalls or replaces
    if letter is None:
        case = _lock(earlier.case, None) if earlier else _open_case(draft.title, actor=actor, at=at)
        letter = Letter(case=case, issuer=actor.unit, recalls=recalls, replaces=replaces)
    else:
        letter = locked(letter, version=version)
    if earlier is not None:
        letters.refuse(Letter.objects.get(pk=earlier.pk), "recall" if recalls else "replace", actor)
    if not main and not copies:
        raise LetterRefused("请选择或填写主送单位", field="main_units")
    for name, value in asdict(draft).items():
        setattr(letter, name, value)
    letter.copies_to = "、".join(str(entry) for entry in copies)[:300]
    letters.write_draft(
        letter,
        main=main,
        copies=copies,
        addressee=addressee,
        countersigners=countersigners,
        in_order=in_order,
        actor=actor,
        at=at,
        enclosures=attach_all(enclosures, case=letter.case, purpose="公文附件", actor=actor, at=at),
        taken_out=taken_out,
    )
    return letters.submit_letter(letter, checker=checker, actor=actor, at=at) if checker else letter


def _open_case(title: str, *, actor: Actor, at: datetime) -> Case:
    """The issuer answers for it; who receives it sees the letter, not the case."""
    district = actor.unit.district
    area = actor.unit.territory or Territory.objects.get(district=district, kind=Territory.Kind.DISTRICT)
    return open_case(
        district=district,
        kind=OWN_CASE,
        title=title[:120],
        state=Letter.State.DRAFT,
        township=area,
        sector=None,
        responsible_unit=actor.unit,
        lead_unit=actor.unit,
        at=at,
    )


def _lock(case: Case, version: int | None) -> Case:
    # Its acts start and end the addressees' clocks.
    fresh = held(Case.objects.select_for_update(of=("self",))).select_related("district").get(pk=case.pk)
    if version is not None and fresh.version != version:
        raise LetterRefused("打开表单后这份文书又有变动，您填写的内容未提交，请核对后再办")
    return fresh


def locked(letter: Letter, *, version: int | None = None) -> Letter:
    """The letter as it is now, its case locked."""
    case = _lock(letter.case, version)
    fresh = Letter.objects.select_related("issuer__district", "recalls", "replaces", "checker").get(pk=letter.pk)
    fresh.case = case
    return fresh


@one_act()
def under_lock(letter: Letter, act: Callable[[Letter], object], *, version: int | None = None) -> Letter:
    """One act on the letter as it is now."""
    fresh = locked(letter, version=version)
    act(fresh)
    return fresh


def issue(letter: Letter, *, dispatch: bool, number: str, actor: Actor, at: datetime) -> Letter:
    """签发: frozen and numbered; `dispatch` sends it in the same act, else it waits for its seal."""
    content = content_of(letter, approver=actor.person.name)
    letters.issue_letter(letter, content=content, actor=actor, at=at, number=number, goes_on=dispatch)
    return sending.dispatch_letter(letter, actor=actor, at=at) if dispatch else letter


def receive(letter: Letter, *, hand: Hand, actor: Actor, at: datetime) -> Letter:
    """签收, by an addressee or by somebody who got a copy."""
    is_copy = letter.deliveries.filter(unit=actor.unit, is_copy=True).exists()
    letters.refuse(letter, "receive_copy" if is_copy else "receive", actor)
    content = {"letter": letter.number, "digest": letter.content_digest, "received_by": actor.unit.name}
    receipt = sign(case=letter.case, purpose="签收文书", content=content, hand=hand, actor=actor, at=at)
    act = sending.receive_copy if is_copy else sending.receive_letter
    return act(letter, receipt=receipt, actor=actor, at=at)
