"""The second factor: asked for at login, enrolled at the first login that needs it, or from 我的登录."""

from datetime import UTC, datetime

import segno
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from audit.clock import now
from organisations.access import public
from organisations.entering import PENDING, enter, is_ours, pending_account
from organisations.forms.login import CodeForm, EnrolForm
from organisations.middleware import SESSION_KEY
from organisations.models import Account
from organisations.services import second_factor
from organisations.services.second_factor import CodeRefused


def _following(request: HttpRequest) -> str:
    wanted = request.GET.get("next", "")
    return wanted if is_ours(request, wanted) else ""


@public
@never_cache
@sensitive_post_parameters("code")
def login_code(request: HttpRequest) -> HttpResponse:
    """After the right password: the code of the authenticator, or a recovery code."""
    account = pending_account(request)
    if account is None:
        messages.info(request, "请先输入用户名和密码。")
        return redirect("login")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            second_factor.verify(
                account=account, code=form.cleaned_data["code"], phone_time=datetime.now(UTC), at=now()
            )
        except CodeRefused as refusal:
            form.add_error("code", str(refusal))
        else:
            return enter(request, account, at=now(), following=_following(request))
    return render(request, "registration/login_code.html", {"form": form, "account": account})


@public
@never_cache
@sensitive_post_parameters("code")
def login_enrol(request: HttpRequest) -> HttpResponse:
    """Scan, type the first code, keep the recovery codes; then the login goes on."""
    account = pending_account(request) or _logged_in(request)
    if account is None:
        messages.info(request, "请先输入用户名和密码。")
        return redirect("login")
    if second_factor.is_enrolled(account):
        return redirect("my-logins" if request.user.is_authenticated else "login-code")
    form = EnrolForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            codes = second_factor.enrol(
                account=account, code=form.cleaned_data["code"], phone_time=datetime.now(UTC), at=now()
            )
        except CodeRefused as refusal:
            form.add_error("code", str(refusal))
        else:
            return _show_codes(request, account, codes)
    secret = second_factor.offered_secret(account)
    address = second_factor.address_for_app(account, secret, issuer="铸安")
    word = address.partition("secret=")[2].partition("&")[0]
    context = {
        "form": form,
        "account": account,
        "picture": _picture(address),
        "word": " ".join(word[n : n + 4] for n in range(0, len(word), 4)),
        "asked": PENDING in request.session,
    }
    return render(request, "registration/login_enrol.html", context)


def _show_codes(request: HttpRequest, account: Account, codes: list[str]) -> HttpResponse:
    """Shown in the answer to the form and nowhere else; the login is complete with it."""
    following = "/"
    if PENDING in request.session:
        came_in = enter(request, account, at=now(), following=_following(request))
        following = came_in.headers.get("Location", "/")
        page = render(request, "registration/recovery_codes.html", {"codes": codes, "following": following})
        page.cookies = came_in.cookies
        return page
    return render(request, "registration/recovery_codes.html", {"codes": codes, "following": "/my/logins/"})


def _logged_in(request: HttpRequest) -> Account | None:
    """Somebody who is in already and adds a second factor by their own choice."""
    return request.user if request.user.is_authenticated and SESSION_KEY in request.session else None  # type: ignore[return-value]


def _picture(address: str) -> SafeString:
    """The QR code as inline SVG: shapes only, drawn by the library from a text that is ours."""
    code = segno.make(address, error="m")
    return mark_safe(code.svg_inline(scale=4, border=2, svgclass="qr", lineclass=None, omitsize=True))
