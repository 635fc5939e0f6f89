"""Gradings: append-only history of self-gradings (自评) and official conclusions (研判结论)."""

from django.db import models
from django.db.models import Q

from organisations.models import Person
from records.models import Signature
from risks.grading import Grade, Method, grade_text
from risks.models.point import RiskPoint


class Grading(models.Model):
    class Basis(models.TextChoices):
        SELF = "self", "企业自评"
        OFFICIAL = "official", "研判结论"
        VERIFIED = "verified", "核查结论"

    risk = models.ForeignKey(RiskPoint, on_delete=models.PROTECT, related_name="gradings", verbose_name="风险点")
    basis = models.CharField("性质", max_length=10, choices=Basis.choices)
    method = models.CharField("方法", max_length=10, choices=Method.choices)
    inputs = models.JSONField("取值")
    score = models.DecimalField("分值", max_digits=8, decimal_places=2, null=True)
    grade = models.CharField("等级", max_length=10, choices=Grade.choices)
    concluded_on = models.DateField("结论日期")
    participants = models.CharField("参加人", max_length=200, blank=True)
    reason = models.TextField("说明", blank=True)
    signature = models.ForeignKey(Signature, on_delete=models.PROTECT, null=True, verbose_name="签字")
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", verbose_name="评定人")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "分级"
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(method="direct") | Q(score__isnull=False), name="grading_score"),
            models.CheckConstraint(
                condition=Q(basis="self") | Q(signature__isnull=False), name="grading_official_signed"
            ),
        ]

    @property
    def grade_text(self) -> str:
        return grade_text(self.grade)

    @property
    def short(self) -> str:
        """LEC 720 / LS 16 / 直接判定, as it stands in the register."""
        if self.method == Method.DIRECT or self.score is None:
            return "直接判定"
        return f"{self.method.upper()} {self.score.normalize():f}"
