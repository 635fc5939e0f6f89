"""Writing events. Everything that changes the portal calls `record` inside its own transaction (`audit.acts.one_act`)."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Max

from audit.acts import under_way
from audit.models import AuditEvent
from audit.names import is_declared
from audit.personal import Personal, commit, keep


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who acted, as it is written into the evidence: ids for machines, the label for people."""

    label: str
    account_id: int | None = None
    person_id: int | None = None
    post_id: int | None = None
    unit_id: int | None = None
    district_code: str = ""


SYSTEM = Stamp(label="系统")


def canonical_text(content: Mapping[str, Any]) -> str:
    """The one byte-for-byte form that is hashed: sorted keys, no spaces, UTC instants, exact decimals."""
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_plain)


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"cannot be written into evidence: {type(value).__name__}")


def event_canonical(
    *,
    name: str,
    at: datetime,
    stamp: Stamp,
    case_id: int | None,
    case_seq: int | None,
    subject: tuple[str, str],
    data: Any,
    personal: Sequence[str] = (),
) -> str:
    # Which places of `data` hold commitments. Only events that have some say so.
    more = {"personal": list(personal)} if personal else {}
    return canonical_text(
        more
        | {
            "name": name,
            "at": at,
            "actor": {
                "account": stamp.account_id,
                "person": stamp.person_id,
                "post": stamp.post_id,
                "unit": stamp.unit_id,
                "label": stamp.label,
            },
            "district": stamp.district_code,
            "case": case_id,
            "seq": case_seq,
            "subject": list(subject),
            "data": data,
        }
    )


def last_number(case_id: int, after: AuditEvent | None) -> int:
    """That of the act under way or of the event `after`, if it is of this case; else what the database says."""
    act = under_way()
    if act is not None and case_id in act.last:
        return act.last[case_id]
    if after is None:
        return AuditEvent.objects.filter(case_id=case_id).aggregate(last=Max("case_seq"))["last"] or 0
    if after.case_id != case_id or after.case_seq is None:
        raise ValueError(f"event {after.pk} is of another case")
    return after.case_seq


def record(
    name: str,
    *,
    by: Stamp,
    at: datetime,
    case_id: int | None = None,
    after: AuditEvent | None = None,
    subject: tuple[str, str | int] = ("", ""),
    data: Mapping[str, Any] | None = None,
    personal: Mapping[str, str] | None = None,
) -> AuditEvent:
    """Write one event, in an act (`audit.acts`) at its end. With a case, the caller holds the case's row lock: the number
    within the case is taken under it.

    The database queues the event for sealing, and refuses a number that is taken or leaves a gap. `after` is the event
    that was written last on the case, by whoever holds the lock: the number goes on from it instead of being asked for.

    `personal` are further entries of `data` about natural persons, written as commitments (`audit.personal`).

    Raises ValueError for a name nobody declared, RuntimeError outside a transaction.
    """
    if not is_declared(name):
        raise ValueError(f"undeclared event {name}")
    if not connection.in_atomic_block:
        raise RuntimeError("an event is recorded in the transaction of the act it describes")
    case_seq = None if case_id is None else last_number(case_id, after) + 1
    subject_kind, subject_id = subject[0], str(subject[1])
    said, kept = commit({**(data or {}), **{key: Personal(value) for key, value in (personal or {}).items()}})
    text = event_canonical(
        name=name,
        at=at,
        stamp=by,
        case_id=case_id,
        case_seq=case_seq,
        subject=(subject_kind, subject_id),
        data=said,
        personal=[one.field for one in kept],
    )
    event = AuditEvent(
        name=name,
        at=at,
        account_id=by.account_id,
        person_id=by.person_id,
        post_id=by.post_id,
        unit_id=by.unit_id,
        actor_label=by.label,
        district_code=by.district_code,
        case_id=case_id,
        case_seq=case_seq,
        subject_kind=subject_kind,
        subject_id=subject_id,
        canonical=text,
        digest=digest_of(text),
    )
    act = under_way()
    if act is not None:
        act.add(event, kept)
        return event
    event.save(force_insert=True)
    if kept:
        keep(event, kept)
    return event
