"""/healthz, /readyz and /statusz: alive, able to serve, and what of the background work has gone silent (X8)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client

from audit.models import AuditEvent, AuditUnsealed, Heartbeat
from audit.sealing import seal
from config import views
from tests.plugins.workspace import media, plain_font, plain_font_folder
from tests.risks.builders import risk_in

__all__ = ["media", "plain_font", "plain_font_folder"]
pytestmark = pytest.mark.django_db
LONG_AGO = timedelta(minutes=3, seconds=1)
JUST_NOW = timedelta(minutes=2)


@pytest.fixture(autouse=True)
def everything_ran_just_now():
    for name in views.JOBS:
        ran(name, JUST_NOW)


def ran(name: str, ago: timedelta) -> None:
    moment = datetime.now(UTC) - ago
    Heartbeat.objects.update_or_create(name=name, defaults={"started_at": moment, "succeeded_at": moment})


def red() -> set[str]:
    """What is red, but for the broker, which a narrow run of the tests has none of."""
    answer = Client().get("/statusz")
    assert answer.status_code == 200
    told = answer.json()
    assert {c["name"] for c in told["checks"] if c["red"]} == set(told["red"])
    return set(told["red"]) - {"broker"}


def test_alive_and_ready():
    assert Client().get("/healthz").json() == {"status": "ok"}
    assert Client().get("/readyz").json() == {"status": "ok"}


def test_not_ready_while_a_migration_waits():
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'risks'")
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["detail"]) == (503, "有 1 个迁移未执行")


def test_x8_nothing_is_red_while_the_jobs_run():
    assert red() == set()


@pytest.mark.parametrize("job", views.JOBS)
def test_x8_a_silent_job_is_red_after_three_minutes(job):
    ran(job, LONG_AGO)
    assert red() == {job}


def test_x8_the_timer_is_red_when_nothing_starts_any_more():
    for name in views.JOBS:
        ran(name, LONG_AGO)
    assert red() == {*views.JOBS, "beat"}


def test_x8_a_job_that_never_ran_is_red_once_the_portal_has_waited(monkeypatch):
    Heartbeat.objects.filter(name="sweep").delete()
    monkeypatch.setattr(views, "_UP_SINCE", datetime.now(UTC) - JUST_NOW)
    assert red() == set()
    monkeypatch.setattr(views, "_UP_SINCE", datetime.now(UTC) - LONG_AGO)
    assert red() == {"sweep"}


@pytest.mark.usefixtures("plain_font", "media")
def test_x8_letters_that_nobody_renders_are_red():
    risk_in("handed_over")
    assert red() == set()
    ran("render", LONG_AGO)
    assert red() == {"render", "outbox"}


def test_x6_events_that_nobody_seals_are_red():
    risk_in("registered")
    AuditUnsealed.objects.update(created_at=datetime.now(UTC) - LONG_AGO)
    assert red() == {"sealer"}
    assert seal() == AuditEvent.objects.count()
    assert red() == set()
