from celery import shared_task

from audit.clock import now
from audit.heartbeat import heartbeat
from deadlines.services import expected, reminders


@shared_task
def sweep() -> None:
    with heartbeat("sweep") as beat:
        result = reminders.sweep(at=now())
        beat.scanned, beat.fired = result.scanned, result.fired


@shared_task
def expect() -> None:
    with heartbeat("expect") as beat:
        result = expected.expect(at=now())
        beat.scanned, beat.fired = result.scanned, result.made + result.lapsed
