"""Periods for which something is filed again and again, and the day of each by which it is due.

An `Every` says how often and by when (每月 3 日前报上月的: `Monthly(day=3, after=True)`); its text form (`M+3`) is how a
district profile writes it. A `Period` is one of them by its key (`2026-10`). Nothing here reads the clock or the database.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

from deadlines.terms import Placed

ONE_DAY = timedelta(days=1)
_NUMERALS = "一二三四"


@dataclass(frozen=True, slots=True)
class Period:
    """`key` is what the ledger keeps as the occurrence; `words` what people read. Both days are within it."""

    key: str
    first: date
    last: date
    words: str


@dataclass(frozen=True)
class Every:
    """How often and by when. Use one of the kinds below.

    The day counts from the first of a month: of the period's own n-th `month`, or with `after` of the n-th month after it.
    `workday` instead of `day`: the n-th working day of that month. `roll`: a day off gives way to the next working day.
    `inclusive=False` where a text excludes the day that it names. A month too short for the day ends with its last.
    """

    day: int = 0
    workday: int = 0
    month: int = 1
    roll: bool = False
    inclusive: bool = True
    after: bool = False

    letter: ClassVar[str] = ""
    months: ClassVar[int] = 0
    often: ClassVar[str] = ""

    def __post_init__(self) -> None:
        if bool(self.day) == bool(self.workday):
            raise ValueError("须且只须写明一个：第几日，或第几个工作日。")
        if not (0 <= self.day <= 31 and 0 <= self.workday <= 15 and 1 <= self.month <= max(self.months, 1)):
            raise ValueError(f"期限写法超出范围：{self}")
        if self.workday and (self.roll or not self.inclusive):
            raise ValueError("按工作日计的，不再顺延，也不另扣除当日。")
        if self.day == 1 and not self.inclusive:
            raise ValueError("1 日前且不含当日，没有可以报送的日子。")

    def __str__(self) -> str:
        month = f"{self.month}-" if self.months > 1 else ""
        day = f"W{self.workday}" if self.workday else f"{self.day}{'R' if self.roll else ''}"
        return f"{self.letter}{'+' if self.after else ''}{month}{day}{'' if self.inclusive else 'X'}"

    def period_of(self, day: date) -> Period:
        """The period that `day` lies in."""
        number = (day.month - 1) // self.months
        first = date(day.year, number * self.months + 1, 1)
        return Period(self._key(day.year, number), first, _months_on(first, self.months) - ONE_DAY, self._words(first))

    def next(self, period: Period) -> Period:
        return self.period_of(period.last + ONE_DAY)

    def before(self, period: Period) -> Period:
        return self.period_of(period.first - ONE_DAY)

    def opens_on(self, period: Period) -> date:
        """From this day on it can be filed: what happened in a period is told when it is over."""
        return period.last + ONE_DAY if self.after else period.first

    def placed(self, period: Period) -> Placed:
        """The term of this period's filing."""
        first = _months_on(self.opens_on(period), self.month - 1)
        if self.workday:
            return Placed(first, "W", self.workday)
        last = monthrange(first.year, first.month)[1]
        day = first.replace(day=min(self.day, last)) - (timedelta() if self.inclusive else ONE_DAY)
        return Placed(day, "R" if self.roll else "")

    def words(self) -> str:
        """每季度终了后第 1 个月 10 日前（逢休息日顺延）, for the page of the rule."""
        head = self.often + self._month_words()
        if self.workday:
            return f"{head}第 {self.workday} 个工作日前"
        edge = "前" if self.inclusive else "前（不含当日）"
        return f"{head} {self.day} 日{edge}" + ("（逢休息日顺延）" if self.roll else "")

    def _month_words(self) -> str:
        return f"{'终了后' if self.after else ''}第 {self.month} 个月"

    def _key(self, year: int, number: int) -> str:
        raise NotImplementedError

    def _words(self, first: date) -> str:
        raise NotImplementedError


@dataclass(frozen=True)
class Weekly(Every):
    """By the last working day of the week, a make-up Saturday or Sunday included. Weeks are ISO weeks."""

    letter = "W"
    often = "每周"

    def __post_init__(self) -> None:
        if (self.day, self.workday, self.month, self.roll, self.inclusive, self.after) != (0, 0, 1, False, True, False):
            raise ValueError("每周一次的，只有“当周最后一个工作日前”一种写法。")

    def __str__(self) -> str:
        return "W"

    def period_of(self, day: date) -> Period:
        year, week, weekday = day.isocalendar()
        monday = day - timedelta(days=weekday - 1)
        return Period(f"{year}-W{week:02d}", monday, monday + timedelta(days=6), f"{year} 年第 {week} 周")

    def placed(self, period: Period) -> Placed:
        return Placed(period.last, "L")

    def words(self) -> str:
        return "每周最后一个工作日前"


@dataclass(frozen=True)
class Monthly(Every):
    letter = "M"
    months = 1
    often = "每月"

    def _month_words(self) -> str:
        return "，次月" if self.after else ""

    def _key(self, year: int, number: int) -> str:
        return f"{year}-{number + 1:02d}"

    def _words(self, first: date) -> str:
        return f"{first.year} 年 {first.month} 月"


@dataclass(frozen=True)
class Quarterly(Every):
    letter = "Q"
    months = 3
    often = "每季度"

    def _key(self, year: int, number: int) -> str:
        return f"{year}-Q{number + 1}"

    def _words(self, first: date) -> str:
        return f"{first.year} 年第{_NUMERALS[first.month // 3]}季度"


@dataclass(frozen=True)
class HalfYearly(Every):
    letter = "H"
    months = 6
    often = "每半年"

    def _key(self, year: int, number: int) -> str:
        return f"{year}-H{number + 1}"

    def _words(self, first: date) -> str:
        return f"{first.year} 年{'上' if first.month == 1 else '下'}半年"


@dataclass(frozen=True)
class Yearly(Every):
    letter = "Y"
    months = 12
    often = "每年"

    def _month_words(self) -> str:
        return f"{'，次年' if self.after else ''} {self.month} 月"

    def _key(self, year: int, number: int) -> str:
        return f"{year}"

    def _words(self, first: date) -> str:
        return f"{first.year} 年"


_KINDS: dict[str, type[Every]] = {kind.letter: kind for kind in (Monthly, Quarterly, HalfYearly, Yearly)}
_TEXT = re.compile(r"([MQHY])(\+?)(?:([1-9][0-9]?)-)?(?:W([1-9][0-9]?)|([1-9][0-9]?)(R?))(X?)", flags=re.ASCII)


def parse_every(text: str) -> Every:
    """The `Every` of a text form; `str(every)` is the way back."""
    if text == "W":
        return Weekly()
    found = _TEXT.fullmatch(text)
    if found is None:
        raise ValueError(f"无法识别的周期写法：{text!r}")
    letter, after, month, workday, day, roll, exclusive = found.groups()
    every = _KINDS[letter](
        day=int(day or 0),
        workday=int(workday or 0),
        month=int(month or 1),
        roll=bool(roll),
        inclusive=not exclusive,
        after=bool(after),
    )
    if str(every) != text:
        raise ValueError(f"无法识别的周期写法：{text!r}")
    return every


def _months_on(first: date, months: int) -> date:
    """The first of the month so many months on."""
    years, month = divmod(first.month - 1 + months, 12)
    return date(first.year + years, month + 1, 1)
