"""Log lines: JSON, one a line, found again by their request, and without anything that tells of a person."""

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client

from config.logs import JsonLine, PlainLine, WithRequest, mask
from tests.factories import PASSWORD, client_for, make_actor

PHONE, IDENTITY = "13912345678", "340303199001011234"
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Everything logged meanwhile, as the processes of a district write it."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.addFilter(WithRequest())
    handler.setFormatter(JsonLine())
    root, own = logging.getLogger(), logging.getLogger("config.request_log")
    root.addHandler(handler)
    own.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in out.getvalue().splitlines()]
    root.removeHandler(handler)
    own.setLevel(logging.NOTSET)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (f"电话{PHONE}。", "电话***。"),
        ("+86 139-1234-5678", "+86 ***"),
        (f"8613912345678 %20{PHONE}", "86*** %20***"),
        ("Error handling request /search/?q=%E9%99%88 at '/a?b=c'", "Error handling request /search/?*** at '/a?***'"),
        (f"证件 {IDENTITY} 34030319900101123X", "证件 *** ***"),
        ("第 12345678901 件，2026-11-24 09:30:00", "第 12345678901 件，2026-11-24 09:30:00"),
        (
            "duplicate key\nDETAIL:  Key (name)=(陈国强) already exists.\nCONTEXT: x",
            "duplicate key\nDETAIL: ***\nCONTEXT: x",
        ),
    ],
)
def test_numbers_of_people_and_quoted_rows_are_hidden(said: str, kept: str) -> None:
    assert mask(said) == kept


@pytest.mark.django_db
def test_a_request_leaves_one_line_without_what_was_asked_or_sent(lines: Lines) -> None:
    actor = make_actor()
    client = client_for(actor)
    answer = client.post(f"/risks/new/?phone={PHONE}", {"title": "陈国强", "responsible_phone": PHONE})
    (line,) = lines()
    assert line.pop("time").endswith("Z") and line.pop("duration_ms") > 0
    assert line == {
        "level": "INFO",
        "logger": "config.request_log",
        "message": f"POST /risks/new/ {answer.status_code}",
        "request_id": answer["X-Request-ID"],
        "method": "POST",
        "path": "/risks/new/",
        "status": answer.status_code,
        "account": actor.account.pk,
    }


@pytest.mark.django_db
def test_neither_a_login_nor_a_number_in_the_address_is_told(lines: Lines) -> None:
    make_actor(username="chenguoqiang")
    Client().post("/login/", {"username": "chenguoqiang", "password": PASSWORD})
    Client().get(f"/nothing/{PHONE}/")
    text = json.dumps(lines(), ensure_ascii=False)
    assert "chenguoqiang" not in text and PHONE not in text
    assert [(line["path"], line["status"]) for line in lines()] == [("/login/", 302), ("/nothing/***/", 404)]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "is_kept"), [("proxy-7f3a.9", True), ("short", False), (f"tel-{PHONE}", False), ("a b;c" * 3, False)]
)
def test_the_proxys_number_is_kept_when_it_is_one(lines: Lines, given: str, is_kept: bool) -> None:
    answer = Client().get("/healthz", headers={"X-Request-ID": given})
    assert (answer["X-Request-ID"] == given) == is_kept
    assert [line["request_id"] for line in lines()] == [answer["X-Request-ID"]]


@pytest.mark.django_db
def test_an_error_in_a_request_is_logged_with_its_request_and_without_its_people(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = f"refused {PHONE}\nDETAIL:  Failing row contains (陈国强, {IDENTITY})."

    def fail(*args: object, **kwargs: object) -> None:
        raise IntegrityError(said)

    monkeypatch.setattr("organisations.views.login.LoginView.get_context_data", fail)
    client = Client(raise_request_exception=False)
    answer = client.get(f"/login/?tel={PHONE}")
    assert answer.status_code == 500
    error, access = lines()
    assert (error["level"], error["logger"], access["status"]) == ("ERROR", "django.request", 500)
    assert error["request_id"] == access["request_id"] == answer["X-Request-ID"]
    assert "IntegrityError: refused ***" in error["exception"] and "in fail" in error["exception"]
    text = json.dumps([error, access], ensure_ascii=False)
    assert not any(word in text for word in (PHONE, IDENTITY, "陈国强", "tel="))


@pytest.mark.parametrize("formatter", [JsonLine(), PlainLine()])
def test_a_line_with_a_trace_is_masked_for_machines_and_for_people(formatter: logging.Formatter) -> None:
    try:
        raise ValueError(f"陌生的号码 {PHONE}")
    except ValueError:
        trace = sys.exc_info()
    record = logging.LogRecord("x", logging.ERROR, "x.py", 1, "证件 %s", (IDENTITY,), trace)
    record.person = "陈国强"
    text = formatter.format(record)
    assert "证件 ***" in text and "ValueError: 陌生的号码 ***" in text and "陈国强" not in text
