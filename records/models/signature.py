"""Signatures: who, acting in which post, when, over which content (X6)."""

from django.db import models
from django.db.models import F, Q

from audit.models import AuditEvent
from organisations.models import Person, Post
from records.models.attachment import Attachment
from records.models.case import Case


class Signature(models.Model):
    """A signature over the digest of exactly the text that was signed.

    Drawn in the portal with the password, given through the interface, or written on paper: then the scan is kept, and two
    people of one unit stand for it, who keyed it in and who compared it with the original.
    """

    class Method(models.TextChoices):
        PORTAL = "portal", "平台手写签字"
        TOKEN = "token", "接口签署"
        PAPER = "paper", "纸质签署"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="signatures", verbose_name="案卷")
    purpose = models.CharField("事项", max_length=60)
    # None for somebody who signed on paper and has no account here: then the name stands in `signer_name`.
    person = models.ForeignKey(
        Person, on_delete=models.PROTECT, null=True, related_name="signatures", verbose_name="签字人"
    )
    post = models.ForeignKey(Post, on_delete=models.PROTECT, null=True, verbose_name="岗位")
    signer_name = models.CharField("签字人姓名", max_length=40, blank=True)
    signer_label = models.CharField("签字人职务", max_length=200)
    at = models.DateTimeField("签字时间")
    method = models.CharField("方式", max_length=10, choices=Method.choices, default=Method.PORTAL)
    content = models.TextField("所签内容")
    digest = models.CharField("内容摘要", max_length=64)
    # SVG path data in a 600 × 200 view box.
    strokes = models.TextField("笔迹", blank=True)
    document_on = models.DateField("纸质文件日期", null=True)
    scan = models.ForeignKey(
        Attachment, on_delete=models.PROTECT, null=True, related_name="signatures", verbose_name="扫描件"
    )
    keyed_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="录入人")
    confirmed_by = models.ForeignKey(
        Person, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="核对人"
    )
    # Only on the object that `sign` gives back: the event that records it, unless the same words had been signed before.
    event: AuditEvent | None = None

    class Meta:
        verbose_name = verbose_name_plural = "签字"
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(condition=~Q(method="portal") | ~Q(strokes=""), name="signature_drawn"),
            models.CheckConstraint(
                condition=~Q(method="paper") & Q(person__isnull=False)
                | Q(
                    method="paper",
                    scan__isnull=False,
                    document_on__isnull=False,
                    keyed_by__isnull=False,
                    confirmed_by__isnull=False,
                )
                & ~Q(signer_name="")
                & ~Q(keyed_by=F("confirmed_by")),
                name="signature_paper_whole",
            ),
            # One signature per person over one content: a form sent twice signs once.
            models.UniqueConstraint(fields=["case", "purpose", "person", "digest"], name="signature_once"),
            models.UniqueConstraint(
                fields=["case", "purpose", "signer_name", "digest"],
                condition=Q(person__isnull=True),
                name="signature_on_paper_once",
            ),
        ]

    @property
    def short_digest(self) -> str:
        return f"{self.digest[:4]}…{self.digest[-4:]}"

    @property
    def name(self) -> str:
        return self.person.name if self.person else self.signer_name


class SignatureVoid(models.Model):
    """A signature is never taken back or changed: what voids it is a row of its own, append-only as the signature is."""

    signature = models.OneToOneField(Signature, on_delete=models.PROTECT, related_name="voided", verbose_name="签字")
    reason = models.CharField("失效原因", max_length=300)
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", verbose_name="经办人")
    at = models.DateTimeField("失效时间")

    class Meta:
        verbose_name = verbose_name_plural = "签字失效"
