"""One line for every request, and a number that finds all lines of it again, here and at the proxy."""

import logging
import re
import time
import uuid
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import SimpleLazyObject

from config.logs import mask

HEADER = "X-Request-ID"
_ACCEPTED = re.compile(r"[0-9A-Za-z._-]{8,64}")
_NOTHING: Mapping[str, Any] = MappingProxyType({})
_current: ContextVar[Mapping[str, Any]] = ContextVar("request", default=_NOTHING)
_log = logging.getLogger(__name__)


def current() -> Mapping[str, Any]:
    """What is known of the request that is being answered; empty outside one."""
    return _current.get()


class RequestLogMiddleware:
    """Outermost: it times everything and sees the status that really leaves."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.monotonic()
        request_id = _given(request) or uuid.uuid4().hex
        token = _current.set({"request_id": request_id, "method": request.method, "path": request.path})
        try:
            response = self.get_response(request)
            response[HEADER] = request_id
            more = {"status": response.status_code, "duration_ms": round((time.monotonic() - began) * 1000, 1)}
            more |= _account(request)
            _log.info("%s %s %s", request.method, request.path, response.status_code, extra=more)
            return response
        finally:
            _current.reset(token)


def _given(request: HttpRequest) -> str:
    """The proxy's number, when it is one that may stand in a log."""
    given = request.headers.get(HEADER, "")
    return given if _ACCEPTED.fullmatch(given) and mask(given) == given else ""


def _account(request: HttpRequest) -> dict[str, int]:
    """Who was recognised, without asking the database for the sake of the log."""
    user: Any = getattr(request, "user", None)
    if isinstance(user, SimpleLazyObject):
        user = getattr(request, "_cached_user", None)
    return {"account": user.pk} if user is not None and user.pk is not None else {}
