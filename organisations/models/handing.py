"""Posts that pass for a time, and posts that pass for good (岗位委托, 岗位交接)."""

from django.db import models
from django.db.models import F, Q

from organisations.models.people import Person, Post


class Delegation(models.Model):
    """Some rights of a post, lent to a colleague from one day to another. Approved, it becomes a post of its own."""

    source = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="delegations", verbose_name="委托岗位")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", verbose_name="受托人")
    # Values of organisations.roles.Right.
    rights = models.JSONField("委托事项", default=list)
    valid_from = models.DateField("自")
    valid_to = models.DateField("至")
    basis = models.CharField("依据或事由", max_length=120)
    asked_at = models.DateTimeField("提出时间")
    decided_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="批准人")
    decided_at = models.DateTimeField("批准时间", null=True)
    approved = models.BooleanField("同意", default=False)
    note = models.CharField("意见", max_length=120, blank=True)
    post = models.OneToOneField(
        Post, on_delete=models.PROTECT, null=True, related_name="delegation", verbose_name="受托岗位"
    )

    class Meta:
        verbose_name = verbose_name_plural = "岗位委托"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(valid_to__gte=F("valid_from")), name="delegation_in_order"),
            models.CheckConstraint(condition=Q(approved=False) | Q(post__isnull=False), name="delegation_realised"),
        ]

    @property
    def state(self) -> str:
        if self.decided_at is None:
            return "待批准"
        return "已同意" if self.approved else "未同意"


class PostHandover(models.Model):
    """交接单: what went from one holder of a post to the next. Its content is fixed when it is made."""

    post = models.OneToOneField(Post, on_delete=models.PROTECT, related_name="handover", verbose_name="移交岗位")
    successor = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="+", verbose_name="接收岗位")
    last_day = models.DateField("移交人最后一日")
    basis = models.CharField("依据", max_length=120)
    content = models.TextField("移交内容")
    digest = models.CharField("内容摘要", max_length=64)
    by_label = models.CharField("办理人", max_length=200)
    at = models.DateTimeField("办理时间")
    given_at = models.DateTimeField("移交人确认", null=True)
    taken_at = models.DateTimeField("接收人确认", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "岗位交接单"
        ordering = ["-pk"]
