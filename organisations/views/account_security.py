"""管理 › 账号 › 一个账号: its locks, logins, tokens and second factor, each with an act that ends it (安全管理员)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from audit.clock import now
from organisations.access import ActorRequest, acting
from organisations.forms.accounts import ReasonForm
from organisations.forms.fields import refuse
from organisations.models import Account, ApiToken, SecondFactor
from organisations.roles import Right
from organisations.services import accounts as services
from organisations.services.locks import lift_lock, locks_of
from organisations.views.manage_frame import frame


@dataclass(frozen=True)
class Act:
    """One act on an account, asked with a reason."""

    title: str
    will: str
    run: Callable[..., int]
    done: Callable[[int], str]


ACTS = {
    "unlock": Act(
        "解除锁定",
        "所有输错密码的计数清零，锁定立即解除；正在猜密码的人也可重新尝试，请先核实。",
        lift_lock,
        lambda n: "锁定已解除。" if n else "这个账号此前已没有锁定。",
    ),
    "end-sessions": Act(
        "退出全部登录",
        "所有设备上的登录立即退出；密码不变，可重新登录。",
        services.end_all_sessions,
        lambda n: f"已退出 {n} 处登录。" if n else "没有正在使用的登录。",
    ),
    "revoke-tokens": Act(
        "停用全部接口令牌",
        "使用这些令牌的程序立即不能再调用接口，不能恢复。",
        services.revoke_all_tokens,
        lambda n: f"已停用 {n} 个接口令牌。" if n else "没有有效的接口令牌。",
    ),
    "reset-factor": Act(
        "重置动态口令",
        "原来的动态口令和备用码立即作废，登录全部退出；本人下次登录时重新启用。请先当面或电话核对身份。",
        services.reset_second_factor,
        lambda n: "动态口令已重置。" if n else "这个账号没有启用动态口令。",
    ),
}


def _account(request: ActorRequest, pk: int) -> Account:
    rows = Account.objects.filter(person__district_id=request.actor.district_id).select_related("person")
    return get_object_or_404(rows, pk=pk)


@acting(Right.MANAGE_ACCOUNTS, scoped=True)
def account(request: ActorRequest, pk: int) -> HttpResponse:
    found, at = _account(request, pk), now()
    factor = SecondFactor.objects.filter(account=found, confirmed_at__isnull=False).first()
    context = frame(request.actor, "manage:accounts", found.username, sub=found.person.name) | {
        "account": found,
        "is_own": found.person_id == request.actor.post.person_id,
        "locks": [
            {"for_whom": lock.for_whom, "failures": lock.failures, "until": _clock(lock.until)}
            for lock in locks_of(found, real=datetime.now(UTC))
        ],
        "sessions": list(found.sessions.all()),
        "devices": list(found.devices.order_by("-last_at")[:20]),
        "tokens": list(
            ApiToken.objects.filter(account=found, revoked_at=None, expires_at__gt=at).select_related("post__unit")
        ),
        "factor": factor,
        "codes_left": found.recovery_codes.filter(used_at=None).count() if factor else 0,
    }
    return render(request, "organisations/account.html", context)


@acting(Right.MANAGE_ACCOUNTS, scoped=True)
def account_act(request: ActorRequest, pk: int, act: str) -> HttpResponse:
    found = _account(request, pk)
    if act not in ACTS:
        raise Http404
    chosen = ACTS[act]
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            number = chosen.run(account=found, actor=request.actor, at=now(), **form.cleaned_data)
        except ValidationError as error:
            refuse(form, error)
        else:
            messages.success(request, chosen.done(number))
            return redirect("manage:account", pk=found.pk)
    above = [(found.username, reverse("manage:account", args=[found.pk]))]
    context = frame(request.actor, "manage:accounts", chosen.title, above=above) | {
        "form": form,
        "known": [{"label": "用户名", "value": found.username}, {"label": "姓名", "value": found.person.name}],
        "will": chosen.will,
        "submit_label": chosen.title,
        "cancel_url": reverse("manage:account", args=[found.pk]),
    }
    return render(request, "manage/form.html", context)


def _clock(moment: datetime) -> str:
    """Locks run on the world's clock: shown as minutes from now, which is true also where the portal's clock is set."""
    minutes = max(1, -(-int((moment - timezone.now()).total_seconds()) // 60))
    return f"还有 {minutes} 分钟"
