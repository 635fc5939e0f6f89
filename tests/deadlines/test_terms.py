"""Terms (X5): their text, their ends, and the explanation of the day."""

from datetime import UTC, date, datetime, time, timedelta

import chinese_calendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deadlines.calendar import CalendarOutOfRange, WorkCalendar
from deadlines.calendar_data import calendar_rows
from deadlines.terms import (
    SHANGHAI,
    CalendarDays,
    Hours,
    Months,
    OnDate,
    Row,
    WorkingDays,
    describe,
    due,
    explain,
    parse,
)

CALENDAR = WorkCalendar.from_rows(calendar_rows())

TERMS = st.one_of(
    st.builds(WorkingDays, st.integers(1, 9999)),
    st.builds(CalendarDays, st.integers(1, 9999), roll=st.booleans()),
    st.builds(Months, st.integers(1, 9999), roll=st.booleans()),
    st.builds(Hours, st.integers(1, 9999)),
    st.just(OnDate()),
)


def day(text: str) -> date:
    return date.fromisoformat(text)


def at(text: str) -> datetime:
    """A moment given in Shanghai time; a bare date is ten in the morning."""
    moment = datetime.fromisoformat(text if "T" in text else f"{text}T10:00")
    return moment.replace(tzinfo=SHANGHAI)


@given(TERMS)
def test_x5_text_round_trip(term):
    assert parse(str(term)) == term


@pytest.mark.parametrize(
    ("term", "text", "words"),
    [
        (WorkingDays(3), "WD3", "3 个工作日"),
        (CalendarDays(30), "D30", "30 日"),
        (CalendarDays(30, roll=True), "D30R", "30 日（末日逢休息日顺延）"),
        (Months(12), "M12", "12 个月"),
        (Months(1, roll=True), "M1R", "1 个月（末日逢休息日顺延）"),
        (Hours(24), "H24", "24 小时"),
        (OnDate(), "ON", "按指定日期"),
    ],
)
def test_x5_text_and_words(term, text, words):
    assert str(term) == text
    assert parse(text) == term
    assert describe(term) == words


@pytest.mark.parametrize(
    "text", ["", "WD", "WD0", "WD03", "WD3R", "H1R", "ONR", "wd3", "D-1", "M1.5", "WD3 ", "WD３", "D10000"]
)
def test_x5_other_texts_are_refused(text):
    with pytest.raises(ValueError, match="期限"):
        parse(text)


@pytest.mark.parametrize("kind", [WorkingDays, CalendarDays, Months, Hours])
def test_x5_a_term_of_no_length_is_refused(kind):
    with pytest.raises(ValueError, match="期限须为"):
        kind(0)


@pytest.mark.parametrize(
    ("start", "n", "expected"),
    [("2018-09-28", 3, "2018-10-08"), ("2018-10-06", 3, "2018-10-10"), ("2026-09-30", 3, "2026-10-10")],
)
def test_x5_working_days_end_with_the_last_day(start, n, expected):
    result = due(WorkingDays(n), at(start), CALENDAR)
    assert (result.due_on, result.provisional) == (day(expected), False)
    assert result.due_at == datetime.combine(day(expected) + timedelta(days=1), time.min, tzinfo=SHANGHAI)


def test_x5_day_zero_is_the_shanghai_day_whatever_the_hour():
    first = datetime(2018, 9, 27, 16, 0, tzinfo=UTC)  # 09-28 00:00 in Shanghai
    last = datetime(2018, 9, 28, 15, 59, 59, tzinfo=UTC)  # 09-28 23:59:59
    assert {due(WorkingDays(3), moment, CALENDAR).due_on for moment in (first, last)} == {day("2018-10-08")}
    assert due(WorkingDays(1), first - timedelta(seconds=1), CALENDAR).due_on == day("2018-09-28")
    assert due(WorkingDays(3), first, CALENDAR).due_at == datetime(2018, 10, 8, 16, 0, tzinfo=UTC)
    with pytest.raises(ValueError, match="时区"):
        due(WorkingDays(3), first.replace(tzinfo=None), CALENDAR)


@pytest.mark.parametrize(
    ("start", "n", "plain", "rolled"),
    [
        ("2018-09-01", 30, "2018-10-01", "2018-10-08"),
        ("2026-08-18", 45, "2026-10-02", "2026-10-08"),
        ("2025-12-04", 30, "2026-01-03", "2026-01-04"),  # to a make-up Sunday
        ("2026-09-10", 30, "2026-10-10", "2026-10-10"),  # a make-up Saturday is no day off
        ("2026-11-02", 12, "2026-11-14", "2026-11-16"),  # an ordinary weekend
    ],
)
def test_x5_calendar_days_roll_only_when_the_rule_says_so(start, n, plain, rolled):
    assert due(CalendarDays(n), at(start), CALENDAR).due_on == day(plain)
    assert due(CalendarDays(n, roll=True), at(start), CALENDAR).due_on == day(rolled)


