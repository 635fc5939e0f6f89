"""The lengths themselves, their text form and their words."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
ONE_DAY = timedelta(days=1)
# The due moment of a clock that stands still: later than anything, so that no list, sweep or count takes it for due.
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
FOLD_OVER = 40  # rows a person still reads one by one
MAX_LENGTH = 9999


def _require_length(n: int) -> None:
    if not 1 <= n <= MAX_LENGTH:
        raise ValueError(f"期限须为 1 至 {MAX_LENGTH} 的整数。")


@dataclass(frozen=True, slots=True)
class WorkingDays:
    n: int

    def __post_init__(self) -> None:
        _require_length(self.n)

    def __str__(self) -> str:
        return f"WD{self.n}"


@dataclass(frozen=True, slots=True)
class CalendarDays:
    n: int
    roll: bool = False

    def __post_init__(self) -> None:
        _require_length(self.n)

    def __str__(self) -> str:
        return f"D{self.n}{'R' if self.roll else ''}"


@dataclass(frozen=True, slots=True)
class Months:
    n: int
    roll: bool = False

    def __post_init__(self) -> None:
        _require_length(self.n)

    def __str__(self) -> str:
        return f"M{self.n}{'R' if self.roll else ''}"


@dataclass(frozen=True, slots=True)
class Hours:
    n: int

    def __post_init__(self) -> None:
        _require_length(self.n)

    def __str__(self) -> str:
        return f"H{self.n}"


@dataclass(frozen=True, slots=True)
class OnDate:
    """The case itself names the day (治理期限)."""

    def __str__(self) -> str:
        return "ON"


@dataclass(frozen=True, slots=True)
class Placed:
    """A day of the calendar year, as an expected filing has it: the day itself is still in time (每月 3 日前).

    `how`: "" that day whatever it is; "R" the first working day from it on; "W" the n-th working day from it on; "L" the
    last working day of the week that ends on it, and when the whole week is off the first one after it.
    """

    day: date
    how: str = ""
    n: int = 0

    def __post_init__(self) -> None:
        if self.how not in {"", "R", "W", "L"} or (self.how == "W") != bool(self.n):
            raise ValueError(f"无法识别的期限写法：{self}")
        if self.how == "L" and self.day.weekday() != 6:
            raise ValueError("周期限须以周日为名义日。")

    def __str__(self) -> str:
        return f"ON{self.day}{self.how}{self.n or ''}"


Term = WorkingDays | CalendarDays | Months | Hours | OnDate | Placed


def parse(text: str) -> Term:
    """The term of a snapshot text; `str(term)` is the way back."""
    if text == "ON":
        return OnDate()
    if placed := re.fullmatch(r"ON(\d{4}-\d{2}-\d{2})(?:(R|L)|(W)([1-9][0-9]{0,2}))?", text, flags=re.ASCII):
        day, how, counted, n = placed.groups()
        return Placed(date.fromisoformat(day), how or counted or "", int(n or 0))
    found = re.fullmatch(r"(WD|H)([1-9][0-9]*)|(D|M)([1-9][0-9]*)(R?)", text, flags=re.ASCII)
    if found is None:
        raise ValueError(f"无法识别的期限写法：{text!r}")
    exact, exact_n, rolling, rolling_n, roll = found.groups()
    if exact:
        return WorkingDays(int(exact_n)) if exact == "WD" else Hours(int(exact_n))
    length = int(rolling_n)
    return CalendarDays(length, roll=bool(roll)) if rolling == "D" else Months(length, roll=bool(roll))


def describe(term: Term) -> str:
    """The term in the words of the page."""
    match term:
        case WorkingDays(n):
            return f"{n} 个工作日"
        case CalendarDays(n, roll):
            return f"{n} 日" + ("（末日逢休息日顺延）" if roll else "")
        case Months(n, roll):
            return f"{n} 个月" + ("（末日逢休息日顺延）" if roll else "")
        case Hours(n):
            return f"{n} 小时"
        case Placed(day, how, n):
            return placed_words(day, how, n)
    return "按指定日期"


def roll_words(term: Term) -> str:
    """Whether the term runs on when its last day is a day off, in words."""
    match term:
        case WorkingDays():
            return "只数工作日，末日总是工作日"
        case CalendarDays(roll=True) | Months(roll=True):
            return "末日逢休息日，顺延到下一个工作日"
        case Hours():
            return "计到分钟，休息日照计，不顺延"
        case OnDate():
            return "以指定的日期为准，逢休息日不顺延"
    return "末日逢休息日不顺延"


def placed_words(day: date, how: str, n: int) -> str:
    if how == "L":
        return f"{day - 6 * ONE_DAY} 至 {day} 一周的最后一个工作日"
    if how == "W":
        return f"{day} 起第 {n} 个工作日"
    return f"{day} 前" + ("（逢休息日顺延）" if how else "")
