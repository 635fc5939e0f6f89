"""Sending what the outbox holds: claim, look again, send, write down. Any number of senders may run (docs/adr/0015)."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.template.loader import render_to_string

from audit.clock import local_date
from audit.services import record
from deadlines.calendar import WorkCalendar
from deadlines.display import Clockwork, date_text, due_mark
from deadlines.events import Event
from deadlines.gateways import OutcomeUnknown, Outgoing, Refused, SendFailed, adapter
from deadlines.models import Message, Notice
from organisations.actors import Actor

logger = logging.getLogger(__name__)
S = Message.State
# Minutes until the next attempt; after the last one the message is dead and waits for a person.
BACK_OFF = (1, 5, 15, 60, 240)
MAX_ATTEMPTS = len(BACK_OFF) + 1
# A claim this old has lost its sender: all time-outs together are shorter.
CLAIM_LASTS = timedelta(minutes=2)
BATCH = 20
ITEMS_NAMED = 10  # in a digest; the rest is a number


@dataclass
class Sent:
    claimed: int = 0
    sent: int = 0
    failed: int = 0


def deliver(*, at: datetime, limit: int = 200) -> Sent:
    """Send what is due at `at`, up to `limit`. Called outside any transaction: a claim is committed before its sending."""
    result = Sent()
    while result.claimed < limit and (claimed := claim(at=at, limit=min(BATCH, limit - result.claimed))):
        for message_id, attempt in claimed:
            result.claimed += 1
            outcome = _send_safely(message_id, attempt=attempt, at=at)
            result.sent += outcome == S.SENT
            result.failed += outcome not in {S.SENT, S.SKIPPED}
    return result


def _send_safely(message_id: UUID, *, attempt: int, at: datetime) -> str:
    """One message that cannot be composed or sent must not hold up the others."""
    try:
        return send(message_id, attempt=attempt, at=at)
    except Exception as error:
        # Only the kind of the error: its text may quote what the message says.
        logger.error("message %s: %s", message_id, type(error).__name__)
        failure = SendFailed(f"平台内部错误（{type(error).__name__}）")
        return _finish(Message(pk=message_id), attempt, **_after(failure, attempt=attempt, at=at))


@transaction.atomic
def claim(*, at: datetime, limit: int = BATCH) -> list[tuple[UUID, int]]:
    """Take messages that are due; nobody else gets them. Returns (id, attempt)."""
    # Whoever claimed these died between sending and writing down: nobody knows, so the same id goes again.
    lost = Message.objects.select_for_update(skip_locked=True).filter(state=S.SENDING, claimed_at__lt=at - CLAIM_LASTS)
    for message in lost[:limit]:
        dead = message.attempts >= MAX_ATTEMPTS
        _write(message, state=S.DEAD if dead else S.UNKNOWN, last_error="发送时进程中断，结果不明", next_attempt_at=at)
    due = Message.objects.select_for_update(skip_locked=True).filter(
        state__in=[S.QUEUED, S.UNKNOWN], next_attempt_at__lte=at
    )
    ids = list(due.order_by("next_attempt_at", "pk").values_list("pk", flat=True)[:limit])
    Message.objects.filter(pk__in=ids).update(state=S.SENDING, claimed_at=at, attempts=F("attempts") + 1)
    return list(Message.objects.filter(pk__in=ids).order_by("next_attempt_at", "pk").values_list("pk", "attempts"))


def send(message_id: UUID, *, attempt: int, at: datetime) -> str:
    """Look at the state again, then send once. Returns the state that the message is left in."""
    message = Message.objects.select_related("person", "post__unit__district").get(pk=message_id)
    items = list(
        message.notices.select_related(
            "deadline__case__responsible_unit", "deadline__owner_unit", "deadline__case__township"
        ).order_by("deadline__due_at", "pk")
    )
    reason = _moot(message, at=at)
    true = [notice for notice in items if notice.deadline.is_running]
    if reason or not true:
        return _finish(message, attempt, state=S.SKIPPED, last_error=reason or "发送前已办结、中止或终止")
    subject, text = compose(message, true, at=at)
    # Written before it leaves: whatever happens then, the record says what was said.
    Message.objects.filter(pk=message.pk).update(subject=subject, text=text)
    address = message.person.email if message.channel == Message.Channel.EMAIL else message.person.phone
    try:
        adapter(message.channel).send(Outgoing(str(message.pk), address, subject, text))
    except SendFailed as error:
        return _finish(message, attempt, **_after(error, attempt=attempt, at=at))
    return _finish(message, attempt, state=S.SENT, sent_at=at, last_error="")


def _moot(message: Message, *, at: datetime) -> str:
    if not message.post.is_open_on(local_date(at)):
        return "收件人已不在这个岗位"
    if message.channel == Message.Channel.EMAIL and not message.person.email:
        return "收件人已没有登记邮箱"
    if message.channel == Message.Channel.GATEWAY and not message.person.phone:
        return "收件人已没有登记手机"
    return ""


def _after(error: SendFailed, *, attempt: int, at: datetime) -> dict[str, Any]:
    said = str(error)[:200]
    if isinstance(error, Refused) or attempt >= MAX_ATTEMPTS:
        return {"state": S.DEAD, "last_error": said}
    state = S.UNKNOWN if isinstance(error, OutcomeUnknown) else S.QUEUED
    return {"state": state, "last_error": said, "next_attempt_at": at + timedelta(minutes=BACK_OFF[attempt - 1])}


def _finish(message: Message, attempt: int, **values: Any) -> str:
    """Only by the sender that still holds the claim: a slow one must not undo what a later one wrote."""
    Message.objects.filter(pk=message.pk, state=S.SENDING, attempts=attempt).update(**values)
    return str(values["state"])


def _write(message: Message, **values: Any) -> None:
    Message.objects.filter(pk=message.pk).update(**values)


def compose(message: Message, notices: list[Notice], *, at: datetime) -> tuple[str, str]:
    """Subject and text as true at `at`: no name, no telephone number, only what is needed to go and look."""
    clockwork = Clockwork(at=at, calendar=WorkCalendar.load())
    items = [
        {
            "kind": notice.rung_label,
            "rule": notice.deadline.rule.label,
            "title": notice.deadline.case.title,
            "owner": notice.deadline.owner_unit,
            "date": date_text(notice.deadline.due_on, clockwork),
            "due": due_mark(notice.deadline.due_on, notice.deadline.due_at, clockwork)["text"],
            "note": notice.text,
            "mine": notice.deadline.owner_unit_id == message.post.unit_id,
        }
        for notice in notices
    ]
    context = {
        "portal": message.post.unit.district.portal_title,
        "unit": message.post.unit,
        "items": items[:ITEMS_NAMED],
        "item": items[0],
        "count": len(items),
        "more": max(0, len(items) - ITEMS_NAMED),
    }
    name = "digest" if len(items) > 1 else "one"
    subject = render_to_string(f"messages/{name}_subject.txt", context).strip()
    return subject[:200], render_to_string(f"messages/{name}_{message.channel}.txt", context).strip()


@transaction.atomic
def retry(*, message: Message, actor: Actor, at: datetime) -> None:
    """A dead letter goes out again, by hand and with the same id. ValidationError when it is not dead."""
    found = Message.objects.select_for_update().get(pk=message.pk, district_id=actor.district_id)
    if found.state != S.DEAD:
        raise ValidationError(f"这条消息现在是“{found.get_state_display()}”，不用重发")
    _write(found, state=S.QUEUED, attempts=0, next_attempt_at=at)
    record(
        Event.MESSAGE_RETRIED,
        by=actor.stamp,
        at=at,
        subject=("message", str(found.pk)),
        data={"channel": found.get_channel_display(), "error": found.last_error, "person_id": found.person_id},
    )
