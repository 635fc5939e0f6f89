"""委托代录: an enterprise lets its township or the handing unit key in what its people signed on paper (X6)."""

from datetime import date
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q

from organisations.models import Person, Unit
from organisations.roles import Scope

if TYPE_CHECKING:
    from organisations.actors import Actor


class RecordingAuthorisationQuerySet(models.QuerySet["RecordingAuthorisation"]):
    def for_actor(self, actor: "Actor") -> Self:
        """Both sides see it; who sees all cases of the district sees all of them."""
        if actor.scope == Scope.NONE:
            return self.none()
        mine = self.filter(enterprise__district_id=actor.district_id)
        if actor.scope == Scope.DISTRICT:
            return mine
        return mine.filter(Q(enterprise=actor.unit_id) | Q(recorder=actor.unit_id))

    def in_force(self, day: date) -> Self:
        return self.filter(revoked_at=None, valid_from__lte=day, valid_to__gte=day)


class RecordingAuthorisation(models.Model):
    """The scan belongs to no case, so its place in the storage stands here."""

    enterprise = models.ForeignKey(
        Unit, on_delete=models.PROTECT, related_name="given_authorisations", verbose_name="委托单位"
    )
    recorder = models.ForeignKey(
        Unit, on_delete=models.PROTECT, related_name="recording_authorisations", verbose_name="代录单位"
    )
    signer = models.CharField("委托书签字人", max_length=60)
    valid_from = models.DateField("起")
    valid_to = models.DateField("止")
    scan_name = models.CharField("文件名", max_length=200)
    scan_type = models.CharField("类型", max_length=80)
    scan_digest = models.CharField("摘要", max_length=64)
    scan_path = models.CharField("存储位置", max_length=120)
    registered_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", verbose_name="登记人")
    registered_at = models.DateTimeField("登记时间")
    revoked_by = models.ForeignKey(
        Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="撤销人"
    )
    revoked_at = models.DateTimeField("撤销时间", null=True, blank=True)
    revoke_reason = models.CharField("撤销原因", max_length=200, blank=True)

    objects = RecordingAuthorisationQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "委托代录"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to__gte=F("valid_from")),
                name="recording_authorisation_in_order",
                violation_error_message="止期不能早于起期",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by__isnull=True, revoke_reason="")
                | Q(revoked_at__isnull=False, revoked_by__isnull=False) & ~Q(revoke_reason=""),
                name="recording_authorisation_revoked_whole",
            ),
            models.CheckConstraint(condition=~Q(enterprise=F("recorder")), name="recording_authorisation_two_units"),
        ]
        indexes = [models.Index(fields=["recorder", "enterprise"])]

    def state_on(self, day: date) -> str:
        if self.revoked_at:
            return "已撤销"
        return "未生效" if day < self.valid_from else "已到期" if day > self.valid_to else "有效"
