"""Absence (请假) with a deputy (A/B 角): who looks after a post's business meanwhile. No right passes with it."""

from datetime import date
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q

from organisations.models.people import Post

if TYPE_CHECKING:
    from organisations.actors import Actor


class AbsenceQuerySet(models.QuerySet["Absence"]):
    def on(self, day: date) -> Self:
        return self.filter(first_day__lte=day, last_day__gte=day, cancelled_at=None)

    def for_actor(self, actor: "Actor") -> Self:
        """One's own: of any post of the person, not only of the acting one."""
        return self.filter(post__person=actor.post.person_id)


class Absence(models.Model):
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="absences", verbose_name="岗位")
    deputy = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="deputises", verbose_name="代理人")
    first_day = models.DateField("从")
    last_day = models.DateField("到")
    reason = models.CharField("事由", max_length=60, blank=True)
    created_at = models.DateTimeField("登记时间")
    cancelled_at = models.DateTimeField("撤销时间", null=True, blank=True)

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "请假与代理"
        # That two of one post never overlap is an exclusion constraint in migration 0003.
        constraints = [
            models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="absence_in_order"),
            models.CheckConstraint(condition=~Q(post=F("deputy")), name="absence_deputy_is_another"),
        ]
        indexes = [
            models.Index(fields=["deputy", "last_day"], condition=Q(cancelled_at=None), name="absence_of_deputy")
        ]
