from celery import shared_task

from audit.clock import now
from audit.heartbeat import heartbeat
from records.services.dossiers import compile_waiting, remove_old
from records.services.rendering import render_pending


@shared_task
def render_letters() -> None:
    with heartbeat("render") as beat:
        beat.scanned, beat.fired = render_pending()


@shared_task
def compile_dossiers() -> None:
    with heartbeat("dossiers") as beat:
        beat.scanned, beat.fired = compile_waiting(at=now())
        remove_old(at=now())
