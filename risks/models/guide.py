"""Guide manuals (安全风险点查找指导手册, 三(一)1): what to look for, by sector or by unit, version by version."""

from typing import TYPE_CHECKING, Self
from uuid import uuid4

from django.db import models
from django.db.models import F, Q

from organisations.models import District, Enterprise, Person, Sector, Unit
from organisations.roles import UnitKind
from risks.grading import Grade
from risks.models.point import ControlMeasure, RiskPoint

if TYPE_CHECKING:
    from organisations.actors import Actor


class GuideState(models.TextChoices):
    DRAFT = "draft", "起草"
    SUBMITTED = "submitted", "待发布"
    PUBLISHED = "published", "现行"
    SUPERSEDED = "superseded", "已被新版替代"
    WITHDRAWN = "withdrawn", "已撤销"
    DISCARDED = "discarded", "已放弃"


UNFINISHED = (GuideState.DRAFT, GuideState.SUBMITTED)
# Once public, always readable, whatever followed.
ONCE_PUBLISHED = (GuideState.PUBLISHED, GuideState.SUPERSEDED, GuideState.WITHDRAWN)

# What people fill in of an entry.
ENTRY_FIELDS = (
    "area",
    "title",
    "category",
    "hazard_factors",
    "accident_types",
    "reference_grade",
    *ControlMeasure.Kind.values,
    "monitoring",
    "control_level",
    "check_frequency",
    "clause",
)


class GuideQuerySet(models.QuerySet["Guide"]):
    def for_actor(self, actor: "Actor") -> Self:
        """What is not published stays with the unit that drafts it, or with its successor. What is published everybody of the district reads;
        an enterprise's own manual whoever may see that enterprise (X3)."""
        seen = Q(state__in=ONCE_PUBLISHED) & (
            ~Q(issuer__kind=UnitKind.ENTERPRISE)
            | Q(issuer__in=Enterprise.objects.for_actor(actor).order_by().values("unit"))
        )
        home = Q(issuer=actor.unit_id) | Q(issuer__succeeded_by=actor.unit_id)
        return self.filter(home | seen, district=actor.district_id)

    def published(self) -> Self:
        return self.filter(state=GuideState.PUBLISHED)


class Guide(models.Model):
    """One version. With a sector it is that sector's manual (本行业), without one the issuer's own (本地、本单位).

    The number is given on publication, so that the versions people hold in hand have no gaps.
    """

    district = models.ForeignKey(District, on_delete=models.PROTECT, related_name="guides", verbose_name="区县")
    sector = models.ForeignKey(
        Sector, on_delete=models.PROTECT, null=True, blank=True, related_name="guides", verbose_name="行业领域"
    )
    issuer = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="guides", verbose_name="编制单位")
    title = models.CharField("名称", max_length=80)
    basis = models.CharField("编制依据", max_length=200)
    # The published manual whose entries an own manual began with.
    based_on = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="derived", verbose_name="据以编制的手册"
    )
    state = models.CharField("状态", max_length=12, choices=GuideState.choices, default=GuideState.DRAFT)
    version = models.PositiveSmallIntegerField("版本", null=True, blank=True)
    # Grows with every change: a form that was opened on an older one is told who was faster.
    revision = models.PositiveIntegerField("修订", default=1)
    # Whoever changed it last answers for the draft and cannot publish it (as with letters, docs/adr/0004).
    drafted_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", verbose_name="起草人")
    drafted_at = models.DateTimeField("起草时间")
    return_note = models.CharField("退回意见", max_length=300, blank=True)
    published_by = models.ForeignKey(
        Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="发布人"
    )
    published_at = models.DateTimeField("发布时间", null=True, blank=True)
    ended_by = models.ForeignKey(
        Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="终止人"
    )
    ended_at = models.DateTimeField("终止时间", null=True, blank=True)
    end_reason = models.CharField("终止原因", max_length=300, blank=True)

    objects = GuideQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "查找指导手册"
        ordering = ["-published_at", "-id"]
        constraints = [
            *(
                models.UniqueConstraint(
                    fields=[subject], condition=Q(state="published") & whose, name=f"{name}_in_force"
                )
                for subject, whose, name in (
                    ("sector", Q(sector__isnull=False), "guide_one_of_sector"),
                    ("issuer", Q(sector__isnull=True), "guide_one_of_unit"),
                )
            ),
            *(
                models.UniqueConstraint(
                    fields=[subject], condition=Q(state__in=["draft", "submitted"]) & whose, name=f"{name}_in_draft"
                )
                for subject, whose, name in (
                    ("sector", Q(sector__isnull=False), "guide_one_of_sector"),
                    ("issuer", Q(sector__isnull=True), "guide_one_of_unit"),
                )
            ),
            models.UniqueConstraint(
                fields=["sector", "version"], condition=Q(sector__isnull=False), name="guide_version_of_sector"
            ),
            models.UniqueConstraint(
                fields=["issuer", "version"], condition=Q(sector__isnull=True), name="guide_version_of_unit"
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["published", "superseded", "withdrawn"],
                    version__isnull=False,
                    published_by__isnull=False,
                    published_at__isnull=False,
                )
                | Q(
                    state__in=["draft", "submitted", "discarded"],
                    version__isnull=True,
                    published_by__isnull=True,
                    published_at__isnull=True,
                ),
                name="guide_published_whole",
            ),
            models.CheckConstraint(
                condition=Q(published_by__isnull=True) | ~Q(published_by=F("drafted_by")),
                name="guide_two_persons",
                violation_error_message="起草人不能自己发布",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["superseded", "withdrawn", "discarded"], ended_by__isnull=False, ended_at__isnull=False
                )
                | Q(
                    state__in=["draft", "submitted", "published"],
                    ended_by__isnull=True,
                    ended_at__isnull=True,
                    end_reason="",
                ),
                name="guide_ended_whole",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["withdrawn", "discarded"], end_reason=""), name="guide_ended_with_reason"
            ),
        ]
        indexes = [models.Index(fields=["district", "state", "-published_at"], name="guide_district_state")]

    def __str__(self) -> str:
        return f"《{self.title}》{self.version_text}"

    @property
    def version_text(self) -> str:
        return f"第 {self.version} 版" if self.version else "草稿"

    @property
    def is_of_sector(self) -> bool:
        return self.sector_id is not None

    @property
    def subject(self) -> str:
        """What it is the manual of."""
        return self.sector.name if self.sector else str(self.issuer)

    @property
    def was_published(self) -> bool:
        return self.version is not None

    def siblings(self) -> GuideQuerySet:
        """All versions of the same manual, this one among them."""
        mine = Q(sector=self.sector_id) if self.sector_id else Q(issuer=self.issuer_id, sector=None)
        return Guide.objects.filter(mine, district=self.district_id)


