"""Writing the present head outside the database, and refusing to when it contradicts the last one written."""

from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection

from audit.anchors import files, keys
from audit.anchors.files import Anchor
from audit.models import AuditLink

# A quiet portal still says every ten minutes that nothing was added.
QUIET = timedelta(minutes=10)


class ChainContradicted(Exception):
    """The chain is not the one that was anchored before: an alarm, in Chinese."""


def folder() -> Path:
    return Path(settings.ANCHOR_DIR)


def head() -> tuple[int, str, int]:
    """Number and digest of the last link, and the number of all events, from one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT seq, digest, seq + (SELECT count(*) FROM audit_auditunsealed)"
            " FROM audit_auditlink ORDER BY seq DESC LIMIT 1"
        )
        return cursor.fetchone() or (0, "", 0)


def write_anchor(*, at: datetime) -> Anchor | None:
    """Anchor the head. None when there is nothing to say: no chain yet, or the same head less than ten minutes ago.

    `at` is real time, never the demo's clock. Raises ChainContradicted, KeyTrouble, ValueError (last line is broken).
    """
    key = keys.private_key()
    keys.publish(key.public_key())
    with files.writing(folder()):
        last = files.last_anchor(folder(), keys.public_keys())
        seq, digest, events = head()
        if last is not None:
            _compare(last)
            if last.head == digest and at - last.moment < QUIET:
                return None
        if not seq:
            return None
        return files.append(folder(), kind=files.HEAD, seq=seq, head=digest, events=events, at=at, key=key)


def _compare(last: Anchor) -> None:
    found = AuditLink.objects.filter(seq=last.seq).values_list("digest", flat=True).first()
    if found is None:
        raise ChainContradicted(f"链被截短：第 {last.seq} 环存证过，库中已没有")
    if found != last.head:
        raise ChainContradicted(f"链被重做：第 {last.seq} 环与存证的摘要不同")


def write_restored(*, at: datetime) -> Anchor | None:
    """After a restore: from here the chain goes on. Says so only where anchors beyond this head exist."""
    seq, digest, events = head()
    with files.writing(folder()):
        last = files.last_anchor(folder(), keys.public_keys())
        if last is None or last.seq <= seq:
            return None
        key = keys.private_key()
        return files.append(folder(), kind=files.RESTORED, seq=seq, head=digest, events=events, at=at, key=key)


def read_own() -> files.Reading:
    """All anchors of this machine, checked."""
    if not folder().is_dir():
        return files.Reading()
    return files.read(folder(), keys.public_keys())
