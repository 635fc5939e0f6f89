"""What is filed again and again: one row for each unit that owes a period, there before it is due."""

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

from organisations.models import Person, Unit
from records.models import Case, Signature

if TYPE_CHECKING:
    from organisations.actors import Actor


class FilingState(models.TextChoices):
    EXPECTED = "expected", "待报送"
    FILED = "filed", "已报送，待接收"
    RETURNED = "returned", "已退回，待重报"
    RECEIVED = "received", "已接收"
    LAPSED = "lapsed", "不再应报"


OWED_STATES = (FilingState.EXPECTED, FilingState.RETURNED)


class FilingQuerySet(models.QuerySet["Filing"]):
    def for_actor(self, actor: "Actor") -> Self:
        return self.filter(case__in=Case.objects.for_actor(actor))


class Filing(models.Model):
    """A case by the rule and the period. Its clock is an ordinary deadline, with the period as occurrence."""

    case = models.OneToOneField(
        Case, on_delete=models.PROTECT, primary_key=True, related_name="filing", verbose_name="案卷"
    )
    rule_key = models.CharField("规则", max_length=60)
    # Who owes it, or owed it when it was filed; the case goes over to a successor, what was filed does not.
    owner_unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="filings", verbose_name="报送单位")
    period = models.CharField("期间", max_length=12)
    first_on = models.DateField("期间首日")
    last_on = models.DateField("期间末日")
    opens_on = models.DateField("可以报送之日")
    lapsed_at = models.DateTimeField("不再应报时间", null=True, blank=True)

    objects = FilingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "应报事项"
        constraints = [
            # A period that lapsed while its unit stood still is owed again when the unit runs again.
            models.UniqueConstraint(
                fields=["rule_key", "owner_unit", "period"],
                condition=Q(lapsed_at__isnull=True),
                name="filing_once_per_period",
            ),
            models.CheckConstraint(condition=Q(last_on__gte=models.F("first_on")), name="filing_period_in_order"),
        ]
        indexes = [
            models.Index(fields=["rule_key", "-last_on"], name="filing_by_rule"),
            models.Index(fields=["-last_on", "-case"], name="filing_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.rule_key} {self.period}"


class Report(models.Model):
    """What was filed, as it was signed; returned and filed anew, it is another row, so that every version stays."""

    class Outcome(models.TextChoices):
        WAITING = "waiting", "待接收"
        RECEIVED = "received", "已接收"
        RETURNED = "returned", "已退回"

    filing = models.ForeignKey(Filing, on_delete=models.PROTECT, related_name="reports", verbose_name="应报事项")
    number = models.PositiveSmallIntegerField("第几次报送")
    text = models.TextField("报送内容")
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", verbose_name="报送人")
    at = models.DateTimeField("报送时间")
    signature = models.ForeignKey(Signature, on_delete=models.PROTECT, related_name="+", verbose_name="报送签字")
    case_seq = models.PositiveIntegerField("案内序号")
    outcome = models.CharField("处理", max_length=10, choices=Outcome.choices, default=Outcome.WAITING)
    decided_by = models.ForeignKey(
        Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="接收人"
    )
    decided_at = models.DateTimeField("接收或退回时间", null=True, blank=True)
    receipt = models.ForeignKey(
        Signature, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="接收签字"
    )
    return_reason = models.CharField("退回原因", max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "报送件"
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["filing", "number"], name="report_number"),
            models.UniqueConstraint(fields=["filing"], condition=~Q(outcome="returned"), name="report_one_standing"),
            models.CheckConstraint(
                condition=Q(outcome="waiting", decided_by__isnull=True, decided_at__isnull=True, receipt__isnull=True)
                | Q(outcome="received", decided_by__isnull=False, decided_at__isnull=False, receipt__isnull=False)
                | Q(outcome="returned", decided_by__isnull=False, decided_at__isnull=False, receipt__isnull=True)
                & ~Q(return_reason=""),
                name="report_decided_whole",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=models.F("by")),
                name="report_two_persons",
                violation_error_message="报送人不能自己接收",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.filing} #{self.number}"
