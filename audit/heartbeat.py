"""Heartbeat of background jobs: what ran last, and when. Read by /statusz; red after three minutes of silence."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import F
from django.db.models.functions import Now

from audit.models import Heartbeat


@dataclass
class Beat:
    scanned: int = 0
    fired: int = 0
    failed: int = 0  # of the things the job looked at; the job itself went on


@contextmanager
def heartbeat(name: str) -> Iterator[Beat]:
    """Wrap a job: its counts and success are written when it ends, its error when it fails (and the error goes on)."""
    beat, began = Beat(), time.monotonic()
    Heartbeat.objects.update_or_create(name=name, defaults={"started_at": Now()})
    try:
        yield beat
    except Exception as error:
        Heartbeat.objects.filter(name=name).update(
            failed=F("failed") + 1,
            failed_total=F("failed_total") + 1,
            failed_at=Now(),
            last_error=f"{type(error).__name__}: {error}"[:300],
        )
        raise
    Heartbeat.objects.filter(name=name).update(
        succeeded_at=Now(),
        scanned=beat.scanned,
        fired=beat.fired,
        failed=0,
        last_error="",
        duration_ms=int((time.monotonic() - began) * 1000),
        runs=F("runs") + 1,
        scanned_total=F("scanned_total") + beat.scanned,
        fired_total=F("fired_total") + beat.fired,
        failed_total=F("failed_total") + beat.failed,
    )


def touch(name: str) -> None:
    """A sign of life of something that is no job: the timer, as it hands out the next round."""
    Heartbeat.objects.update_or_create(name=name, defaults={"started_at": Now(), "succeeded_at": Now()})


def silence(name: str) -> timedelta | None:
    """How long ago the job last succeeded, in real time; None when it never ran."""
    last = Heartbeat.objects.filter(name=name).values_list("succeeded_at", flat=True).first()
    return datetime.now(UTC) - last if last else None
