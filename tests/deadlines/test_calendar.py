"""The working calendar (X4): the announced years, the provisional ones, and counting on both."""

import io
import json
import random
from datetime import date, timedelta

import chinese_calendar
import holidays
import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from deadlines.calendar import CalendarOutOfRange, WorkCalendar
from deadlines.calendar_data import FIRST_DAY, LAST_DAY, PROVISIONAL_SOURCE, calendar_rows
from deadlines.models.calendar import CalendarDay

ROWS = list(calendar_rows())
CALENDAR = WorkCalendar.from_rows(ROWS)
ONE_DAY = timedelta(days=1)

# The fact sheet's vectors: start, n, n-th working day after it.
VECTORS = [
    ("2018-09-28", 3, "2018-10-08"),
    ("2018-10-06", 3, "2018-10-10"),
    ("2018-10-09", 10, "2018-10-23"),
    ("2019-01-25", 10, "2019-02-13"),
    ("2020-01-23", 3, "2020-02-05"),
    ("2021-09-17", 3, "2021-09-23"),
    ("2023-04-28", 10, "2023-05-16"),
    ("2024-02-08", 10, "2024-02-28"),
    ("2025-01-24", 7, "2025-02-10"),
    ("2026-02-13", 3, "2026-02-25"),
    ("2026-09-30", 20, "2026-11-03"),
]


def day(text: str) -> date:
    return date.fromisoformat(text)


def all_days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]


@pytest.mark.parametrize(("start", "n", "expected"), VECTORS)
def test_x4_working_days_after_matches_the_fact_sheet(start, n, expected):
    assert CALENDAR.working_days_after(day(start), n) == day(expected)


def test_x4_every_announced_day_equals_the_independent_package():
    days = all_days(date(2018, 1, 1), date(2026, 12, 31))
    assert [d for d in days if CALENDAR.is_workday(d) != chinese_calendar.is_workday(d)] == []
    assert not any(CALENDAR.is_provisional(d) for d in days)


@pytest.mark.parametrize("year", [2027, 2028, 2029, 2030])
def test_x4_unannounced_years_are_statutory_days_and_weekends_and_provisional(year):
    statutory = holidays.China(years=year)
    days = all_days(date(year, 1, 1), date(year, 12, 31))
    expected = {d: d.weekday() < 5 and d not in statutory for d in days}
    assert {d: CALENDAR.is_workday(d) for d in days} == expected
    assert all(CALENDAR.is_provisional(d) for d in days)
    assert {CALENDAR.source(d) for d in days} == {PROVISIONAL_SOURCE}
    assert sorted(d for d in days if CALENDAR.name(d)) == sorted(statutory)


def test_x4_rows_are_every_day_once_with_the_cumulative_count():
    assert [row.date for row in ROWS] == all_days(FIRST_DAY, LAST_DAY)
    count = 0
    for row in ROWS:
        count += row.is_workday
        assert row.ordinal == count
    departures = [row for row in ROWS if row.is_workday != (row.date.weekday() < 5)]
    assert len(departures) > 200
    assert [row for row in departures if not row.name] == []


def test_x4_names_and_sources_follow_the_announcement():
    assert CALENDAR.name(day("2025-10-06")) == "国庆节、中秋节"
    assert CALENDAR.name(day("2023-09-29")) == "中秋节、国庆节"
    assert CALENDAR.name(day("2026-10-10")) == "国庆节调休"
    assert CALENDAR.name(day("2026-10-11")) == ""
    assert CALENDAR.source(day("2026-10-10")) == "国务院办公厅关于2026年部分节假日安排的通知（国办发明电〔2025〕7号）"
    # Announced for the year after: the break begins in December.
    assert "2019年部分节假日" in CALENDAR.source(day("2018-12-31"))
    assert "延长2020年春节假期" in CALENDAR.source(day("2020-02-01"))
    assert "调整2019年劳动节" in CALENDAR.source(day("2019-05-05"))


def days_after_oracle(start: date, n: int) -> date:
    """One day at a time over the independent package: shares no code or data with the engine."""
    current = start
    while n:
        current += ONE_DAY
        if chinese_calendar.is_workday(current):
            n -= 1
    return current


@settings(max_examples=300, deadline=None)
@given(st.dates(date(2018, 1, 2), date(2026, 3, 31)), st.integers(1, 120))
def test_x4_property_look_up_equals_the_day_by_day_loop(start, n):
    due = CALENDAR.working_days_after(start, n)
    assert due == days_after_oracle(start, n)
    assert CALENDAR.working_days_between(start, due) == n
    assert CALENDAR.working_days_between(due, start) == -n
    left = CALENDAR.working_days_before(due, n)
    assert CALENDAR.is_workday(left)
    assert CALENDAR.working_days_between(left, due) == n


