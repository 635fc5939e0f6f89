"""How wrong passwords are counted (docs/adr/0023): nobody can lock an official out from afar, nobody can guess in peace.

A browser from which the account has logged in before counts for itself. Everybody else counts by name and address, and
all of them together by name: then only strangers wait, and those at an address from which the account works go on.
"""

import hashlib
from datetime import timedelta
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_client_ip_address, get_client_username
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Sum
from django.http import HttpRequest

from organisations.models import Account, ApiToken, KnownDevice

COOKIE = "device"
SEPARATOR = "#"


def device_of(request: HttpRequest, username: str) -> KnownDevice | None:
    """The device that this browser is for this account, if it ever logged in from it."""
    word = request.COOKIES.get(COOKIE, "")
    if not word or not username:
        return None
    found: dict[str, KnownDevice | None] = request.__dict__.setdefault("_known_devices", {})
    if username not in found:
        digest = hashlib.sha256(word.encode()).hexdigest()
        rows = KnownDevice.objects.filter(account__username=username, digest=digest)
        found[username] = rows.order_by("pk").first()
    return found[username]


def counted_name(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """Under which name failures are counted: `anjian`, or `anjian#17` from device 17. Nobody can type the latter."""
    given = (credentials or {}).get("username") or request.POST.get("username") or ""
    username = str(given)[:150]
    device = device_of(request, username)
    return f"{username}{SEPARATOR}{device.pk}" if device else username.replace(SEPARATOR, "?")


def failures_of_strangers(username: str, since: Any) -> int:
    rows = AccessAttempt.objects.filter(username=username, attempt_time__gte=since)
    return rows.aggregate(n=Sum("failures_since_start"))["n"] or 0


def works_from(username: str, address: str | None) -> bool:
    """The account has logged in, or was given a token, at this address."""
    accounts = Account.objects.filter(username=username)
    return bool(address) and (
        KnownDevice.objects.filter(account__in=accounts, address=address).exists()
        or ApiToken.objects.filter(account__in=accounts, address=address).exists()
    )


class LockoutHandler(AxesDatabaseHandler):
    """django-axes counts by name and address in PostgreSQL; this adds the count over all strangers."""

    def is_locked(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> bool:
        return super().is_locked(request, credentials) or self.strangers_wait(request, credentials)

    def strangers_wait(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> bool:
        name = get_client_username(request, credentials)
        if SEPARATOR in name:
            return False
        since = request.axes_attempt_time - timedelta(hours=settings.AXES_COOLOFF_TIME)  # type: ignore[attr-defined]
        if failures_of_strangers(name, since) < settings.LOGIN_STRANGER_LIMIT:
            return False
        return not works_from(name, get_client_ip_address(request))
