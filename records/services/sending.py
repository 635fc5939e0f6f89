"""Letters on their way: sent, received, left, and what takes them back (X7)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile

from audit.clock import local_date
from audit.personal import Personal
from organisations.actors import Actor
from records.events import Event
from records.models import Delivery, Letter, Signature
from records.services import deliveries, letters
from records.services.attachments import attach_all
from records.services.refusals import LetterRefused


def dispatch_letter(letter: Letter, *, actor: Actor, at: datetime, goes_on: bool = False) -> Letter:
    """Send the issued letter through the portal, to those who get copies too; what it recalls or replaces falls with it."""
    letters.refuse(letter, "dispatch", actor)
    sent = deliveries.send(letter, actor=actor, at=at)
    to = {
        "平台送达": [name for name, inside in sent if inside],
        "另行送达": [name for name, inside in sent if not inside],
    }
    letters.move(
        letter,
        "dispatch",
        actor=actor,
        at=at,
        changes={"dispatched_by": actor.person, "dispatched_at": at},
        data={
            "number": letter.number,
            "to": letter.addressee,
            "by": {how: names for how, names in to.items() if names},
        },
        goes_on=goes_on,
    )
    for earlier, action in ((letter.recalls, "recall"), (letter.replaces, "replace")):
        if earlier is not None:
            _supersede(earlier, action, by=letter, actor=actor, at=at)
    return letter


def _supersede(earlier: Letter, action: str, *, by: Letter, actor: Actor, at: datetime) -> None:
    """The earlier letter stays with everything it was, marked; the case it acted on follows (records/kinds.py)."""
    earlier = Letter.objects.select_related("case", "issuer").get(pk=earlier.pk)
    if action == "replace" and earlier.state == Letter.State.RECALLED:
        return  # taken back before; the new letter only says that it stands in its place
    data = {"number": earlier.number, "by": by.number}
    letters.advance(earlier, action, actor=actor, at=at, data=data)


def receive_letter(letter: Letter, *, receipt: Signature, actor: Actor, at: datetime, goes_on: bool = False) -> Letter:
    """One addressee signs; the letter is received when the last of them has."""
    letters.refuse(letter, "receive", actor)
    delivery = deliveries.delivery_of(letter, actor.acts_for)
    assert delivery is not None, "the flow asked for one"
    deliveries.sign_for(delivery, receipt=receipt, at=at)
    data = {"number": letter.number, "by": delivery.name}
    if deliveries.waiting_main(letter):
        letters.note(letter, Event.LETTER_RECEIVED, actor=actor, at=at, data=data, goes_on=goes_on)
        return letter
    changes = {"received_at": at, "receipt": receipt}
    return letters.move(letter, "receive", actor=actor, at=at, changes=changes, data=data, goes_on=goes_on)


def receive_copy(letter: Letter, *, receipt: Signature, actor: Actor, at: datetime) -> Letter:
    letters.refuse(letter, "receive_copy", actor)
    delivery = deliveries.delivery_of(letter, actor.unit)
    assert delivery is not None, "the flow asked for one"
    deliveries.sign_for(delivery, receipt=receipt, at=at)
    data = {"number": letter.number, "by": delivery.name}
    return letters.move(letter, "receive_copy", actor=actor, at=at, data=data)


def leave_letter(
    letter: Letter,
    *,
    refusal_reason: str,
    witnesses: Sequence[str],
    photos: Iterable[UploadedFile],
    actor: Actor,
    at: datetime,
    delivery: Delivery | None = None,
    goes_on: bool = False,
) -> Letter:
    """留置送达: an addressee will not sign; at least two witnesses and a photo stand in for the signature (X6).

    `delivery` names the addressee where there are several.
    """
    names = [name.strip() for name in witnesses if name.strip()]
    if len(set(names)) < 2:
        raise LetterRefused("留置送达须有两名以上见证人", field="witnesses")
    letters.refuse(letter, "leave", actor)
    delivery = delivery or letter.deliveries.filter(is_copy=False, unit__isnull=False).first()
    if delivery is None or delivery.is_done or delivery.letter_id != letter.pk or delivery.sent_at is None:
        raise LetterRefused("这个单位不需要留置送达", field="delivery")
    kept = attach_all(photos, case=letter.case, purpose="留置送达", actor=actor, at=at)
    if not kept:
        raise LetterRefused("请上传留置送达的现场照片", field="photos")
    delivery.left_at, delivery.refusal_reason, delivery.witnesses = at, refusal_reason, "、".join(names)
    delivery.save(update_fields=["left_at", "refusal_reason", "witnesses"])
    data: dict[str, Any] = {"number": letter.number, "to": delivery.name, "reason": refusal_reason}
    data |= {"witnesses": [Personal(name) for name in names], "photos": [a.digest for a in kept]}
    if deliveries.waiting_main(letter):
        letters.note(letter, Event.LETTER_LEFT, actor=actor, at=at, data=data, goes_on=goes_on)
        return letter
    several = letter.deliveries.filter(is_copy=False, signed_at__isnull=False).exists()
    changes = {"received_at": at, "refusal_reason": refusal_reason, "witnesses": delivery.witnesses}
    letters.move(letter, "leave", actor=actor, at=at, changes=changes, data=data, goes_on=goes_on)
    if several:  # some signed, some were left it: the letter as a whole is received
        letter.state = Letter.State.RECEIVED
        letter.save(update_fields=["state"])
    return letter


def log_outside(
    letter: Letter,
    delivery: Delivery,
    *,
    how: str,
    sent_at: datetime,
    signed_by: str,
    signed_at: datetime | None,
    remark: str,
    actor: Actor,
    at: datetime,
) -> Delivery:
    """登记送达: how somebody outside the portal got the letter, and who signed for it there."""
    letters.refuse(letter, "log", actor)
    if delivery.unit_id is not None:
        raise LetterRefused("平台内的单位由平台送达、自行签收")
    if sent_at > at or (signed_at and signed_at > at):
        raise LetterRefused("不能登记还没有发生的送达", field="sent_on")
    if letter.issued_at and local_date(sent_at) < local_date(letter.issued_at):
        raise LetterRefused("送达日期不能早于签发", field="sent_on")
    if signed_at and local_date(signed_at) < local_date(sent_at):
        raise LetterRefused("签收日期不能早于送达", field="signed_on")
    if bool(signed_by) != bool(signed_at):
        raise LetterRefused("签收人和签收日期须一并填写", field="signed_by")
    delivery.how, delivery.sent_at, delivery.sent_by = how, sent_at, actor.person
    delivery.signed_by, delivery.signed_at, delivery.remark = signed_by, signed_at, remark
    delivery.save()
    data = {
        "number": letter.number,
        "to": delivery.name,
        "how": delivery.get_how_display(),
        "sent_on": local_date(sent_at),
        "signed_by": Personal(signed_by),
    }
    letters.move(letter, "log", actor=actor, at=at, data=data)
    if letter.state == Letter.State.DISPATCHED and delivery.is_done and not deliveries.waiting_main(letter):
        letter.received_at = signed_at
        letter.state = Letter.State.RECEIVED
        letter.save(update_fields=["state", "received_at"])
    return delivery
