"""Signing: a drawn signature and the password, over the digest of exactly what is signed (X6)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit.services import canonical_text, digest_of, record
from organisations.actors import Actor
from records.events import Event
from records.models import Case, Signature

MAX_STROKES = 20_000
# Starts with a move, draws at least one line or curve.
_STROKES = re.compile(r"(?=.*[LCQlcq])[Mm] *[0-9][MLCQZmlcqz0-9 .,\-]*")


class SignatureRefused(Exception):
    """Shown at the signature field, or at the password field when `field` says so."""

    def __init__(self, message: str, field: str = "strokes") -> None:
        self.field = field
        super().__init__(message)


@dataclass(frozen=True)
class Hand:
    """How somebody signs: drawn in the portal with the password, or by a token that was given against the password."""

    strokes: str = ""
    password: str = ""
    by_token: bool = False


def sign(*, case: Case, purpose: str, content: Mapping[str, Any], hand: Hand, actor: Actor, at: datetime) -> Signature:
    """Sign `content` on `case`. The caller holds the case's lock and its transaction.

    Raises SignatureRefused: wrong password, nothing drawn, or strokes that are not path data.
    """
    if not hand.by_token and not actor.account.check_password(hand.password):
        raise SignatureRefused("密码不对，请重新输入登录密码", field="password")
    strokes = "" if hand.by_token and not hand.strokes else clean_strokes(hand.strokes)
    text = canonical_text(content)
    signature, created = Signature.objects.get_or_create(
        case=case,
        purpose=purpose,
        person=actor.person,
        digest=digest_of(text),
        defaults={
            "post": actor.post,
            "signer_label": actor.label,
            "at": at,
            "content": text,
            "strokes": strokes,
            "method": Signature.Method.TOKEN if hand.by_token else Signature.Method.PORTAL,
        },
    )
    if created:
        record(
            Event.SIGNED,
            by=actor.stamp,
            at=at,
            case_id=case.pk,
            subject=("signature", signature.pk),
            data={"purpose": purpose, "digest": signature.digest, "strokes": digest_of(signature.strokes)},
        )
    return signature


def clean_strokes(strokes: str) -> str:
    """SVG path data of the drawn signature; nothing else may stand there."""
    strokes = strokes.strip()
    if not strokes:
        raise SignatureRefused("请在签字框内手写签名")
    if len(strokes) > MAX_STROKES or not _STROKES.fullmatch(strokes):
        raise SignatureRefused("签名没有收到，请清除后重签")
    return strokes
