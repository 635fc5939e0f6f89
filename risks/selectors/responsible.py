"""For whom a risk point may be registered: the same rule as `may_register_for`, as a list to choose from."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet

from organisations.actors import Actor
from organisations.models import Enterprise, Territory, Unit
from organisations.roles import Scope, UnitKind

LIMIT = 20
SITE_KINDS = (UnitKind.TOWNSHIP, UnitKind.DEPARTMENT, UnitKind.BUREAU)


def enterprises_to_register_for(actor: Actor, words: str) -> list[Enterprise]:
    """Enterprises by part of the name or code; closed ones get no new risk points. At most LIMIT."""
    match = Q(unit__name__icontains=words) | Q(unit__short_name__icontains=words)
    if words.isascii():
        match |= Q(uscc__contains=words.upper())
    found = (
        Enterprise.objects.for_actor(actor)
        .filter(match)
        .exclude(operation=Enterprise.Operation.CLOSED)
        .select_related("unit", "township", "sector")
        .order_by("unit__sort_key", "pk")
    )
    return list(found[:LIMIT])


def sites_to_register_for(actor: Actor, *, on: date) -> QuerySet[Unit]:
    """Bodies that answer for a road or a site themselves: the own one; for district-wide posts any township or department."""
    units = (
        Unit.objects.filter(district_id=actor.district_id, kind__in=SITE_KINDS).valid_on(on).select_related("territory")
    )
    if actor.scope != Scope.DISTRICT:
        units = units.filter(pk=actor.unit_id)
    return units.order_by("kind", "pk")


def townships_of_sites(district_id: int) -> QuerySet[Territory]:
    """Where a department's site may lie: the areas that the district itself looks after."""
    return (
        Territory.objects.filter(district_id=district_id, is_district_managed=True)
        .exclude(kind=Territory.Kind.DISTRICT)
        .order_by("code")
    )


def far_from_district(district_id: int) -> Callable[[Any, Any], bool]:
    """Says whether a position lies well outside (some 10 km) of where the district's enterprises stand; one query.

    Boundaries may not be kept without an approved map, so the registry itself is the measure; with few positions it says no.
    """
    box = Enterprise.objects.filter(unit__district_id=district_id, longitude__isnull=False).aggregate(
        n=Count("pk"), west=Min("longitude"), east=Max("longitude"), south=Min("latitude"), north=Max("latitude")
    )
    margin = 0.1

    def is_far(longitude: Any, latitude: Any) -> bool:
        return box["n"] >= 5 and not (
            float(box["west"]) - margin <= float(longitude) <= float(box["east"]) + margin
            and float(box["south"]) - margin <= float(latitude) <= float(box["north"]) + margin
        )

    return is_far


def is_far_from_district(district_id: int, longitude: Any, latitude: Any) -> bool:
    return far_from_district(district_id)(longitude, latitude)
