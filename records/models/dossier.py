"""Asking for a case as one PDF or one archive. The row is the queue and the receipt (X10)."""

from typing import TYPE_CHECKING, Self

from django.db import models

from organisations.models import Account, Person, Post, Unit
from records.models.case import Case

if TYPE_CHECKING:
    from organisations.actors import Actor


class DossierRequestQuerySet(models.QuerySet["DossierRequest"]):
    def for_actor(self, actor: "Actor") -> Self:
        """What the own unit asked for, as long as its case may be seen: it was compiled with that unit's eyes."""
        return self.filter(unit=actor.unit_id, case__in=Case.objects.for_actor(actor))


class DossierRequest(models.Model):
    class Form(models.TextChoices):
        PDF = "pdf", "PDF 案卷"
        ZIP = "zip", "压缩包"

    MAX_ATTEMPTS = 3

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="dossiers", verbose_name="案卷")
    form = models.CharField("形式", max_length=4, choices=Form.choices)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", verbose_name="申请人")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", verbose_name="账号")
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="+", verbose_name="岗位")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+", verbose_name="单位")
    at = models.DateTimeField("申请时间")
    # Of the case as it was compiled: a later act makes it stale.
    case_version = models.PositiveIntegerField("案卷版本", null=True)
    pages = models.PositiveIntegerField("页数", null=True)
    size = models.PositiveBigIntegerField("大小", null=True)
    digest = models.CharField("摘要", max_length=64, blank=True)
    path = models.CharField("存储位置", max_length=120, blank=True)
    finished_at = models.DateTimeField("完成时间", null=True)
    removed_at = models.DateTimeField("清除时间", null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField("失败原因", max_length=300, blank=True)

    objects = DossierRequestQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "案卷导出"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["case", "-id"]),
            models.Index(fields=["id"], condition=models.Q(finished_at=None), name="dossier_waiting"),
        ]

    @property
    def state(self) -> str:
        if self.removed_at:
            return "removed"
        if self.finished_at:
            return "done"
        return "failed" if self.attempts >= self.MAX_ATTEMPTS else "queued"
