"""How long a login lasts, and in which post it acts: `request.actor`, or None while nobody is logged in or chose a post."""

import time
from collections.abc import Callable
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from audit.clock import now
from organisations.actors import Actor
from organisations.models import LoginSession
from organisations.services import logins

SESSION_KEY = "acting_post"
# Seconds of the real clock: a login is a matter of the world outside, also where the portal's clock is set.
SINCE, SEEN = "since", "seen"
_NOTED_EVERY = 60


class SessionLimitsMiddleware:
    """Ends a login after 30 minutes without a click, and 12 hours after it began, whatever the browser keeps."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.user.is_authenticated:
            self._judge(request)
        return self.get_response(request)

    def _judge(self, request: HttpRequest) -> None:
        session, real = request.session, int(time.time())
        seen = session.get(SEEN, real)
        if real - seen > settings.SESSION_IDLE_MINUTES * 60:
            self._end(request, f"已有 {settings.SESSION_IDLE_MINUTES} 分钟没有操作，为安全起见已退出，请重新登录。")
        elif real - session.setdefault(SINCE, real) > settings.SESSION_ABSOLUTE_HOURS * 3600:
            self._end(request, f"登录已满 {settings.SESSION_ABSOLUTE_HOURS} 小时，请重新登录。")
        elif SEEN not in session or real - seen >= _NOTED_EVERY:
            session[SEEN] = real
            LoginSession.objects.filter(session_key=session.session_key).update(seen_at=now())

    def _end(self, request: HttpRequest, why: str) -> None:
        account = request.user
        request.expired = why  # type: ignore[attr-defined]
        request.expired_as = {"account": account.pk, "post": request.session.get(SESSION_KEY)}  # type: ignore[attr-defined]
        LoginSession.objects.filter(session_key=request.session.session_key).delete()
        logins.record_logout(account=account, actor=actor_for(request), at=now(), why=why)  # type: ignore[arg-type]
        logout(request)


def actor_for(request: HttpRequest) -> Actor | None:
    """Whoever acts in the chosen post while it is open; `request.posts` are all open ones, for the switch on every page."""
    if not request.user.is_authenticated:
        return None
    post_id = request.session.get(SESSION_KEY)
    if post_id is None:
        return None
    request.posts = logins.open_posts(request.user, at=now())  # type: ignore[attr-defined]
    post = next((post for post in request.posts if post.pk == post_id), None)  # type: ignore[attr-defined]
    return Actor(account=request.user, post=post) if post else None


class ActingPostMiddleware:
    """A logged-in person without a chosen (still valid) post is led to the choice first."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.actor = actor_for(request)  # type: ignore[attr-defined]
        response = self.get_response(request)
        if request.user.is_authenticated and not response.has_header("Cache-Control"):
            # Office computers are shared: nothing of a logged-in page stays behind.
            response["Cache-Control"] = "private, no-store"
        return response

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> HttpResponse | None:
        match = request.resolver_match
        if not request.user.is_authenticated or match is None:
            return None
        name = match.view_name or ""
        if name.startswith("api:") or name in {
            "login",
            "login-code",
            "login-enrol",
            "logout",
            "choose-post",
            "change-password",
            "healthz",
            "readyz",
            "statusz",
        }:
            return None
        if request.user.must_change_password:
            return redirect("change-password")
        if request.actor is None:  # type: ignore[attr-defined]
            return redirect(f"{reverse('choose-post')}?{urlencode({'next': request.get_full_path()})}")
        return None
