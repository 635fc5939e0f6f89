"""In-app notices. The row is the claim: unique (deadline, rung, recipient), so each rung tells each person once."""

from django.db import models
from django.db.models.functions import Now

from deadlines.models.ledger import Deadline
from deadlines.rungs import label_of
from organisations.models import Person, Post


class Notice(models.Model):
    deadline = models.ForeignKey(Deadline, on_delete=models.PROTECT, related_name="notices", verbose_name="时限")
    # A kind of deadlines.rungs, mostly with a number: `late-3`, `moved-12`.
    rung = models.CharField("级别", max_length=30)
    text = models.CharField("内容", max_length=300, blank=True, default="", db_default="")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="notices", verbose_name="收件人")
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="+", verbose_name="岗位")
    # The business moment at which the sweep found it.
    at = models.DateTimeField("时间")
    created_at = models.DateTimeField(db_default=Now())
    read_at = models.DateTimeField("已读时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "提醒"
        ordering = ["-at", "-id"]
        constraints = [models.UniqueConstraint(fields=["deadline", "rung", "person"], name="notice_once")]
        indexes = [
            models.Index(fields=["person", "-at"]),
            models.Index(fields=["person"], condition=models.Q(read_at=None), name="notice_unread"),
        ]

    @property
    def rung_label(self) -> str:
        return label_of(self.rung)
