"""我的登录: where one is logged in, with which tokens programs speak for one, whether a second factor is set."""

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from audit.clock import now
from organisations.access import ActorRequest, acting
from organisations.client import address_of
from organisations.forms.accounts import TokenForm
from organisations.forms.fields import refuse
from organisations.models import ApiToken
from organisations.services import devices, second_factor, tokens
from organisations.views.manage_frame import frame


@acting()
@never_cache
def my_logins(request: ActorRequest) -> HttpResponse:
    account, at = request.actor.account, now()
    if request.method == "POST":
        ended = devices.end_other_sessions(
            account=account, keep=str(request.session.session_key), actor=request.actor, at=at
        )
        messages.success(request, f"已退出其他 {ended} 处登录。" if ended else "没有其他登录。")
        return redirect("my-logins")
    running = list(account.sessions.all())
    for session in running:
        session.is_here = session.session_key == request.session.session_key  # type: ignore[attr-defined]
    usable = ApiToken.objects.filter(account=account, revoked_at=None, expires_at__gt=at).select_related("post__unit")
    context = frame(request.actor, "", "我的登录") | {
        "crumbs": [],
        "sections": [],
        "sessions": running,
        "others": sum(not session.is_here for session in running),  # type: ignore[attr-defined]
        "tokens": list(usable),
        "enrolled": second_factor.is_enrolled(account),
    }
    return render(request, "organisations/my_logins.html", context)


@acting()
@never_cache
@sensitive_post_parameters("password", "code")
def token_new(request: ActorRequest) -> HttpResponse:
    """Against the password once more, and the second factor of whoever has one. The token is in the answer alone."""
    account, at = request.actor.account, now()
    form = TokenForm(request.POST or None, account=account, enrolled=second_factor.is_enrolled(account))
    if request.method == "POST" and form.is_valid():
        try:
            form.check_code(at=at)
            token, row = tokens.issue_token(
                actor=request.actor,
                at=at,
                address=address_of(request),
                name=form.cleaned_data["name"],
                scopes=form.cleaned_data["scopes"],
                days=form.cleaned_data["days"],
            )
        except ValidationError as error:
            refuse(form, error)
        else:
            return render(
                request,
                "organisations/token_shown.html",
                _frame(request, "接口令牌已签发") | {"token": token, "row": row, "post": request.actor.post},
            )
    context = _frame(request, "新建接口令牌") | {
        "form": form,
        "known": [{"label": "岗位", "value": str(request.actor.post)}],
        "will": "令牌以这个岗位的名义办理，只显示这一次。改密码、停用账号、免去岗位后即失效。",
        "submit_label": "签发令牌",
        "cancel_url": reverse("my-logins"),
    }
    return render(request, "manage/form.html", context)


@acting(scoped=True)
def token_revoke(request: ActorRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(ApiToken.objects.select_related("account"), pk=pk, account=request.actor.account)
    if request.method == "POST":
        done = tokens.revoke_token(token=token, actor=request.actor, at=now())
        messages.success(request, "令牌已停用。" if done else "这个令牌此前已停用。")
        return redirect("my-logins")
    context = _frame(request, "停用接口令牌") | {
        "form": forms.Form(),
        "known": [
            {"label": "用途", "value": token.name or "未写"},
            {"label": "有效期至", "value": f"{token.expires_at:%Y-%m-%d}", "num": True},
        ],
        "will": "停用后使用它的程序立即不能再调用接口，不能恢复。",
        "submit_label": "停用",
        "cancel_url": reverse("my-logins"),
    }
    return render(request, "manage/form.html", context)


def _frame(request: ActorRequest, title: str) -> dict[str, object]:
    crumbs = [{"text": "我的登录", "url": reverse("my-logins")}, {"text": title, "url": ""}]
    return frame(request.actor, "", title) | {"crumbs": crumbs, "sections": []}
