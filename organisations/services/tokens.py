"""API tokens: given against the password, for one post, some scopes and at most 30 days. Only the digest is kept (P6)."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from audit.personal import Personal
from audit.services import record
from organisations.actors import Actor
from organisations.events import Event
from organisations.models import ApiToken
from organisations.roles import RIGHTS_OF_SCOPE, Right, TokenScope

ALL_SCOPES = tuple(TokenScope.values)


def token_digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def actor_of(token: ApiToken) -> Actor:
    """Who acts with this token: its account in its post, with the rights that both the post and the scopes give."""
    rights = [RIGHTS_OF_SCOPE.get(scope, frozenset()) for scope in token.scopes]
    within = frozenset[Right]().union(*rights)
    return Actor(account=token.account, post=token.post, within=within)


@transaction.atomic
def issue_token(
    *,
    actor: Actor,
    at: datetime,
    address: str = "",
    name: str = "",
    scopes: Iterable[str] = ALL_SCOPES,
    days: int | None = None,
) -> tuple[str, ApiToken]:
    """The token, which nobody can read again, and its row. The caller has checked the password."""
    longest = settings.API_TOKEN_MAX_DAYS
    days = longest if days is None else days
    if not 1 <= days <= longest:
        raise ValidationError({"days": f"有效期须为 1 至 {longest} 天"})
    # Reading goes with everything: who files must see what came of it.
    chosen = [scope for scope in ALL_SCOPES if scope in {TokenScope.READ.value, *scopes}]
    token = secrets.token_urlsafe(32)
    row = ApiToken.objects.create(
        digest=token_digest(token),
        account=actor.account,
        post=actor.post,
        name=name,
        scopes=chosen,
        address=address or None,
        created_at=at,
        expires_at=at + timedelta(days=days),
    )
    data = {"username": actor.account.username, "address": Personal(address), "expires_at": row.expires_at}
    data["scopes"] = chosen
    record(Event.TOKEN_ISSUED, by=actor.stamp, at=at, subject=("token", row.pk), data=data)
    return token, row


@transaction.atomic
def revoke_token(*, token: ApiToken, actor: Actor, at: datetime, reason: str = "") -> bool:
    """By its holder or the security administrator. False when it was revoked before."""
    if not ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=at):
        return False
    data = {"username": token.account.username, "reason": reason}
    record(Event.TOKEN_REVOKED, by=actor.stamp, at=at, subject=("token", token.pk), data=data)
    return True