@pytest.mark.parametrize(
    ("start", "n", "roll", "expected"),
    [
        ("2026-01-31", 1, False, "2026-02-28"),
        ("2024-01-31", 1, False, "2024-02-29"),
        ("2024-02-29", 12, False, "2025-02-28"),
        ("2026-02-28", 1, False, "2026-03-28"),
        ("2025-11-30", 3, False, "2026-02-28"),
        ("2025-12-15", 12, False, "2026-12-15"),
        ("2026-03-31", 6, False, "2026-09-30"),
        ("2026-09-01", 1, True, "2026-10-08"),
        ("2026-09-10", 1, True, "2026-10-10"),
    ],
)
def test_x5_months_end_on_the_corresponding_day_or_month_end(start, n, roll, expected):
    assert due(Months(n, roll=roll), at(start), CALENDAR).due_on == day(expected)


def test_x5_hours_run_from_the_minute():
    result = due(Hours(24), at("2026-09-30T14:12:45"), CALENDAR)
    assert result.due_at == at("2026-10-01T14:12")
    assert (result.due_on, result.provisional) == (day("2026-10-01"), False)
    assert due(Hours(1), at("2026-12-31T23:30"), CALENDAR).due_at == at("2027-01-01T00:30")


def test_x5_a_date_given_by_the_case():
    result = due(OnDate(), at("2026-09-30"), CALENDAR, on=day("2026-12-25"))
    assert (result.due_on, result.due_at) == (day("2026-12-25"), at("2026-12-26T00:00"))
    with pytest.raises(ValueError, match="缺少到期日期"):
        due(OnDate(), at("2026-09-30"), CALENDAR)
    with pytest.raises(ValueError, match="早于起算日"):
        due(OnDate(), at("2026-09-30"), CALENDAR, on=day("2026-09-29"))


def test_x4_reaching_an_unannounced_year_is_provisional():
    reaching = due(WorkingDays(20), at("2026-12-10"), CALENDAR)
    assert (reaching.due_on, reaching.provisional) == (day("2027-01-08"), True)
    assert explain(WorkingDays(20), at("2026-12-10"), CALENDAR).provisional
    assert not due(WorkingDays(20), at("2026-11-23"), CALENDAR).provisional
    assert due(CalendarDays(60, roll=True), at("2026-11-23"), CALENDAR).provisional
    # These dates do not depend on any announcement.
    assert not due(CalendarDays(60), at("2026-11-23"), CALENDAR).provisional
    assert not due(OnDate(), at("2026-11-23"), CALENDAR, on=day("2027-03-01")).provisional


def test_x4_an_explanation_into_an_unannounced_year_says_so():
    explanation = explain(WorkingDays(3), at("2026-12-30"), CALENDAR)
    assert [(row.date.isoformat(), row.reason) for row in explanation.rows] == [
        ("2026-12-30", "起算日，当日不计"),
        ("2026-12-31", "工作日"),
        ("2027-01-01", "元旦放假（暂定），不计"),
        ("2027-01-02", "周六休息（暂定），不计"),
        ("2027-01-03", "周日休息（暂定），不计"),
        ("2027-01-04", "节后首个工作日（暂定）"),
        ("2027-01-05", "工作日（暂定），到期"),
    ]
    assert explanation.sentence.endswith("其间放假安排尚未公布，此日期为暂定。")


def test_x4_beyond_the_calendar_raises_and_never_guesses():
    for term in (WorkingDays(3), CalendarDays(30, roll=True), Months(1, roll=True)):
        with pytest.raises(CalendarOutOfRange):
            due(term, at("2030-12-30"), CALENDAR)
        with pytest.raises(CalendarOutOfRange):
            explain(term, at("2030-12-30"), CALENDAR)
    # No working day and no roll in it: certain without a calendar.
    assert due(Months(36), at("2029-05-31"), CALENDAR).due_on == day("2032-05-31")
    assert explain(CalendarDays(30), at("2030-12-30"), CALENDAR).rows[-1].date == day("2031-01-29")


def test_x5_the_panel_reads_like_the_design():
    explanation = explain(WorkingDays(3), at("2026-09-30T16:40"), CALENDAR, event="研判结论签署")
    holiday = [Row(date(2026, 10, number), None, "国庆节放假，不计", counted=False) for number in range(1, 8)]
    assert explanation.rows == (
        Row(date(2026, 9, 30), None, "起算：研判结论签署，当日不计", counted=False),
        *holiday,
        Row(date(2026, 10, 8), 1, "节后首个工作日", counted=True),
        Row(date(2026, 10, 9), 2, "工作日", counted=True),
        Row(date(2026, 10, 10), 3, "周六，调休上班，到期", counted=True, is_last=True),
    )
    assert explanation.sentence == (
        "自 2026-09-30（周三）起算，当日不计，第 3 个工作日为 2026-10-10（周六，调休上班），当日 24 时届满。"
    )
    assert explanation.sources == ("国务院办公厅关于2026年部分节假日安排的通知（国办发明电〔2025〕7号）",)
    assert not explanation.provisional


