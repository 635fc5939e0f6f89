"""X8: two sweeps and two senders at the same moment do the work of one."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Lock

import pytest
from django.db import connection
from django.db.models import Count

from deadlines.models import Message, Notice
from deadlines.services import sending
from deadlines.services.reminders import sweep
from tests.deadlines.outbox import FakeGateway
from tests.factories import at
from tests.risks.builders import risk_in

pytestmark = pytest.mark.usefixtures("cloned_db")
LATE = at("2026-10-11 00:01")


def at_once(work: Callable[[], int], number: int) -> list[int]:
    start = Barrier(number)

    def run(_: int) -> int:
        start.wait()
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(run, range(number)))


def test_x8_two_sweeps_and_three_senders_at_once_say_each_thing_once(settings, monkeypatch):
    settings.MESSAGES_RECORDED_ONLY = True
    first = risk_in("graded", at=at("2026-09-30 16:40"))
    for _ in range(4):
        risk_in("graded", cast=first.cast, at=at("2026-09-30 16:40"))
    fired = at_once(lambda: sweep(at=LATE).fired, 2)
    doubled = Notice.objects.values("deadline", "rung", "person").annotate(n=Count("pk")).filter(n__gt=1)
    assert sum(fired) == Notice.objects.count() > 0
    assert list(doubled) == []

    fake, lock = FakeGateway(), Lock()

    def send(message):
        with lock:
            FakeGateway.send(fake, message)

    monkeypatch.setattr(sending, "adapter", lambda channel: type("Gateway", (), {"send": staticmethod(send)}))
    monkeypatch.setattr(sending, "BATCH", 3)
    sent = at_once(lambda: sending.deliver(at=LATE).sent, 3)
    ids = [message.id for message in fake.sent]
    assert sum(sent) == Message.objects.filter(state="sent").count() == Message.objects.count() > 10
    assert sorted(ids) == sorted(str(pk) for pk in Message.objects.values_list("pk", flat=True))
