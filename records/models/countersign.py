"""会签: which other units or posts stand for a letter with their signature before it is issued (X7)."""

from django.db import models
from django.db.models import F, Q

from organisations.models import Person, Post, Unit
from records.models.letter import Letter
from records.models.signature import Signature


class Countersign(models.Model):
    """One asked. A changed draft voids what was given: the row stays, and a new one asks again."""

    class Decision(models.TextChoices):
        AGREED = "agreed", "同意"
        REJECTED = "rejected", "不同意"

    letter = models.ForeignKey(Letter, on_delete=models.PROTECT, related_name="countersigns", verbose_name="文书")
    order = models.PositiveSmallIntegerField("顺序")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+", verbose_name="会签单位")
    # A named post of the office itself; without it, whoever in the unit may countersign.
    post = models.ForeignKey(
        Post, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="会签岗位"
    )
    asked_at = models.DateTimeField("送会签时间", null=True, blank=True)
    decision = models.CharField("意见", max_length=10, choices=Decision.choices, blank=True)
    opinion = models.CharField("会签意见", max_length=300, blank=True)
    person = models.ForeignKey(
        Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="会签人"
    )
    signer_label = models.CharField("会签人职务", max_length=200, blank=True)
    at = models.DateTimeField("会签时间", null=True, blank=True)
    digest = models.CharField("所签稿件摘要", max_length=64, blank=True)
    signature = models.ForeignKey(Signature, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    voided_at = models.DateTimeField("失效时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "会签"
        ordering = ["order", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["letter", "unit", "post"],
                condition=Q(voided_at__isnull=True),
                nulls_distinct=False,
                name="countersign_asked_once",
            ),
            models.CheckConstraint(
                condition=~Q(decision="agreed") | Q(signature__isnull=False, person__isnull=False),
                name="countersign_agreed_is_signed",
            ),
        ]
        indexes = [models.Index(F("unit"), condition=Q(decision="", voided_at__isnull=True), name="countersign_open")]

    def __str__(self) -> str:
        return f"{self.unit}·{self.post.person}" if self.post else str(self.unit)
