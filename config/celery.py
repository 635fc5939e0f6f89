"""Celery is only a tick. What is due is computed from rows by the tasks; a lost, late or doubled tick changes nothing."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
app = Celery("zhuan")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# The whole beat table. Seconds between ticks; every task may run twice, late or in two places at once.
# A tick nobody took within its own period is thrown away, so that an outage leaves no storm behind.
app.conf.beat_schedule = {
    name: {"task": task, "schedule": seconds, "options": {"expires": seconds}}
    for name, task, seconds in [
        ("sweep", "deadlines.tasks.sweep", 60.0),
        ("seal", "audit.tasks.seal", 5.0),
        ("render", "records.tasks.render_letters", 5.0),
        ("dossiers", "records.tasks.compile_dossiers", 5.0),
    ]
}


@worker_ready.connect
def sweep_at_once(sender: Any, **kwargs: Any) -> None:
    """A worker that comes up after an outage does not wait for the next minute."""
    sender.app.send_task("deadlines.tasks.sweep")
