"""An uploaded sheet of risk points between its check and its application, and afterwards what it led to."""

from typing import TYPE_CHECKING, Self

from django.db import models

from organisations.models import Account, Post

if TYPE_CHECKING:
    from organisations.actors import Actor


class RiskImportQuerySet(models.QuerySet["RiskImport"]):
    def for_actor(self, actor: "Actor") -> Self:
        """Whoever sent it, in the post in which it was sent: what it may do depends on both."""
        return self.filter(account=actor.account, post=actor.post)


class RiskImport(models.Model):
    """Kept in the database, not in a folder: whichever machine answers finds it (docs/adr/0025).

    `rows` and `letters` are what services/importing/sheet.py read; once applied, the rows are in the cases and not here.
    `result` is then {"made": [case ids], "graded": n, "severe": n, "skipped": n, "numbered": n}.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, verbose_name="账号")
    post = models.ForeignKey(Post, on_delete=models.PROTECT, verbose_name="岗位")
    file_name = models.CharField("文件名", max_length=120)
    digest = models.CharField("摘要", max_length=64)
    rows = models.JSONField("各行")
    letters = models.JSONField("各列")
    uploaded_at = models.DateTimeField("上传时间", db_index=True)
    applied_at = models.DateTimeField("登记时间", null=True)
    result = models.JSONField("结果", default=dict)

    objects = RiskImportQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "风险点导入"

    def __str__(self) -> str:
        return self.file_name
