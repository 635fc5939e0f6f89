"""The outbox: what leaves the portal for a person's mail box or telephone. In the portal itself the notice is the message.

The rows are the queue (docs/adr/0015): a sender claims a row, commits, sends with the row's id, and writes down what came.
"""

from uuid import uuid4

from django.db import models

from deadlines.models.notice import Notice
from organisations.models import District, Person, Post


class Message(models.Model):
    class Channel(models.TextChoices):
        GATEWAY = "gateway", "短信（政务通）"
        EMAIL = "email", "电子邮件"

    class State(models.TextChoices):
        QUEUED = "queued", "待发送"
        SENDING = "sending", "发送中"
        UNKNOWN = "unknown", "结果不明，将以同一编号重发"
        SENT = "sent", "已发送"
        SKIPPED = "skipped", "不必再发"
        DEAD = "dead", "发送失败"

    # Also what the gateway tells repeats by.
    id = models.UUIDField("消息编号", primary_key=True, default=uuid4, editable=False)
    district = models.ForeignKey(District, on_delete=models.PROTECT, related_name="+", verbose_name="区县")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="messages", verbose_name="收件人")
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="+", verbose_name="岗位")
    channel = models.CharField("渠道", max_length=10, choices=Channel.choices)
    notices = models.ManyToManyField(Notice, through="MessageItem", related_name="messages")
    is_digest = models.BooleanField("汇总", default=False)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.QUEUED)
    queued_at = models.DateTimeField("产生时间")
    next_attempt_at = models.DateTimeField("下次发送")
    claimed_at = models.DateTimeField("最近一次发送", null=True)
    sent_at = models.DateTimeField("发出时间", null=True)
    attempts = models.PositiveSmallIntegerField("已发送次数", default=0)
    # Why it failed, or why it need not be sent. Never an address: this is shown to administrators and stands in logs.
    last_error = models.CharField("原因", max_length=200, blank=True)
    subject = models.CharField("标题", max_length=200, blank=True)
    text = models.TextField("内容", blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "发送记录"
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=models.Q(state__in=["queued", "sending", "unknown"]),
                name="message_waiting",
            ),
            models.Index(fields=["district", "-queued_at", "id"], name="message_by_district"),
            models.Index(fields=["district", "-queued_at"], condition=models.Q(state="dead"), name="message_dead"),
            models.Index(fields=["person", "-queued_at"], name="message_of_person"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="sent", sent_at__isnull=False) | ~models.Q(state="sent"),
                name="message_sent_has_time",
            )
        ]


class MessageItem(models.Model):
    """A notice goes by each channel once, alone or in a digest."""

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="items")
    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="items")
    channel = models.CharField(max_length=10, choices=Message.Channel.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["notice", "channel"], name="notice_once_per_channel")]
