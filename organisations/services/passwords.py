"""What a password must be, which ones an account had, and how long one may stand (等保 8.1.4.1)."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.core.exceptions import ValidationError

from audit.clock import local_date
from organisations.models import Account, PasswordHistory, Post
from organisations.roles import UnitKind

KEPT = 5
_OUTSIDE = (UnitKind.ENTERPRISE, UnitKind.EXPERT)


def set_password(account: Account, raw: str, *, at: datetime, first: bool) -> None:
    """Store it, with the earlier one among those that may not come back. A first password must be changed at once."""
    if account.pk and account.password:
        PasswordHistory.objects.create(account=account, password=account.password, at=at)
        kept = list(account.earlier_passwords.values_list("pk", flat=True)[: KEPT - 1])
        account.earlier_passwords.exclude(pk__in=kept).delete()
    account.set_password(raw)
    account.must_change_password = first
    account.password_set_at = at
    account.save()


def refuse_reuse(account: Account, raw: str) -> None:
    """ValidationError for the present password and the four before it."""
    if account.check_password(raw):
        raise ValidationError("新密码不能与现在的相同")
    if any(check_password(raw, old.password) for old in account.earlier_passwords.all()[: KEPT - 1]):
        raise ValidationError(f"新密码不能与最近 {KEPT} 次用过的相同")


def is_official(account: Account, *, at: datetime) -> bool:
    """Somebody with an open post in a public body; enterprises and third parties are not."""
    posts = Post.objects.open_on(local_date(at)).filter(person_id=account.person_id)
    return posts.exclude(unit__kind__in=_OUTSIDE).exists()


def is_over_age(account: Account, *, at: datetime) -> bool:
    """An official's password that has stood longer than PASSWORD_MAX_AGE_DAYS; 0 means for ever."""
    days = settings.PASSWORD_MAX_AGE_DAYS
    if not days or account.password_set_at is None or at - account.password_set_at < timedelta(days=days):
        return False
    return is_official(account, at=at)
