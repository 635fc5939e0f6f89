"""接收方式: by which ways the portal reaches this person, and what it sent lately. The ways are the district's to choose."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from audit.clock import SHANGHAI
from deadlines.channels import channels_of
from deadlines.gateways import connected
from deadlines.models import Message
from deadlines.rungs import KINDS
from organisations.access import ActorRequest, acting

SHOWN = 20
C = Message.Channel


@acting()
@require_safe
def reach(request: ActorRequest) -> HttpResponse:
    person, there = request.actor.person, connected()
    chosen = channels_of(request.actor.unit.district)
    sent = Message.objects.filter(person=person).order_by("-queued_at", "pk")[:SHOWN]
    context = {
        "facts": [
            {"label": "站内通知", "value": "都有，不能关"},
            _address("手机", person.masked_phone, C.GATEWAY in there, "短信（政务通）"),
            _address("电子邮件", person.masked_email, C.EMAIL in there, "邮件"),
        ],
        "rungs": [
            {"kind": label, "channels": "、".join(["站内", *(C(c).label for c in chosen[kind])])}
            for kind, label in KINDS.items()
        ],
        "sent": [
            {
                "at_text": message.queued_at.astimezone(SHANGHAI).strftime("%m-%d %H:%M"),
                "channel": message.get_channel_display(),
                "state": message.get_state_display(),
                "text": message.text,
            }
            for message in sent
        ],
    }
    return render(request, "deadlines/reach.html", context)


def _address(label: str, masked: str, is_connected: bool, way: str) -> dict[str, object]:
    sub = "" if is_connected else f"本平台没有接通{way}"
    return {"label": label, "value": masked or "没有登记", "num": bool(masked), "sub": sub}
