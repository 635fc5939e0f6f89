"""Asking for a case or an enterprise as one PDF or one archive. The row is the queue and the receipt (X10)."""

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q

from organisations.models import Account, Enterprise, Person, Post, Unit
from organisations.roles import Scope
from records.models.case import Case

if TYPE_CHECKING:
    from organisations.actors import Actor


def enterprises_with_dossier(actor: "Actor") -> models.QuerySet[Enterprise]:
    """Whose dossier this post may have: those it sees, if it sees cases at all; administrators of the registry do not."""
    found = Enterprise.objects.for_actor(actor).order_by()
    return found.none() if actor.scope == Scope.NONE else found


class DossierRequestQuerySet(models.QuerySet["DossierRequest"]):
    def for_actor(self, actor: "Actor") -> Self:
        """What the own unit asked for, as long as all that is in it may be seen: it was compiled with that unit's eyes."""
        cases = Case.objects.for_actor(actor)
        whole = Q(enterprise__in=enterprises_with_dossier(actor).values("pk")) & ~Exists(
            DossierRequest.bound.through.objects.filter(dossierrequest=OuterRef("pk")).exclude(
                case__in=cases.order_by().values("pk")
            )
        )
        return self.filter(Q(case__in=cases) | whole, unit=actor.unit_id)


class DossierRequest(models.Model):
    """Of one case, or of all cases of one enterprise (一企一档)."""

    class Form(models.TextChoices):
        PDF = "pdf", "PDF 案卷"
        ZIP = "zip", "压缩包"

    MAX_ATTEMPTS = 3

    case = models.ForeignKey(
        Case, on_delete=models.PROTECT, null=True, blank=True, related_name="dossiers", verbose_name="案卷"
    )
    enterprise = models.ForeignKey(
        Enterprise, on_delete=models.PROTECT, null=True, blank=True, related_name="dossiers", verbose_name="企业"
    )
    # The cases that an enterprise's dossier was compiled from: taking it along is a view of each that is 敏感.
    bound = models.ManyToManyField(Case, related_name="+", verbose_name="装入的案卷")
    form = models.CharField("形式", max_length=4, choices=Form.choices)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", verbose_name="申请人")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", verbose_name="账号")
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="+", verbose_name="岗位")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+", verbose_name="单位")
    at = models.DateTimeField("申请时间")
    # Of the case, or of all that the enterprise's is made of, as it was compiled: a later act makes it stale.
    version = models.PositiveIntegerField("版本", null=True)
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
        constraints = [
            models.CheckConstraint(
                condition=Q(case__isnull=False, enterprise__isnull=True)
                | Q(case__isnull=True, enterprise__isnull=False),
                name="dossier_of_case_or_enterprise",
            )
        ]
        indexes = [
            models.Index(fields=["case", "-id"]),
            models.Index(fields=["enterprise", "-id"], name="dossier_enterprise"),
            models.Index(fields=["unit", "-id"], name="dossier_unit"),
            models.Index(fields=["id"], condition=Q(finished_at=None), name="dossier_waiting"),
        ]

    @property
    def title(self) -> str:
        """The case's, or the enterprise's full name."""
        return self.enterprise.unit.name if self.enterprise else self.case.title if self.case else ""

    @property
    def label(self) -> str:
        """The form in words: an enterprise's volume is no 案卷."""
        is_whole = self.enterprise_id is not None and self.form == self.Form.PDF
        return "PDF 企业档案" if is_whole else self.get_form_display()

    @property
    def state(self) -> str:
        if self.removed_at:
            return "removed"
        if self.finished_at:
            return "done"
        return "failed" if self.attempts >= self.MAX_ATTEMPTS else "queued"
