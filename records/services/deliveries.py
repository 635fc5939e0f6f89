"""Who a letter goes to, and what became of each: sent, opened, signed for (X7)."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q

from audit.clock import local_date
from audit.services import record
from organisations.actors import Actor
from organisations.models import Unit
from records.events import Event
from records.models import Case, Delivery, Letter, Signature

How = Delivery.How


def names_in(text: str) -> list[str]:
    """Names typed into one field, separated as people separate them."""
    parts = re.split(r"[、，,；;\n]+", text)
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))


def units_named(names: Iterable[str], *, issuer: Unit, on: datetime) -> dict[str, Unit]:
    """Which of the names are units of the portal, by full or short name; the rest are outside."""
    wanted = list(names)
    found = Unit.objects.filter(Q(name__in=wanted) | Q(short_name__in=wanted), district_id=issuer.district_id)
    named: dict[str, Unit] = {}
    for unit in found.valid_on(local_date(on)).order_by("pk"):
        for name in (unit.name, unit.short_name):
            if name in wanted:
                named.setdefault(name, unit)
    return named


def recipients(
    letter: Letter, *, main: Sequence[Unit | str], copies: Sequence[Unit | str], at: datetime
) -> list[Delivery]:
    """The rows to write: units of the portal get the letter here, names are served outside and logged by hand.

    A unit named twice is served once, as main addressee if it is one.
    """
    names = [entry for entry in (*main, *copies) if isinstance(entry, str)]
    known = units_named(names, issuer=letter.issuer, on=at)
    rows: list[Delivery] = []
    seen: set[int | str] = {letter.issuer_id}
    for is_copy, entries in ((False, main), (True, copies)):
        for order, entry in enumerate(entries):
            unit = entry if isinstance(entry, Unit) else known.get(entry)
            key: int | str = unit.pk if unit else str(entry)
            if key in seen:
                continue
            seen.add(key)
            name = unit.name if unit else str(entry)
            rows.append(Delivery(letter=letter, order=order, is_copy=is_copy, unit=unit, name=name[:120]))
    return rows


_SEND = """
WITH sent AS (
    UPDATE records_delivery SET how = %s, sent_at = %s, sent_by_id = %s WHERE letter_id = %s AND unit_id IS NOT NULL
)
SELECT name, unit_id IS NOT NULL FROM records_delivery WHERE letter_id = %s ORDER BY is_copy, "order", id
"""


def send(letter: Letter, *, actor: Actor, at: datetime) -> list[tuple[str, bool]]:
    """Everybody in the portal has it from now on; who is outside waits for 登记送达. The names, and which are inside."""
    with connection.cursor() as cursor:
        cursor.execute(_SEND, [How.PORTAL, at, actor.person.pk, letter.pk, letter.pk])
        return list(cursor.fetchall())


def waiting_main(letter: Letter) -> bool:
    """Some main addressee has neither signed nor been left the letter."""
    return letter.deliveries.filter(is_copy=False, signed_at__isnull=True, left_at__isnull=True).exists()


def delivery_of(letter: Letter, unit: Unit) -> Delivery | None:
    return letter.deliveries.filter(unit=unit, sent_at__isnull=False).first()


def sign_for(delivery: Delivery, *, receipt: Signature, at: datetime) -> None:
    delivery.signed_at, delivery.signed_by, delivery.receipt = at, receipt.signer_label, receipt
    delivery.save(update_fields=["signed_at", "signed_by", "receipt"])


@transaction.atomic
def note_opening(letter: Letter, *, actor: Actor, at: datetime) -> None:
    """The first time somebody of an addressee looks at the letter or its PDF."""
    unopened = letter.deliveries.filter(unit=actor.unit, sent_at__isnull=False, opened_at__isnull=True)
    if not unopened.exists():
        return
    Case.objects.select_for_update().get(pk=letter.case_id)
    for delivery in unopened.select_for_update():
        delivery.opened_at, delivery.opened_by = at, actor.label
        delivery.save(update_fields=["opened_at", "opened_by"])
        record(
            Event.LETTER_OPENED,
            by=actor.stamp,
            at=at,
            case_id=letter.case_id,
            subject=("letter", letter.pk),
            data={"number": letter.number, "by": delivery.name},
        )
