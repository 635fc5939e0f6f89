"""Verifying: every link recomputed from the events' own text, and held against the anchors outside the database.

Rows come through a server-side cursor, so a million of them take no more memory than a thousand. Every query is one
statement, one snapshot: a sealer at work meanwhile raises no alarm. The hashes are computed here, never by the database.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from audit.anchors.files import Anchor, Reading
from audit.chain import GENESIS, link_digest
from audit.commitments import broken_commitments
from audit.guards import broken_guards
from audit.models import AuditEvent
from audit.reading import COLUMNS, EventRow, event_problem
from audit.streaming import stream


@dataclass
class Verification:
    """What was found. `first_bad` is the number of the first link that is not as it was; None when there is none."""

    links: int = 0
    unsealed: int = 0
    oldest_unsealed: datetime | None = None
    head: str = GENESIS
    since: int = 0
    anchors: int = 0
    last_anchor: Anchor | None = None
    first_bad: int | None = None
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.problems

    def bad(self, seq: int, problem: str) -> None:
        self.first_bad = seq
        self.problems.append(f"第 {seq} 环：{problem}")


class _Link(NamedTuple):
    seq: int
    form: int
    prev: str
    digest: str
    event_id: int
    event: EventRow | None


# (files: bool) -> sentences: what upper apps hold against the events; registered in `AppConfig.ready`.
Check = Callable[[bool], Iterator[str]]
_checks: list[Check] = []


def also_check(check: Check) -> Check:
    """Register what an upper app compares with the chain: its signatures, letters and files."""
    if check not in _checks:
        _checks.append(check)
    return check


def verify(*, reading: Reading | None = None, since: Anchor | None = None, files: bool = False) -> Verification:
    """Everything that can be held against the chain.

    `reading`: the anchors, read before this is called. `since`: trust that anchor and look only at what came after it.
    `files`: also read every file that a row names.
    """
    report = Verification(since=since.seq if since else 0)
    if reading is not None:
        report.problems += reading.problems
        report.notes += reading.notes
        report.last_anchor = reading.last
    anchors = [a for a in (reading.anchors if reading else []) if a.seq >= report.since]
    seen = _Seen()
    if not _walk(report, anchors, since, seen):
        return report
    _count(report, anchors, since, seen)
    for problem in _beside_the_chain(files, whole=since is None):
        report.problems.append(problem)
    return report


def _walk(report: Verification, anchors: Sequence[Anchor], since: Anchor | None, seen: "_Seen") -> bool:
    """Follow the links; stops at the first bad one."""
    prev, expected = (since.head, since.seq + 1) if since else (GENESIS, 1)
    waiting = iter(anchors)
    anchor = next(waiting, None)
    matched = expected - 1
    for link in _links(expected - 1):
        problem = _link_problem(link, expected, prev, seen)
        if problem:
            report.bad(min(link.seq, expected), problem)
            return False
        while anchor is not None and anchor.seq <= link.seq:
            if anchor.seq == link.seq and anchor.head != link.digest:
                span = f"第 {matched + 1} 至 {link.seq} 环之间" if matched + 1 < link.seq else "这一环"
                report.bad(matched + 1, f"与存证（{anchor.place}，{anchor.at[:19]}Z）不符，{span}被改后整体重做")
                return False
            report.anchors += anchor.seq == link.seq
            matched = anchor.seq
            anchor = next(waiting, None)
        report.links += 1
        prev, expected = link.digest, link.seq + 1
    report.head = prev
    if anchor is not None and anchor.seq >= expected:
        told = max([anchor, *waiting], key=lambda a: a.seq)
        report.bad(
            expected,
            f"链尾被截：存证（{told.place}，{told.at[:19]}Z）记载到第 {told.seq} 环，库中只到第 {expected - 1} 环",
        )
        return False
    return True


def _links(after: int) -> Iterator[_Link]:
    columns = ", ".join(COLUMNS)
    query = (
        f"SELECT l.seq, l.form, l.prev, l.digest, l.event_id, {columns} FROM audit_auditlink l"
        " LEFT JOIN audit_auditevent e ON e.id = l.event_id WHERE l.seq > %s ORDER BY l.seq"
    )
    for row in stream(query, [after]):
        seq, form, prev, digest, event_id, *event = row
        yield _Link(seq, form, prev, digest, event_id, EventRow(*event) if event[0] is not None else None)


def _link_problem(link: _Link, expected: int, prev: str, seen: "_Seen") -> str:
    if link.seq > expected:
        return "缺失"
    if link.seq < expected:
        return "重复"
    if link.prev != prev:
        return "与前一环不衔接"
    if link.event is None:
        return f"事件 {link.event_id} 已不存在"
    if problem := event_problem(link.event):
        return problem
    try:
        digest = link_digest(
            form=link.form,
            seq=link.seq,
            event_id=link.event_id,
            event_digest=link.event.digest,
            recorded_at=link.event.recorded_at,
            prev=prev,
        )
    except ValueError:
        digest = ""
    if link.digest != digest:
        return "环的摘要不符"
    if not seen.first_time(link.event_id):
        return f"事件 {link.event_id} 在前面已有一环"
    return ""


def _count(report: Verification, anchors: Sequence[Anchor], since: Anchor | None, seen: "_Seen") -> None:
    """What waits for the sealer, what is in neither place, and whether as many are there as were anchored."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), min(created_at), (SELECT count(*) FROM audit_auditlink) FROM audit_auditunsealed"
        )
        report.unsealed, report.oldest_unsealed, links = cursor.fetchone()
    stray = AuditEvent.objects.filter(auditlink=None, auditunsealed=None).order_by("pk").first()
    if stray:
        report.problems.append(f"事件 {stray.pk} 既未封存也不在待封存表中")
    for row in _waiting():
        if problem := event_problem(row):
            report.problems.append(f"待封存事件 {row.id}：{problem}")
            break
    told = max((a.events for a in anchors), default=0)
    if told > links + report.unsealed:
        report.problems.append(f"存证记载有过 {told} 条事件，库中只有 {links + report.unsealed} 条：待封存的事件被删")


