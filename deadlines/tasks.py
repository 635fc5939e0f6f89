from celery import shared_task

from audit.clock import now
from audit.heartbeat import heartbeat
from deadlines.services import reminders


@shared_task
def sweep() -> None:
    with heartbeat("sweep") as beat:
        result = reminders.sweep(at=now())
        beat.scanned, beat.fired = result.scanned, result.fired
