"""Letters (文书): draft → check → issue → number → deliver → receipt (X7)."""

from django.db import models
from django.db.models import Q

from organisations.models import Person, Post, Unit
from records.models.attachment import Attachment
from records.models.case import Case
from records.models.signature import Signature


class Letter(models.Model):
    """One document. Its content is frozen as canonical text when issued; the PDF is rendered from that, ever again."""

    class Kind(models.TextChoices):
        RISK_HANDOVER = "risk_handover", "风险交办函"

    class State(models.TextChoices):
        DRAFT = "draft", "拟稿"
        SUBMITTED = "submitted", "待核稿"
        CHECKED = "checked", "待签发"
        ISSUED = "issued", "待送达"
        DISPATCHED = "dispatched", "待签收"
        RECEIVED = "received", "已签收"
        LEFT = "left", "留置送达"
        VOID = "void", "作废"

    NUMBERED = (State.ISSUED, State.DISPATCHED, State.RECEIVED, State.LEFT)

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="letters", verbose_name="案卷")
    kind = models.CharField("文种", max_length=30, choices=Kind.choices)
    state = models.CharField("环节", max_length=20, choices=State.choices, default=State.DRAFT)
    issuer = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="issued_letters", verbose_name="发文机关")
    recipient = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="received_letters", verbose_name="主送")
    copies_to = models.CharField("抄送", max_length=300, blank=True)
    title = models.CharField("标题", max_length=160)
    requirements = models.TextField("治理要求")
    due_on = models.DateField("治理期限", null=True, blank=True)
    drafted_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", verbose_name="拟稿人")
    drafted_at = models.DateTimeField("拟稿时间")
    checker = models.ForeignKey(
        Post, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="核稿人"
    )
    return_note = models.CharField("退回意见", max_length=300, blank=True)
    checked_by = models.ForeignKey(
        Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="核稿"
    )
    checked_at = models.DateTimeField("核稿时间", null=True, blank=True)
    issued_by = models.ForeignKey(
        Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="签发"
    )
    issued_at = models.DateTimeField("签发时间", null=True, blank=True)
    year = models.PositiveSmallIntegerField("年份", null=True, blank=True)
    seq = models.PositiveIntegerField("序号", null=True, blank=True)
    number = models.CharField("发文字号", max_length=60, blank=True)
    content = models.TextField("定稿内容", blank=True)
    content_digest = models.CharField("定稿摘要", max_length=64, blank=True)
    pdf = models.ForeignKey(
        Attachment, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="PDF"
    )
    render_error = models.CharField("生成失败原因", max_length=300, blank=True)
    render_attempts = models.PositiveSmallIntegerField(default=0)
    scan = models.ForeignKey(
        Attachment, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="盖章扫描件"
    )
    dispatched_by = models.ForeignKey(
        Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="送达人"
    )
    dispatched_at = models.DateTimeField("送达时间", null=True, blank=True)
    received_at = models.DateTimeField("签收时间", null=True, blank=True)
    receipt = models.ForeignKey(
        Signature, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="签收签字"
    )
    refusal_reason = models.CharField("拒收情形", max_length=300, blank=True)
    witnesses = models.CharField("见证人", max_length=200, blank=True)
    void_reason = models.CharField("作废原因", max_length=300, blank=True)
    # Sent on paper before the portal was there: the scan is the letter, no PDF is made from the transcript.
    is_retroactive = models.BooleanField("补录", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "文书"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["issuer", "kind", "year", "seq"], name="letter_number_gap_free"),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "submitted", "checked"], seq__isnull=True)
                | Q(state__in=["issued", "dispatched", "received", "left"], seq__isnull=False) & ~Q(content="")
                | Q(state="void"),
                name="letter_number_when_issued",
            ),
            models.CheckConstraint(
                condition=Q(checked_by__isnull=True) | ~Q(checked_by=models.F("drafted_by")),
                name="letter_checked_by_another",
                violation_error_message="拟稿人不能核自己的稿",
            ),
        ]
        indexes = [models.Index(fields=["recipient", "state"]), models.Index(fields=["issuer", "state"])]

    def __str__(self) -> str:
        return self.number or f"{self.get_kind_display()}（{self.get_state_display()}）"


class LetterCounter(models.Model):
    """Last number given, by issuer, kind and year: locked last in the issuing transaction, so numbers have no gaps."""

    issuer = models.ForeignKey(Unit, on_delete=models.PROTECT)
    kind = models.CharField(max_length=30)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issuer", "kind", "year"], name="letter_counter")]
