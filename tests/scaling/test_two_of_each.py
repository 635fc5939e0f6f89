"""Two web processes and two workers on one PostgreSQL, one Redis and one folder: nobody can tell which one answered."""

import json
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import pytest
import requests
from celery import Celery
from django.db import transaction
from django.test import override_settings

from audit.models import AuditEvent
from config.local.paths import PYTHON, ROOT
from config.local.postgres import free_port
from config.local.processes import Child, start
from config.local.run import gunicorn
from deadlines.models import Message, Notice
from deadlines.services.reminders import sweep
from organisations.models import Account, District
from records.events import Event
from records.models import Attachment, Letter
from risks.models import RiskPoint
from tests.factories import PASSWORD, at
from tests.risks.builders import Scene, make_cast, photo, risk_in

pytestmark = pytest.mark.letters
NOW = at("2026-10-12 10:00")  # the letters of 30 September have not been answered: somebody must be told
PHONE = "13912345678"
EVERY_TICK = ("deadlines.tasks.sweep", "deadlines.tasks.deliver", "records.tasks.render_letters", "audit.tasks.seal")


@dataclass
class Machines:
    """`web` are the addresses of two servers that know nothing of each other."""

    scenes: list[Scene]
    notices: int  # as one sweep alone would tell
    messages: int
    web: list[str] = field(default_factory=list)
    children: dict[str, Child] = field(default_factory=dict)
    broker: str = ""


def other_path(url: str, path: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=path))


@pytest.fixture(scope="module")
def machines(cloned_db: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    root = tmp_path_factory.mktemp("machines")
    with override_settings(MEDIA_ROOT=root / "media"):
        made = _prepared()
        made.broker = other_path(os.environ["REDIS_URL"], "/9")
        env = os.environ | {
            "DATABASE_URL": other_path(os.environ["DATABASE_URL"], f"/{cloned_db}"),
            "REDIS_URL": made.broker,
            "MEDIA_ROOT": str(root / "media"),
            "DEMO": "1",
            "BUSINESS_NOW": NOW.isoformat(),
            "BUSINESS_NOW_SET_AT": str(time.time()),
        }

        def run(name: str, command: list[str | Path]) -> None:
            log = root / f"{name}.log"
            # Killed at the end: a gentle stop has its own tests, and nothing here is kept.
            made.children[name] = start(name, command, env=env, log=log, pids=root / "pids", cwd=ROOT, stop_signals=())

        try:
            for name in ("web1", "web2"):
                port = free_port()
                made.web.append(f"http://127.0.0.1:{port}")
                run(name, gunicorn("127.0.0.1", port))
            for name in ("worker1", "worker2"):
                celery: list[str | Path] = [PYTHON, "-m", "celery", "--quiet", "-A", "config.celery:app"]
                run(name, [*celery, "worker", "--concurrency=1", "-n", name, "--without-gossip", "--without-mingle"])
            until(lambda: all(map(answers, made.web)), "web", made)
            yield made
        finally:
            for child in made.children.values():
                child.stop()


def _prepared() -> Machines:
    """Three letters nobody has a PDF of, late answers nobody was reminded of, a case in treatment, passwords that work."""
    cast = make_cast()
    scenes = [risk_in("handed_over", cast=cast) for _ in range(3)] + [risk_in("treating", cast=cast)]
    District.objects.update(profile={"messages": {"late": ["gateway"], "escalated": ["gateway"]}})
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.PBKDF2PasswordHasher"]):
        account = cast.reporter.account
        account.set_password(PASSWORD)
        account.save()
    with override_settings(MESSAGES_RECORDED_ONLY=True), transaction.atomic():
        sweep(at=NOW)
        made = Machines(scenes, Notice.objects.count(), Message.objects.count())
        transaction.set_rollback(True)
    return made


def answers(address: str) -> bool:
    try:
        return requests.get(f"{address}/readyz", timeout=5).ok
    except (requests.ConnectionError, requests.Timeout):
        return False


def until(condition: Any, what: str, machines: Machines, patience: float = 120.0) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        told = {name: child.tail(5) for name, child in machines.children.items()}
        assert time.monotonic() < deadline and not any(c.died() for c in machines.children.values()), (what, told)
        time.sleep(0.1)


def logged_in(address: str, account: Account) -> requests.Session:
    """A browser; cookies go by the host's name, so it takes its login along to the other port."""
    browser = requests.Session()
    browser.headers["Connection"] = "close"  # a web process would wait for a kept one when it is stopped
    token = "t" * 32
    browser.cookies.set("csrftoken", token, domain="127.0.0.1")
    form = {"username": account.username, "password": PASSWORD, "csrfmiddlewaretoken": token}
    assert browser.post(f"{address}/login/", form, allow_redirects=False).status_code == 302
    return browser


def test_a_login_at_one_acts_through_the_other_and_a_form_sent_to_both_acts_once(machines: Machines) -> None:
    one, other = machines.web
    treated = machines.scenes[-1]
    browser = logged_in(one, treated.cast.reporter.account)
    headers = {"X-CSRFToken": browser.cookies["csrftoken"]}

    # What one keeps, the other shows.
    picture = photo().read()
    sent = browser.post(
        f"{other}/api/v1/risk-points/{treated.pk}/progress/?tel={PHONE}",
        {"text": f"接地装置已到货，电话{PHONE}", "percent": 50},
        files={"photos": ("现场.jpg", picture, "image/jpeg")},
        headers=headers | {"Idempotency-Key": str(uuid4())},
    )
    assert sent.status_code == 201, sent.text
    kept = Attachment.objects.get(name="现场.jpg")
    shown = browser.get(f"{one}/files/{kept.pk}/")
    assert (shown.status_code, len(shown.content)) == (200, kept.size)

    form = {
        "title": "两处同时登记",
        "category": "facility",
        "sector": treated.risk.case.sector_id,
        "location": "卸油区",
        "hazard_factors": "汽油泄漏",
        "accident_types": ["火灾"],
        "measure_engineering": "更换静电接地装置",
        "monitoring": "可燃气体报警器",
        "control_level": "company",
        "check_frequency": "day",
        "responsible_person": "陈国强",
        "responsible_phone": PHONE,
        "source": "日常查找",
        "form_key": str(uuid4()),
        "csrfmiddlewaretoken": browser.cookies["csrftoken"],
    }
    cookies = browser.cookies.get_dict()

    def send(address: str) -> tuple[int, str]:
        answer = requests.post(f"{address}/risks/new/", form, cookies=cookies, allow_redirects=False, timeout=20)
        return answer.status_code, answer.headers.get("Location", answer.text[:300])

    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(send, machines.web * 3))
    risk = RiskPoint.objects.get(case__title="两处同时登记")
    assert set(outcomes) == {(302, f"/risks/{risk.pk}/")}

    # Leaving at one is leaving at both.
    token = {"csrfmiddlewaretoken": browser.cookies["csrftoken"]}
    assert browser.post(f"{other}/logout/", token, allow_redirects=False).status_code == 302
    assert requests.get(f"{one}/api/v1/risk-points/", cookies=cookies, timeout=20).status_code in {401, 403}


