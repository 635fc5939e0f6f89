"""X8: the HTTP gateway speaks as docs/operations.md says, against a real server on the loopback; and mail."""

import hashlib
import hmac
import json
import logging
import smtplib
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import pytest
from django.core import mail

from deadlines.gateways import (
    HttpGateway,
    Mail,
    OutcomeUnknown,
    Outgoing,
    RecordingGateway,
    Refused,
    SendFailed,
    adapter,
)

SECRET = "一把只在测试里的钥匙"
MESSAGE = Outgoing("5f0c9a1e-0000-4000-8000-000000000001", "13805521234", "已逾期：风险交办", "【平台】已逾期。")


class Server(ThreadingHTTPServer):
    daemon_threads = True
    status = 200
    silent: Event | None = None

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/send"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((dict(self.headers), body))
        if self.server.silent:
            self.server.silent.wait(2)
        if self.server.status == 0:  # cut the line without an answer
            self.close_connection = True
            return
        self.send_response(self.server.status)
        self.send_header("Location", "http://127.0.0.1:1/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    if server.silent:
        server.silent.set()
    server.shutdown()
    server.server_close()
    thread.join()


def gateway(server: Server, timeout: float = 5) -> HttpGateway:
    return HttpGateway(url=server.url, secret=SECRET, timeout=timeout)


def test_x8_the_gateway_can_check_who_asks_and_tell_repeats(server):
    gateway(server).send(MESSAGE)
    gateway(server).send(MESSAGE)
    [(headers, body), (again, _)] = server.asked
    assert json.loads(body) == {"id": MESSAGE.id, "to": "13805521234", "text": "【平台】已逾期。"}
    assert headers["X-Message-Id"] == again["X-Message-Id"] == MESSAGE.id
    assert abs(int(headers["X-Timestamp"]) - time.time()) < 60
    # As a gateway would check it, in its own words.
    signed = hmac.new(SECRET.encode(), headers["X-Timestamp"].encode() + b"." + body, hashlib.sha256)
    assert headers["X-Signature"] == "sha256=" + signed.hexdigest()
    assert SECRET not in str(headers)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, None),
        (202, None),
        (409, None),
        (302, SendFailed),
        (401, SendFailed),
        (429, SendFailed),
        (500, SendFailed),
        (400, Refused),
        (422, Refused),
        (0, OutcomeUnknown),
    ],
)
def test_x8_what_the_gateways_answers_mean(server, status, outcome):
    server.status = status
    if outcome is None:
        gateway(server).send(MESSAGE)
    else:
        with pytest.raises(SendFailed) as raised:
            gateway(server).send(MESSAGE)
        assert type(raised.value) is outcome
        assert MESSAGE.address not in str(raised.value) and MESSAGE.text not in str(raised.value)
    assert len(server.asked) == 1


def test_x8_a_gateway_that_does_not_answer_leaves_the_outcome_unknown(server):
    server.silent = Event()
    began = time.monotonic()
    with pytest.raises(OutcomeUnknown, match="网关没有及时回答"):
        gateway(server, timeout=0.1).send(MESSAGE)
    assert time.monotonic() - began < 1.5


def test_x8_a_gateway_that_is_not_there(server, caplog):
    caplog.set_level(logging.DEBUG)
    server.server_close()
    with pytest.raises(SendFailed):
        gateway(server).send(MESSAGE)
    assert MESSAGE.address not in caplog.text


def test_x8_mail_goes_by_djangos_own_with_the_same_id(settings):
    settings.EMAIL_DOMAIN = "portal.example.gov.cn"
    Mail().send(Outgoing(MESSAGE.id, "zhou@example.gov.cn", MESSAGE.subject, MESSAGE.text))
    [sent] = mail.outbox
    assert (sent.to, sent.subject, sent.body) == (["zhou@example.gov.cn"], MESSAGE.subject, MESSAGE.text)
    assert sent.message()["Message-ID"] == f"<{MESSAGE.id}@portal.example.gov.cn>"


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (smtplib.SMTPRecipientsRefused({"zhou@example.gov.cn": (550, b"no")}), Refused),
        (smtplib.SMTPServerDisconnected("bye"), OutcomeUnknown),
        (smtplib.SMTPAuthenticationError(535, b"no"), SendFailed),
        (ConnectionRefusedError(), SendFailed),
    ],
)
def test_x8_what_the_mail_servers_answers_mean(monkeypatch, error, outcome):
    def fails(self, *args, **values):
        raise error

    monkeypatch.setattr("django.core.mail.EmailMessage.send", fails)
    with pytest.raises(SendFailed) as raised:
        Mail().send(Outgoing(MESSAGE.id, "zhou@example.gov.cn", "", ""))
    assert type(raised.value) is outcome and "zhou" not in str(raised.value)


def test_x8_the_demo_records_and_a_district_sends(settings):
    assert isinstance(adapter("gateway"), RecordingGateway)
    settings.GATEWAY_URL, settings.GATEWAY_SECRET = "http://127.0.0.1:1/", SECRET
    assert isinstance(adapter("gateway"), HttpGateway)
    assert isinstance(adapter("email"), Mail)
    settings.MESSAGES_RECORDED_ONLY = True
    assert isinstance(adapter("email"), RecordingGateway)
