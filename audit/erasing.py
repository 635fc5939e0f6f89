"""Erasing personal values from beside the evidence (个人信息保护法 四十七): asked by one person, decided by another."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from audit.events import Event
from audit.models import AuditErasure, AuditPersonal
from audit.services import Stamp, record

State = AuditErasure.State


class ErasureRefused(Exception):
    """Why it is not done, in Chinese; `field` is where it stands in the form, or ""."""

    def __init__(self, message: str, field: str = "") -> None:
        self.field = field
        super().__init__(message)


def values_like(texts: Collection[str], *, district_code: str) -> QuerySet[AuditPersonal]:
    """Values of the district that are exactly one of `texts`, the oldest event first. Part of a value finds nothing."""
    rows = AuditPersonal.objects.filter(value__in=[text for text in texts if text], event__district_code=district_code)
    return rows.select_related("event").order_by("event_id", "field")


@transaction.atomic
def ask_erasure(*, values: Collection[int], reason: str, by: Stamp, at: datetime) -> AuditErasure:
    """Claim these values for a request. Nothing is erased yet; a value that waits in another request is refused."""
    if not reason.strip():
        raise ErasureRefused("写明理由和依据", "reason")
    rows = list(
        AuditPersonal.objects.select_for_update(of=("self",)).filter(
            pk__in=values, value__isnull=False, event__district_code=by.district_code
        )
    )
    if not rows or len(rows) != len(set(values)):
        raise ErasureRefused("所选内容已有变动，请重新查找", "values")
    if any(row.erasure_id for row in rows):
        raise ErasureRefused("所选内容已在另一份申请中等待批准", "values")
    erasure = AuditErasure.objects.create(
        district_code=by.district_code,
        reason=reason.strip(),
        asked_by=_person(by),
        asked_label=by.label,
        asked_at=at,
    )
    AuditPersonal.objects.filter(pk__in=[row.pk for row in rows]).update(erasure=erasure)
    data = {"reason": erasure.reason, "values": _places(rows)}
    record(Event.ERASURE_ASKED, by=by, at=at, subject=("erasure", erasure.pk), data=data)
    return erasure


@transaction.atomic
def decide_erasure(*, erasure: AuditErasure, approve: bool, note: str, by: Stamp, at: datetime) -> int:
    """Erase for good, value and salt, or refuse and let go. Returns how many values went.

    The events keep their commitments, so the chain stays as it is.
    """
    erasure = AuditErasure.objects.select_for_update().get(pk=erasure.pk, district_code=by.district_code)
    if erasure.state != State.ASKED:
        raise ErasureRefused(f"{erasure.decided_label}已处理：{erasure.get_state_display()}")
    if erasure.asked_by == _person(by):
        raise ErasureRefused("申请人不能批准自己的申请，须由另一人办理")
    if not approve and not note.strip():
        raise ErasureRefused("不同意须写明理由", "note")
    erasure.state = State.DONE if approve else State.REFUSED
    erasure.decided_by, erasure.decided_label = _person(by), by.label
    erasure.decided_at, erasure.note = at, note.strip()
    erasure.save()
    rows = list(AuditPersonal.objects.filter(erasure=erasure).order_by("event_id", "field"))
    data = {"reason": erasure.reason, "note": erasure.note, "asked_by": erasure.asked_label, "values": _places(rows)}
    name = Event.ERASED if approve else Event.ERASURE_REFUSED
    record(name, by=by, at=at, subject=("erasure", erasure.pk), data=data)
    claimed = AuditPersonal.objects.filter(erasure=erasure)
    if approve:
        return claimed.update(value=None, salt="")
    claimed.update(erasure=None)
    return 0


def _places(rows: Collection[AuditPersonal]) -> list[list[int | str]]:
    return [[row.event_id, row.field] for row in rows]


def _person(by: Stamp) -> int:
    if by.person_id is None:
        raise ErasureRefused("须由在岗人员办理")
    return by.person_id
