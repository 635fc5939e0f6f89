"""Enterprises and the dated events of their lives."""

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

from organisations.models.district import Sector, Territory
from organisations.models.people import Person
from organisations.models.unit import Unit
from organisations.roles import Scope

if TYPE_CHECKING:
    from organisations.actors import Actor


class EnterpriseQuerySet(models.QuerySet["Enterprise"]):
    def for_actor(self, actor: "Actor") -> Self:
        """The enterprises that this post may see (X3)."""
        mine = self.filter(unit__district_id=actor.district_id)
        match actor.scope:
            case Scope.DISTRICT:
                return mine
            case Scope.TERRITORY:
                return mine.filter(township_id=actor.unit.territory_id)
            case Scope.SUPERVISED:
                return mine.filter(
                    Q(enforcement_department_id=actor.unit_id) | Q(sector__departments=actor.unit_id)
                ).distinct()
            case Scope.OWN:
                return mine.filter(unit_id=actor.unit_id)
        # Administrators look after the registry without its cases; nobody else sees it.
        return mine if actor.is_system_admin else mine.none()


class Enterprise(models.Model):
    """A production or business unit (生产经营单位) of the registry (X1, X2)."""

    class Scale(models.TextChoices):
        LARGE = "large", "大型"
        MEDIUM = "medium", "中型"
        SMALL = "small", "小型"
        MICRO = "micro", "微型"
        INDIVIDUAL = "individual", "个体工商户"

    class Affiliation(models.TextChoices):
        DISTRICT = "district", "区属"
        CITY = "city", "市属"
        PROVINCE = "province", "省属"
        CENTRAL = "central", "央企"
        PRIVATE = "private", "民营及其他"

    class Operation(models.TextChoices):
        RUNNING = "running", "在营"
        STOPPED = "stopped", "停产"
        SUSPENDED = "suspended", "歇业"
        CLOSED = "closed", "关闭"

    unit = models.OneToOneField(
        Unit, on_delete=models.PROTECT, primary_key=True, related_name="enterprise", verbose_name="单位"
    )
    uscc = models.CharField("统一社会信用代码", max_length=18, null=True, blank=True)
    no_uscc_reason = models.CharField("无统一社会信用代码的原因", max_length=80, blank=True)
    sector = models.ForeignKey(Sector, on_delete=models.PROTECT, related_name="enterprises", verbose_name="行业领域")
    section = models.CharField("国民经济行业门类", max_length=1, blank=True)
    scale = models.CharField("规模", max_length=20, choices=Scale.choices, default=Scale.SMALL)
    affiliation = models.CharField("隶属关系", max_length=20, choices=Affiliation.choices, default=Affiliation.PRIVATE)
    is_key = models.BooleanField("重点企业", default=False)
    is_high_risk = models.BooleanField("高危企业", default=False)
    is_higher_managed = models.BooleanField("上级直管", default=False)
    operation = models.CharField("经营状态", max_length=20, choices=Operation.choices, default=Operation.RUNNING)
    township = models.ForeignKey(Territory, on_delete=models.PROTECT, related_name="enterprises", verbose_name="乡街")
    address = models.CharField("地址", max_length=200)
    longitude = models.DecimalField("经度", max_digits=9, decimal_places=6, null=True, blank=True)
    latitude = models.DecimalField("纬度", max_digits=9, decimal_places=6, null=True, blank=True)
    principal_name = models.CharField("主要负责人", max_length=40)
    principal_phone = models.CharField("主要负责人电话", max_length=20, blank=True)
    headcount = models.PositiveIntegerField("从业人数", null=True, blank=True)
    # X2: at most one daily-enforcement department, or the dated state 待明确, by constraint.
    enforcement_department = models.ForeignKey(
        Unit,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="supervised_enterprises",
        verbose_name="日常执法部门",
    )
    undetermined_since = models.DateField("待明确起始日", null=True, blank=True)
    supervision_level = models.CharField(
        "分级监管", max_length=10, choices=[("district", "区级"), ("township", "乡街级")], default="district"
    )
    # Derived from its open risk points and set by the risks app's services ("" = none open).
    risk_grade = models.CharField("风险等级", max_length=10, blank=True)

    objects = EnterpriseQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "企业"
        constraints = [
            models.UniqueConstraint(
                fields=["uscc"], name="enterprise_uscc", violation_error_message="这个统一社会信用代码已登记"
            ),
            models.CheckConstraint(
                condition=Q(uscc__isnull=False, no_uscc_reason="") | Q(uscc__isnull=True) & ~Q(no_uscc_reason=""),
                name="enterprise_uscc_or_reason",
                violation_error_message="填统一社会信用代码，或者说明没有代码的原因",
            ),
            models.CheckConstraint(
                condition=Q(enforcement_department__isnull=False, undetermined_since__isnull=True)
                | Q(enforcement_department__isnull=True, undetermined_since__isnull=False),
                name="enterprise_one_enforcer_or_undetermined",
                violation_error_message="日常执法部门只能有一个；没有就是待明确，并写明起始日",
            ),
        ]
        indexes = [models.Index(fields=["township"]), models.Index(fields=["enforcement_department"])]

    def __str__(self) -> str:
        return str(self.unit)


