from celery import shared_task

from audit.heartbeat import heartbeat
from audit.sealing import seal as seal_events


@shared_task
def seal() -> None:
    with heartbeat("seal") as beat:
        beat.fired = beat.scanned = seal_events()
