"""The case spine: one row per case of any kind; every case model hangs on it by a one-to-one primary key."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Case as Choose
from django.db.models import Q, Value, When
from django.db.models.functions import Coalesce

from organisations.models import District, Person, Sector, Territory, Unit
from organisations.roles import Scope

if TYPE_CHECKING:
    from organisations.actors import Actor


# The gravest grade first; what has no grade comes after all of them.
RANKS = {"red": 1, "orange": 2, "yellow": 3, "blue": 4}
NO_RANK = 9
# Where a case without a running clock stands among the due moments: behind all of them.
NEVER = datetime(9999, 1, 1, tzinfo=UTC)


class CaseQuerySet(models.QuerySet["Case"]):
    def for_actor(self, actor: "Actor") -> Self:
        """The cases that this post may see (X3). The only place where row scope of cases is decided."""
        mine = self.filter(district_id=actor.district_id)
        match actor.scope:
            case Scope.DISTRICT:
                return mine
            case Scope.TERRITORY:
                return mine.filter(township_id=actor.unit.territory_id)
            case Scope.SUPERVISED:
                return mine.filter(
                    Q(lead_unit_id=actor.unit_id)
                    | Q(responsible_unit_id=actor.unit_id)
                    | Q(sector_id__in=actor.supervised_sectors)
                )
            case Scope.OWN:
                return mine.filter(responsible_unit_id=actor.unit_id)
            case Scope.ASSIGNED:
                return mine.filter(participants__person_id=actor.post.person_id).distinct()
        return mine.none()


class Case(models.Model):
    """What every register, worklist and dossier reads. State and level are set only through a workflow."""

    district = models.ForeignKey(District, on_delete=models.PROTECT, verbose_name="区县")
    kind = models.CharField("类型", max_length=20)
    number = models.CharField("编号", max_length=40)
    title = models.CharField("名称", max_length=120)
    state = models.CharField("状态", max_length=30)
    level = models.CharField("等级", max_length=20, blank=True)
    township = models.ForeignKey(Territory, on_delete=models.PROTECT, related_name="cases", verbose_name="乡街")
    # None where the matter belongs to no one sector: a letter of its own, what a department files about itself.
    sector = models.ForeignKey(
        Sector, on_delete=models.PROTECT, null=True, blank=True, related_name="cases", verbose_name="行业领域"
    )
    # Who the case is about and who must act on it: an enterprise, a township or a department.
    responsible_unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="cases", verbose_name="责任单位")
    # The regulator in charge: for a risk the handing unit (交办单位).
    lead_unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="led_cases", verbose_name="主办单位")
    next_due_at = models.DateTimeField("最近到期", null=True, blank=True)
    # Computed by the database from the two above, so that registers sort and page along an index.
    rank = models.GeneratedField(
        expression=Choose(
            *(When(level=level, then=Value(rank)) for level, rank in RANKS.items()), default=Value(NO_RANK)
        ),
        output_field=models.PositiveSmallIntegerField(),
        db_persist=True,
        verbose_name="等级顺序",
    )
    due_key = models.GeneratedField(
        expression=Coalesce("next_due_at", Value(NEVER)),
        output_field=models.DateTimeField(),
        db_persist=True,
        verbose_name="到期顺序",
    )
    opened_on = models.DateField("立案日期")
    closed_on = models.DateField("结案日期", null=True, blank=True)
    is_retroactive = models.BooleanField("补录", default=False)
    # When a case from paper came into the portal: clocks that had run out by then remind nobody.
    entered_at = models.DateTimeField("录入时间", null=True, blank=True)
    # Set with a reason by the unit in charge; from then on every view is an audit event (X6).
    is_confidential = models.BooleanField("敏感", default=False)
    # Grows with every act; a form that carries an older number is told who acted in between.
    version = models.PositiveIntegerField("版本", default=1)

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "案卷"
        constraints = [
            models.UniqueConstraint(fields=["district", "kind", "number"], name="case_number"),
            models.CheckConstraint(
                condition=Q(closed_on__isnull=True) | Q(closed_on__gte=models.F("opened_on")),
                name="case_closed_after_opened",
            ),
            models.CheckConstraint(
                condition=Q(is_retroactive=False, entered_at__isnull=True)
                | Q(is_retroactive=True, entered_at__isnull=False),
                name="case_retroactive_entered",
            ),
        ]
        # Every register is one equality, then one of its declared sorts (risks/selectors/register.py).
        indexes = [
            *(
                models.Index(fields=[scope, "kind", "rank", "due_key", "id"], name=f"case_{scope}_grade")
                for scope in ("district", "township", "lead_unit")
            ),
            *(
                models.Index(
                    fields=[scope, "kind", "rank", "due_key", "id"],
                    condition=Q(closed_on__isnull=True),
                    # Whoever counts these never looks at a row.
                    include=[] if scope == "district" else ["district"],
                    name=f"case_{scope}_open",
                )
                for scope in ("district", "township", "lead_unit", "responsible_unit")
            ),
            *(
                models.Index(fields=[scope, "kind", "due_key", "id"], name=f"case_{scope}_due")
                for scope in ("district", "township", "lead_unit", "responsible_unit")
            ),
            models.Index(fields=["township", "kind", "number", "id"], name="case_township_number"),
        ]

    def __str__(self) -> str:
        return f"{self.title}（{self.number}）"

    @property
    def sector_name(self) -> str:
        return self.sector.name if self.sector else ""


class CaseCounter(models.Model):
    """Numbers of cases by district, kind, prefix and year. The row is locked while a number is taken."""

    district = models.ForeignKey(District, on_delete=models.PROTECT)
    kind = models.CharField(max_length=20)
    prefix = models.CharField(max_length=20)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["district", "kind", "prefix", "year"], name="case_counter")]


class CaseParticipant(models.Model):
    """A person drawn into a case beyond what the role's scope shows: an expert in a verification group."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="participants")
    person = models.ForeignKey(Person, on_delete=models.PROTECT)
    part = models.CharField("身份", max_length=30)
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "person", "part"], name="case_participant")]
