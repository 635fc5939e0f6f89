"""So many requests a minute, counted in PostgreSQL for all processes together: one statement for each request."""

import time
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from organisations.client import address_of
from organisations.models import ThrottleCount

MINUTE = 60
_COUNT = f"""
INSERT INTO {ThrottleCount._meta.db_table} AS t (key, "window", count) VALUES (%s, %s, 1)
ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN t."window" = excluded."window" THEN t.count + 1 ELSE 1 END, "window" = excluded."window"
RETURNING count
"""


def seconds_to_wait(rate: str, asker: str) -> int:
    """Count this request of `asker` towards `rate` (a key of THROTTLE_RATES). 0: go on; else wait so many seconds."""
    most = settings.THROTTLE_RATES.get(rate)
    if not most:
        return 0
    real = int(time.time())
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [f"{rate}:{asker}"[:80], real // MINUTE])
        (count,) = cursor.fetchone()
    return MINUTE - real % MINUTE if count > most else 0


def forget_old_counts() -> int:
    return ThrottleCount.objects.filter(window__lt=int(time.time()) // MINUTE - 1).delete()[0]


def login_wait(request: HttpRequest) -> int:
    """Logging in and asking for a token: by address, all names together."""
    return seconds_to_wait("login", address_of(request))


class AskerThrottle(BaseThrottle):
    """By token, else by account, else by address; `throttle_rate` of a view names a stricter rate."""

    def __init__(self) -> None:
        self._wait = 0

    def allow_request(self, request: Request, view: Any) -> bool:
        http = request._request
        rate: str = getattr(view, "throttle_rate", "")
        token = getattr(http, "api_token", None)
        if rate == "login":
            self._wait = login_wait(http)
        elif token is not None:
            self._wait = seconds_to_wait("token", str(token.pk))
        elif request.user.is_authenticated:
            self._wait = seconds_to_wait("user", str(request.user.pk))
        else:
            self._wait = seconds_to_wait("anon", address_of(http))
        return self._wait == 0

    def wait(self) -> float | None:
        return float(self._wait) or None