def _waiting() -> Iterator[EventRow]:
    columns = ", ".join(COLUMNS)
    query = f"SELECT {columns} FROM audit_auditunsealed u JOIN audit_auditevent e ON e.id = u.event_id ORDER BY e.id"
    for row in stream(query):
        yield EventRow(*row)


def _beside_the_chain(files: bool, *, whole: bool) -> Iterator[str]:
    yield from broken_guards()
    if not whole:
        return
    yield from _gap_in_a_case()
    yield from broken_commitments()
    for check in _checks:
        yield from check(files)


def _gap_in_a_case() -> Iterator[str]:
    """Events of a case are numbered 1, 2, 3…; one that vanished before it was sealed leaves a hole."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT case_id FROM audit_auditevent WHERE case_id IS NOT NULL GROUP BY case_id"
            " HAVING count(*) <> max(case_seq) OR min(case_seq) <> 1 OR count(DISTINCT case_seq) <> count(*)"
            " ORDER BY min(id) LIMIT 1"
        )
        if (found := cursor.fetchone()) is None:
            return
        cursor.execute(
            "SELECT e.case_seq, l.seq FROM audit_auditevent e LEFT JOIN audit_auditlink l ON l.event_id = e.id"
            " WHERE e.case_id = %s ORDER BY e.case_seq, e.id",
            found,
        )
        for expected, (case_seq, link) in enumerate(cursor, start=1):
            if case_seq != expected:
                place = f"第 {link} 环" if link else "待封存"
                word = f"缺第 {expected} 号" if case_seq > expected else f"第 {case_seq} 号重复"
                yield f"案卷 {found[0]} 的事件{word}（其后是第 {case_seq} 号，{place}）"
                return


class _Seen:
    """Numbers of events met so far, one bit each, so that a million take a few hundred kilobytes."""

    def __init__(self) -> None:
        self._pages: dict[int, bytearray] = {}

    def first_time(self, number: int) -> bool:
        page = self._pages.setdefault(number >> 15, bytearray(4096))
        place, bit = (number & 0x7FFF) >> 3, 1 << (number & 7)
        if page[place] & bit:
            return False
        page[place] |= bit
        return True
