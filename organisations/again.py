"""A form posted after the login ran out: logging in again on the spot, with everything that was typed (X3).

What was typed travels through the login page and back in the browser; the server keeps nothing of somebody who is not
logged in. Passwords and files do not travel.
"""

import json
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode

FIELD = "kept"
MOST = 200_000
_SALT = "zhuan.kept"
# Fields that must not stand in a page, or are worth nothing on the next one.
_LEFT_OUT = ("csrfmiddlewaretoken", "password")


def to_login(request: HttpRequest) -> HttpResponse:
    """To the login page; for a form with something in it, the login page on the spot."""
    if why := getattr(request, "expired", ""):
        messages.info(request, why)
    typed = {name: request.POST.getlist(name) for name in request.POST if not name.startswith(_LEFT_OUT)}
    if request.method != "POST" or not any(value for values in typed.values() for value in values):
        return redirect_to_login(request.get_full_path())
    from organisations.forms.login import LoginForm

    text = signing.dumps(
        {"url": request.get_full_path(), "as": getattr(request, "expired_as", {}), "typed": typed},
        salt=_SALT,
        compress=True,
    )
    following = urlencode({"next": request.get_full_path()})
    context = {"form": LoginForm(request), "kept": text if len(text) <= MOST else "", "files": bool(request.FILES)}
    context |= {"login_url": f"{reverse('login')}?{following}", "too_long": len(text) > MOST}
    return render(request, "registration/login.html", context, status=401)


def read(text: str) -> dict[str, Any]:
    """What was kept, or {} for something that this portal did not write, or a day ago."""
    try:
        return dict(signing.loads(text, salt=_SALT, max_age=24 * 3600))
    except (signing.BadSignature, json.JSONDecodeError):
        return {}


def offer(request: HttpRequest, text: str) -> HttpResponse | None:
    """After logging in: the form once more, to be sent with one click. None when there is nothing, or not for this person."""
    kept = read(text) if text else {}
    if not kept:
        return None
    account = kept["as"].get("account")
    if account is not None and account != request.user.pk:
        messages.warning(request, "刚才的内容是另一个账号填写的，没有带过来。")
        return None
    fields = [(name, value) for name, values in kept["typed"].items() for value in values]
    return render(request, "registration/again.html", {"url": kept["url"], "fields": fields})
