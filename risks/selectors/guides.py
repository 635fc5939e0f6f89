"""Guide manuals as lists, and what of a manual is on a unit's register already."""

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Count, Q, QuerySet

from organisations.actors import Actor
from organisations.models import Enterprise, Unit
from organisations.roles import UnitKind
from records.models import Case
from risks.models import Guide, GuideEntry, GuideState, RiskPoint
from risks.models.guide import UNFINISHED

WHOSE = {"sector": "行业手册", "area": "乡街和部门的手册", "enterprise": "企业手册"}


def guides_seen(actor: Actor) -> QuerySet[Guide]:
    return Guide.objects.for_actor(actor).select_related("sector", "issuer", "published_by", "drafted_by")


def listed(actor: Actor, whose: str, *, every_version: bool = False) -> QuerySet[Guide]:
    """Of one kind: those in force, or all there ever were."""
    kinds = {
        "sector": Q(sector__isnull=False),
        "area": Q(sector=None) & ~Q(issuer__kind=UnitKind.ENTERPRISE),
        "enterprise": Q(sector=None, issuer__kind=UnitKind.ENTERPRISE),
    }
    found = guides_seen(actor).filter(kinds[whose]).annotate(entry_count=Count("entries"))
    found = found.exclude(version=None) if every_version else found.published()  # type: ignore[attr-defined]
    return found.order_by("sector__order", "sector__code", "issuer__sort_key", "-version", "pk")


def own_drafts(actor: Actor) -> QuerySet[Guide]:
    # Seen before publication is what is drafted at home.
    drafts = guides_seen(actor).filter(state__in=UNFINISHED)
    return drafts.annotate(entry_count=Count("entries")).order_by("-drafted_at", "-pk")


def usable_for(enterprise: Enterprise) -> list[Guide]:
    """In force and to be registered by: the own sector's first, then the own, the township's, and other sectors'."""
    unit = enterprise.unit
    local = Q(sector=None, issuer__kind=UnitKind.TOWNSHIP, issuer__territory=enterprise.township_id)
    wanted = Q(sector__isnull=False) | Q(sector=None, issuer=unit) | local
    found = Guide.objects.published().filter(wanted, district=unit.district_id).select_related("sector", "issuer")
    found = found.annotate(entry_count=Count("entries")).order_by("sector__order", "sector__code", "pk")

    def nearness(guide: Guide) -> int:
        if guide.sector_id is not None:
            return 0 if guide.sector_id == enterprise.sector_id else 3
        return 1 if guide.issuer_id == unit.pk else 2

    return sorted(found, key=nearness)


def registered_by_key(unit: Unit, entries: Iterable[GuideEntry], actor: Actor) -> dict[object, list[RiskPoint]]:
    """Entry's key → the risk points that this unit has by it, from whichever version, as far as the post may see them."""
    found = RiskPoint.objects.filter(
        case__in=Case.objects.for_actor(actor),
        case__responsible_unit=unit,
        case__closed_on=None,
        guide_entry__key__in=[entry.key for entry in entries],
    )
    by_key: dict[object, list[RiskPoint]] = defaultdict(list)
    for risk in found.select_related("case", "guide_entry").order_by("pk"):
        assert risk.guide_entry is not None, "filtered by it"
        by_key[risk.guide_entry.key].append(risk)
    return by_key


def in_force_for(guide: Guide) -> Guide | None:
    """The version that holds now, of this manual."""
    if guide.state == GuideState.PUBLISHED:
        return guide
    return guide.siblings().published().first()
