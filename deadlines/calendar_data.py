"""Days off and make-up working days of mainland China, as the State Council announced them.

One `Notice` per yearly announcement, holding what that announcement says: a New Year break may begin in the December
before. Years not announced yet hold only the days the law itself fixes and are flagged provisional; when the
announcement comes out the rows are edited in the portal, and this table is extended with the next release.

Pure data: no Django, no clock. The rows of the database are made from `calendar_rows()`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

FIRST_DAY = date(2018, 1, 1)
LAST_DAY = date(2030, 12, 31)

PROVISIONAL_SOURCE = "法定节假日（放假安排尚未公布）"
# Two breaks were changed after the yearly announcement; their days point at the later document.
LABOUR_DAY_2019 = "国务院办公厅关于调整2019年劳动节假期安排的通知（国办发明电〔2019〕3号）"
SPRING_FESTIVAL_2020 = "国务院办公厅关于延长2020年春节假期的通知（国办发明电〔2020〕1号）"


@dataclass(frozen=True, slots=True)
class Break:
    """Days off in a row, both ends included; weekends inside the break belong to it."""

    name: str
    first: str
    last: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class MakeUp:
    """Weekend days on which people work in exchange for days off around `name`."""

    name: str
    days: tuple[str, ...]
    source: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """One year's arrangement; `number` is the document number, empty for a year not announced yet."""

    year: int
    number: str
    breaks: tuple[Break, ...]
    make_up: tuple[MakeUp, ...] = ()

    @property
    def provisional(self) -> bool:
        return not self.number

    @property
    def source(self) -> str:
        if self.provisional:
            return PROVISIONAL_SOURCE
        return f"国务院办公厅关于{self.year}年部分节假日安排的通知（{self.number}）"


@dataclass(frozen=True, slots=True)
class DayRow:
    """One day. `ordinal` is the number of working days from the first day of the table up to and including this one."""

    date: date
    is_workday: bool
    name: str
    source: str
    provisional: bool
    ordinal: int


