"""X5: which period a day lies in and by when its filing is due, against a count that shares nothing with the product."""

import re
from calendar import monthrange
from datetime import date, datetime, timedelta

import pytest
from chinese_calendar import is_workday
from hypothesis import given
from hypothesis import strategies as st

from deadlines.calendar import WorkCalendar
from deadlines.calendar_data import calendar_rows
from deadlines.periods import Every, HalfYearly, Monthly, Quarterly, Weekly, Yearly, parse_every
from deadlines.terms import SHANGHAI, Placed, describe, due, explain, parse
from organisations.profile import _SCHEDULE

CALENDAR = WorkCalendar.from_rows(calendar_rows())
NOON = datetime(2026, 1, 1, 12, tzinfo=SHANGHAI)
DAYS = st.dates(date(2018, 2, 1), date(2026, 10, 31))
ONE = timedelta(days=1)
# What people write: how often, the text form, the words.
WRITTEN = [
    (Weekly(), "W", "每周最后一个工作日前"),
    (Monthly(day=3, after=True), "M+3", "每月，次月 3 日前"),
    (Monthly(workday=5, after=True), "M+W5", "每月，次月第 5 个工作日前"),
    (Monthly(day=25, roll=True), "M25R", "每月 25 日前（逢休息日顺延）"),
    (Monthly(day=3, after=True, inclusive=False), "M+3X", "每月，次月 3 日前（不含当日）"),
    (Quarterly(month=1, day=10, roll=True, after=True), "Q+1-10R", "每季度终了后第 1 个月 10 日前（逢休息日顺延）"),
    (HalfYearly(month=1, day=15, after=True), "H+1-15", "每半年终了后第 1 个月 15 日前"),
    (Yearly(month=1, day=31), "Y1-31", "每年 1 月 31 日前"),
    (Yearly(month=3, workday=2, after=True), "Y+3-W2", "每年，次年 3 月第 2 个工作日前"),
]
everies = st.one_of(
    st.just(Weekly()),
    st.builds(Monthly, day=st.integers(1, 31), roll=st.booleans(), after=st.booleans()),
    st.builds(Monthly, workday=st.integers(1, 15), after=st.booleans()),
    st.builds(Quarterly, month=st.integers(1, 3), day=st.integers(2, 31), inclusive=st.booleans(), after=st.booleans()),
    st.builds(HalfYearly, month=st.integers(1, 6), day=st.integers(1, 31), roll=st.booleans(), after=st.booleans()),
    st.builds(Yearly, month=st.integers(1, 12), day=st.integers(1, 31), roll=st.booleans()),
    st.builds(Yearly, month=st.integers(1, 12), workday=st.integers(1, 15)),
)


def oracle_key(every: Every, day: date) -> str:
    match type(every).__name__:
        case "Weekly":
            thursday = day + timedelta(days=3 - day.weekday())  # the week belongs to the year of its Thursday
            return f"{thursday.year}-W{(thursday - date(thursday.year, 1, 1)).days // 7 + 1:02d}"
        case "Monthly":
            return day.strftime("%Y-%m")
        case "Quarterly":
            return f"{day.year}-Q{'111222333444'[day.month - 1]}"
        case "HalfYearly":
            return f"{day.year}-H{'1' if day.month < 7 else '2'}"
    return str(day.year)


def oracle_due(every: Every, first: date, last: date) -> date:
    """Walks day by day through a second source of the working days."""
    if isinstance(every, Weekly):
        for offset in range(7):
            if is_workday(last - offset * ONE):
                return last - offset * ONE
        day = last
        while not is_workday(day):
            day += ONE
        return day
    day = last + ONE if every.after else first
    for _ in range(every.month - 1):
        day += timedelta(days=monthrange(day.year, day.month)[1])
    if every.workday:
        left = every.workday
        while True:
            left -= is_workday(day)
            if left == 0:
                return day
            day += ONE
    month = day.month
    for _ in range(every.day - 1):
        if (day + ONE).month == month:
            day += ONE
    if not every.inclusive:
        day -= ONE
    while every.roll and not is_workday(day):
        day += ONE
    return day


@given(everies, DAYS)
def test_x5_every_day_lies_in_one_period_and_periods_follow_one_another(every: Every, day: date) -> None:
    period = every.period_of(day)
    assert period.key == oracle_key(every, day)
    assert period.first <= day <= period.last
    assert oracle_key(every, period.first - ONE) != period.key != oracle_key(every, period.last + ONE)
    assert every.period_of(period.first) == period == every.period_of(period.last)
    assert every.next(period).first == period.last + ONE
    assert every.before(every.next(period)) == period


