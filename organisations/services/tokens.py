"""API tokens: given against the password, for one post, for 30 days. Only the digest is kept (P6)."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction

from audit.personal import Personal
from audit.services import record
from organisations.actors import Actor
from organisations.events import Event
from organisations.models import ApiToken

VALID_FOR = timedelta(days=30)


def token_digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def issue_token(*, actor: Actor, at: datetime, address: str = "") -> tuple[str, ApiToken]:
    """The token, which nobody can read again, and its row. The caller has checked the password."""
    token = secrets.token_urlsafe(32)
    row = ApiToken.objects.create(
        digest=token_digest(token), account=actor.account, post=actor.post, created_at=at, expires_at=at + VALID_FOR
    )
    record(
        Event.TOKEN_ISSUED,
        by=actor.stamp,
        at=at,
        subject=("token", row.pk),
        data={"username": actor.account.username, "address": Personal(address), "expires_at": row.expires_at},
    )
    return token, row
