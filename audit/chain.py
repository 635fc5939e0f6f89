"""The arithmetic of the chain: what one link covers. Sealing writes it, verification recomputes it."""

import hashlib
from datetime import UTC, datetime

GENESIS = "0" * 64
# Form 1 (the first months) covered the event's text and the link before. Form 2 also covers which row it is and when the
# server wrote it down; the form is part of the hashed text, so a link cannot be passed off as one of the other form.
FORM = 2


def link_digest(*, form: int, seq: int, event_id: int, event_digest: str, recorded_at: str, prev: str) -> str:
    """`recorded_at` as `instant` writes it. ValueError for a form that never existed."""
    if form == 1:
        text = f"{seq}|{event_digest}|{prev}"
    elif form == 2:
        text = f"2|{seq}|{event_id}|{event_digest}|{recorded_at}|{prev}"
    else:
        raise ValueError(f"unknown form of link {form}")
    return hashlib.sha256(text.encode()).hexdigest()


def instant(moment: datetime) -> str:
    """A moment as it is hashed: UTC, microseconds, always the same length."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
