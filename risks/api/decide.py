"""One address for the conclusion on a close-out: it is written, signed by the colleagues, or objected to."""

from datetime import datetime
from typing import Any

from audit.clock import local_date
from deadlines.workflow import Refused
from organisations.actors import Actor
from organisations.models import Person
from records.services.signing import Hand
from risks.api.inputs import factors
from risks.models import RiskPoint, Verification
from risks.services.closure import ClosureRefused, countersign, object_verification, verify


def decide(risk: RiskPoint, given: dict[str, Any], *, hand: Hand, actor: Actor, at: datetime) -> Verification:
    common: dict[str, Any] = {"risk": risk, "actor": actor, "at": at, "version": given.get("version")}
    if given["passed"] is not None:
        made = verify(
            visited_on=given.get("visited_on") or local_date(at),
            findings=given["findings"],
            passed=given["passed"],
            colleagues=_persons(given.get("colleagues", []), actor),
            hand=hand,
            method=given.get("method", ""),
            inputs=factors(given),
            reasons=given.get("reasons", ""),
            new_due_on=given.get("new_due_on"),
            photos=given.get("photos", ()),
            **common,
        )
    elif given.get("objection"):
        made = object_verification(reason=given["objection"], **common)
    else:
        if not Verification.objects.filter(close_out__risk=risk, state=Verification.State.SIGNING).exists():
            raise Refused("没有等待会签的核查结论；要下结论请填写 passed")
        made = countersign(hand=hand, late_reason=given.get("late_reason", ""), **common)
    signed = set(made.signatures.values_list("person", flat=True))
    made.signers = list(made.verifiers.order_by("sort_key", "pk"))  # type: ignore[attr-defined]
    for person in made.signers:  # type: ignore[attr-defined]
        person.signed = person.pk in signed
    return made


def _persons(ids: list[int], actor: Actor) -> list[Person]:
    found = {person.pk: person for person in Person.objects.filter(pk__in=ids, district_id=actor.district_id)}
    missing = [str(pk) for pk in ids if pk not in found]
    if missing:
        raise ClosureRefused(f"没有编号为 {'、'.join(missing)} 的人员", field="colleagues")
    return [found[pk] for pk in ids]
