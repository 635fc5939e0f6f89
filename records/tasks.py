from celery import shared_task

from audit.heartbeat import heartbeat
from records.services.rendering import render_pending


@shared_task
def render_letters() -> None:
    with heartbeat("render") as beat:
        beat.scanned, beat.fired = render_pending()