class EnterpriseChange(models.Model):
    """A dated event: renaming, merger, move, halt, closure, taking over by a superior. What was true before stays readable."""

    class Kind(models.TextChoices):
        RENAME = "rename", "更名"
        MERGE = "merge", "合并"
        STATUS = "status", "经营状态变更"
        MOVE = "move", "迁移乡街"
        SUPERIOR = "superior", "上级直管变更"

    class State(models.TextChoices):
        PROPOSED = "proposed", "待确认"
        EFFECTIVE = "effective", "已生效"
        REJECTED = "rejected", "未通过"

    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="changes", verbose_name="企业")
    kind = models.CharField("事项", max_length=20, choices=Kind.choices)
    state = models.CharField("状态", max_length=20, choices=State.choices, default=State.PROPOSED)
    effective_on = models.DateField("生效日期")
    before = models.CharField("变更前", max_length=200)
    after = models.CharField("变更后", max_length=200)
    to_unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="承接单位"
    )
    from_township = models.ForeignKey(
        Territory, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="迁出乡街"
    )
    to_township = models.ForeignKey(
        Territory, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="迁入乡街"
    )
    to_operation = models.CharField("变更后状态", max_length=20, blank=True, choices=Enterprise.Operation.choices)
    document = models.CharField("依据文件", max_length=120, blank=True)
    reason = models.CharField("说明", max_length=300, blank=True)
    proposed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", verbose_name="提出人")
    proposed_at = models.DateTimeField("提出时间")
    decided_by = models.ForeignKey(
        Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="确认人"
    )
    decided_at = models.DateTimeField("确认时间", null=True, blank=True)
    decision_note = models.CharField("确认意见", max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "企业变更"
        ordering = ["-effective_on", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True, decided_at__isnull=True, state="proposed")
                | Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(state="proposed"),
                name="enterprise_change_decided_whole",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=models.F("proposed_by")),
                name="enterprise_change_two_persons",
                violation_error_message="提出人不能自己确认",
            ),
        ]


class EnforcerProposal(models.Model):
    """X2: 安委办 proposes the daily-enforcement department, 区政府 decides."""

    enterprise = models.ForeignKey(
        Enterprise, on_delete=models.PROTECT, related_name="enforcer_proposals", verbose_name="企业"
    )
    department = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+", verbose_name="建议部门")
    reason = models.CharField("理由", max_length=300)
    proposed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", verbose_name="提出人")
    proposed_at = models.DateTimeField("提出时间")
    decided_by = models.ForeignKey(
        Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="决定人"
    )
    decided_at = models.DateTimeField("决定时间", null=True, blank=True)
    is_approved = models.BooleanField("是否同意", null=True)
    decision_note = models.CharField("决定意见", max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "执法部门建议"
        ordering = ["-proposed_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["enterprise"], condition=Q(decided_at__isnull=True), name="enforcer_one_open_proposal"
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=models.F("proposed_by")),
                name="enforcer_two_persons",
            ),
        ]
