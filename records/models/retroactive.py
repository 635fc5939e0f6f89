"""补录: a past case entered from paper. It is no case until a second person has compared it with the papers (X6)."""

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q

from organisations.models import Account, Person, Post, Unit
from records.models.case import Case

if TYPE_CHECKING:
    from organisations.actors import Actor


class RetroactiveEntryQuerySet(models.QuerySet["RetroactiveEntry"]):
    def for_actor(self, actor: "Actor") -> Self:
        """The keying unit's own: what nobody has confirmed is nobody else's business."""
        return self.filter(unit=actor.unit_id)


class RetroactiveEntry(models.Model):
    class State(models.TextChoices):
        DRAFT = "draft", "录入中"
        PENDING = "pending", "待核对"
        CONFIRMED = "confirmed", "与原件一致"
        REJECTED = "rejected", "核对不符"

    kind = models.CharField("类型", max_length=20)
    title = models.CharField("名称", max_length=120)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.DRAFT)
    # Step → field → the values as typed: what is confirmed goes through the same forms again.
    typed = models.JSONField("填写内容", default=dict)
    reason = models.CharField("补录原因", max_length=300, blank=True)
    # Rows of one file stand together.
    batch = models.CharField("批次", max_length=64, blank=True)
    batch_row = models.PositiveIntegerField("行号", null=True, blank=True)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+", verbose_name="录入单位")
    keyed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", verbose_name="录入人")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", verbose_name="账号")
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="+", verbose_name="岗位")
    keyed_at = models.DateTimeField("录入时间")
    decided_by = models.ForeignKey(
        Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="核对人"
    )
    decided_at = models.DateTimeField("核对时间", null=True, blank=True)
    note = models.CharField("不符的情况", max_length=300, blank=True)
    case = models.OneToOneField(
        Case, on_delete=models.PROTECT, null=True, blank=True, related_name="entry", verbose_name="案卷"
    )
    # Everything the case's record holds up to this event was entered from paper.
    last_seq = models.PositiveIntegerField("补录至案内序号", null=True, blank=True)

    objects = RetroactiveEntryQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "补录"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("keyed_by")), name="entry_two_persons"
            ),
            models.CheckConstraint(
                condition=Q(state="confirmed", case__isnull=False, decided_by__isnull=False, last_seq__isnull=False)
                | ~Q(state="confirmed") & Q(case__isnull=True),
                name="entry_confirmed_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["unit", "state", "-id"]),
            models.Index(fields=["batch"], condition=~Q(batch=""), name="entry_batch"),
        ]


class EntryScan(models.Model):
    """The paper behind one step; it becomes an attachment of the case when the entry is confirmed."""

    entry = models.ForeignKey(RetroactiveEntry, on_delete=models.PROTECT, related_name="scans")
    step = models.CharField("步骤", max_length=20)
    name = models.CharField("文件名", max_length=200)
    content_type = models.CharField("类型", max_length=80)
    size = models.PositiveBigIntegerField("大小")
    digest = models.CharField("摘要", max_length=64)
    path = models.CharField("存储位置", max_length=120)
    uploaded_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "补录扫描件"
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["entry", "step", "digest"], name="entry_scan_once")]