def both_took_part(machines: Machines) -> bool:
    """After another round of ticks: whichever worker is free takes one, so that it may need several."""
    ticks = Celery(broker=machines.broker)
    for task in EVERY_TICK * 2:
        ticks.send_task(task)
    return all("succeeded" in machines.children[name].log.read_text() for name in ("worker1", "worker2"))


def test_every_letter_is_rendered_once_and_everybody_is_told_once_however_often_it_ticks(machines: Machines) -> None:
    letters = Letter.objects.filter(case__in=[scene.pk for scene in machines.scenes])

    def done() -> bool:
        took_part = both_took_part(machines)
        waiting = letters.filter(pdf=None).exists() or Message.objects.exclude(state="sent").exists()
        return not waiting and Message.objects.count() >= machines.messages > 0 and took_part

    until(done, "worker", machines)
    rendered = AuditEvent.objects.filter(name=Event.LETTER_RENDERED, case_id__in=letters.values("case_id"))
    assert letters.count() == rendered.count() == len(machines.scenes) == 4
    assert Attachment.objects.filter(purpose="文书", case__in=letters.values("case_id")).count() == 4
    assert (Notice.objects.count(), Message.objects.count()) == (machines.notices, machines.messages)
    assert set(Message.objects.values_list("state", "attempts")) == {("sent", 1)}


def test_all_of_them_log_json_and_no_number(machines: Machines) -> None:
    until(lambda: both_took_part(machines), "worker", machines)
    found = {}
    for name, child in machines.children.items():
        text = child.log.read_text()
        assert PHONE not in text
        assert [line for line in text.splitlines() if not line.startswith('{"')] == [], name
        lines = [json.loads(line) for line in text.splitlines()]
        found[name] = {line["logger"] for line in lines if {"time", "level", "message"} <= line.keys()}
        assert len(lines) > 3
    assert all("config.request_log" in found[name] for name in ("web1", "web2")), found
    assert all("celery.app.trace" in found[name] for name in ("worker1", "worker2")), found
