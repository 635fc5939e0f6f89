"""Signatures: who, acting in which post, when, over which content (X6)."""

from django.db import models
from django.db.models import Q

from organisations.models import Person, Post
from records.models.case import Case


class Signature(models.Model):
    """A drawn signature given with the password, over the digest of exactly the text that was signed."""

    class Method(models.TextChoices):
        PORTAL = "portal", "平台手写签字"
        TOKEN = "token", "接口签署"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="signatures", verbose_name="案卷")
    purpose = models.CharField("事项", max_length=60)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, verbose_name="签字人")
    post = models.ForeignKey(Post, on_delete=models.PROTECT, verbose_name="岗位")
    signer_label = models.CharField("签字人职务", max_length=200)
    at = models.DateTimeField("签字时间")
    method = models.CharField("方式", max_length=10, choices=Method.choices, default=Method.PORTAL)
    content = models.TextField("所签内容")
    digest = models.CharField("内容摘要", max_length=64)
    # SVG path data in a 600 × 200 view box.
    strokes = models.TextField("笔迹", blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "签字"
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(condition=~Q(method="portal") | ~Q(strokes=""), name="signature_drawn"),
            # One signature per person over one content: a form sent twice signs once.
            models.UniqueConstraint(fields=["case", "purpose", "person", "digest"], name="signature_once"),
        ]

    @property
    def short_digest(self) -> str:
        return f"{self.digest[:4]}…{self.digest[-4:]}"
