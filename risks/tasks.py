"""Jobs of the risk register. Doubled, late or skipped they change nothing that the next one would not."""

from celery import shared_task

from audit.clock import now
from audit.heartbeat import heartbeat
from risks.services.importing import forget_unapplied


@shared_task
def tidy_imports() -> None:
    """Uploaded lists that nobody applied within 72 hours."""
    with heartbeat("tidy_imports") as beat:
        beat.fired = forget_unapplied(at=now())