class GuideEntry(models.Model):
    """One thing to look for, in the words that a risk point made from it begins with.

    `key` stays with the entry from version to version, so that changes and what was registered from it can be told.
    """

    guide = models.ForeignKey(Guide, on_delete=models.PROTECT, related_name="entries", verbose_name="手册")
    key = models.UUIDField(default=uuid4, editable=False)
    position = models.PositiveSmallIntegerField("序号")
    area = models.CharField("部位、环节", max_length=60)
    title = models.CharField("风险点名称", max_length=120)
    category = models.CharField("类别", max_length=12, choices=RiskPoint.Category.choices)
    hazard_factors = models.TextField("危害因素")
    accident_types = models.CharField("可能的事故类型", max_length=120)
    reference_grade = models.CharField("参考等级", max_length=10, choices=Grade.choices, blank=True)
    # One column for each kind of measure that a risk point has.
    engineering = models.CharField("工程技术措施", max_length=300, blank=True)
    management = models.CharField("管理措施", max_length=300, blank=True)
    training = models.CharField("教育培训措施", max_length=300, blank=True)
    protection = models.CharField("个体防护措施", max_length=300, blank=True)
    emergency = models.CharField("应急措施", max_length=300, blank=True)
    monitoring = models.TextField("监控措施")
    control_level = models.CharField("管控层级", max_length=12, choices=RiskPoint.Level.choices)
    check_frequency = models.CharField("排查频次", max_length=12, choices=RiskPoint.Frequency.choices)
    clause = models.CharField("依据条款", max_length=120, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "手册条目"
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["guide", "key"], name="guide_entry_key"),
            models.UniqueConstraint(
                fields=["guide", "area", "title"],
                name="guide_entry_named_once",
                violation_error_message="这个部位已有同名的条目",
            ),
            models.CheckConstraint(
                condition=~Q(engineering="", management="", training="", protection="", emergency=""),
                name="guide_entry_has_measure",
                violation_error_message="五类管控措施至少写一类",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.area} {self.title}"

    @property
    def measures(self) -> dict[str, str]:
        """Kind → text, as the register takes them."""
        return {kind: text for kind in ControlMeasure.Kind.values if (text := getattr(self, kind))}
