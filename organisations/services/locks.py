"""Names that are locked after wrong passwords: seen and lifted by the security administrator (docs/adr/0023)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from axes.models import AccessAttempt
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, Sum

from audit.services import record
from organisations.actors import Actor
from organisations.events import Event
from organisations.lockout import SEPARATOR
from organisations.models import Account


@dataclass(frozen=True)
class Lock:
    """For whom a name is locked, after how many wrong passwords, until when at the latest."""

    for_whom: str
    failures: int
    until: datetime


def _attempts(username: str) -> Q:
    return Q(username=username) | Q(username__startswith=username + SEPARATOR)


def locks_of(account: Account, *, real: datetime) -> list[Lock]:
    """What is locked at `real`, a moment of the real clock: django-axes keeps that one, not the portal's."""
    wait = timedelta(hours=settings.AXES_COOLOFF_TIME)
    rows = AccessAttempt.objects.filter(_attempts(account.username), attempt_time__gte=real - wait)
    found: list[Lock] = []
    strangers, last = 0, None
    for name, address in sorted({(row.username, row.ip_address or "") for row in rows}):
        mine = [row for row in rows if (row.username, row.ip_address or "") == (name, address)]
        failures, latest = sum(row.failures_since_start for row in mine), max(row.attempt_time for row in mine)
        if name == account.username:
            strangers, last = strangers + failures, max(last or latest, latest)
        if failures >= settings.AXES_FAILURE_LIMIT:
            who = f"地址 {address} 上的陌生设备" if name == account.username else f"一台常用设备（地址 {address}）"
            found.append(Lock(who, failures, latest + wait))
    if strangers >= settings.LOGIN_STRANGER_LIMIT and last is not None:
        found.append(Lock("所有陌生设备和陌生地址", strangers, last + wait))
    return found


def locked_names(usernames: list[str], *, real: datetime) -> set[str]:
    """Which of these names somebody is locked out of, by one statement for a page of accounts."""
    since = real - timedelta(hours=settings.AXES_COOLOFF_TIME)
    rows = AccessAttempt.objects.filter(attempt_time__gte=since).values("username", "ip_address")
    rows = rows.annotate(n=Sum("failures_since_start")).order_by()
    strangers: dict[str, int] = {}
    locked = set()
    for row in rows:
        name, _, device = str(row["username"] or "").partition(SEPARATOR)
        if not device:
            strangers[name] = strangers.get(name, 0) + row["n"]
        if row["n"] >= settings.AXES_FAILURE_LIMIT or strangers.get(name, 0) >= settings.LOGIN_STRANGER_LIMIT:
            locked.add(name)
    return locked & set(usernames)


def unlock(account: Account) -> int:
    return AccessAttempt.objects.filter(_attempts(account.username)).delete()[0]


@transaction.atomic
def lift_lock(*, account: Account, reason: str, actor: Actor, at: datetime) -> int:
    """The counts of wrong passwords begin anew, for everybody who tries this name."""
    account = Account.objects.select_for_update().get(pk=account.pk, person__district_id=actor.district_id)
    if account.person_id == actor.post.person_id:
        raise ValidationError("不能解除自己账号的锁定，请由另一名安全管理员办理")
    lifted = unlock(account)
    data = {"username": account.username, "person": account.person.name, "reason": reason, "rows": lifted}
    record(Event.LOCK_LIFTED, by=actor.stamp, at=at, subject=("account", account.pk), data=data)
    return lifted
