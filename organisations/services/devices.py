"""Browsers from which an account logs in, and its running logins."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.contrib.sessions.models import Session
from django.db import transaction

from audit.services import record
from organisations.actors import Actor
from organisations.events import Event
from organisations.models import Account, KnownDevice, LoginSession

MOST_DEVICES = 20
FORGOTTEN_AFTER = timedelta(days=180)


@transaction.atomic
def remember_device(*, account: Account, word: str, address: str, agent: str, at: datetime) -> str:
    """Know this browser from now on. Returns the word for its cookie: the given one, or a new one."""
    if len(word) != 43:
        word = secrets.token_urlsafe(32)
    digest = hashlib.sha256(word.encode()).hexdigest()
    told = {"agent": agent, "last_at": at}
    KnownDevice.objects.update_or_create(
        account=account,
        digest=digest,
        address=address or None,
        defaults=told,
        create_defaults=told | {"first_at": at},
    )
    kept = account.devices.filter(last_at__gte=at - FORGOTTEN_AFTER).order_by("-last_at", "-pk")[:MOST_DEVICES]
    account.devices.exclude(pk__in=list(kept.values_list("pk", flat=True))).delete()
    return word


def begin_session(*, account: Account, session_key: str, address: str, agent: str, at: datetime) -> LoginSession:
    return LoginSession.objects.create(
        account=account, session_key=session_key, started_at=at, seen_at=at, address=address or None, agent=agent
    )


def end_sessions(account: Account, *, keep: str = "") -> int:
    """End the running logins of an account, except the one with the key `keep`."""
    running = LoginSession.objects.filter(account=account).exclude(session_key=keep)
    keys = list(running.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    running.delete()
    return len(keys)


@transaction.atomic
def end_other_sessions(*, account: Account, keep: str, actor: Actor, at: datetime) -> int:
    """The holder ends every login but the present one."""
    ended = end_sessions(account, keep=keep)
    if ended:
        record(Event.SESSIONS_ENDED, by=actor.stamp, at=at, subject=("account", account.pk), data={"sessions": ended})
    return ended


def forget_ended() -> int:
    """Rows of logins whose session is gone: logged out, run out, or flushed."""
    running = Session.objects.values("session_key")
    return LoginSession.objects.exclude(session_key__in=running).delete()[0]
