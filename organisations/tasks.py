"""Jobs of the registry. Computed from rows; doubled, late or skipped they change nothing that the next one would not."""

from celery import shared_task
from django.contrib.sessions.models import Session

from audit.clock import now
from audit.heartbeat import heartbeat
from organisations.services.devices import forget_ended
from organisations.services.once import forget_old
from organisations.services.stale import disable_stale
from organisations.throttles import forget_old_counts


@shared_task
def tidy() -> None:
    """What has had its time: keys of requests after 72 hours, sessions that ended, counts of earlier minutes."""
    with heartbeat("tidy") as beat:
        at = now()
        beat.fired = forget_old(at=at) + Session.objects.filter(expire_date__lt=at).delete()[0]
        beat.fired += forget_ended() + forget_old_counts()


@shared_task
def stale_accounts() -> None:
    """Disable what nobody has used for STALE_ACCOUNT_DAYS."""
    with heartbeat("stale_accounts") as beat:
        beat.scanned, beat.fired = disable_stale(at=now())
