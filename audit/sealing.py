"""The sealer: one at a time drains `audit_unsealed` into `audit_link`.

A locked chain head in every transaction would make all writers queue; so an event only leaves a row there (the table's
trigger sees to it), and the sealer links.
"""

from django.db import connection, transaction

from audit.chain import FORM, GENESIS, instant, link_digest
from audit.models import AuditEvent, AuditLink

_SEALER_LOCK = 0x5EA1


@transaction.atomic
def seal(*, limit: int = 5000) -> int:
    """Link up to `limit` events. Returns how many; 0 when another sealer is at work or there is nothing to do."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_SEALER_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(
            "DELETE FROM audit_auditunsealed WHERE event_id IN "
            "(SELECT event_id FROM audit_auditunsealed ORDER BY event_id LIMIT %s FOR UPDATE SKIP LOCKED) "
            "RETURNING event_id",
            [limit],
        )
        ids = sorted(row[0] for row in cursor.fetchall())
    if not ids:
        return 0
    last = AuditLink.objects.order_by("-seq").first()
    seq, prev = (last.seq, last.digest) if last else (0, GENESIS)
    links = []
    events = AuditEvent.objects.filter(pk__in=ids).order_by("pk").values_list("pk", "digest", "recorded_at")
    for event_id, event_digest, recorded_at in events:
        seq += 1
        digest = link_digest(
            form=FORM,
            seq=seq,
            event_id=event_id,
            event_digest=event_digest,
            recorded_at=instant(recorded_at),
            prev=prev,
        )
        links.append(AuditLink(seq=seq, form=FORM, event_id=event_id, prev=prev, digest=digest))
        prev = digest
    AuditLink.objects.bulk_create(links)
    return len(links)
