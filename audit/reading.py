"""One event as it lies in the database, held against its own canonical text."""

import json
from typing import NamedTuple

from audit.services import digest_of

UTC_TEXT = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')"""
# In the order of EventRow's fields; `e` is audit_auditevent.
COLUMNS = (
    "e.id",
    "e.canonical",
    "e.digest",
    UTC_TEXT.format("e.recorded_at"),
    "e.name",
    UTC_TEXT.format("e.at"),
    "e.account_id",
    "e.person_id",
    "e.post_id",
    "e.unit_id",
    "e.actor_label",
    "e.district_code",
    "e.case_id",
    "e.case_seq",
    "e.subject_kind",
    "e.subject_id",
)


class EventRow(NamedTuple):
    id: int
    canonical: str
    digest: str
    recorded_at: str
    name: str
    at: str
    account: int | None
    person: int | None
    post: int | None
    unit: int | None
    label: str
    district: str
    case: int | None
    seq: int | None
    subject_kind: str
    subject_id: str


def event_problem(row: EventRow) -> str:
    """What is wrong with the event itself, in Chinese; "" when its text, digest and columns say the same."""
    if digest_of(row.canonical) != row.digest:
        return "事件内容与摘要不符"
    try:
        told = json.loads(row.canonical)
        actor = told["actor"]
        text = (
            *(told["name"], told["at"], actor["account"], actor["person"], actor["post"], actor["unit"]),
            *(actor["label"], told["district"], told["case"], told["seq"], *told["subject"]),
        )
    except (ValueError, TypeError, LookupError):
        return "事件内容读不出来"
    return "" if row[4:] == text else "检索列与事件内容不符"
