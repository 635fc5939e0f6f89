"""How long an addressee has to sign for a letter of its own (公文), one clock for each addressee in the portal (X7)."""

from datetime import datetime

from audit.models import AuditEvent
from deadlines.rules import Response, lead_unit, register, responsible_unit
from deadlines.services.ledger import apply_to_each
from deadlines.terms import WorkingDays
from organisations.actors import Actor
from records.events import Event as E
from records.kinds import OWN_CASE
from records.models import Delivery, Letter

RECEIPT = Response(
    "records.letter_receipt",
    "文书签收",
    clause="三（二）2",
    words="文书送达后",
    starts=(E.LETTER_DISPATCHED,),
    within=WorkingDays(2),
    config_key="letter_receipt",
    met=(E.LETTER_RECEIVED, E.LETTER_LEFT),
    cancelled_by=(E.LETTER_RECALLED, E.LETTER_REPLACED),
    owed_by=responsible_unit,  # each addressee its own, see follow
    supervised_by=lead_unit,
    action="receive",
    action_label="签收",
    note="每个平台内主送单位各算各的；抄送单位不计时。交办函的签收另有规则。",
)
register(RECEIPT)


def follow(letter: Letter, event: AuditEvent, actor: Actor, at: datetime) -> None:
    """The clocks of a letter of its own; the letters that an act on another case is made by have their rules there."""
    if letter.case.kind != OWN_CASE or event.name not in {*RECEIPT.starts, *RECEIPT.met, *RECEIPT.cancelled_by}:
        return
    main = letter.deliveries.filter(is_copy=False, unit__isnull=False, sent_at__isnull=False).select_related("unit")
    letter.case.refresh_from_db()
    apply_to_each(
        letter.case,
        event,
        rule=RECEIPT,
        owners={_occurrence(d): d.unit for d in main if d.unit} if event.name in RECEIPT.starts else None,
        done={_occurrence(d) for d in main if d.is_done},
        ended={_occurrence(d) for d in main} if event.name in RECEIPT.cancelled_by else (),
        at=at,
    )


def _occurrence(delivery: Delivery) -> str:
    return f"delivery-{delivery.pk}"
