"""Files: stored by the digest of their content, typed by their content."""

from django.db import models

from organisations.models import Person
from records.models.case import Case


class Attachment(models.Model):
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="attachments", verbose_name="案卷")
    purpose = models.CharField("用途", max_length=30)
    name = models.CharField("文件名", max_length=200)
    content_type = models.CharField("类型", max_length=80)
    size = models.PositiveBigIntegerField("大小")
    digest = models.CharField("摘要", max_length=64)
    path = models.CharField("存储位置", max_length=120)
    uploaded_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, verbose_name="上传人")
    at = models.DateTimeField("时间")
    # Which act on the case brought it: the number of the audit event within the case.
    case_seq = models.PositiveIntegerField("案内序号", null=True)
    # Every view of it is an audit event (X6).
    is_confidential = models.BooleanField("敏感", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "附件"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_image(self) -> bool:
        return self.content_type.startswith("image/")
