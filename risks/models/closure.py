"""Close-out (销号): the application signed by the principal and the verification that decides it (三(二)4)."""

from django.db import models
from django.db.models import Q

from organisations.models import Person
from records.models import Signature
from risks.grading import Grade, Method, grade_text
from risks.models.point import RiskPoint


class CloseOut(models.Model):
    """An application. It may be sent back for completion once; a failed one is followed by a new one."""

    class Outcome(models.TextChoices):
        OPEN = "open", "待核查"
        PASSED = "passed", "通过"
        FAILED = "failed", "未通过"

    risk = models.ForeignKey(RiskPoint, on_delete=models.PROTECT, related_name="close_outs", verbose_name="风险点")
    statement = models.TextField("治理完成情况")
    method = models.CharField("方法", max_length=10, choices=Method.choices)
    inputs = models.JSONField("取值")
    proposed_grade = models.CharField("拟降至等级", max_length=10, choices=Grade.choices)
    applied_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", verbose_name="申请人")
    applied_at = models.DateTimeField("申请时间")
    signature = models.ForeignKey(Signature, on_delete=models.PROTECT, related_name="+", verbose_name="主要负责人签字")
    correction_note = models.CharField("补正要求", max_length=500, blank=True)
    correction_asked_at = models.DateTimeField("通知补正时间", null=True, blank=True)
    correction_supplied_at = models.DateTimeField("补正时间", null=True, blank=True)
    outcome = models.CharField("结论", max_length=10, choices=Outcome.choices, default=Outcome.OPEN)
    decided_at = models.DateTimeField("结论时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "销号申请"
        ordering = ["-applied_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["risk"], condition=Q(outcome="open"), name="close_out_one_open"),
            models.CheckConstraint(
                condition=Q(outcome="open", decided_at__isnull=True) | ~Q(outcome="open") & Q(decided_at__isnull=False),
                name="close_out_decided_whole",
            ),
            models.CheckConstraint(
                condition=Q(proposed_grade__in=["yellow", "blue"]),
                name="close_out_lowers",
                violation_error_message="降到一般风险或低风险才算治理完毕",
            ),
        ]

    @property
    def proposed_text(self) -> str:
        return grade_text(self.proposed_grade)


class Verification(models.Model):
    """A conclusion from the site. It takes effect when every named verifier (two at least) has signed the same text."""

    class State(models.TextChoices):
        SIGNING = "signing", "等待会签"
        EFFECTIVE = "effective", "已生效"
        VOID = "void", "已作废"

    close_out = models.ForeignKey(
        CloseOut, on_delete=models.PROTECT, related_name="verifications", verbose_name="销号申请"
    )
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.SIGNING)
    visited_on = models.DateField("现场核查日期")
    findings = models.TextField("现场核查情况")
    passed = models.BooleanField("是否通过")
    method = models.CharField("方法", max_length=10, choices=Method.choices, blank=True)
    inputs = models.JSONField("取值", default=dict)
    grade = models.CharField("核定等级", max_length=10, choices=Grade.choices, blank=True)
    reasons = models.TextField("未通过的原因和要求", blank=True)
    new_due_on = models.DateField("继续治理期限", null=True, blank=True)
    verifiers = models.ManyToManyField(Person, related_name="+", verbose_name="核查人")
    signatures = models.ManyToManyField(Signature, related_name="+", verbose_name="签字")
    content = models.JSONField("签字内容", default=dict)
    drafted_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", verbose_name="填写人")
    drafted_at = models.DateTimeField("填写时间")
    objection = models.CharField("异议", max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "核查结论"
        ordering = ["-drafted_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["close_out"], condition=Q(state="signing"), name="verification_one_open"),
            models.CheckConstraint(
                condition=Q(passed=True, grade__in=["yellow", "blue"], reasons="", new_due_on__isnull=True)
                | Q(passed=False, new_due_on__isnull=False) & ~Q(reasons=""),
                name="verification_whole",
            ),
        ]
