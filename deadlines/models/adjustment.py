"""What moves a clock that runs: who asked, who decided, and the entry that deadlines.replay reads (X5, docs/adr/0013)."""

from django.db import models
from django.db.models import F, Q

from deadlines.models.ledger import Deadline
from organisations.models import Person, Post
from records.models import Attachment, Signature


class AdjustmentKind(models.TextChoices):
    EXTEND = "extend", "延期"
    SUSPEND = "suspend", "中止"
    RESUME = "resume", "恢复"


class LedgerRequest(models.Model):
    """Somebody asks that a clock be extended, stopped or started again; one at a time waits per clock."""

    Kind = AdjustmentKind

    deadline = models.ForeignKey(Deadline, on_delete=models.PROTECT, related_name="requests", verbose_name="时限")
    kind = models.CharField("事项", max_length=10, choices=AdjustmentKind.choices)
    # An extension asks for a length in the term's unit (`WD5`) or, where the act names the day, for a later day.
    length = models.CharField("申请延长", max_length=20, blank=True)
    new_on = models.DateField("申请延至", null=True, blank=True)
    ground = models.CharField("中止事由", max_length=40, blank=True)
    reason = models.TextField("理由")
    attachment = models.ForeignKey(
        Attachment, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="证明材料"
    )
    requested_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", verbose_name="申请人")
    requested_post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="+", verbose_name="申请人岗位")
    requested_at = models.DateTimeField("申请时间")
    decided_by = models.ForeignKey(
        Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="审批人"
    )
    decided_at = models.DateTimeField("审批时间", null=True, blank=True)
    is_approved = models.BooleanField("是否批准", null=True)
    decision_note = models.CharField("审批意见", max_length=300, blank=True)
    signature = models.ForeignKey(
        Signature, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="审批签字"
    )

    class Meta:
        verbose_name = verbose_name_plural = "延期、中止申请"
        ordering = ["-requested_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["deadline"], condition=Q(decided_at__isnull=True), name="ledger_request_one_open"
            ),
            models.CheckConstraint(
                condition=Q(kind="extend", ground="")
                & (Q(new_on__isnull=True) & ~Q(length="") | Q(new_on__isnull=False, length=""))
                | Q(kind="suspend", new_on__isnull=True, length="") & ~Q(ground="")
                | Q(kind="resume", new_on__isnull=True, length="", ground=""),
                name="ledger_request_shape",
            ),
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True, decided_by__isnull=True, is_approved__isnull=True)
                | Q(decided_at__isnull=False, decided_by__isnull=False, is_approved__isnull=False),
                name="ledger_request_decided_whole",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("requested_by")),
                name="ledger_request_two_persons",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="ledger_request_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.deadline_id}"


class LedgerEntry(models.Model):
    """One line of a clock's ledger, never changed: the due date is the replay of these in the order of their ids.

    `effective_at` is the moment from which the clock stands still or goes on; of an extension, when it was granted.
    """

    Kind = AdjustmentKind

    deadline = models.ForeignKey(Deadline, on_delete=models.PROTECT, related_name="entries", verbose_name="时限")
    request = models.OneToOneField(LedgerRequest, on_delete=models.PROTECT, related_name="entry", verbose_name="申请")
    kind = models.CharField("事项", max_length=10, choices=AdjustmentKind.choices)
    effective_at = models.DateTimeField("生效时间")
    length = models.CharField("延长", max_length=20, blank=True)
    new_on = models.DateField("延至", null=True, blank=True)
    ground = models.CharField("中止事由", max_length=40, blank=True)
    reason = models.TextField("理由")
    attachment = models.ForeignKey(
        Attachment, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="证明材料"
    )
    requested_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", verbose_name="申请人")
    decided_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", verbose_name="审批人")
    at = models.DateTimeField("记入时间")

    class Meta:
        verbose_name = verbose_name_plural = "时限台账分录"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="extend", ground="")
                & (Q(new_on__isnull=True) & ~Q(length="") | Q(new_on__isnull=False, length=""))
                | Q(kind="suspend", new_on__isnull=True, length="") & ~Q(ground="")
                | Q(kind="resume", new_on__isnull=True, length="", ground=""),
                name="ledger_entry_shape",
            ),
            models.CheckConstraint(condition=~Q(decided_by=F("requested_by")), name="ledger_entry_two_persons"),
            models.CheckConstraint(condition=~Q(reason=""), name="ledger_entry_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.deadline_id}"
