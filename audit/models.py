"""Who did what when: append-only events, the chain over them, and the heartbeat of the jobs that tend them."""

import json
from typing import Any

from django.db import models
from django.db.models.functions import Now

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
    """Events that the sealer has not linked yet. A row here older than a minute is an alarm."""

    event = models.OneToOneField(AuditEvent, on_delete=models.PROTECT, primary_key=True)
    created_at = models.DateTimeField(db_default=Now())


class AuditLink(models.Model):
    """The chain: each link covers its event's digest and the link before it."""

    seq = models.BigIntegerField(primary_key=True)
    event = models.OneToOneField(AuditEvent, on_delete=models.PROTECT)
    prev = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)


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
