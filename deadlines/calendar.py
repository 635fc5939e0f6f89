"""Counting working days.

`WorkCalendar` is immutable and knows nothing of the database beyond `load()`. It never guesses: a day outside its rows
raises `CalendarOutOfRange`, and a day whose arrangement has not been announced is marked provisional.
"""

from bisect import bisect_left
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Protocol

WEEKDAYS = "一二三四五六日"


class CalendarOutOfRange(ValueError):
    """The calendar has no rows for the asked day; the message is for the user."""


class CalendarDayLike(Protocol):
    """What a row must have: `calendar_data.DayRow` and the model `CalendarDay` both do."""

    @property
    def date(self) -> date: ...
    @property
    def is_workday(self) -> bool: ...
    @property
    def name(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def provisional(self) -> bool: ...


class WorkCalendar:
    """All days between `first` and `last`, with constant-time look-ups in both directions."""

    __slots__ = ("_days", "_ordinals", "_provisional_days", "_workdays", "first", "last")

    def __init__(self, rows: Iterable[CalendarDayLike]) -> None:
        days = [(row.date, row.is_workday, row.name, row.source, row.provisional) for row in rows]
        if not days:
            raise CalendarOutOfRange("工作日历没有数据，请先载入工作日历。")
        days.sort()
        ordinals: list[int] = []
        workdays: list[date] = []
        for position, day in enumerate(days):
            expected = days[0][0] + timedelta(days=position)
            if day[0] != expected:
                raise CalendarOutOfRange(f"工作日历不连续：缺少或重复 {expected:%Y-%m-%d} 前后的日期。")
            if day[1]:
                workdays.append(day[0])
            ordinals.append(len(workdays))
        self.first: date = days[0][0]
        self.last: date = days[-1][0]
        self._days = tuple(days)
        # Counted here rather than read: an edit that has not been renumbered yet must not shift anybody's date.
        self._ordinals = tuple(ordinals)
        self._workdays = tuple(workdays)
        self._provisional_days = tuple(day[0] for day in days if day[4])

    @classmethod
    def from_rows(cls, rows: Iterable[CalendarDayLike]) -> "WorkCalendar":
        """A calendar of these rows, in any order, without gaps."""
        return cls(rows)

    @classmethod
    def load(cls) -> "WorkCalendar":
        """The calendar of the database: one small query, and the rows only after they have changed."""
        global _cached
        # Imported here so that counting days needs no Django.
        from deadlines.models.calendar import CalendarDay

        version = cls.version()
        if _cached is None or _cached[0] != version:
            _cached = (version, cls(CalendarDay.objects.all()))
        return _cached[1]

    @staticmethod
    def version() -> str:
        """Another text after every edit."""
        from django.db.models import Count, Max, Sum

        from deadlines.models.calendar import CalendarDay

        # The sum catches two edits stamped in another order than they were committed.
        found = CalendarDay.objects.aggregate(n=Count("pk"), at=Max("updated_at"), total=Sum("ordinal"))
        return f"{found['n']} {found['at']} {found['total']}"

    def covers(self, day: date) -> bool:
        return self.first <= day <= self.last

    def is_workday(self, day: date) -> bool:
        return self._days[self._position(day)][1]

    def name(self, day: date) -> str:
        """The feast of a day off (国庆节), the exchange of a make-up day (国庆节调休), else empty."""
        return self._days[self._position(day)][2]

    def source(self, day: date) -> str:
        """The document that settles this day."""
        return self._days[self._position(day)][3]

    def is_provisional(self, day: date) -> bool:
        return self._days[self._position(day)][4]

    def any_provisional(self, first: date, last: date) -> bool:
        """Whether a day from `first` to `last`, both included, may still change with an announcement."""
        self._position(first)
        self._position(last)
        found = bisect_left(self._provisional_days, first)
        return found < len(self._provisional_days) and self._provisional_days[found] <= last

    def ordinal(self, day: date) -> int:
        """Working days from the first day of the calendar up to and including `day`."""
        return self._ordinals[self._position(day)]

    def working_days_after(self, start: date, n: int) -> date:
        """The n-th working day after `start`, which is not counted whether people work on it or not."""
        if n < 1:
            raise ValueError("工作日数须为不小于 1 的整数。")
        wanted = self.ordinal(start) + n
        if wanted > len(self._workdays):
            raise CalendarOutOfRange(
                f"工作日历止于 {self.last:%Y-%m-%d}，算不出 {start:%Y-%m-%d} 之后第 {n} 个工作日，请先补充工作日历。"
            )
        return self._workdays[wanted - 1]

    def working_days_before(self, end: date, n: int) -> date:
        """The n-th working day strictly before `end`; before a working day, n working days are left on it."""
        if n < 1:
            raise ValueError("工作日数须为不小于 1 的整数。")
        wanted = self.ordinal(end) - self.is_workday(end) - n
        if wanted < 0:
            raise CalendarOutOfRange(
                f"工作日历始于 {self.first:%Y-%m-%d}，算不出 {end:%Y-%m-%d} 之前第 {n} 个工作日，请先补充工作日历。"
            )
        return self._workdays[wanted]

    def working_days_between(self, a: date, b: date) -> int:
        """Working days after `a` up to and including `b`; negative when `b` is before `a` (逾期)."""
        return self.ordinal(b) - self.ordinal(a)

    def next_workday(self, day: date) -> date:
        """The first working day strictly after `day`."""
        return self.working_days_after(day, 1)

    def workday_on_or_after(self, day: date) -> date:
        """`day` itself when people work on it, else the next working day (民法典 203)."""
        return day if self.is_workday(day) else self.next_workday(day)

    def nth_workday_of_month(self, year: int, month: int, n: int) -> date:
        """The n-th working day of a month (月通报)."""
        first = date(year, month, 1)
        before = self.ordinal(first) - self.is_workday(first)
        if n < 1:
            raise ValueError("工作日数须为不小于 1 的整数。")
        if before + n > len(self._workdays):
            raise CalendarOutOfRange(f"工作日历止于 {self.last:%Y-%m-%d}，算不出 {year} 年 {month} 月第 {n} 个工作日。")
        found = self._workdays[before + n - 1]
        if (found.year, found.month) != (year, month):
            raise ValueError(f"{year} 年 {month} 月没有第 {n} 个工作日。")
        return found

    def last_workday_of_week(self, day: date) -> date | None:
        """The last working day of the week (Monday to Sunday) of `day`; None when the whole week is off."""
        monday = day - timedelta(days=day.weekday())
        for offset in range(6, -1, -1):
            candidate = monday + timedelta(days=offset)
            if self.is_workday(candidate):
                return candidate
        return None

    def _position(self, day: date) -> int:
        position = (day - self.first).days
        if not 0 <= position < len(self._days):
            raise CalendarOutOfRange(
                f"{day:%Y-%m-%d} 不在工作日历范围（{self.first:%Y-%m-%d} 至 {self.last:%Y-%m-%d}）内，请先补充工作日历。"
            )
        return position


_cached: tuple[str, WorkCalendar] | None = None
