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
        LETTER = "letter", "函"
        NOTICE = "notice", "通知"
        BULLETIN = "bulletin", "通报"
        REPORT = "report", "报告"
        REQUEST = "request", "请示"
        MINUTES = "minutes", "纪要"

    class Form(models.TextChoices):
        XINHAN = "xinhan", "信函格式"
        WENJIAN = "wenjian", "文件格式"
        JIYAO = "jiyao", "纪要格式"

    class Urgency(models.TextChoices):
        URGENT = "特急", "特急"
        SOON = "加急", "加急"

    class State(models.TextChoices):
        DRAFT = "draft", "拟稿"
        SUBMITTED = "submitted", "待核稿"
        COUNTERSIGNING = "countersigning", "待会签"
        CHECKED = "checked", "待签发"
        ISSUED = "issued", "待送达"
        DISPATCHED = "dispatched", "待签收"
        RECEIVED = "received", "已签收"
        LEFT = "left", "留置送达"
        RECALLED = "recalled", "已撤回"
        REPLACED = "replaced", "已被替代"
        VOID = "void", "作废"

    IN_HOUSE = (State.DRAFT, State.SUBMITTED, State.COUNTERSIGNING, State.CHECKED)
    SENT = (State.DISPATCHED, State.RECEIVED, State.LEFT, State.RECALLED, State.REPLACED)
    NUMBERED = (State.ISSUED, *SENT)
    # Upward letters name their 签发人 in the head (GB/T 9704-2012, 7.2.6).
    UPWARD = (Kind.REPORT, Kind.REQUEST)

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="letters", verbose_name="案卷")
    kind = models.CharField("文种", max_length=30, choices=Kind.choices)
    state = models.CharField("环节", max_length=20, choices=State.choices, default=State.DRAFT)
    issuer = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="issued_letters", verbose_name="发文机关")
    # The first addressee that is a unit of the portal; all of them stand in `deliveries`, their printed form in `addressee`.
    recipient = models.ForeignKey(
        Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="received_letters", verbose_name="主送"
    )
    addressee = models.CharField("主送机关", max_length=300, blank=True)
    form = models.CharField("格式", max_length=10, choices=Form.choices, default=Form.XINHAN)
    urgency = models.CharField("紧急程度", max_length=4, choices=Urgency.choices, blank=True)
    copies_to = models.CharField("抄送", max_length=300, blank=True)
    title = models.CharField("标题", max_length=160)
    requirements = models.TextField("治理要求", blank=True)
    body = models.TextField("正文", blank=True)
    attachment_names = models.TextField("附件说明", blank=True)
    enclosures = models.ManyToManyField(Attachment, related_name="enclosed_in", blank=True, verbose_name="附件")
    note = models.CharField("附注", max_length=100, blank=True)
    is_sealed = models.BooleanField("加盖印章", default=True)
    attendees = models.CharField("出席", max_length=400, blank=True)
    absentees = models.CharField("请假", max_length=400, blank=True)
    observers = models.CharField("列席", max_length=400, blank=True)
    due_on = models.DateField("治理期限", null=True, blank=True)
    drafted_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", verbose_name="拟稿人")
    drafted_at = models.DateTimeField("拟稿时间")
    checker = models.ForeignKey(
        Post, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="核稿人"
    )
    # What a countersignature is given over: a draft with another digest has to be countersigned again.
    draft_digest = models.CharField("稿件摘要", max_length=64, blank=True)
    countersign_in_order = models.BooleanField("依次会签", default=False)
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
    # 撤回, 更正: letters of their own that refer to the one they take back or replace, which stays as it was sent.
    recalls = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="recalled_by", verbose_name="撤回的文书"
    )
    replaces = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_by", verbose_name="替代的文书"
    )
    verify_code = models.CharField("核验码", max_length=20, unique=True, null=True, editable=False)
    void_reason = models.CharField("作废原因", max_length=300, blank=True)
    # Sent on paper before the portal was there: the scan is the letter, no PDF is made from the transcript.
    is_retroactive = models.BooleanField("补录", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "文书"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["issuer", "kind", "year", "seq"], name="letter_number_gap_free"),
            models.UniqueConstraint(
                fields=["issuer", "number"], condition=~Q(number=""), name="letter_number_once_per_issuer"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "submitted", "countersigning", "checked"], seq__isnull=True)
                | Q(state__in=["issued", "dispatched", "received", "left", "recalled", "replaced"], seq__isnull=False)
                & ~Q(content="")
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

    @property
    def is_upward(self) -> bool:
        return self.kind in self.UPWARD
