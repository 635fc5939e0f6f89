"""The other ways out of treatment: long-term control, and the evidenced exits of R6."""

from django.db import models
from django.db.models import Q

from organisations.models import Person
from risks.models.point import RiskPoint


class ExitProposal(models.Model):
    class Kind(models.TextChoices):
        LONG_TERM = "long_term", "长期管控"
        CEASED = "ceased", "关停灭失"
        MERGED = "merged", "重复合并"
        TRANSFERRED = "transferred", "移交外区"

    risk = models.ForeignKey(RiskPoint, on_delete=models.PROTECT, related_name="exits", verbose_name="风险点")
    kind = models.CharField("方式", max_length=12, choices=Kind.choices)
    reason = models.TextField("理由和依据")
    merged_into = models.ForeignKey(
        RiskPoint, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="并入的风险点"
    )
    receiving_authority = models.CharField("接收机关", max_length=80, blank=True)
    enterprise_controller = models.CharField("责任单位管控责任人", max_length=60, blank=True)
    township_controller = models.CharField("乡街管控责任人", max_length=60, blank=True)
    department_controller = models.CharField("部门管控责任人", max_length=60, blank=True)
    proposed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", verbose_name="提出人")
    proposed_at = models.DateTimeField("提出时间")
    decided_by = models.ForeignKey(
        Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="批准人"
    )
    decided_at = models.DateTimeField("批准时间", null=True, blank=True)
    is_approved = models.BooleanField("是否批准", null=True)
    decision_note = models.CharField("批准意见", max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "退出治理"
        ordering = ["-proposed_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["risk"], condition=Q(decided_at__isnull=True), name="exit_one_open"),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=models.F("proposed_by")), name="exit_two_persons"
            ),
            models.CheckConstraint(
                condition=~Q(kind="long_term")
                | ~Q(enterprise_controller="") & ~Q(township_controller="") & ~Q(department_controller=""),
                name="exit_long_term_named",
                violation_error_message="长期管控须写明责任单位、乡街、部门三级管控责任人",
            ),
            models.CheckConstraint(
                condition=Q(kind="merged", merged_into__isnull=False) | ~Q(kind="merged") & Q(merged_into__isnull=True),
                name="exit_merged_into",
            ),
        ]


class LongTermCheck(models.Model):
    """The quarterly check of a risk under long-term control."""

    risk = models.ForeignKey(
        RiskPoint, on_delete=models.PROTECT, related_name="long_term_checks", verbose_name="风险点"
    )
    text = models.TextField("检查情况")
    is_controlled = models.BooleanField("措施有效")
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", verbose_name="检查人")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "长期管控检查"
        ordering = ["-at", "-id"]
