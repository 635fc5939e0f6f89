"""Edits of the working calendar: drafted, looked at, applied once, and from then on unchangeable (X4).

The calendar belongs to the country, not to a district: an edit has no district, and whoever is logged in may read an
applied one.
"""

from django.db import models
from django.db.models import F, Q

from deadlines.models.ledger import Deadline
from organisations.models import Person


class CalendarEdit(models.Model):
    """Days to be changed by one document. `base` is the calendar that the draft was compared with."""

    class State(models.TextChoices):
        DRAFT = "draft", "待生效"
        APPLIED = "applied", "已生效"
        DISCARDED = "discarded", "已放弃"

    title = models.CharField("变更", max_length=80)
    year = models.PositiveSmallIntegerField("年份")
    source = models.CharField("依据文件", max_length=200)
    file_name = models.CharField("文件", max_length=200, blank=True)
    base = models.CharField(max_length=80)
    # Over the days as they are to be: what was looked at is what is applied.
    days_digest = models.CharField("摘要", max_length=64)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.DRAFT)
    drafted_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", verbose_name="拟定人")
    drafted_at = models.DateTimeField("拟定时间")
    applied_by = models.ForeignKey(
        Person, on_delete=models.PROTECT, related_name="+", null=True, verbose_name="办理生效的人"
    )
    applied_at = models.DateTimeField("生效时间", null=True)
    moved = models.PositiveIntegerField("改变到期日的时限", default=0)
    settled = models.PositiveIntegerField("不再暂定的时限", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "日历变更"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="applied", applied_at__isnull=False, applied_by__isnull=False)
                | ~Q(state="applied") & Q(applied_at__isnull=True, applied_by__isnull=True),
                name="calendar_edit_applied_by_somebody",
            ),
            models.CheckConstraint(condition=~Q(source=""), name="calendar_edit_has_source"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT

    @property
    def is_applied(self) -> bool:
        return self.state == self.State.APPLIED


class CalendarEditDay(models.Model):
    """One day of an edit: as it is to be, and as it was (nothing for a day beyond the end of the calendar)."""

    edit = models.ForeignKey(CalendarEdit, on_delete=models.PROTECT, related_name="days", db_index=False)
    date = models.DateField("日期")
    is_workday = models.BooleanField("是否工作日")
    name = models.CharField("节假日或调休名称", max_length=40, blank=True)
    source = models.CharField("依据文件", max_length=200)
    was_workday = models.BooleanField(null=True)
    was_name = models.CharField(max_length=40, blank=True)
    was_source = models.CharField(max_length=200, blank=True)
    was_provisional = models.BooleanField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "日历变更的日子"
        ordering = ["date"]
        constraints = [models.UniqueConstraint(fields=["edit", "date"], name="calendar_edit_day_once")]

    def __str__(self) -> str:
        return f"{self.date:%Y-%m-%d}"

    @property
    def turns(self) -> bool:
        """People work who did not, or do not who did. The other days only get another name or document."""
        return self.was_workday is not None and self.was_workday != self.is_workday


class DeadlineMove(models.Model):
    """What an applied edit did to one open deadline: another due date, or the same one for certain."""

    # The constraints below begin with the edit: an index of its own would only make the writing slower.
    edit = models.ForeignKey(CalendarEdit, on_delete=models.PROTECT, related_name="moves", db_index=False)
    deadline = models.ForeignKey(Deadline, on_delete=models.PROTECT, related_name="moves", verbose_name="时限")
    was_due_on = models.DateField("原到期日")
    due_on = models.DateField("到期日")
    was_provisional = models.BooleanField()
    provisional = models.BooleanField()

    class Meta:
        verbose_name = verbose_name_plural = "日历变更改变的时限"
        constraints = [
            models.UniqueConstraint(fields=["edit", "deadline"], name="deadline_move_once"),
            models.CheckConstraint(
                condition=~Q(was_due_on=F("due_on")) | ~Q(was_provisional=F("provisional")),
                name="deadline_move_changes_something",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.was_due_on} → {self.due_on}"

    @property
    def moves_date(self) -> bool:
        return self.was_due_on != self.due_on
