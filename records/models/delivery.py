"""Who a letter goes to, one row each: how and when it went, was opened, signed for or left (X7)."""

from django.db import models
from django.db.models import Q

from organisations.models import Person, Unit
from records.models.letter import Letter
from records.models.signature import Signature


class Delivery(models.Model):
    """A main addressee or one that gets a copy: a unit of the portal, or a name of somebody outside."""

    class How(models.TextChoices):
        PORTAL = "portal", "平台"
        PAPER = "paper", "纸质"
        POST = "post", "邮寄"
        SYSTEM = "system", "公文系统"

    letter = models.ForeignKey(Letter, on_delete=models.PROTECT, related_name="deliveries", verbose_name="文书")
    order = models.PositiveSmallIntegerField("顺序", default=0)
    is_copy = models.BooleanField("抄送", default=False)
    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="deliveries", verbose_name="平台内单位"
    )
    name = models.CharField("单位", max_length=120)
    how = models.CharField("方式", max_length=10, choices=How.choices, blank=True)
    sent_at = models.DateTimeField("送达时间", null=True, blank=True)
    sent_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    remark = models.CharField("说明", max_length=200, blank=True)
    opened_at = models.DateTimeField("打开时间", null=True, blank=True)
    opened_by = models.CharField("打开人", max_length=200, blank=True)
    signed_at = models.DateTimeField("签收时间", null=True, blank=True)
    signed_by = models.CharField("签收人", max_length=200, blank=True)
    receipt = models.ForeignKey(Signature, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    left_at = models.DateTimeField("留置时间", null=True, blank=True)
    refusal_reason = models.CharField("拒收情形", max_length=300, blank=True)
    witnesses = models.CharField("见证人", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "送达"
        ordering = ["is_copy", "order", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["letter", "unit"], condition=Q(unit__isnull=False), name="delivery_once_per_unit"
            ),
            models.CheckConstraint(
                condition=Q(sent_at__isnull=False)
                | Q(opened_at__isnull=True, signed_at__isnull=True, left_at__isnull=True),
                name="delivery_sent_first",
            ),
            models.CheckConstraint(condition=Q(sent_at__isnull=True) | ~Q(how=""), name="delivery_says_how"),
        ]
        indexes = [models.Index(fields=["unit", "sent_at"])]

    def __str__(self) -> str:
        return self.name

    @property
    def is_done(self) -> bool:
        """Signed for, or left in front of witnesses."""
        return self.signed_at is not None or self.left_at is not None
