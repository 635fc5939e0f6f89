"""管理 › 发送记录: what went out by telephone and mail, what failed for good, and sending that again."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from audit.clock import SHANGHAI, now
from deadlines.models import Message
from deadlines.services import sending
from organisations.access import ActorRequest, acting
from organisations.forms.fields import FilterForm
from organisations.roles import Right
from organisations.views.manage_frame import frame, paged

# What happened to it, in the words of a list; the reason stands beside it.
_STATES = [("", "全部"), *Message.State.choices]
_STATES = [(key, label.split("，")[0]) for key, label in _STATES]


class MessageFilter(FilterForm):
    q = forms.CharField(label="收件人、单位", widget=forms.TextInput(attrs={"type": "search"}))
    channel = forms.ChoiceField(label="渠道", choices=[("", "全部"), *Message.Channel.choices])
    state = forms.ChoiceField(label="状态", choices=_STATES)


@acting(Right.MANAGE_SYSTEM, Right.READ_AUDIT)
@require_safe
def messages_sent(request: ActorRequest) -> HttpResponse:
    form = MessageFilter(request.GET)
    of_district = Message.objects.filter(district=request.actor.district_id)
    rows = of_district.select_related("person", "post__unit").order_by("-queued_at", "pk")
    if q := form.value("q"):
        rows = rows.filter(person__name__icontains=q) | rows.filter(post__unit__name__icontains=q)
    for name in ("channel", "state"):
        if value := form.value(name):
            rows = rows.filter(**{name: value})
    found, total, page = paged(request, rows, unit="条")
    dead = of_district.filter(state=Message.State.DEAD).count()
    context = frame(
        request.actor,
        "manage:messages",
        "发送记录",
        sub="提醒在站内都有；按区县配置另发短信（政务通）和邮件的，记在这里。手机号、邮箱不显示全。",
    )
    context |= {
        "filter": form,
        "rows": [_row(message) for message in found],
        "page": page,
        "bar": {"count_text": total, "unit_text": "条", "sort_text": "新的在前", "actions": []},
        "banner": _banner(dead, request.path),
        "may_retry": request.actor.may(Right.MANAGE_SYSTEM),
    }
    return render(request, "deadlines/messages.html", context)


def _banner(dead: int, path: str) -> dict[str, str] | None:
    if not dead:
        return None
    return {
        "kind": "note",
        "icon": "alert-triangle",
        "title": f"{dead} 条发送失败",
        "text": "多次重试仍未发出。排除原因后重发；当事人的站内通知不受影响。",
        "link_url": f"{path}?state={Message.State.DEAD}",
        "link_text": "看这些",
    }


def _row(message: Message) -> dict[str, Any]:
    by_mail = message.channel == Message.Channel.EMAIL
    state = Message.State(message.state)
    return {
        "pk": message.pk,
        "at_text": message.queued_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M"),
        "person": message.person.name,
        "unit": str(message.post.unit),
        "address": message.person.masked_email if by_mail else message.person.masked_phone,
        "channel": message.get_channel_display(),
        "is_digest": message.is_digest,
        "state": state.label.split("，")[0],
        "is_dead": state == Message.State.DEAD,
        "reason": message.last_error,
        "attempts": message.attempts,
        "text": message.text,
    }


@acting(Right.MANAGE_SYSTEM, scoped=True)
@require_POST
def message_retry(request: ActorRequest, pk: str) -> HttpResponse:
    message = get_object_or_404(Message, pk=pk, district=request.actor.district_id)
    try:
        sending.retry(message=message, actor=request.actor, at=now())
    except ValidationError as error:
        messages.info(request, error.messages[0])
    else:
        messages.success(request, "已重新排队，几秒后发出；消息编号不变。")
    back = reverse("manage:messages")
    return redirect(f"{back}?state=dead" if request.POST.get("from") == "dead" else back)
