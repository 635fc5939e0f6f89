"""An edit of a risk point as people read it: which field, from what, to what."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from audit.models import AuditEvent
from audit.personal import ERASED, told
from organisations.models.people import mask_phone
from risks.events import Event
from risks.models import ControlMeasure, RiskPoint

EMPTY = "（空）"
LONG = 60  # characters; more is shortened, with the whole text one click away
_CONTEXT = 10  # what is shown of the unchanged beginning
_MEASURE = "measure."
_FIELDS = {field.name: field for field in RiskPoint._meta.fields}
# As they stand in the record: the event's own text is sorted by key.
_ORDER = ("title", *_FIELDS, *(_MEASURE + kind for kind in ControlMeasure.Kind.values))


@dataclass(frozen=True)
class Change:
    label: str
    old: str
    new: str

    @property
    def is_long(self) -> bool:
        return max(len(self.old), len(self.new)) > LONG

    @property
    def old_short(self) -> str:
        return _around(self.old, self.new)

    @property
    def new_short(self) -> str:
        return _around(self.new, self.old)

    def __str__(self) -> str:
        return f"{self.label}：{self.old} → {self.new}"


def changes_of(data: Mapping[str, Any]) -> list[Change]:
    """Of what an edit event says (`audit.personal.told`), in the order of the record; telephones masked."""
    changed = sorted(data["changes"].items(), key=lambda item: _ORDER.index(item[0]))
    return [Change(_label(key), _said(key, old), _said(key, new)) for key, (old, new) in changed]


def edits_of(case_id: int) -> list[dict[str, Any]]:
    """The change history of one case, newest first: when, who, and the changes."""
    events = list(AuditEvent.objects.filter(case_id=case_id, name=Event.EDITED).order_by("-case_seq"))
    said = told(events)
    return [{"at": e.at, "by": e.actor_label, "changes": changes_of(said[e.pk])} for e in events]


def _label(key: str) -> str:
    if key.startswith(_MEASURE):
        return f"{ControlMeasure.Kind(key.removeprefix(_MEASURE)).label}措施"
    return "风险点名称" if key == "title" else str(_FIELDS[key].verbose_name)


def _said(key: str, value: str) -> str:
    if not value:
        return EMPTY
    if key == "responsible_phone" and value != ERASED:
        return mask_phone(value)
    choices = dict(_FIELDS[key].flatchoices) if key in _FIELDS else {}
    return str(choices.get(value, value))


def _around(text: str, other: str) -> str:
    """The part where `text` differs from `other`, shortened to LONG."""
    if len(text) <= LONG:
        return text
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(text, other, strict=False)))
    start = 0 if same <= 2 * _CONTEXT else min(same - _CONTEXT, len(text) - LONG)
    piece = text[start : start + LONG]
    return f"{'…' if start else ''}{piece}{'…' if start + LONG < len(text) else ''}"
