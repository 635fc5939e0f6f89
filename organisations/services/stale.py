"""Accounts that nobody uses are disabled (等保 8.1.4.2: remove what is stale)."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import DateTimeField, Max, QuerySet
from django.db.models.functions import Coalesce, Greatest

from audit.clock import local_date
from audit.services import SYSTEM, record
from organisations.events import Event
from organisations.models import Account, Post
from organisations.services.devices import end_sessions
from organisations.services.logins import revoke_tokens

WARNED_BEFORE = timedelta(days=14)
_SECURITY = "security_admin"


def last_used(accounts: QuerySet[Account]) -> QuerySet[Any]:
    """Each with `used_at`: the last login or use of a token, else when it was opened. Unknown where nothing is recorded."""
    return accounts.annotate(
        used_at=Greatest(
            Coalesce("last_login", "password_set_at", output_field=DateTimeField()),
            "password_set_at",
            Max("apitoken__used_at"),
        )
    )


def unused_since(moment: datetime) -> QuerySet[Any]:
    return last_used(Account.objects.filter(is_active=True)).filter(used_at__lt=moment)


def soon_stale(accounts: QuerySet[Account], *, at: datetime) -> QuerySet[Any]:
    """Those that will be disabled within a fortnight if nobody uses them, the next first: the warning list."""
    days = settings.STALE_ACCOUNT_DAYS
    if not days:
        return accounts.none()
    limit = at - timedelta(days=days) + WARNED_BEFORE
    return last_used(accounts.filter(is_active=True)).filter(used_at__lt=limit)


def disable_stale(*, at: datetime) -> tuple[int, int]:
    """How many are unused for STALE_ACCOUNT_DAYS, and how many of them are disabled now; each with its event.

    A district's last active security administrator stays: nobody else could bring an account back.
    """
    days = settings.STALE_ACCOUNT_DAYS
    if not days:
        return 0, 0
    found = list(unused_since(at - timedelta(days=days)).order_by("used_at", "pk").values_list("pk", "used_at"))
    return len(found), sum(_disable(pk, used_at, at=at) for pk, used_at in found)


@transaction.atomic
def _disable(pk: int, used_at: datetime, *, at: datetime) -> bool:
    account = Account.objects.select_for_update(of=("self",)).select_related("person__district").get(pk=pk)
    if not account.is_active or _is_last_security_administrator(account, at=at):
        return False
    account.is_active = False
    account.save(update_fields=["is_active"])
    revoke_tokens(account, at=at)
    end_sessions(account)
    record(
        Event.ACCOUNT_STALE,
        by=SYSTEM,
        at=at,
        subject=("account", account.pk),
        data={
            "username": account.username,
            "person": account.person.name,
            "unused_since": used_at,
            "days": settings.STALE_ACCOUNT_DAYS,
        },
    )
    return True


def _is_last_security_administrator(account: Account, *, at: datetime) -> bool:
    posts = Post.objects.open_on(local_date(at)).filter(
        role_key=_SECURITY, unit__district_id=account.person.district_id
    )
    if not posts.filter(person_id=account.person_id).exists():
        return False
    others = posts.exclude(person_id=account.person_id).filter(person__accounts__is_active=True)
    return not others.exists()
