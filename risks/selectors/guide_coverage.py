"""How far the manuals reach (三(一)1): who has one, since when, who is late; whose enterprises register by them.

Enterprises are counted within the reader's scope, closed ones left out. An enterprise registers by its sector's manual when
it has a risk point from an entry of that manual, of any version, or of its own manual that was based on it.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet

from audit.clock import local_date
from deadlines.targets import Target
from deadlines.targets import target as target_of
from organisations.actors import Actor
from organisations.models import Enterprise, Sector, Unit
from organisations.roles import Scope, UnitKind
from records.models import Case
from risks.models import Guide, RiskPoint
from risks.workflow import KIND

TARGET = "risks.guides"
# Whose figures these are: the bodies that supervise.
SCOPES = frozenset({Scope.DISTRICT, Scope.SUPERVISED, Scope.TERRITORY})
STANDINGS = {"none": "没有风险点", "other": "有风险点，未按手册", "guided": "已按手册登记", "all": "全部"}


@dataclass(frozen=True)
class Figures:
    enterprises: int = 0
    with_risks: int = 0
    guided: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(
            self.enterprises + other.enterprises, self.with_risks + other.with_risks, self.guided + other.guided
        )


@dataclass(frozen=True)
class Standing:
    """A manual against the target date."""

    guide: Guide | None  # in force
    first_on: date | None  # when the first version came into force
    target: Target
    today: date

    @property
    def is_done(self) -> bool:
        return self.guide is not None

    @property
    def is_late(self) -> bool:
        """Wanting after the target date; a manual that was withdrawn is wanting."""
        return not self.is_done and self.target.is_past(self.today)

    @property
    def text(self) -> str:
        if self.guide is None:
            return "逾期未发布" if self.is_late else "未发布"
        return "逾期发布" if self.first_on and self.target.is_past(self.first_on) else "按期发布"


@dataclass(frozen=True)
class SectorRow:
    sector: Sector
    departments: list[Unit]
    standing: Standing
    figures: Figures


@dataclass(frozen=True)
class TownshipRow:
    unit: Unit
    standing: Standing
    figures: Figures


@dataclass(frozen=True)
class DepartmentRow:
    """A department answers for the manuals of its sectors."""

    unit: Unit
    sectors: list[SectorRow]

    @property
    def done(self) -> int:
        return sum(row.standing.is_done for row in self.sectors)

    @property
    def wanting(self) -> list[Sector]:
        return [row.sector for row in self.sectors if not row.standing.is_done]

    @property
    def figures(self) -> Figures:
        return sum((row.figures for row in self.sectors), Figures())

    @property
    def is_late(self) -> bool:
        return any(row.standing.is_late for row in self.sectors)

    @property
    def text(self) -> str:
        if not self.wanting:
            return "已全部发布"
        return "逾期未发布" if self.is_late else "未全部发布"


@dataclass
class Coverage:
    target: Target
    today: date
    sectors: list[SectorRow] = field(default_factory=list)
    townships: list[TownshipRow] = field(default_factory=list)
    departments: list[DepartmentRow] = field(default_factory=list)

    @property
    def done(self) -> int:
        return sum(row.standing.is_done for row in self.sectors)

    @property
    def total(self) -> Figures:
        return sum((row.figures for row in self.sectors), Figures())

    @property
    def late(self) -> list[str]:
        """By name: whose manual is wanting past the target date."""
        return [row.sector.name for row in self.sectors if row.standing.is_late] + [
            str(row.unit) for row in self.townships if row.standing.is_late
        ]


def coverage(actor: Actor, *, at: datetime) -> Coverage:
    today, target = local_date(at), target_of(TARGET)
    sectors = Sector.objects.filter(district_id=actor.district_id).prefetch_related("departments")
    if actor.scope == Scope.SUPERVISED:
        sectors = sectors.filter(pk__in=actor.supervised_sectors)
    guides = Guide.objects.filter(district=actor.district_id)
    in_force = {_subject(g): g for g in guides.published().select_related("sector", "issuer")}
    first: dict[tuple[int | None, int | None], date] = {
        (row["sector"], None if row["sector"] else row["issuer"]): local_date(row["first"])
        for row in guides.exclude(version=None)
        .values("sector", "issuer")
        .annotate(first=Min("published_at"))
        .order_by("-first")
    }

    def standing(sector: int | None, issuer: int | None) -> Standing:
        return Standing(in_force.get((sector, issuer)), first.get((sector, issuer)), target, today)

    enterprises = counted(actor)
    by_sector, by_township = _figures(enterprises, "sector"), _figures(enterprises, "township")
    result = Coverage(target, today)
    result.sectors = [
        SectorRow(
            sector,
            [unit for unit in sector.departments.all() if unit.is_valid_on(today)],  # type: ignore[attr-defined]
            standing(sector.pk, None),
            by_sector.get(sector.pk, Figures()),
        )
        for sector in sectors
    ]
    if actor.scope != Scope.SUPERVISED:
        townships = Unit.objects.filter(
            district_id=actor.district_id, kind=UnitKind.TOWNSHIP, territory__is_district_managed=True
        ).valid_on(today)
        if actor.scope == Scope.TERRITORY:
            townships = townships.filter(pk=actor.unit_id)
        result.townships = [
            TownshipRow(unit, standing(None, unit.pk), by_township.get(unit.territory_id or 0, Figures()))
            for unit in townships.order_by("territory__code")
        ]
    if actor.scope != Scope.TERRITORY:
        result.departments = _departments(result.sectors, actor)
    return result


def _subject(guide: Guide) -> tuple[int | None, int | None]:
    return (guide.sector_id, None if guide.sector_id else guide.issuer_id)


def _departments(rows: list[SectorRow], actor: Actor) -> list[DepartmentRow]:
    units: dict[int, Unit] = {}
    of: dict[int, list[SectorRow]] = defaultdict(list)
    for row in rows:
        for unit in row.departments:
            if actor.scope == Scope.DISTRICT or unit.pk == actor.unit_id:
                units[unit.pk] = unit
                of[unit.pk].append(row)
    found = [DepartmentRow(unit, of[pk]) for pk, unit in units.items()]
    return sorted(found, key=lambda row: (row.unit.kind, row.unit.sort_key))


def counted(actor: Actor) -> QuerySet[Enterprise]:
    """The enterprises that count, each with `has_risk` and `is_guided`."""
    cases = Case.objects.filter(kind=KIND, responsible_unit=OuterRef("unit"))
    sector = OuterRef("sector")
    by_guide = RiskPoint.objects.filter(case__responsible_unit=OuterRef("unit")).filter(
        Q(guide_entry__guide__sector=sector) | Q(guide_entry__guide__based_on__sector=sector)
    )
    seen = Enterprise.objects.for_actor(actor).exclude(operation=Enterprise.Operation.CLOSED).order_by()
    # By key: a scope over several departments would count an enterprise twice.
    return Enterprise.objects.filter(pk__in=seen.values("pk")).annotate(
        has_risk=Exists(cases), is_guided=Exists(by_guide)
    )


def in_standing(enterprises: QuerySet[Enterprise], standing: str) -> QuerySet[Enterprise]:
    match standing:
        case "none":
            return enterprises.filter(Q(has_risk=False))
        case "other":
            return enterprises.filter(Q(has_risk=True, is_guided=False))
        case "guided":
            return enterprises.filter(Q(is_guided=True))
    return enterprises


def counts_by_standing(enterprises: QuerySet[Enterprise]) -> dict[str, int]:
    found = enterprises.aggregate(
        all=Count("pk"),
        guided=Count("pk", filter=Q(is_guided=True)),
        none=Count("pk", filter=Q(has_risk=False)),
    )
    return found | {"other": found["all"] - found["guided"] - found["none"]}


def _figures(enterprises: QuerySet[Enterprise], by: str) -> Mapping[int, Figures]:
    rows = (
        enterprises.values(by)
        .annotate(
            n=Count("pk"),
            risks=Count("pk", filter=Q(has_risk=True)),
            guided=Count("pk", filter=Q(is_guided=True)),
        )
        .order_by()
    )
    return {row[by]: Figures(row["n"], row["risks"], row["guided"]) for row in rows}
