"""Signing: a drawn signature and the password, over the digest of exactly what is signed (X6)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from audit.services import canonical_text, digest_of, record
from organisations.actors import Actor
from organisations.models import Person
from records.events import Event
from records.models import Attachment, Case, Signature, SignatureVoid

MAX_STROKES = 20_000
# Starts with a move, draws at least one line or curve.
_STROKES = re.compile(r"(?=.*[LCQlcq])[Mm] *[0-9][MLCQZmlcqz0-9 .,\-]*")


class SignatureRefused(Exception):
    """Shown at the signature field, or at the password field when `field` says so."""

    def __init__(self, message: str, field: str = "strokes") -> None:
        self.field = field
        super().__init__(message)


@dataclass(frozen=True)
class Paper:
    """A sheet that somebody signed, keyed in by one person and found true by another. Only records.services.paper makes one.

    `signer_label` is empty when the one who keys it in signed it.
    """

    scan: Attachment
    document_on: date
    confirmed_by: Person
    signer_name: str = ""
    signer_label: str = ""


@dataclass(frozen=True)
class Hand:
    """How somebody signs: drawn in the portal with the password, by a token that was given against the password, or on paper.

    `is_confirmed`: the password was compared already, for all that is signed at once (see `confirmed`).
    """

    strokes: str = ""
    password: str = ""
    by_token: bool = False
    is_confirmed: bool = False
    paper: "Paper | None" = None


def confirmed(hand: Hand, actor: Actor) -> Hand:
    """The same hand for several signatures of one act, its password compared and its strokes looked at once.

    Raises SignatureRefused as `sign` does.
    """
    if not actor.account.check_password(hand.password):
        raise SignatureRefused("密码不对，请重新输入登录密码", field="password")
    return Hand(strokes=clean_strokes(hand.strokes), is_confirmed=True)


def sign(*, case: Case, purpose: str, content: Mapping[str, Any], hand: Hand, actor: Actor, at: datetime) -> Signature:
    """Sign `content` on `case`. The caller holds the case's lock and its transaction; the act goes on from its `event`.

    Raises SignatureRefused: wrong password, nothing drawn, or strokes that are not path data.
    """
    text = canonical_text(content)
    if hand.paper:
        return _sign_on_paper(hand.paper, case=case, purpose=purpose, text=text, actor=actor, at=at)
    if not hand.by_token and not hand.is_confirmed:
        hand = confirmed(hand, actor)
    strokes = "" if hand.by_token and not hand.strokes else clean_strokes(hand.strokes)
    signature = Signature(
        case=case,
        purpose=purpose,
        person=actor.person,
        digest=digest_of(text),
        post=actor.post,
        signer_label=actor.label,
        at=at,
        content=text,
        strokes=strokes,
        method=Signature.Method.TOKEN if hand.by_token else Signature.Method.PORTAL,
    )
    try:
        with transaction.atomic():
            signature.save()
    except IntegrityError:
        # The constraint `signature_once`: the same words were signed before, and that signature stands.
        before = Signature.objects.filter(case=case, purpose=purpose, person=actor.person, digest=signature.digest)
        if (found := before.first()) is None:
            raise
        return found
    return _recorded(signature, {"strokes": digest_of(signature.strokes)}, actor)


def _sign_on_paper(paper: Paper, *, case: Case, purpose: str, text: str, actor: Actor, at: datetime) -> Signature:
    """Over the digest of what was keyed in, which two people found to be what stands on the sheet."""
    is_own = not paper.signer_label
    signature = Signature.objects.create(
        case=case,
        purpose=purpose,
        person=actor.person if is_own else None,
        post=actor.post if is_own else None,
        signer_name=paper.signer_name or actor.person.name,
        signer_label=paper.signer_label or actor.label,
        at=at,
        method=Signature.Method.PAPER,
        content=text,
        digest=digest_of(text),
        document_on=paper.document_on,
        scan=paper.scan,
        keyed_by=actor.person,
        confirmed_by=paper.confirmed_by,
    )
    said = {
        "method": "paper",
        "signer": signature.signer_label,
        "document_on": paper.document_on,
        "scan": paper.scan.digest,
        "confirmed_by": paper.confirmed_by.name,
    }
    return _recorded(signature, said, actor)


def _recorded(signature: Signature, said: Mapping[str, Any], actor: Actor) -> Signature:
    signature.event = record(
        Event.SIGNED,
        by=actor.stamp,
        at=signature.at,
        case_id=signature.case_id,
        subject=("signature", signature.pk),
        data={"purpose": signature.purpose, "digest": signature.digest, **said},
    )
    return signature


def void_signatures(
    signatures: QuerySet[Signature], *, reason: str, case: Case, actor: Actor, at: datetime
) -> list[SignatureVoid]:
    """What was signed has changed or was objected to: the signatures stay, a row beside each says that it is void."""
    standing = list(signatures.filter(voided=None))
    for signature in standing:
        record(
            Event.SIGNATURE_VOIDED,
            by=actor.stamp,
            at=at,
            case_id=case.pk,
            subject=("signature", signature.pk),
            data={
                "purpose": signature.purpose,
                "digest": signature.digest,
                "signer": signature.signer_label,
                "reason": reason,
                "signature": signature.pk,
            },
        )
    return SignatureVoid.objects.bulk_create(
        SignatureVoid(signature=signature, reason=reason, by=actor.person, at=at) for signature in standing
    )


def clean_strokes(strokes: str) -> str:
    """SVG path data of the drawn signature; nothing else may stand there."""
    strokes = strokes.strip()
    if not strokes:
        raise SignatureRefused("请在签字框内手写签名")
    if len(strokes) > MAX_STROKES or not _STROKES.fullmatch(strokes):
        raise SignatureRefused("签名没有收到，请清除后重签")
    return strokes
