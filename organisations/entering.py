"""From the right password to the first page: the second factor, the session, the device, the post, the way on."""

import time
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from organisations import again
from organisations.client import address_of, agent_of
from organisations.lockout import COOKIE
from organisations.middleware import SEEN, SESSION_KEY, SINCE
from organisations.models import Account
from organisations.services import devices, logins, passwords, second_factor

PENDING = "second_factor"
PENDING_FOR = timedelta(minutes=10)
_BACKEND = "django.contrib.auth.backends.ModelBackend"


def after_password(request: HttpRequest, account: Account, *, at: datetime, following: str) -> HttpResponse:
    """The password was right: ask for the second factor where there must be one, else come in."""
    if not second_factor.is_required(account, at=at):
        return enter(request, account, at=at, following=following)
    # The password change of somebody else's session must not slip in between: the hash stands in the note.
    request.session[PENDING] = {"account": account.pk, "until": time.time() + PENDING_FOR.total_seconds()}
    request.session[PENDING] |= {"hash": account.get_session_auth_hash(), "kept": request.POST.get(again.FIELD, "")}
    name = "login-code" if second_factor.is_enrolled(account) else "login-enrol"
    return redirect(with_next(reverse(name), following))


def pending_account(request: HttpRequest) -> Account | None:
    """Who gave the right password in this browser less than ten minutes ago and owes the second factor."""
    note: dict[str, Any] = request.session.get(PENDING, {})
    if not note or note["until"] < time.time():
        return None
    account = Account.objects.select_related("person__district").filter(pk=note["account"], is_active=True).first()
    return account if account and account.get_session_auth_hash() == note["hash"] else None


def enter(request: HttpRequest, account: Account, *, at: datetime, following: str) -> HttpResponse:
    """One post is taken without asking; several are asked; none is told on the page of the choice."""
    note = request.session.pop(PENDING, {})
    kept = note.get("kept", "") or request.POST.get(again.FIELD, "")
    login(request, account, backend=_BACKEND)
    session, address, agent = request.session, address_of(request), agent_of(request)
    session.pop(SESSION_KEY, None)
    session[SINCE] = session[SEEN] = int(time.time())
    session.save()
    devices.begin_session(account=account, session_key=str(session.session_key), address=address, agent=agent, at=at)
    posts = logins.open_posts(account, at=at)
    logins.record_login(account=account, posts=posts, at=at, address=address)
    before = again.read(kept).get("as", {}).get("post") if kept else None
    chosen = posts[0] if len(posts) == 1 else next((post for post in posts if post.pk == before), None)
    if chosen is not None:
        session[SESSION_KEY] = chosen.pk
        logins.choose_post(account=account, post=chosen, at=at)
    if passwords.is_over_age(account, at=at):
        logins.demand_new_password(account=account)
    response = None
    if account.must_change_password:
        response = redirect("change-password")
    elif chosen is not None:
        response = again.offer(request, kept) or redirect(following or settings.LOGIN_REDIRECT_URL)
    else:
        response = redirect(with_next(reverse("choose-post"), following))
    word = devices.remember_device(
        account=account, word=request.COOKIES.get(COOKIE, ""), address=address, agent=agent, at=at
    )
    response.set_cookie(
        COOKIE, word, max_age=365 * 86400, httponly=True, secure=settings.SESSION_COOKIE_SECURE, samesite="Lax"
    )
    return response


def is_ours(request: HttpRequest, url: str) -> bool:
    return url_has_allowed_host_and_scheme(url, allowed_hosts={request.get_host()}, require_https=request.is_secure())


def with_next(url: str, following: str) -> str:
    return f"{url}?{urlencode({'next': following})}" if following else url
