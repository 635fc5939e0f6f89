"""Heartbeat of background jobs: what ran last, and when. Read by /statusz; red after three minutes of silence."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db.models import F
from django.db.models.functions import Now

from audit.models import Heartbeat


@dataclass
class Beat:
    scanned: int = 0
    fired: int = 0


@contextmanager
def heartbeat(name: str) -> Iterator[Beat]:
    """Wrap a job: its counts and success are written when it ends, its error when it fails (and the error goes on)."""
    beat = Beat()
    Heartbeat.objects.update_or_create(name=name, defaults={"started_at": Now()})
    try:
        yield beat
    except Exception as error:
        Heartbeat.objects.filter(name=name).update(failed=1, last_error=f"{type(error).__name__}: {error}"[:300])
        raise
    Heartbeat.objects.filter(name=name).update(
        succeeded_at=Now(), scanned=beat.scanned, fired=beat.fired, failed=0, last_error=""
    )


def latest_success(name: str, *, started_after: object) -> bool:
    return Heartbeat.objects.filter(name=name, started_at__gt=started_after, succeeded_at__gt=F("started_at")).exists()
