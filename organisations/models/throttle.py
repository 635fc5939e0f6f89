"""How often somebody asked in the present minute. One row per asker, one statement per request."""

from django.db import models


class ThrottleCount(models.Model):
    key = models.CharField(max_length=80, primary_key=True)
    window = models.BigIntegerField()
    count = models.PositiveIntegerField()

    class Meta:
        verbose_name = verbose_name_plural = "请求计数"
