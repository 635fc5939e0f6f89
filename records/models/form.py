"""Forms that were sent: a second sending of the same form finds the first one's result."""

from django.db import models

from organisations.models import Account


class SubmittedForm(models.Model):
    key = models.UUIDField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    result_url = models.CharField(max_length=300)
    at = models.DateTimeField()
