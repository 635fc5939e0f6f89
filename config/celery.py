"""Celery is only a tick. What is due is computed from rows by the tasks; a lost, late or doubled tick changes nothing."""

import os
from typing import Any

from celery import Celery
from celery.signals import before_task_publish, setup_logging, worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
app = Celery("zhuan")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

_SPEEDUP = float(os.environ.get("BEAT_SPEEDUP", "1"))  # the torture run's; settings refuse it elsewhere
PULSE = "audit.tasks.pulse"

# The whole beat table. Seconds between ticks; every task may run twice, late or in two places at once.
# A tick nobody took within its own period is thrown away, so that an outage leaves no storm behind.
app.conf.beat_schedule = {
    # Never more than two of a kind a second: sped up further, the ticks would take the machine from the work.
    name: {"task": task, "schedule": max(seconds / _SPEEDUP, 0.5), "options": {"expires": seconds}}
    for name, task, seconds in [
        ("sweep", "deadlines.tasks.sweep", 60.0),
        ("seal", "audit.tasks.seal", 5.0),
        ("anchor", "audit.tasks.anchor", 60.0),
        ("expect", "deadlines.tasks.expect", 3600.0),
        ("render", "records.tasks.render_letters", 5.0),
        ("deliver", "deadlines.tasks.deliver", 10.0),
        ("pulse", PULSE, 15.0),
        ("tidy", "organisations.tasks.tidy", 3600.0),
        ("stale_accounts", "organisations.tasks.stale_accounts", 86400.0),
        ("tidy_imports", "risks.tasks.tidy_imports", 3600.0),
        ("dossiers", "records.tasks.compile_dossiers", 5.0),
    ]
}


@setup_logging.connect
def log_like_the_web(**kwargs: Any) -> None:
    """Whoever answers this signal keeps Celery from writing lines of its own kind."""
    from django.conf import settings

    from config.logs import configure

    configure(settings.LOGGING)


@worker_ready.connect
def sweep_at_once(sender: Any, **kwargs: Any) -> None:
    """A worker that comes up after an outage does not wait for the next minute, nor the filings for the next hour."""
    sender.app.send_task("deadlines.tasks.expect")
    sender.app.send_task("deadlines.tasks.sweep")


@before_task_publish.connect
def timer_is_alive(sender: Any, **kwargs: Any) -> None:
    """Only the timer hands out pulses. It says so in the database itself, so that it is heard when Redis is not."""
    if sender != PULSE:
        return
    from django.db import close_old_connections

    from audit.heartbeat import touch

    close_old_connections()
    try:
        touch("beat")
    finally:
        close_old_connections()
