"""Numbers of letters: how each series is numbered, and the last number given (X7)."""

from django.db import models

from organisations.models import Unit


class LetterSeries(models.Model):
    """How an issuer numbers letters of one kind, where that differs from the portal's default (records/services/numbering)."""

    issuer = models.ForeignKey(Unit, on_delete=models.PROTECT, verbose_name="发文机关")
    kind = models.CharField("文种", max_length=30)
    # What stands between the unit's code and the year: 蚌山应急〔交办〕〔2026〕12号
    word = models.CharField("文种代字", max_length=10, blank=True)
    is_entered = models.BooleanField("由本机关公文系统编号", default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["issuer", "kind"], name="letter_series"),
            models.UniqueConstraint(
                fields=["issuer", "word"],
                name="letter_series_word",
                violation_error_message="另一文种已使用这个代字，文号会重复",
            ),
        ]


class LetterCounter(models.Model):
    """Last number given, by issuer, kind and year: locked last in the issuing transaction, so numbers have no gaps."""

    issuer = models.ForeignKey(Unit, on_delete=models.PROTECT)
    kind = models.CharField(max_length=30)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issuer", "kind", "year"], name="letter_counter")]
