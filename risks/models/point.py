"""A risk point: what is true of it beyond the spine, and its control measures."""

from typing import TYPE_CHECKING, Self

from django.db import models

from organisations.models import Person
from records.models import Case
from risks.grading import Grade, grade_text

if TYPE_CHECKING:
    from organisations.actors import Actor


class RiskState(models.TextChoices):
    REGISTERED = "registered", "查找"
    AWAITING = "awaiting", "待研判"
    LISTED = "listed", "在册管控"
    GRADED = "graded", "待交办"
    HANDED_OVER = "handed_over", "待签收"
    TREATING = "treating", "治理"
    APPLIED = "applied", "待核查"
    CORRECTING = "correcting", "待补正"
    CLOSED = "closed", "已销号"
    LONG_TERM = "long_term", "长期管控"
    EXITED = "exited", "已退出"


OPEN_STATES = tuple(s for s in RiskState if s not in {RiskState.CLOSED, RiskState.EXITED})


class RiskPointQuerySet(models.QuerySet["RiskPoint"]):
    def for_actor(self, actor: "Actor") -> Self:
        return self.filter(case__in=Case.objects.for_actor(actor))


class RiskPoint(models.Model):
    """Number, title, state, grade, territory, sector, responsible and handing unit stand on the spine (`case`)."""

    class Category(models.TextChoices):
        PLACE = "place", "场所"
        FACILITY = "facility", "设施"
        WORK = "work", "作业"
        AREA = "area", "区域"

    class Level(models.TextChoices):
        COMPANY = "company", "公司"
        WORKSHOP = "workshop", "车间"
        TEAM = "team", "班组"
        POST = "post", "岗位"

    class Frequency(models.TextChoices):
        SHIFT = "shift", "每班"
        DAY = "day", "每日"
        WEEK = "week", "每周"
        MONTH = "month", "每月"
        QUARTER = "quarter", "每季度"

    case = models.OneToOneField(
        Case, on_delete=models.PROTECT, primary_key=True, related_name="risk", verbose_name="案卷"
    )
    category = models.CharField("类别", max_length=12, choices=Category.choices)
    location = models.CharField("具体位置", max_length=200)
    longitude = models.DecimalField("经度", max_digits=9, decimal_places=6, null=True, blank=True)
    latitude = models.DecimalField("纬度", max_digits=9, decimal_places=6, null=True, blank=True)
    hazard_factors = models.TextField("危害因素")
    accident_types = models.CharField("可能的事故类型", max_length=120)
    monitoring = models.TextField("监控措施")
    control_level = models.CharField("管控层级", max_length=12, choices=Level.choices)
    check_frequency = models.CharField("排查频次", max_length=12, choices=Frequency.choices)
    responsible_person = models.CharField("责任人", max_length=40)
    responsible_phone = models.CharField("责任人电话", max_length=20)
    headcount = models.PositiveIntegerField("同时作业人数", null=True, blank=True)
    # Where and how the risk is made known to those near it; empty: not yet.
    disclosure = models.CharField("公示", max_length=200, blank=True)
    source = models.CharField("查找来源", max_length=120, default="日常查找")
    # The entry of a guide manual that it was found by (三(一)1), in the version of that day.
    guide_entry = models.ForeignKey(
        "risks.GuideEntry",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="risks",
        verbose_name="查找依据",
    )
    registered_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", verbose_name="登记人")

    objects = RiskPointQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "风险点"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(longitude__isnull=True, latitude__isnull=True)
                | models.Q(longitude__isnull=False, latitude__isnull=False),
                name="risk_position_whole",
                violation_error_message="经度和纬度要么都填，要么都不填",
            )
        ]

    def __str__(self) -> str:
        return str(self.case)

    @property
    def grade(self) -> Grade | None:
        return Grade(self.case.level) if self.case.level else None

    @property
    def grade_text(self) -> str:
        return grade_text(self.case.level) or "未定级"


class ControlMeasure(models.Model):
    class Kind(models.TextChoices):
        ENGINEERING = "engineering", "工程技术"
        MANAGEMENT = "management", "管理"
        TRAINING = "training", "教育培训"
        PROTECTION = "protection", "个体防护"
        EMERGENCY = "emergency", "应急"

    class Status(models.TextChoices):
        PLANNED = "planned", "未完成"
        RUNNING = "running", "执行中"
        DONE = "done", "已落实"

    risk = models.ForeignKey(RiskPoint, on_delete=models.PROTECT, related_name="measures", verbose_name="风险点")
    kind = models.CharField("类别", max_length=12, choices=Kind.choices)
    text = models.CharField("措施", max_length=300)
    status = models.CharField("落实", max_length=10, choices=Status.choices, default=Status.RUNNING)

    class Meta:
        verbose_name = verbose_name_plural = "管控措施"
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["risk", "kind"], name="measure_one_per_kind")]
