"""Accounts: opened, reset, disabled and enabled by the security administrator, never one's own."""

import secrets
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from audit.personal import Personal
from audit.services import record
from organisations.actors import Actor
from organisations.events import Event
from organisations.models import Account, Person, RecoveryCode, SecondFactor
from organisations.services.devices import end_sessions
from organisations.services.locks import unlock
from organisations.services.logins import revoke_tokens
from organisations.services.passwords import set_password

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
    account = Account(person=person, username=username)
    set_password(account, password, at=at, first=True)
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
    set_password(account, password, at=at, first=True)
    revoke_tokens(account, at=at)
    end_sessions(account)
    # Somebody else may know the old one: no browser is known any more, and the counts begin anew.
    unlock(account)
    account.devices.all().delete()
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
        end_sessions(account)
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


@transaction.atomic
def end_all_sessions(*, account: Account, reason: str, actor: Actor, at: datetime) -> int:
    """Every running login of an account ends; the password stands."""
    account = _locked(account, actor, "自己的其他登录请在“我的登录”中退出")
    ended = end_sessions(account)
    if ended:
        _record(Event.SESSIONS_ENDED, account, actor, at, reason)
    return ended


@transaction.atomic
def revoke_all_tokens(*, account: Account, reason: str, actor: Actor, at: datetime) -> int:
    account = _locked(account, actor, "自己的接口令牌请在“我的登录”中停用")
    revoked = revoke_tokens(account, at=at)
    if revoked:
        _record(Event.TOKEN_REVOKED, account, actor, at, reason)
    return revoked


@transaction.atomic
def reset_second_factor(*, account: Account, reason: str, actor: Actor, at: datetime) -> int:
    """The telephone is lost: the next login enrols anew. Never one's own: whoever took it over would do just that."""
    account = _locked(account, actor, "不能重置自己的动态口令，请由另一名安全管理员办理")
    removed = SecondFactor.objects.filter(account=account).delete()[0]
    RecoveryCode.objects.filter(account=account).delete()
    if removed:
        end_sessions(account)
        revoke_tokens(account, at=at)
        _record(Event.FACTOR_RESET, account, actor, at, reason)
    return removed