@given(everies, st.dates(date(2018, 2, 1), date(2025, 6, 30)))
def test_x5_due_day_of_a_period(every: Every, day: date) -> None:
    period = every.period_of(day)
    term = every.placed(period)
    when = due(term, NOON, CALENDAR)
    assert when.due_on == oracle_due(every, period.first, period.last)
    assert when.due_at == datetime.combine(when.due_on + ONE, datetime.min.time(), tzinfo=SHANGHAI)
    assert when.due_on >= every.opens_on(period)
    assert parse(str(term)) == term
    assert len(str(term)) <= 20
    told = explain(term, NOON, CALENDAR)
    assert [row.date for row in told.rows if row.is_last] == [when.due_on]
    assert str(when.due_on) in told.sentence
    assert parse_every(str(every)) == every


@pytest.mark.parametrize(
    ("every", "day", "due_on", "words"),
    [
        # 国庆: Saturday 10-10 is worked, so the week of 10-05 ends with it.
        (Weekly(), date(2026, 10, 8), date(2026, 10, 10), "2026 年第 41 周"),
        # 2026-02-15 to 23 is off: the whole week of 02-16 has no working day, the first after it is Tuesday.
        (Weekly(), date(2026, 2, 18), date(2026, 2, 24), "2026 年第 8 周"),
        (Monthly(day=3, after=True), date(2026, 9, 30), date(2026, 10, 3), "2026 年 9 月"),
        (Monthly(workday=5, after=True), date(2026, 9, 1), date(2026, 10, 13), "2026 年 9 月"),
        (Yearly(month=1, day=31), date(2026, 5, 5), date(2026, 1, 31), "2026 年"),
        (Quarterly(month=1, day=10, roll=True, after=True), date(2026, 8, 1), date(2026, 10, 10), "2026 年第三季度"),
        (Quarterly(month=1, day=10, roll=True, after=True), date(2025, 12, 31), date(2026, 1, 12), "2025 年第四季度"),
        (HalfYearly(month=1, day=15, after=True), date(2026, 3, 1), date(2026, 7, 15), "2026 年上半年"),
        (HalfYearly(month=2, day=30, after=True), date(2026, 7, 1), date(2027, 2, 28), "2026 年下半年"),
        (Monthly(day=3, after=True, inclusive=False), date(2026, 9, 1), date(2026, 10, 2), "2026 年 9 月"),
    ],
)
def test_x5_days_that_people_would_argue_about(every: Every, day: date, due_on: date, words: str) -> None:
    period = every.period_of(day)
    assert (due(every.placed(period), NOON, CALENDAR).due_on, period.words) == (due_on, words)


@pytest.mark.parametrize(("every", "text", "words"), WRITTEN)
def test_x5_text_form_of_a_period(every: Every, text: str, words: str) -> None:
    assert (str(every), every.words(), parse_every(text)) == (text, words, every)
    assert re.fullmatch(_SCHEDULE, text), "a district may write it"


@pytest.mark.parametrize(
    "text", ["", "W5", "M", "M+", "M0", "M32", "MW16", "Q10", "Q4-10", "H7-1", "Y13-1", "M1X", "MW5X", "MW5R", "M+03"]
)
def test_x5_text_that_is_no_period_is_refused_by_both_readers(text: str) -> None:
    assert not re.fullmatch(_SCHEDULE, text)
    if text not in {"Q10"}:  # the first month may be left out in the program, never in the file
        with pytest.raises(ValueError, match=r"周期写法|期限写法|没有可以报送|不再顺延|须且只须"):
            parse_every(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ON2026-10-03", "2026-10-03 前"),
        ("ON2026-10-10R", "2026-10-10 前（逢休息日顺延）"),
        ("ON2026-10-01W5", "2026-10-01 起第 5 个工作日"),
        ("ON2026-10-11L", "2026-10-05 至 2026-10-11 一周的最后一个工作日"),
    ],
)
def test_x5_text_form_of_a_placed_term(text: str, words: str) -> None:
    term = parse(text)
    assert (str(term), describe(term)) == (text, words)


@pytest.mark.parametrize("text", ["ON2026-10-10L", "ON2026-13-01", "ON2026-10-01W", "ON2026-10-01W0", "ON2026-10-01RL"])
def test_x5_no_placed_term(text: str) -> None:
    with pytest.raises(ValueError):
        parse(text)


def test_x5_a_placed_term_is_provisional_where_an_announcement_can_move_it() -> None:
    plain = due(Placed(date(2027, 10, 3)), NOON, CALENDAR)
    rolled = due(Placed(date(2027, 10, 3), "R"), NOON, CALENDAR)
    counted = due(Placed(date(2026, 12, 31), "W", 3), NOON, CALENDAR)
    week = due(Placed(date(2027, 1, 3), "L"), NOON, CALENDAR)
    assert [plain.provisional, rolled.provisional, counted.provisional, week.provisional] == [False, True, True, True]
    assert not due(Placed(date(2026, 10, 11), "L"), NOON, CALENDAR).provisional
