from datetime import timedelta

from celery import shared_task

from audit.clock import now
from audit.heartbeat import heartbeat, silence
from deadlines.services import expected, reminders, sending

# Who heard nothing for so long hears everything at once, in one message.
LONG_SILENCE = timedelta(hours=2)


@shared_task
def sweep() -> None:
    was_silent = silence("sweep")
    with heartbeat("sweep") as beat:
        result = reminders.sweep(at=now(), after_silence=was_silent is not None and was_silent > LONG_SILENCE)
        beat.scanned, beat.fired = result.scanned, result.fired


@shared_task
def deliver() -> None:
    with heartbeat("deliver") as beat:
        result = sending.deliver(at=now())
        beat.scanned, beat.fired, beat.failed = result.claimed, result.sent, result.failed


@shared_task
def expect() -> None:
    with heartbeat("expect") as beat:
        result = expected.expect(at=now())
        beat.scanned, beat.fired = result.scanned, result.made + result.lapsed
