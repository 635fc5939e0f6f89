"""Acts that were signed on paper and wait for a second person's comparison with the original (X6)."""

from django.db import models
from django.db.models import F, Q

from organisations.models import Account, Person, Post, Unit
from records.models.attachment import Attachment
from records.models.authorisation import RecordingAuthorisation
from records.models.case import Case
from records.models.signature import Signature


class PaperAct(models.Model):
    """What was keyed in, as the form was sent. Nothing on the case changes until another person of the keying unit has
    compared it with the paper; then the same form is taken through the same service."""

    class State(models.TextChoices):
        PENDING = "pending", "待核对"
        CONFIRMED = "confirmed", "与原件一致"
        REJECTED = "rejected", "核对不符"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="paper_acts", verbose_name="案卷")
    action = models.CharField("事项", max_length=40)
    label = models.CharField("事项名称", max_length=60)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.PENDING)
    # Field name → the values as typed, and → ids of the attachments that came with it.
    typed = models.JSONField("填写内容")
    files = models.JSONField("附件", default=dict)
    signer_name = models.CharField("签字人", max_length=40)
    signer_title = models.CharField("签字人职务", max_length=60)
    document_on = models.DateField("纸质文件日期")
    scan = models.ForeignKey(Attachment, on_delete=models.PROTECT, related_name="+", verbose_name="扫描件")
    keyed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", verbose_name="录入人")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", verbose_name="账号")
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="+", verbose_name="岗位")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+", verbose_name="录入单位")
    # The unit whose act it is, where another one keys it in (代录).
    recorded_for = models.ForeignKey(
        Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="代录的单位"
    )
    authorisation = models.ForeignKey(
        RecordingAuthorisation, on_delete=models.PROTECT, null=True, blank=True, verbose_name="委托"
    )
    keyed_at = models.DateTimeField("录入时间")
    decided_by = models.ForeignKey(
        Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="核对人"
    )
    decided_at = models.DateTimeField("核对时间", null=True, blank=True)
    note = models.CharField("不符的情况", max_length=300, blank=True)
    signature = models.ForeignKey(
        Signature, on_delete=models.PROTECT, null=True, blank=True, related_name="paper_acts", verbose_name="签字"
    )

    class Meta:
        verbose_name = verbose_name_plural = "纸质签署"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "action"], condition=Q(state="pending"), name="paper_act_one_pending"
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("keyed_by")),
                name="paper_act_two_persons",
                violation_error_message="录入人不能自己核对",
            ),
            models.CheckConstraint(
                condition=Q(state="pending", decided_by__isnull=True)
                | Q(state="confirmed", decided_by__isnull=False, signature__isnull=False)
                | Q(state="rejected", decided_by__isnull=False) & ~Q(note=""),
                name="paper_act_decided_whole",
            ),
        ]
        indexes = [models.Index(fields=["unit"], condition=Q(state="pending"), name="paper_act_pending")]
