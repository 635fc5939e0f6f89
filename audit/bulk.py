"""Many events at once, in few statements: the same rows, texts and digests that `record` writes one by one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from audit.acts import under_way
from audit.models import AuditEvent
from audit.names import is_declared
from audit.services import Stamp, digest_of, event_canonical, last_number, record


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of a case. Entries of one case get their numbers in the order given."""

    name: str
    case_id: int
    subject: tuple[str, str | int]
    data: Mapping[str, Any]


_LAST = "SELECT case_id, max(case_seq) FROM audit_auditevent WHERE case_id = ANY(%s) GROUP BY case_id"
_WRITE = """
INSERT INTO audit_auditevent (name, at, account_id, person_id, post_id, unit_id, actor_label, district_code,
    case_id, case_seq, subject_kind, subject_id, canonical, digest)
SELECT entry.name, %s, %s, %s, %s, %s, %s, %s, entry.case_id, entry.case_seq, entry.subject_kind, entry.subject_id,
    entry.canonical, entry.digest
FROM unnest(%s::text[], %s::bigint[], %s::int[], %s::text[], %s::text[], %s::text[], %s::text[])
    AS entry (name, case_id, case_seq, subject_kind, subject_id, canonical, digest)
"""


def record_many(entries: Sequence[Entry], *, by: Stamp, at: datetime, after: AuditEvent | None = None) -> None:
    """Two statements however many there are, one with `after` (as for `record`), none in an act, which writes them at its end.

    Callers with very many come in portions.

    The caller holds the row locks of all these cases. Raises ValueError for a name nobody declared, RuntimeError outside
    a transaction.
    """
    if unknown := {entry.name for entry in entries if not is_declared(entry.name)}:
        raise ValueError(f"undeclared event {sorted(unknown)[0]}")
    if not connection.in_atomic_block:
        raise RuntimeError("an event is recorded in the transaction of the act it describes")
    if not entries:
        return
    if under_way() is not None:
        for entry in entries:
            record(entry.name, by=by, at=at, case_id=entry.case_id, after=after, subject=entry.subject, data=entry.data)
        return
    last = _last_numbers({entry.case_id for entry in entries}, after)
    columns: list[tuple[Any, ...]] = []
    for entry in entries:
        seq = last[entry.case_id] = last.get(entry.case_id, 0) + 1
        subject = (entry.subject[0], str(entry.subject[1]))
        text = event_canonical(
            name=entry.name,
            at=at,
            stamp=by,
            case_id=entry.case_id,
            case_seq=seq,
            subject=subject,
            data=dict(entry.data),
        )
        columns.append((entry.name, entry.case_id, seq, *subject, text, digest_of(text)))
    stamp = [by.account_id, by.person_id, by.post_id, by.unit_id, by.label, by.district_code]
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [at, *stamp, *map(list, zip(*columns, strict=True))])


def _last_numbers(cases: set[int], after: AuditEvent | None) -> dict[int, int]:
    if after is not None:
        return {case_id: last_number(case_id, after) for case_id in cases}
    with connection.cursor() as cursor:
        cursor.execute(_LAST, [list(cases)])
        return dict(cursor.fetchall())