NOTICES: tuple[Notice, ...] = (
    Notice(
        2018,
        "国办发明电〔2017〕12号",
        (
            Break("元旦", "2018-01-01"),
            Break("春节", "2018-02-15", "2018-02-21"),
            Break("清明节", "2018-04-05", "2018-04-07"),
            Break("劳动节", "2018-04-29", "2018-05-01"),
            Break("端午节", "2018-06-18"),
            Break("中秋节", "2018-09-24"),
            Break("国庆节", "2018-10-01", "2018-10-07"),
        ),
        (
            MakeUp("春节", ("2018-02-11", "2018-02-24")),
            MakeUp("清明节", ("2018-04-08",)),
            MakeUp("劳动节", ("2018-04-28",)),
            MakeUp("国庆节", ("2018-09-29", "2018-09-30")),
        ),
    ),
    Notice(
        2019,
        "国办发明电〔2018〕15号",
        (
            Break("元旦", "2018-12-30", "2019-01-01"),
            Break("春节", "2019-02-04", "2019-02-10"),
            Break("清明节", "2019-04-05", "2019-04-07"),
            Break("劳动节", "2019-05-01", "2019-05-04", LABOUR_DAY_2019),
            Break("端午节", "2019-06-07", "2019-06-09"),
            Break("中秋节", "2019-09-13", "2019-09-15"),
            Break("国庆节", "2019-10-01", "2019-10-07"),
        ),
        (
            MakeUp("元旦", ("2018-12-29",)),
            MakeUp("春节", ("2019-02-02", "2019-02-03")),
            MakeUp("劳动节", ("2019-04-28", "2019-05-05"), LABOUR_DAY_2019),
            MakeUp("国庆节", ("2019-09-29", "2019-10-12")),
        ),
    ),
    Notice(
        2020,
        "国办发明电〔2019〕16号",
        (
            Break("元旦", "2020-01-01"),
            Break("春节", "2020-01-24", "2020-01-30"),
            # 1 February had been a make-up working day until the break was extended because of the epidemic.
            Break("春节", "2020-01-31", "2020-02-02", SPRING_FESTIVAL_2020),
            Break("清明节", "2020-04-04", "2020-04-06"),
            Break("劳动节", "2020-05-01", "2020-05-05"),
            Break("端午节", "2020-06-25", "2020-06-27"),
            Break("国庆节、中秋节", "2020-10-01", "2020-10-08"),
        ),
        (
            MakeUp("春节", ("2020-01-19",)),
            MakeUp("劳动节", ("2020-04-26", "2020-05-09")),
            MakeUp("端午节", ("2020-06-28",)),
            MakeUp("国庆节、中秋节", ("2020-09-27", "2020-10-10")),
        ),
    ),
    Notice(
        2021,
        "国办发明电〔2020〕27号",
        (
            Break("元旦", "2021-01-01", "2021-01-03"),
            Break("春节", "2021-02-11", "2021-02-17"),
            Break("清明节", "2021-04-03", "2021-04-05"),
            Break("劳动节", "2021-05-01", "2021-05-05"),
            Break("端午节", "2021-06-12", "2021-06-14"),
            Break("中秋节", "2021-09-19", "2021-09-21"),
            Break("国庆节", "2021-10-01", "2021-10-07"),
        ),
        (
            MakeUp("春节", ("2021-02-07", "2021-02-20")),
            MakeUp("劳动节", ("2021-04-25", "2021-05-08")),
            MakeUp("中秋节", ("2021-09-18",)),
            MakeUp("国庆节", ("2021-09-26", "2021-10-09")),
        ),
    ),
    Notice(
        2022,
        "国办发明电〔2021〕11号",
        (
            Break("元旦", "2022-01-01", "2022-01-03"),
            Break("春节", "2022-01-31", "2022-02-06"),
            Break("清明节", "2022-04-03", "2022-04-05"),
            Break("劳动节", "2022-04-30", "2022-05-04"),
            Break("端午节", "2022-06-03", "2022-06-05"),
            Break("中秋节", "2022-09-10", "2022-09-12"),
            Break("国庆节", "2022-10-01", "2022-10-07"),
        ),
        (
            MakeUp("春节", ("2022-01-29", "2022-01-30")),
            MakeUp("清明节", ("2022-04-02",)),
            MakeUp("劳动节", ("2022-04-24", "2022-05-07")),
            MakeUp("国庆节", ("2022-10-08", "2022-10-09")),
        ),
    ),
    Notice(
        2023,
        "国办发明电〔2022〕16号",
        (
            Break("元旦", "2022-12-31", "2023-01-02"),
            Break("春节", "2023-01-21", "2023-01-27"),
            Break("清明节", "2023-04-05"),
            Break("劳动节", "2023-04-29", "2023-05-03"),
            Break("端午节", "2023-06-22", "2023-06-24"),
            Break("中秋节、国庆节", "2023-09-29", "2023-10-06"),
        ),
        (
            MakeUp("春节", ("2023-01-28", "2023-01-29")),
            MakeUp("劳动节", ("2023-04-23", "2023-05-06")),
            MakeUp("端午节", ("2023-06-25",)),
            MakeUp("中秋节、国庆节", ("2023-10-07", "2023-10-08")),
        ),
    ),
    Notice(
        2024,
        "国办发明电〔2023〕7号",
        (
            Break("元旦", "2023-12-30", "2024-01-01"),
            Break("春节", "2024-02-10", "2024-02-17"),
            Break("清明节", "2024-04-04", "2024-04-06"),
            Break("劳动节", "2024-05-01", "2024-05-05"),
            Break("端午节", "2024-06-10"),
            Break("中秋节", "2024-09-15", "2024-09-17"),
            Break("国庆节", "2024-10-01", "2024-10-07"),
        ),
        (
            MakeUp("春节", ("2024-02-04", "2024-02-18")),
            MakeUp("清明节", ("2024-04-07",)),
            MakeUp("劳动节", ("2024-04-28", "2024-05-11")),
            MakeUp("中秋节", ("2024-09-14",)),
            MakeUp("国庆节", ("2024-09-29", "2024-10-12")),
        ),
    ),
    Notice(
        2025,
        "国办发明电〔2024〕12号",
        (
            Break("元旦", "2025-01-01"),
            Break("春节", "2025-01-28", "2025-02-04"),
            Break("清明节", "2025-04-04", "2025-04-06"),
            Break("劳动节", "2025-05-01", "2025-05-05"),
            Break("端午节", "2025-05-31", "2025-06-02"),
            Break("国庆节、中秋节", "2025-10-01", "2025-10-08"),
        ),
        (
            MakeUp("春节", ("2025-01-26", "2025-02-08")),
            MakeUp("劳动节", ("2025-04-27",)),
            MakeUp("国庆节、中秋节", ("2025-09-28", "2025-10-11")),
        ),
    ),
    Notice(
        2026,
        "国办发明电〔2025〕7号",
        (
            Break("元旦", "2026-01-01", "2026-01-03"),
            Break("春节", "2026-02-15", "2026-02-23"),
            Break("清明节", "2026-04-04", "2026-04-06"),
            Break("劳动节", "2026-05-01", "2026-05-05"),
            Break("端午节", "2026-06-19", "2026-06-21"),
            Break("中秋节", "2026-09-25", "2026-09-27"),
            Break("国庆节", "2026-10-01", "2026-10-07"),
        ),
        (
            MakeUp("元旦", ("2026-01-04",)),
            MakeUp("春节", ("2026-02-14", "2026-02-28")),
            MakeUp("劳动节", ("2026-05-09",)),
            MakeUp("国庆节", ("2026-09-20", "2026-10-10")),
        ),
    ),
    # Not announced yet: the statutory days with their substitutes for weekends, frozen from the package `holidays`
    # 0.109 (`holidays.China`). Make-up working days are unknown, so none are guessed.
    Notice(
        2027,
        "",
        (
            Break("元旦", "2027-01-01"),
            Break("春节", "2027-02-05", "2027-02-10"),
            Break("清明节", "2027-04-05"),
            Break("劳动节", "2027-05-01", "2027-05-04"),
            Break("端午节", "2027-06-09"),
            Break("中秋节", "2027-09-15"),
            Break("国庆节", "2027-10-01", "2027-10-05"),
        ),
    ),
    Notice(
        2028,
        "",
        (
            Break("元旦", "2028-01-01"),
            Break("元旦", "2028-01-03"),
            Break("春节", "2028-01-25", "2028-01-28"),
            Break("清明节", "2028-04-04"),
            Break("劳动节", "2028-05-01", "2028-05-02"),
            Break("端午节", "2028-05-28", "2028-05-29"),
            Break("国庆节、中秋节", "2028-10-01", "2028-10-04"),
        ),
    ),
    Notice(
        2029,
        "",
        (
            Break("元旦", "2029-01-01"),
            Break("春节", "2029-02-12", "2029-02-15"),
            Break("清明节", "2029-04-04"),
            Break("劳动节", "2029-05-01", "2029-05-02"),
            Break("端午节", "2029-06-16"),
            Break("端午节", "2029-06-18"),
            Break("中秋节", "2029-09-22"),
            Break("中秋节", "2029-09-24"),
            Break("国庆节", "2029-10-01", "2029-10-03"),
        ),
    ),
    Notice(
        2030,
        "",
        (
            Break("元旦", "2030-01-01"),
            Break("春节", "2030-02-02", "2030-02-07"),
            Break("清明节", "2030-04-05"),
            Break("劳动节", "2030-05-01", "2030-05-02"),
            Break("端午节", "2030-06-05"),
            Break("中秋节", "2030-09-12"),
            Break("国庆节", "2030-10-01", "2030-10-03"),
        ),
    ),
)


def _span(first: date, last: date) -> Iterator[date]:
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


def calendar_rows() -> Iterator[DayRow]:
    """Every day from `FIRST_DAY` to `LAST_DAY`, in order."""
    special: dict[date, tuple[bool, str, str]] = {}
    for notice in NOTICES:
        for pause in notice.breaks:
            first = date.fromisoformat(pause.first)
            for day in _span(first, date.fromisoformat(pause.last) if pause.last else first):
                special[day] = (False, pause.name, pause.source or notice.source)
        for make_up in notice.make_up:
            for text in make_up.days:
                special[date.fromisoformat(text)] = (True, f"{make_up.name}调休", make_up.source or notice.source)
    by_year = {notice.year: notice for notice in NOTICES}
    ordinal = 0
    for day in _span(FIRST_DAY, LAST_DAY):
        notice = by_year[day.year]
        is_workday, name, source = special.get(day, (day.weekday() < 5, "", notice.source))
        ordinal += is_workday
        yield DayRow(day, is_workday, name, source, notice.provisional, ordinal)
