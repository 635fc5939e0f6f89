"""Personal data beside the chain: the event holds a salted commitment, the value lies in a table it can be erased from.

What may have to be erased one day (a telephone number, an address, the name of somebody the act is about) is handed to
`record` as `personal=`, or wrapped in `Personal` anywhere inside `data`. The chain covers the commitment only, so it
stays whole when the value goes.
"""

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from audit.models import AuditEvent, AuditPersonal

ERASED = "已依法删除"
PREFIX = "sha256:"


@dataclass(frozen=True, slots=True)
class Personal:
    """A text about a natural person, to be committed to instead of written. Empty texts need no commitment."""

    value: str


@dataclass(frozen=True, slots=True)
class Committed:
    """One value to keep beside the event. `field` is its place in the event's data: `changes/principal_phone/1`."""

    field: str
    salt: str
    value: str


def commitment(field: str, salt: str, value: str) -> str:
    return PREFIX + hashlib.sha256(f"{salt}|{field}|{value}".encode()).hexdigest()


def commit(data: Mapping[str, Any]) -> tuple[dict[str, Any], list[Committed]]:
    """`data` with every `Personal` replaced by its commitment, and what was replaced."""
    kept: list[Committed] = []

    def replaced(value: Any, path: str) -> Any:
        if isinstance(value, Personal):
            if not value.value:
                return ""
            kept.append(Committed(path, secrets.token_hex(16), value.value))
            return commitment(path, kept[-1].salt, value.value)
        if isinstance(value, Mapping):
            return {key: replaced(item, f"{path}/{key}") for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [replaced(item, f"{path}/{number}") for number, item in enumerate(value)]
        return value

    return {key: replaced(value, key) for key, value in data.items()}, kept


def keep(event: AuditEvent, kept: Iterable[Committed]) -> None:
    AuditPersonal.objects.bulk_create(
        AuditPersonal(event=event, field=one.field, salt=one.salt, value=one.value) for one in kept
    )


def told(events: Iterable[AuditEvent]) -> dict[int, dict[str, Any]]:
    """What each event says, with the personal values that still exist in their places. One query at most."""
    contents = {event.pk: json.loads(event.canonical) for event in events}
    committed = [pk for pk, content in contents.items() if content.get("personal")]
    values: dict[tuple[int, str], str | None] = {}
    if committed:
        rows = AuditPersonal.objects.filter(event__in=committed).values_list("event_id", "field", "value")
        values = {(event, field): value for event, field, value in rows}
    for pk in committed:
        for field in contents[pk]["personal"]:
            _put(contents[pk]["data"], field, values.get((pk, field)) or ERASED)
    return {pk: content["data"] for pk, content in contents.items()}


def _put(data: Any, field: str, value: str) -> None:
    *above, last = field.split("/")
    for step in above:
        data = data[int(step)] if isinstance(data, list) else data[step]
    data[int(last) if isinstance(data, list) else last] = value


def committed_in(canonical: str) -> dict[str, str]:
    """Field → commitment, as the event's text has them."""
    content = json.loads(canonical)
    found = {}
    for field in content.get("personal", []):
        value: Any = content["data"]
        for step in field.split("/"):
            value = value[int(step)] if isinstance(value, list) else value[step]
        found[field] = value
    return found
