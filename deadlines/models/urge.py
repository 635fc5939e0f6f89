"""催办 by hand: a superior unit presses on whoever owes a deadline. Counted, and shown to both."""

from django.db import models

from deadlines.models.ledger import Deadline
from organisations.models import Post, Unit


class Urge(models.Model):
    deadline = models.ForeignKey(Deadline, on_delete=models.PROTECT, related_name="urges", verbose_name="时限")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+", verbose_name="催办单位")
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="+", verbose_name="催办人")
    number = models.PositiveSmallIntegerField("第几次")
    note = models.CharField("催办说明", max_length=200, blank=True)
    at = models.DateTimeField("催办时间")

    class Meta:
        verbose_name = verbose_name_plural = "催办"
        constraints = [models.UniqueConstraint(fields=["deadline", "number"], name="urge_counted")]
