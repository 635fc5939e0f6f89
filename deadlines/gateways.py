"""How a message leaves the portal: one adapter per channel, and what each may answer.

An adapter returns when the message is handed over, and raises otherwise. Errors never carry an address or a text.
"""

import hashlib
import hmac
import json
import smtplib
import time
from dataclasses import dataclass
from typing import Protocol

import requests
from django.conf import settings
from django.core.mail import EmailMessage

from deadlines.models import Message


class SendFailed(Exception):
    """Not handed over; worth another try."""


class Refused(SendFailed):
    """The other side will never take it: another try changes nothing."""


class OutcomeUnknown(SendFailed):
    """It may have arrived: only the same id may be sent again."""


@dataclass(frozen=True)
class Outgoing:
    id: str  # the same at every attempt; whoever receives it twice delivers it once
    address: str
    subject: str
    text: str


class Adapter(Protocol):
    def send(self, message: Outgoing) -> None: ...


class HttpGateway:
    """SMS and 政务通 by the district's gateway: JSON over HTTP, signed. The protocol is in docs/operations.md."""

    def __init__(self, *, url: str, secret: str, timeout: float) -> None:
        self.url, self.secret, self.timeout = url, secret, timeout

    def send(self, message: Outgoing) -> None:
        told = {"id": message.id, "to": message.address, "text": message.text}
        body = json.dumps(told, ensure_ascii=False).encode()
        stamp = str(int(time.time()))
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "X-Message-Id": message.id,
            "X-Timestamp": stamp,
            "X-Signature": f"sha256={signature(self.secret, stamp, body)}",
        }
        try:
            answer = requests.post(
                self.url, data=body, headers=headers, timeout=(self.timeout, self.timeout), allow_redirects=False
            )
        except requests.ConnectTimeout as error:
            raise SendFailed("连接网关超时") from error
        except requests.Timeout as error:
            raise OutcomeUnknown("网关没有及时回答") from error
        except requests.RequestException as error:
            raise OutcomeUnknown(f"与网关的连接中断（{type(error).__name__}）") from error
        if answer.status_code == 409 or 200 <= answer.status_code < 300:  # 409: it has this id already
            return
        said = f"网关回答 {answer.status_code}"
        if 400 <= answer.status_code < 500 and answer.status_code not in {401, 403, 408, 425, 429}:
            raise Refused(said)
        raise SendFailed(said)


def signature(secret: str, stamp: str, body: bytes) -> str:
    return hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()


class RecordingGateway:
    """The demo's: nothing leaves the portal, 管理 › 发送记录 shows what would have been said."""

    def send(self, message: Outgoing) -> None:
        return None


class Mail:
    """Django's own mail; the time-out is EMAIL_TIMEOUT."""

    def send(self, message: Outgoing) -> None:
        mail = EmailMessage(
            subject=message.subject,
            body=message.text,
            to=[message.address],
            headers={"Message-ID": f"<{message.id}@{settings.EMAIL_DOMAIN}>"},
        )
        try:
            mail.send()
        except smtplib.SMTPRecipientsRefused as error:
            raise Refused("邮件服务器不接受这个地址") from error
        except (smtplib.SMTPServerDisconnected, TimeoutError) as error:
            raise OutcomeUnknown("与邮件服务器的连接中断") from error
        except (smtplib.SMTPException, OSError) as error:
            raise SendFailed(f"邮件服务器出错（{type(error).__name__}）") from error


def adapter(channel: str) -> Adapter:
    if channel == Message.Channel.EMAIL:
        return RecordingGateway() if settings.MESSAGES_RECORDED_ONLY else Mail()
    if settings.GATEWAY_URL:
        return HttpGateway(url=settings.GATEWAY_URL, secret=settings.GATEWAY_SECRET, timeout=settings.GATEWAY_TIMEOUT)
    return RecordingGateway()


def connected() -> list[str]:
    """The channels that lead somewhere. What has none is told in the portal alone."""
    channels = []
    if settings.GATEWAY_URL or settings.MESSAGES_RECORDED_ONLY:
        channels.append(Message.Channel.GATEWAY.value)
    if settings.EMAIL_HOST or settings.MESSAGES_RECORDED_ONLY:
        channels.append(Message.Channel.EMAIL.value)
    return channels