def test_x5_an_ordinary_weekend_in_the_panel():
    explanation = explain(WorkingDays(2), at("2026-11-20"), CALENDAR)
    assert [row.reason for row in explanation.rows] == [
        "起算日，当日不计",
        "周六休息，不计",
        "周日休息，不计",
        "工作日",
        "工作日，到期",
    ]
    assert explanation.sources == ()


def test_x5_a_rolled_end_is_explained_day_by_day():
    explanation = explain(CalendarDays(30, roll=True), at("2018-09-01"), CALENDAR)
    assert [row.count for row in explanation.rows] == [None, *range(1, 31), *[None] * 7]
    tail = [(row.date.isoformat(), row.reason) for row in explanation.rows[30:]]
    assert tail[0] == ("2018-10-01", "第 30 日，国庆节放假，顺延")
    assert tail[1] == ("2018-10-02", "国庆节放假，继续顺延")
    assert tail[-1] == ("2018-10-08", "节后首个工作日，顺延至此，到期")
    assert [row.is_last for row in explanation.rows] == [False] * 37 + [True]
    assert "第 30 日为 2018-10-01（周一，国庆节放假），逢休息日顺延至 2018-10-08（周一）" in explanation.sentence


def test_x5_long_calendar_terms_are_folded():
    explanation = explain(CalendarDays(60), at("2026-09-01"), CALENDAR)
    assert explanation.rows == (
        Row(day("2026-09-01"), None, "起算日，当日不计", counted=False),
        Row(day("2026-09-02"), None, "…（第 1 至 59 日）", counted=True, until=day("2026-10-30")),
        Row(day("2026-10-31"), 60, "第 60 日，到期", counted=True, is_last=True),
    )
    months = explain(Months(1), at("2026-01-31"), CALENDAR).rows
    assert months[-1] == Row(day("2026-02-28"), None, "满 1 个月，无对应日，取月末日，到期", counted=True, is_last=True)


def test_x5_hours_and_given_dates_are_explained():
    hours = explain(Hours(24), at("2026-09-30T14:12"), CALENDAR)
    assert [row.reason for row in hours.rows] == ["起算日，自 14:12 起计", "满 24 小时，14:12 到期"]
    assert hours.sentence == "自 2026-09-30 14:12 起满 24 小时，2026-10-01 14:12 届满。"
    given_date = explain(OnDate(), at("2026-09-30"), CALENDAR, on=day("2026-12-25"))
    assert given_date.sentence == "指定期限为 2026-12-25（周五），当日 24 时届满。"
    assert [row.date for row in given_date.rows] == [day("2026-09-30"), day("2026-12-25")]


@settings(max_examples=150, deadline=None)
@given(st.dates(date(2018, 1, 1), date(2026, 6, 30)), st.integers(1, 60))
def test_x5_property_the_explanation_ends_on_the_due_day_and_counts_up_to_n(start, n):
    moment = datetime.combine(start, time(9), tzinfo=SHANGHAI)
    rows = explain(WorkingDays(n), moment, CALENDAR).rows
    assert [row.date for row in rows] == [start + timedelta(days=offset) for offset in range(len(rows))]
    assert [row.count for row in rows if row.counted] == list(range(1, n + 1))
    assert [row.date for row in rows if row.is_last] == [rows[-1].date]
    assert rows[-1].date == due(WorkingDays(n), moment, CALENDAR).due_on
    for row in rows[1:]:
        assert row.counted == chinese_calendar.is_workday(row.date)
        assert row.reason.endswith("不计") != row.counted


@settings(max_examples=150, deadline=None)
@given(
    st.dates(date(2018, 1, 1), date(2025, 12, 31)),
    st.one_of(
        st.builds(CalendarDays, st.integers(1, 100), roll=st.booleans()),
        st.builds(Months, st.integers(1, 12), roll=st.booleans()),
    ),
)
def test_x5_property_calendar_terms_end_where_they_say(start, term):
    moment = datetime.combine(start, time(9), tzinfo=SHANGHAI)
    result = due(term, moment, CALENDAR)
    rows = explain(term, moment, CALENDAR).rows
    assert rows[-1].is_last
    assert [row.is_last for row in rows[:-1]] == [False] * (len(rows) - 1)
    assert rows[-1].date == result.due_on
    covered = []
    for row in rows:
        covered += [
            row.date + timedelta(days=offset) for offset in range(((row.until or row.date) - row.date).days + 1)
        ]
    assert covered == [start + timedelta(days=offset) for offset in range((result.due_on - start).days + 1)]
    if term.roll:
        assert chinese_calendar.is_workday(result.due_on)
