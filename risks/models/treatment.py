"""Treatment of a handed-over risk: the plan and the progress that the responsible unit reports."""

from django.db import models

from organisations.models import Person
from risks.models.point import RiskPoint


class TreatmentPlan(models.Model):
    """A later plan supersedes the earlier; none is edited."""

    risk = models.ForeignKey(RiskPoint, on_delete=models.PROTECT, related_name="plans", verbose_name="风险点")
    goal = models.CharField("治理目标", max_length=300)
    steps = models.TextField("治理措施和步骤")
    responsible = models.CharField("责任人", max_length=60)
    funds = models.DecimalField("资金（万元）", max_digits=10, decimal_places=2)
    finish_on = models.DateField("计划完成日期")
    interim = models.TextField("治理期间的管控措施和应急预案")
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", verbose_name="报送人")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "治理方案"
        ordering = ["-at", "-id"]


class Progress(models.Model):
    risk = models.ForeignKey(RiskPoint, on_delete=models.PROTECT, related_name="progress", verbose_name="风险点")
    text = models.TextField("进展情况")
    percent = models.PositiveSmallIntegerField("完成比例（%）")
    spent = models.DecimalField("已投入资金（万元）", max_digits=10, decimal_places=2, null=True, blank=True)
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", verbose_name="报送人")
    at = models.DateTimeField("时间")
    case_seq = models.PositiveIntegerField("案内序号")

    class Meta:
        verbose_name = verbose_name_plural = "治理进展"
        ordering = ["-at", "-id"]
        constraints = [models.CheckConstraint(condition=models.Q(percent__lte=100), name="progress_percent")]
