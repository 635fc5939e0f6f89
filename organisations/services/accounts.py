"""Accounts: opened, reset, disabled and enabled by the security administrator, never one's own."""

import secrets
from datetime import datetime

from axes.utils import reset as unlock
from django.core.exceptions import ValidationError
from django.db import transaction

from audit.personal import Personal
from audit.services import record
from organisations.actors import Actor
from organisations.events import Event
from organisations.models import Account, Person
from organisations.services.logins import revoke_tokens

# Without what is read wrongly over the telephone: 0 O 1 l I.
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


def first_password() -> str:
    """Twelve characters in three groups: typed once, then changed. About 59 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(3))


@transaction.atomic
def open_account(*, person: Person, username: str, actor: Actor, at: datetime) -> tuple[Account, str]:
    """A new account and its first password, which is shown once and kept nowhere. ValidationError when there is one."""
    person = Person.objects.select_for_update().get(pk=person.pk, district_id=actor.district_id)
    existing = Account.objects.filter(person=person).first()
    if existing is not None:
        raise ValidationError(f"{person.name}已有账号 {existing.username}，忘记密码请用“重置密码”")
    if Account.objects.filter(username__iexact=username).exists():
        raise ValidationError({"username": "这个用户名已有人使用"})
    password = first_password()
    account = Account(person=person, username=username, must_change_password=True)
    account.set_password(password)
    account.save()
    record(
        Event.ACCOUNT_CREATED,
        by=actor.stamp,
        at=at,
        subject=("account", account.pk),
        data={"username": username},
        personal={"person": person.name},
    )
    return account, password


@transaction.atomic
def reset_password(*, account: Account, reason: str, actor: Actor, at: datetime) -> str:
    """A new first password; running sessions and tokens end, a lock after wrong passwords is lifted."""
    account = _locked(account, actor, "自己的密码请在“修改密码”中修改")
    password = first_password()
    account.set_password(password)
    account.must_change_password = True
    account.save(update_fields=["password", "must_change_password"])
    revoke_tokens(account, at=at)
    unlock(username=account.username)
    _record(Event.PASSWORD_RESET, account, actor, at, reason)
    return password


@transaction.atomic
def set_active(*, account: Account, active: bool, reason: str, actor: Actor, at: datetime) -> bool:
    """Disable or enable. Returns False when somebody else did it meanwhile."""
    account = _locked(account, actor, "不能停用自己的账号")
    if account.is_active == active:
        return False
    account.is_active = active
    account.save(update_fields=["is_active"])
    if not active:
        revoke_tokens(account, at=at)
    _record(Event.ACCOUNT_ENABLED if active else Event.ACCOUNT_DISABLED, account, actor, at, reason)
    return True


def _locked(account: Account, actor: Actor, not_own: str) -> Account:
    account = Account.objects.select_for_update().get(pk=account.pk, person__district_id=actor.district_id)
    if account.person_id == actor.post.person_id:
        raise ValidationError(not_own)
    return account


def _record(event: Event, account: Account, actor: Actor, at: datetime, reason: str) -> None:
    data = {"username": account.username, "person": Personal(account.person.name), "reason": reason}
    record(event, by=actor.stamp, at=at, subject=("account", account.pk), data=data)