def test_x4_days_left_and_days_late():
    due = day("2026-10-10")
    assert CALENDAR.working_days_between(day("2026-09-30"), due) == 3
    assert CALENDAR.working_days_between(day("2026-10-05"), due) == 3
    assert CALENDAR.working_days_between(due, due) == 0
    assert CALENDAR.working_days_between(day("2026-10-11"), due) == 0
    assert CALENDAR.working_days_between(day("2026-10-13"), due) == -2


def test_x4_neighbouring_working_days():
    assert CALENDAR.next_workday(day("2026-10-09")) == day("2026-10-10")
    assert CALENDAR.next_workday(day("2026-09-30")) == day("2026-10-08")
    assert CALENDAR.workday_on_or_after(day("2026-01-04")) == day("2026-01-04")
    assert CALENDAR.workday_on_or_after(day("2026-10-11")) == day("2026-10-12")
    assert CALENDAR.working_days_before(day("2026-10-10"), 3) == day("2026-09-30")
    assert CALENDAR.working_days_before(day("2026-10-04"), 1) == day("2026-09-30")


@pytest.mark.parametrize(
    ("year", "month", "n", "expected"),
    [
        (2026, 10, 1, "2026-10-08"),
        (2026, 10, 5, "2026-10-13"),
        (2026, 9, 1, "2026-09-01"),
        (2020, 2, 5, "2020-02-07"),
        (2018, 1, 1, "2018-01-02"),
    ],
)
def test_x5_nth_working_day_of_the_month(year, month, n, expected):
    assert CALENDAR.nth_workday_of_month(year, month, n) == day(expected)


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("2026-09-28", "2026-09-30"),  # the break begins on Thursday
        ("2026-10-05", "2026-10-10"),  # Saturday is worked
        ("2026-09-20", "2026-09-20"),  # Sunday is worked
        ("2026-11-25", "2026-11-27"),
        ("2026-02-18", None),  # the whole week is off
    ],
)
def test_x5_last_working_day_of_the_week(inside, expected):
    assert CALENDAR.last_workday_of_week(day(inside)) == (day(expected) if expected else None)


def test_x5_a_month_without_that_many_working_days_is_refused():
    with pytest.raises(ValueError, match="2026 年 2 月没有第 20 个工作日"):
        CALENDAR.nth_workday_of_month(2026, 2, 20)
    with pytest.raises(CalendarOutOfRange, match="止于 2030-12-31"):
        CALENDAR.nth_workday_of_month(2030, 12, 40)


@pytest.mark.parametrize("outside", [FIRST_DAY - ONE_DAY, LAST_DAY + ONE_DAY, date(1999, 1, 1)])
def test_x4_days_outside_the_calendar_raise_and_never_guess(outside):
    asks = [
        lambda: CALENDAR.is_workday(outside),
        lambda: CALENDAR.name(outside),
        lambda: CALENDAR.is_provisional(outside),
        lambda: CALENDAR.working_days_after(outside, 1),
        lambda: CALENDAR.working_days_between(day("2026-01-01"), outside),
        lambda: CALENDAR.next_workday(outside),
        lambda: CALENDAR.any_provisional(day("2026-01-01"), outside),
    ]
    for ask in asks:
        with pytest.raises(CalendarOutOfRange, match="不在工作日历范围"):
            ask()
    with pytest.raises(CalendarOutOfRange, match="算不出"):
        CALENDAR.working_days_after(LAST_DAY, 1)
    with pytest.raises(CalendarOutOfRange, match="算不出"):
        CALENDAR.working_days_before(FIRST_DAY, 1)


@pytest.mark.parametrize("n", [0, -1])
def test_x4_a_count_below_one_is_refused(n):
    with pytest.raises(ValueError, match="不小于 1"):
        CALENDAR.working_days_after(day("2026-01-05"), n)


def test_x4_rows_with_a_gap_a_double_or_none_at_all_are_refused():
    assert WorkCalendar.from_rows(random.Random(4).sample(ROWS, len(ROWS))).last == LAST_DAY
    with pytest.raises(CalendarOutOfRange, match="不连续"):
        WorkCalendar.from_rows(ROWS[:100] + ROWS[101:])
    with pytest.raises(CalendarOutOfRange, match="不连续"):
        WorkCalendar.from_rows([*ROWS[:100], ROWS[50]])
    with pytest.raises(CalendarOutOfRange, match="没有数据"):
        WorkCalendar.from_rows([])


