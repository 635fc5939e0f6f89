"""The chain over the events: one sealer at a time drains `audit_unsealed` into `audit_link`; `verify` checks all of it.

A locked chain head in every transaction would make all writers queue; so writers only leave a row, and the sealer links.
"""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction

from audit.models import AuditEvent, AuditLink, AuditUnsealed
from audit.services import digest_of

_SEALER_LOCK = 0x5EA1
GENESIS = "0" * 64


def link_digest(seq: int, event_digest: str, prev: str) -> str:
    return hashlib.sha256(f"{seq}|{event_digest}|{prev}".encode()).hexdigest()


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
    for event_id, event_digest in AuditEvent.objects.filter(pk__in=ids).order_by("pk").values_list("pk", "digest"):
        seq += 1
        digest = link_digest(seq, event_digest, prev)
        links.append(AuditLink(seq=seq, event_id=event_id, prev=prev, digest=digest))
        prev = digest
    AuditLink.objects.bulk_create(links)
    return len(links)


@dataclass
class Verification:
    """What `verify` found. `first_bad` is the first broken link's number; None when the chain is whole."""

    links: int = 0
    unsealed: int = 0
    oldest_unsealed: datetime | None = None
    head: str = GENESIS
    first_bad: int | None = None
    problems: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.problems


def verify() -> Verification:
    """Walk the chain from its start, recomputing every digest from the events' own text."""
    report = Verification()
    prev, expected = GENESIS, 1
    links = AuditLink.objects.order_by("seq").select_related("event")
    for link in links.iterator(chunk_size=2000):
        problem = _link_problem(link, expected, prev)
        if problem:
            report.first_bad = link.seq
            report.problems.append(f"第 {link.seq} 环：{problem}")
            return report
        report.links += 1
        prev, expected = link.digest, link.seq + 1
    report.head = prev
    report.unsealed = AuditUnsealed.objects.count()
    oldest = AuditUnsealed.objects.order_by("created_at").first()
    report.oldest_unsealed = oldest.created_at if oldest else None
    stray = AuditEvent.objects.filter(auditlink=None, auditunsealed=None).order_by("pk").first()
    if stray:
        report.problems.append(f"事件 {stray.pk} 既未封存也不在待封存表中")
    for waiting in AuditUnsealed.objects.select_related("event").order_by("pk").iterator(chunk_size=2000):
        if problem := _event_problem(waiting.event):
            report.problems.append(f"待封存事件 {waiting.event_id}：{problem}")
            break
    return report


def _link_problem(link: AuditLink, expected: int, prev: str) -> str:
    if link.seq != expected:
        return f"缺第 {expected} 环"
    if link.prev != prev:
        return "与前一环不衔接"
    if problem := _event_problem(link.event):
        return problem
    if link.digest != link_digest(link.seq, link.event.digest, prev):
        return "环的摘要不符"
    return ""


def _event_problem(event: AuditEvent) -> str:
    if digest_of(event.canonical) != event.digest:
        return "事件内容与摘要不符"
    told = json.loads(event.canonical)
    columns = [
        event.name,
        event.case_id,
        event.case_seq,
        event.actor_label,
        event.person_id,
        event.post_id,
        event.unit_id,
    ]
    columns += [event.account_id, event.district_code, event.subject_kind, event.subject_id]
    actor = told["actor"]
    text = [told["name"], told["case"], told["seq"], actor["label"], actor["person"], actor["post"], actor["unit"]]
    text += [actor["account"], told["district"], *told["subject"]]
    if columns != text or datetime.fromisoformat(told["at"]) != event.at:
        return "检索列与事件内容不符"
    return ""
