"""Verifying the personal values that still exist against the commitments in the chain, and each erasure against its event."""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db import connection

from audit.events import Event
from audit.personal import commitment, committed_in
from audit.streaming import stream

_QUERY = """
SELECT e.id, l.seq, e.canonical, p.field, p.salt, p.value,
       EXISTS (SELECT 1 FROM audit_auditevent x WHERE x.name = %s AND x.subject_kind = 'erasure'
               AND x.subject_id = p.erasure_id::text)
FROM audit_auditevent e
LEFT JOIN audit_auditlink l ON l.event_id = e.id
LEFT JOIN audit_auditpersonal p ON p.event_id = e.id
WHERE e.canonical LIKE '%%"personal":[%%'
ORDER BY e.id, p.field
"""


def broken_commitments() -> Iterator[str]:
    """The first event whose personal values are not what it committed to."""
    rows = 0
    for _, group in groupby(stream(_QUERY, [Event.ERASED]), key=itemgetter(0)):
        found = list(group)
        rows += sum(row[3] is not None for row in found)
        if problem := _problem(found):
            event, seq = found[0][:2]
            yield f"事件 {event}（{f'第 {seq} 环' if seq else '待封存'}）的个人信息：{problem}"
            return
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_auditpersonal")
        if (there := cursor.fetchone()[0]) != rows:
            yield f"个人信息表有 {there} 行，事件承诺过的只有 {rows} 行"


def _problem(rows: list[tuple[Any, ...]]) -> str:
    try:
        committed = committed_in(rows[0][2])
    except (ValueError, TypeError, LookupError):
        return "承诺读不出来"
    kept = {field: (salt, value, erased) for *_, field, salt, value, erased in rows if field is not None}
    for field, promise in committed.items():
        if field not in kept:
            return f"{field} 的记录被删"
        salt, value, erased = kept[field]
        if value is None and not erased:
            return f"{field} 没有经过批准就删了"
        if value is not None and commitment(field, salt, value) != promise:
            return f"{field} 与承诺不符"
    extra = sorted(set(kept) - set(committed))
    return f"多出 {extra[0]}" if extra else ""
