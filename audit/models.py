"""Who did what when: append-only events, the chain over them, and the heartbeat of the jobs that tend them."""

import json
from typing import Any

from django.contrib.postgres.indexes import HashIndex
from django.db import models
from django.db.models.functions import Now

from audit.chain import FORM
from audit.names import label_of


class AuditEvent(models.Model):
    """One act, immutable. The columns are copies for querying; `canonical` is what is hashed and sealed."""

    name = models.CharField("事件", max_length=60)
    at = models.DateTimeField("发生时间")
    recorded_at = models.DateTimeField("记录时间", db_default=Now())
    account_id = models.BigIntegerField("账号", null=True)
    person_id = models.BigIntegerField("人员", null=True)
    post_id = models.BigIntegerField("岗位", null=True)
    unit_id = models.BigIntegerField("单位", null=True)
    actor_label = models.CharField("经办人", max_length=200)
    district_code = models.CharField("区划代码", max_length=6, blank=True)
    # A foreign key to records_case in the database (added by records), a plain number here: audit imports nothing of ours.
    case_id = models.BigIntegerField("案卷", null=True)
    case_seq = models.PositiveIntegerField("案内序号", null=True)
    subject_kind = models.CharField("对象类型", max_length=40, blank=True)
    subject_id = models.CharField("对象编号", max_length=40, blank=True)
    canonical = models.TextField("规范文本")
    digest = models.CharField("摘要", max_length=64)

    class Meta:
        verbose_name = verbose_name_plural = "审计事件"
        constraints = [
            models.UniqueConstraint(fields=["case_id", "case_seq"], name="audit_event_case_seq"),
            models.CheckConstraint(
                condition=models.Q(case_id__isnull=True, case_seq__isnull=True)
                | models.Q(case_id__isnull=False, case_seq__isnull=False),
                name="audit_event_case_has_seq",
            ),
        ]
        indexes = [
            models.Index(fields=["district_code", "-id"]),
            models.Index(fields=["person_id", "-id"]),
            models.Index(fields=["subject_kind", "subject_id"]),
            models.Index(fields=["name", "-id"]),
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.actor_label}"

    @property
    def label(self) -> str:
        return label_of(self.name)

    @property
    def data(self) -> dict[str, Any]:
        """What the act recorded, as it was written."""
        data: dict[str, Any] = json.loads(self.canonical)["data"]
        return data


class AuditUnsealed(models.Model):
    """Events that the sealer has not linked yet, put here by the database itself. A row older than a minute is an alarm."""

    event = models.OneToOneField(AuditEvent, on_delete=models.PROTECT, primary_key=True)
    created_at = models.DateTimeField(db_default=Now())


class AuditLink(models.Model):
    """The chain: each link covers its event's digest and the link before it."""

    seq = models.BigIntegerField(primary_key=True)
    form = models.PositiveSmallIntegerField(default=FORM)  # what the digest covers: audit.chain
    event = models.OneToOneField(AuditEvent, on_delete=models.PROTECT)
    prev = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)


class AuditErasure(models.Model):
    """A request to erase personal values from the evidence: asked by one person, decided by another."""

    class State(models.TextChoices):
        ASKED = "asked", "待批准"
        DONE = "done", "已删除"
        REFUSED = "refused", "不同意"

    district_code = models.CharField("区划代码", max_length=6)
    reason = models.CharField("理由和依据", max_length=300)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.ASKED)
    asked_by = models.BigIntegerField("申请人")
    asked_label = models.CharField("申请人职务", max_length=200)
    asked_at = models.DateTimeField("申请时间")
    decided_by = models.BigIntegerField("批准人", null=True)
    decided_label = models.CharField("批准人职务", max_length=200, blank=True)
    decided_at = models.DateTimeField("批准时间", null=True)
    note = models.CharField("意见", max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "个人信息删除"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(decided_by__isnull=True) | ~models.Q(decided_by=models.F("asked_by")),
                name="audit_erasure_by_two",
                violation_error_message="申请人不能批准自己的申请",
            )
        ]


class AuditPersonal(models.Model):
    """A personal value that an event committed to. Erasing empties value and salt and names the erasure; the row stays."""

    event = models.ForeignKey(AuditEvent, on_delete=models.PROTECT, related_name="personal", db_index=False)
    field = models.CharField(max_length=120)
    salt = models.CharField(max_length=32)
    value = models.TextField(null=True)
    # Which request asks for this value, and, once the value is gone, which one took it.
    erasure = models.ForeignKey(AuditErasure, on_delete=models.PROTECT, null=True, related_name="values")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "field"], name="audit_personal_once"),
            models.CheckConstraint(
                condition=models.Q(value__isnull=False) | models.Q(erasure__isnull=False, salt=""),
                name="audit_personal_erased_whole",
            ),
        ]
        indexes = [HashIndex(fields=["value"], name="audit_personal_value")]


class Heartbeat(models.Model):
    """Last run of each background job, in real time (never the demo's clock)."""

    name = models.CharField("任务", max_length=40, primary_key=True)
    started_at = models.DateTimeField("上次开始", null=True)
    succeeded_at = models.DateTimeField("上次成功", null=True)
    scanned = models.PositiveIntegerField("扫描", default=0)
    fired = models.PositiveIntegerField("触发", default=0)
    failed = models.PositiveIntegerField("连续失败", default=0)
    last_error = models.CharField("上次错误", max_length=300, blank=True)
    failed_at = models.DateTimeField("上次失败", null=True)
    duration_ms = models.PositiveIntegerField("用时", default=0)
    runs = models.PositiveBigIntegerField("累计成功", default=0, db_default=0)
    scanned_total = models.PositiveBigIntegerField("累计扫描", default=0, db_default=0)
    fired_total = models.PositiveBigIntegerField("累计触发", default=0, db_default=0)
    failed_total = models.PositiveBigIntegerField("累计失败", default=0, db_default=0)

    class Meta:
        verbose_name = verbose_name_plural = "任务心跳"
