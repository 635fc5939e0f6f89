"""Risk points from the entries of a manual: one for each place that was ticked, all of them or none (三(一)1, 2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from audit.clock import local_date
from deadlines.workflow import Refused
from organisations.actors import Actor
from organisations.models import Unit
from organisations.roles import UnitKind
from risks.accident_types import names_on, parted
from risks.models import Guide, GuideEntry, GuideState, RiskPoint
from risks.services.register import register_risk

MAX_AT_ONCE = 100


@dataclass(frozen=True)
class Pick:
    """What the unit says of one entry: here it is, this is what we call it, this person looks after it."""

    entry: GuideEntry
    title: str
    location: str
    responsible_person: str
    responsible_phone: str


class PickRefused(Refused):
    """`field` names the place of the pick that is refused, as the form calls it."""

    def __init__(self, message: str, field: str = "") -> None:
        self.field = field
        super().__init__(message)


@transaction.atomic
def register_from_guide(
    *, unit: Unit, guide: Guide, picks: Sequence[Pick], actor: Actor, at: datetime
) -> list[RiskPoint]:
    """Register what was ticked, each by `register_risk` with its own event, linked to its entry in this version.

    Raises PickRefused: the manual is no longer in force, or this place is registered by this entry already.
    """
    enterprise = getattr(unit, "enterprise", None)
    if enterprise is None:
        raise PickRefused("按手册登记只用于企业，其他单位请逐处登记")
    if not is_for(guide, unit):
        raise PickRefused(f"{guide}不适用于{unit}")
    # Two clerks of one enterprise with the same entry ticked: the second one sees what the first registered.
    Unit.objects.select_for_update(of=("self",), no_key=True).get(pk=unit.pk)
    # Read afresh, but not locked: all enterprises of a sector register by one manual.
    guide = Guide.objects.select_related("sector", "issuer").get(pk=guide.pk)
    if guide.state != GuideState.PUBLISHED:
        raise PickRefused(f"{guide}已不是现行版本，请从现行版本重新勾选")
    taken = _registered(unit, picks)
    registered = []
    for pick in picks:
        place = (pick.entry.key, pick.location)
        if place in taken:
            raise PickRefused(f"{pick.location}已按本条登记，编号 {taken[place]}", f"location_{pick.entry.pk}")
        risk = register_risk(
            title=pick.title,
            responsible_unit=unit,
            sector=guide.sector or enterprise.sector,
            township=enterprise.township,
            details=_details(pick, guide, at),
            measures=pick.entry.measures,
            actor=actor,
            at=at,
            guide_entry=pick.entry,
        )
        taken[place] = risk.case.number
        registered.append(risk)
    return registered


def is_for(guide: Guide, unit: Unit) -> bool:
    """Any sector's manual (a hotel has lifts and a kitchen), the manual of its township, and its own."""
    enterprise = getattr(unit, "enterprise", None)
    if enterprise is None or guide.district_id != unit.district_id:
        return False
    local = guide.issuer.kind == UnitKind.TOWNSHIP and guide.issuer.territory_id == enterprise.township_id
    return guide.is_of_sector or guide.issuer_id == unit.pk or local


def _registered(unit: Unit, picks: Sequence[Pick]) -> dict[tuple[object, str], str]:
    """(entry's key, location) → number, of what is on the unit's register, from whichever version."""
    found = RiskPoint.objects.filter(
        case__responsible_unit=unit, case__closed_on=None, guide_entry__key__in=[pick.entry.key for pick in picks]
    )
    rows = found.values_list("guide_entry__key", "location", "case__number")
    return {(key, location): number for key, location, number in rows}


def _details(pick: Pick, guide: Guide, at: datetime) -> dict[str, object]:
    entry = pick.entry
    # A manual of the former standard still finds risks; only names of today's standard go onto the register where it can.
    named = parted(entry.accident_types)
    current = [name for name in named if name in names_on(local_date(at))]
    return {
        "category": entry.category,
        "location": pick.location,
        "hazard_factors": entry.hazard_factors,
        "accident_types": "、".join(current or named),
        "monitoring": entry.monitoring,
        "control_level": entry.control_level,
        "check_frequency": entry.check_frequency,
        "responsible_person": pick.responsible_person,
        "responsible_phone": pick.responsible_phone,
        "source": f"{guide}第 {entry.position} 条"[:120],
    }
