"""One key, one act: the lock, the look-up and the answer stand in the transaction of the act itself (docs/adr/0022)."""

import hashlib
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from organisations.models import Account, SentRequest

KEPT_FOR = timedelta(hours=72)


class Busy(Exception):
    """Another sending with this key is being acted on at this moment."""


class OtherRequest(Exception):
    """The key was used before for a different request."""


def first_sending(*, account: Account, key: UUID, digest: str = "", form: bool = False) -> SentRequest | None:
    """What the first sending led to, or None for the first. The key is held until the caller's transaction ends.

    A form waits for a parallel sending of itself, and is one account's alone; a program is told `Busy` and asks again.
    OtherRequest: the digests differ, or somebody else has sent this form.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("a key is held for the transaction of its act")
    number = int.from_bytes(hashlib.sha256(f"{account.pk}:{key}".encode()).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        if form:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
        else:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
            if not cursor.fetchone()[0]:
                raise Busy
    rows = {sent.account_id: sent for sent in SentRequest.objects.filter(key=key)}
    sent = rows.get(account.pk)
    if (sent is not None and sent.digest != digest) or (form and sent is None and rows):
        raise OtherRequest
    return sent


def keep_answer(
    *, account: Account, key: UUID, status: int, answer: str, at: datetime, digest: str = ""
) -> SentRequest:
    """Remember what the act led to, within its transaction."""
    return SentRequest.objects.create(account=account, key=key, digest=digest, status=status, answer=answer, at=at)


def forget_old(*, at: datetime) -> int:
    """Keys live for 72 hours; after that nobody is still sending the same thing again."""
    return SentRequest.objects.filter(at__lt=at - KEPT_FOR).delete()[0]
