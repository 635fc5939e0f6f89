"""The working calendar as rows: what the engine counts on and the administrator edits (X4)."""

from datetime import date
from typing import Any

from django.db import connections, models
from django.db.models.functions import Now


class CalendarDayQuerySet(models.QuerySet["CalendarDay"]):
    def update(self, **kwargs: Any) -> int:
        """Stamp set-based edits too: running processes notice an edit by `updated_at`."""
        kwargs.setdefault("updated_at", Now())
        return super().update(**kwargs)

    def working_day_after(self, start: date, n: int) -> "CalendarDay | None":
        """The n-th working day after `start` as one look-up; None when the table does not reach that far."""
        reached = self.filter(pk=start).values("ordinal")[:1]
        return self.filter(is_workday=True, ordinal=models.Subquery(reached) + n).first()

    def renumber(self) -> int:
        """Recount every ordinal after an edit, in one statement; returns the number of days that changed."""
        table = self.model._meta.db_table
        with connections[self.db].cursor() as cursor:
            cursor.execute(
                f"""
                UPDATE {table} AS day SET ordinal = counted.ordinal, updated_at = statement_timestamp()
                FROM (SELECT date, count(*) FILTER (WHERE is_workday) OVER (ORDER BY date) AS ordinal FROM {table})
                     AS counted
                WHERE counted.date = day.date AND counted.ordinal <> day.ordinal
                """
            )
            return int(cursor.rowcount)


class CalendarDay(models.Model):
    """One day of the working calendar.

    `ordinal` counts the working days from the table's first day up to and including this one, so that "n working days
    after d" is the working day whose ordinal is ordinal(d) + n. After changing `is_workday` call `renumber()`.
    """

    date = models.DateField("日期", primary_key=True)
    is_workday = models.BooleanField("是否工作日")
    name = models.CharField("节假日或调休名称", max_length=40, blank=True, default="")
    source = models.CharField("依据文件", max_length=200)
    provisional = models.BooleanField("暂定", default=False, help_text="放假安排尚未公布，仅按法定节假日和周末推定。")
    ordinal = models.PositiveIntegerField("累计工作日序号")
    updated_at = models.DateTimeField("最后修改时间", auto_now=True)

    objects = CalendarDayQuerySet.as_manager()

    class Meta:
        verbose_name = "工作日历"
        verbose_name_plural = "工作日历"
        ordering = ["date"]
        indexes = [
            # Not unique: renumbering passes through duplicates, and PostgreSQL checks unique indexes row by row.
            models.Index(
                fields=["ordinal"],
                include=["date"],
                condition=models.Q(is_workday=True),
                name="calendar_day_by_ordinal",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(source=""),
                name="calendar_day_has_source",
                violation_error_message="请填写依据文件。",
            ),
            models.CheckConstraint(
                # A weekday off or a weekend worked is a departure from the ordinary week and must say why.
                condition=models.Q(is_workday=True, date__iso_week_day__lte=5)
                | models.Q(is_workday=False, date__iso_week_day__gte=6)
                | ~models.Q(name=""),
                name="calendar_day_departure_named",
                violation_error_message="工作日改为休息、周末改为上班的，须填写节假日或调休名称。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.date:%Y-%m-%d} {'工作日' if self.is_workday else '休息日'}"