@pytest.fixture
def stored(db):
    """The calendar as rows, whatever the database was born with."""
    CalendarDay.objects.all().delete()
    fields = ("date", "is_workday", "name", "source", "provisional", "ordinal")
    CalendarDay.objects.bulk_create([CalendarDay(**{field: getattr(row, field) for field in fields}) for row in ROWS])


def workdays(*arguments: str) -> str:
    out = io.StringIO()
    call_command("workdays", *arguments, stdout=out)
    return out.getvalue()


def test_x4_the_database_look_up_agrees_with_the_fact_sheet(stored):
    for start, n, expected in VECTORS:
        assert CalendarDay.objects.working_day_after(day(start), n).date == day(expected)
    assert CalendarDay.objects.working_day_after(LAST_DAY, 1) is None


def test_x4_an_edit_is_seen_by_the_next_load_and_recounted(stored, django_assert_num_queries):
    before = WorkCalendar.load()
    assert before.working_days_after(day("2026-12-30"), 2) == day("2027-01-04")
    with django_assert_num_queries(1):
        assert WorkCalendar.load() is before
    CalendarDay.objects.filter(pk=day("2027-01-04")).update(is_workday=False, name="元旦")
    after = WorkCalendar.load()
    assert after.working_days_after(day("2026-12-30"), 2) == day("2027-01-05")
    assert CalendarDay.objects.renumber() == (LAST_DAY - day("2027-01-03")).days
    assert CalendarDay.objects.renumber() == 0
    assert CalendarDay.objects.working_day_after(day("2026-12-30"), 2).date == day("2027-01-05")
    assert before.is_workday(day("2027-01-04"))


def test_x4_the_database_refuses_a_departure_without_a_name_or_a_day_without_source(stored):
    sunday, tuesday = CalendarDay.objects.filter(pk=day("2026-11-22")), CalendarDay.objects.filter(pk=day("2026-11-24"))
    for rows, change in [
        (sunday, {"is_workday": True}),
        (tuesday, {"is_workday": False}),
        (tuesday, {"source": ""}),
    ]:
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**change)
    assert tuesday.update(is_workday=False, name="临时放假") == 1


def test_x4_command_answers_in_json(stored):
    answer = json.loads(workdays("2018-09-28", "3", "--json"))
    rows = answer.pop("explanation")
    assert answer == {"start": "2018-09-28", "days": 3, "due": "2018-10-08", "provisional": False}
    assert rows[0] == {"date": "2018-09-28", "counted": False, "count": None, "reason": "起算日，当日不计"}
    assert rows[1] == {"date": "2018-09-29", "counted": True, "count": 1, "reason": "周六，调休上班"}
    assert rows[-1] == {"date": "2018-10-08", "counted": True, "count": 3, "reason": "节后首个工作日，到期"}
    assert json.loads(workdays("2026-12-10", "20", "--json"))["provisional"] is True


def test_x4_command_prints_a_table(stored):
    lines = workdays("2026-09-30", "3").splitlines()
    assert lines[1] == "2026-09-30 三   –  起算日，当日不计"
    assert lines[2] == "2026-10-01 四   –  国庆节放假，不计"
    assert lines[11] == "2026-10-10 六   3  周六，调休上班，到期"
    assert lines[-1].startswith("自 2026-09-30（周三）起算，当日不计，第 3 个工作日为 2026-10-10")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "请给出起算日和工作日数"),
        (("2018-09-28",), "请给出工作日数"),
        (("20180928", "3"), "不是有效日期"),
        (("2018-02-30", "3"), "不是有效日期"),
        (("2018-09-28", "0"), "不合规定"),
        (("2018-09-28", "三"), "须为不小于 1 的整数"),
        (("2018-09-28", "1.5"), "须为不小于 1 的整数"),
        (("2017-09-28", "3"), "不在工作日历范围"),
        (("2030-12-31", "1"), "算不出"),
    ],
)
def test_x4_command_answers_bad_input_in_chinese(stored, arguments, message):
    with pytest.raises(CommandError, match=message):
        workdays(*arguments)


def test_x4_command_says_when_the_calendar_is_empty(stored):
    CalendarDay.objects.all().delete()
    with pytest.raises(CommandError, match="工作日历没有数据"):
        workdays("2018-09-28", "3")
