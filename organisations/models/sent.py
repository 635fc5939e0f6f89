"""What was sent and acted on: a second sending with the same key finds the first one's answer (docs/adr/0022)."""

from django.db import models

from organisations.models.people import Account


class SentRequest(models.Model):
    """One act of one account. A form of the portal keeps where it led, a request of the API its answer word for word."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    key = models.UUIDField()
    # Of method, address and body; empty for a form, whose key stands for the page that was opened.
    digest = models.CharField(max_length=64, blank=True)
    status = models.PositiveSmallIntegerField()
    answer = models.TextField()
    at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = verbose_name_plural = "已办请求"
        constraints = [models.UniqueConstraint(fields=["key", "account"], name="sent_request_once")]
