"""/healthz, /readyz and /statusz: alive, able to serve, and what of the background work has gone silent (X8)."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from celery.signals import before_task_publish
from django.core.management import call_command
from django.db import connection
from django.test import Client

from audit.clock import now
from audit.heartbeat import heartbeat
from audit.models import AuditEvent, AuditUnsealed, Heartbeat
from audit.sealing import seal
from audit.tasks import pulse
from config import status
from config.celery import PULSE, app
from deadlines.models import Message
from tests.factories import client_for, make_actor
from tests.plugins.workspace import media, plain_font, plain_font_folder
from tests.risks.builders import risk_in

__all__ = ["media", "plain_font", "plain_font_folder"]
pytestmark = pytest.mark.django_db
LONG_AGO = timedelta(minutes=3, seconds=1)
JUST_NOW = timedelta(minutes=2)


@pytest.fixture(autouse=True)
def everything_ran_just_now():
    for name in (*status.JOBS, "beat", "worker"):
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
        cursor.execute(
            "DELETE FROM django_migrations WHERE id = (SELECT max(id) FROM django_migrations WHERE app = 'risks')"
        )
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["detail"]) == (503, "有 1 个迁移未执行")


def test_x8_nothing_is_red_while_the_jobs_run():
    assert red() == set()


@pytest.mark.parametrize("job", status.JOBS)
def test_x8_a_silent_job_is_red_after_three_minutes(job):
    ran(job, LONG_AGO)
    assert red() == {job}


def everything_since(name: str) -> None:
    """Nothing runs any more since `name` stopped."""
    for job in (*status.JOBS, "worker", name):
        ran(job, LONG_AGO)


@pytest.fixture
def broker_is_up(monkeypatch):
    monkeypatch.setattr(status, "_broker", lambda: status._row("broker", "消息队列", age=0))


@pytest.mark.usefixtures("broker_is_up")
def test_x8_a_dead_timer_is_told_from_mute_workers():
    everything_since("beat")
    assert red() == {*status.JOBS, "beat"}
    assert row("worker")["detail"] == "收不到任务，先恢复定时器"
    ran("beat", JUST_NOW)
    assert red() == {*status.JOBS, "worker"}
    assert row("worker")["todo"].startswith("定时器在发任务，没有人接")


def row(name: str) -> dict[str, object]:
    return next(row for row in status.portal_status() if row["name"] == name)


def test_x8_the_timer_tells_the_database_itself_and_only_with_its_pulse(monkeypatch):
    monkeypatch.setattr("django.db.close_old_connections", lambda: None)  # it would end the test's transaction
    Heartbeat.objects.filter(name="beat").delete()
    before_task_publish.send(sender="deadlines.tasks.sweep")
    assert not Heartbeat.objects.filter(name="beat").exists()
    before_task_publish.send(sender=PULSE)
    assert Heartbeat.objects.get(name="beat").succeeded_at is not None
    assert app.conf.beat_schedule["pulse"]["task"] == PULSE
    assert app.conf.beat_schedule["pulse"]["schedule"] * 4 < status.RED_AFTER.total_seconds()
    Heartbeat.objects.filter(name="worker").delete()
    pulse()
    assert Heartbeat.objects.get(name="worker").runs == 1


@pytest.fixture
def no_broker():
    """Redis is gone: nothing listens on that port."""
    before = app.conf.broker_url, app.conf.broker_write_url
    app.conf.broker_url = app.conf.broker_write_url = "redis://127.0.0.1:1/0"
    yield
    app.conf.broker_url, app.conf.broker_write_url = before


@pytest.mark.usefixtures("no_broker", "plain_font", "media")
def test_x8_without_the_broker_pages_answer_acts_work_and_the_status_says_so(settings):
    everything_since("worker")
    told = {check["name"]: check for check in Client().get("/statusz").json()["checks"]}
    assert told["broker"]["red"] and "Redis" in told["broker"]["todo"]
    assert not told["beat"]["red"] and told["worker"]["detail"] == "收不到任务，先恢复消息队列"
    settings.BUSINESS_NOW = "2026-10-09T14:20:00+08:00"
    scene = risk_in("handed_over")
    client = client_for(scene.cast.reporter)
    for url in ("/", "/notices/", f"/risks/{scene.pk}/"):
        assert client.get(url).status_code == 200
    scene.receive()
    assert scene.state == "treating"
    assert client_for(make_actor("system_admin")).get("/manage/status/").status_code == 200


def queued(ago: timedelta, **more) -> Message:
    actor = make_actor("bureau_handler")
    moment = now() - ago
    told = {"person": actor.person, "post": actor.post, "district": actor.unit.district, "channel": "gateway"}
    return Message.objects.create(**told, queued_at=moment, next_attempt_at=moment, **more)


def test_x8_messages_that_nobody_sends_are_red_and_dead_letters_are_told():
    message = queued(JUST_NOW)
    assert red() == set()
    Message.objects.filter(pk=message.pk).update(next_attempt_at=now() - LONG_AGO)
    assert red() == {"outbox"}
    Message.objects.filter(pk=message.pk).update(state="dead")
    assert red() == set()
    assert row("outbox")["detail"] == "1 条发送失败，见“发送记录”"


def test_x8_every_red_row_says_what_to_do():
    names = {row["name"] for row in status.portal_status()}
    assert names == {*status.TODO, "calendar"}, "the calendar waits for a person and is never red"
    for job in (*status.JOBS, "beat", "worker"):
        ran(job, LONG_AGO)
    assert all(bool(row["todo"]) == row["red"] for row in status.portal_status())


def test_x8_the_page_shows_counters_and_what_to_do():
    with heartbeat("sweep") as beat:
        beat.scanned, beat.fired = 1234, 7
    with heartbeat("sweep") as beat:
        beat.scanned, beat.fired = 1, 0
    with pytest.raises(ZeroDivisionError), heartbeat("sweep"):
        _ = 1 / 0
    ran("seal", LONG_AGO)
    page = client_for(make_actor("system_admin")).get("/manage/status/").content.decode()
    assert "上次看了 1 项，办了 0 项" in page
    assert "累计成功 2 次，看 1,235 项，办 7 项，失败 1 次，最近失败" in page
    assert "ZeroDivisionError" in page and "怎么办：</b>看 worker 日志；可手工 manage.py audit seal。" in page


def test_x8_the_command_ends_with_one_when_something_is_red(capsys, monkeypatch):
    monkeypatch.setattr(status, "_broker", lambda: status._row("broker", "消息队列", age=0))
    call_command("status")
    assert "异常" not in capsys.readouterr().out
    Heartbeat.objects.filter(name="deliver").delete()
    with pytest.raises(SystemExit) as ended:
        call_command("status")
    assert ended.value.code == 1
    assert "异常　消息发送　尚未运行　看 worker 日志；检查网关" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        call_command("status", "--json")
    told = {check["name"]: check["red"] for check in json.loads(capsys.readouterr().out)}
    assert told["deliver"] and not told["sweep"]


def test_x8_a_job_that_never_ran_is_red_once_the_portal_has_waited(monkeypatch):
    Heartbeat.objects.filter(name="sweep").delete()
    monkeypatch.setattr(status, "UP_SINCE", datetime.now(UTC) - JUST_NOW)
    assert red() == set()
    monkeypatch.setattr(status, "UP_SINCE", datetime.now(UTC) - LONG_AGO)
    assert red() == {"sweep"}


@pytest.mark.usefixtures("plain_font", "media")
def test_x8_letters_that_nobody_renders_are_red():
    risk_in("handed_over")
    assert red() == set()
    ran("render", LONG_AGO)
    assert red() == {"render", "letters"}


def test_x6_events_that_nobody_seals_are_red():
    risk_in("registered")
    AuditUnsealed.objects.update(created_at=datetime.now(UTC) - LONG_AGO)
    assert red() == {"sealer"}
    assert seal() == AuditEvent.objects.count()
    assert red() == set()
