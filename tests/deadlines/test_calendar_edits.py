"""X4: an edit of the calendar moves open deadlines, all of them and no others, once, and says so."""

import json
from calendar import monthrange
from datetime import date, datetime, time, timedelta
from itertools import count

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.bulk import Entry, record_many
from audit.clock import SHANGHAI
from audit.models import AuditEvent, AuditUnsealed
from audit.sealing import seal
from audit.services import SYSTEM, record
from audit.verification import verify
from deadlines.calendar import WorkCalendar
from deadlines.models import CalendarDay, CalendarEdit, Deadline, DeadlineMove, LedgerEntry, LedgerRequest, Notice
from deadlines.replay import replay
from deadlines.services import recompute
from deadlines.services.calendar_apply import PreviewOutdated, apply
from deadlines.services.calendar_draft import (
    CalendarRefused,
    NewDay,
    compare_again,
    discard,
    draft_days,
    draft_year,
)
from deadlines.terms import NEVER, Due, due, parse
from records.models import Case
from tests.factories import at, make_actor
from tests.risks.builders import registered, risk_in

pytestmark = pytest.mark.django_db
NOW = at("2026-11-24 10:00")
INVENTED = "关于2027年部分节假日安排的通知（样例，非真实文件）"
ONE_DAY = timedelta(days=1)
_serial = count(1)


def day(text: str) -> date:
    return date.fromisoformat(text)


def off(*texts: str, name: str = "元旦") -> list[NewDay]:
    return [NewDay(day(text), False, name, INVENTED) for text in texts]


def worked(*texts: str, name: str = "元旦调休") -> list[NewDay]:
    return [NewDay(day(text), True, name, INVENTED) for text in texts]


def clocks(case: Case, *terms: str, started: datetime = NOW, due_on: date | None = None, **fields) -> list[Deadline]:
    """Clocks of these terms as the engine would have started them, on the calendar of now; or due on a given day."""
    calendar, made = WorkCalendar.load(), []
    for text in terms:
        if due_on:
            when = Due(due_on, datetime.combine(due_on + ONE_DAY, time.min, tzinfo=SHANGHAI), provisional=False)
        else:
            when = due(parse(text), started, calendar, on=day("2027-01-01") if text == "ON" else None)
        values = {
            "rule_key": "risks.handover",
            "terms": text,
            "named_on": when.due_on if text == "ON" else None,
            "case": case,
            "occurrence": f"sample-{next(_serial)}",
            "title": case.title,
            "started_at": started,
            "due_at": when.due_at,
            "due_on": when.due_on,
            "provisional": when.provisional,
            "owner_unit": case.lead_unit,
            "responsible_unit": case.responsible_unit,
            "township": case.township,
            "district": case.district,
        }
        made.append(Deadline(**(values | fields)))
    return Deadline.objects.bulk_create(made)


def admin():
    return make_actor("system_admin")


def new_year(actor, *, listed=None) -> CalendarEdit:
    """2027 as nobody announced it: New Year from Friday to Sunday, Monday 4 January worked as before."""
    listed = listed or [*off("2026-12-31", "2027-01-01"), *worked("2026-12-26"), *off("2027-10-01", name="国庆节")]
    return draft_year(year=2027, source=INVENTED, listed=listed, file_name="样例.xlsx", actor=actor, at=NOW)


def seen(edit, actor) -> tuple[int, int]:
    counts = recompute.counts(edit, district_id=actor.district_id, today=NOW.date())
    return counts.moved, counts.settled


def put_through(edit, actor) -> CalendarEdit:
    return apply(edit, seen=seen(edit, actor), actor=actor, at=NOW)


@pytest.fixture
def scene():
    return registered(at=NOW)


# terms, start, before, after
MOVED = [
    ("WD25", "2026-11-24 10:00", "2026-12-29", "2026-12-28"),
    ("WD27", "2026-11-24 10:00", "2026-12-31", "2026-12-30"),
    ("WD28", "2026-11-24 10:00", "2027-01-04", "2027-01-04"),
    ("D32R", "2026-11-24 10:00", "2026-12-28", "2026-12-26"),
    ("D37R", "2026-11-24 10:00", "2026-12-31", "2027-01-04"),
    ("M1R", "2026-11-26 10:00", "2026-12-28", "2026-12-26"),
    ("M1R", "2026-11-30 23:59", "2026-12-30", "2026-12-30"),
    ("D37", "2026-11-24 10:00", "2026-12-31", "2026-12-31"),
    ("M1", "2026-11-30 10:00", "2026-12-30", "2026-12-30"),
    ("H888", "2026-11-24 10:00", "2026-12-31", "2026-12-31"),
    ("ON", "2026-11-24 10:00", "2027-01-01", "2027-01-01"),
]
# Days of the year, as expected filings have them: terms, before, after
PLACED_MOVED = [
    ("ON2026-12-27L", "2026-12-25", "2026-12-26"),
    ("ON2027-01-03L", "2026-12-31", "2026-12-30"),
    ("ON2026-12-31R", "2026-12-31", "2027-01-04"),
    ("ON2026-12-26W3", "2026-12-30", "2026-12-29"),
    ("ON2026-12-31", "2026-12-31", "2026-12-31"),
]


@pytest.mark.parametrize(("terms", "before", "after"), PLACED_MOVED)
def test_x4_an_expected_filing_moves_with_its_day(scene, terms, before, after):
    (clock,) = clocks(scene.case, terms, due_on=day(before))
    actor = admin()
    put_through(new_year(actor), actor)
    clock.refresh_from_db()
    assert clock.due_on == day(after)


@pytest.mark.parametrize(("terms", "started", "before", "after"), MOVED)
def test_x4_a_clock_moves_by_its_terms(scene, terms, started, before, after):
    (clock,) = clocks(scene.case, terms, started=at(started))
    assert clock.due_on == day(before)
    due_at = clock.due_at
    actor = admin()
    put_through(new_year(actor), actor)
    clock.refresh_from_db()
    assert clock.due_on == day(after)
    if before == after:
        assert clock.due_at == due_at
    else:
        assert clock.due_at == datetime.combine(day(after) + ONE_DAY, time.min, tzinfo=SHANGHAI)


def test_x4_closed_clocks_never_move(scene):
    open_, met, cancelled = clocks(scene.case, "WD27", "WD27", "WD27")
    Deadline.objects.filter(pk=met.pk).update(met_at=NOW)
    Deadline.objects.filter(pk=cancelled.pk).update(cancelled_at=NOW, cancel_reason="样例")
    actor = admin()
    put_through(new_year(actor), actor)
    after = dict(Deadline.objects.values_list("pk", "due_on"))
    assert [after[d.pk] for d in (open_, met, cancelled)] == [day("2026-12-30"), day("2026-12-31"), day("2026-12-31")]
    assert list(DeadlineMove.objects.values_list("deadline", flat=True)) == [open_.pk]


def test_x4_announced_days_stop_being_provisional_without_moving(scene):
    (clock,) = clocks(scene.case, "WD28")
    assert (clock.due_on, clock.provisional) == (day("2027-01-04"), True)
    actor = admin()
    edit = put_through(new_year(actor), actor)
    clock.refresh_from_db()
    assert (clock.due_on, clock.provisional) == (day("2027-01-04"), False)
    assert (edit.moved, edit.settled) == (0, 1)
    told = AuditEvent.objects.get(name="deadlines.settled")
    assert (told.case_id, told.data["to"], told.data["provisional"]) == (scene.pk, "2027-01-04", False)
    assert not Notice.objects.exists()


def test_x4_applying_changes_days_spine_evidence_and_notices_together(scene):
    first, second = clocks(scene.case, "WD27", "D37R")
    actor = admin()
    edit = new_year(actor)
    assert CalendarDay.objects.get(pk="2026-12-31").is_workday
    put_through(edit, actor)
    days = {str(d.date): d for d in CalendarDay.objects.filter(pk__in=["2026-12-26", "2026-12-31", "2027-02-06"])}
    assert [(d.is_workday, d.name, d.provisional) for d in days.values()] == [
        (True, "元旦调休", False),
        (False, "元旦", False),
        (False, "", False),
    ]
    assert {d.source for d in days.values()} == {INVENTED}
    assert CalendarDay.objects.all().renumber() == 0
    assert WorkCalendar.load().ordinal(day("2026-12-26")) == days["2026-12-26"].ordinal
    assert scene.case.next_due_at == at("2026-12-31 00:00")
    events = list(AuditEvent.objects.filter(name="deadlines.moved").order_by("case_seq"))
    assert [(e.subject_id, e.data["from"], e.data["to"]) for e in events] == [
        (str(first.pk), "2026-12-31", "2026-12-30"),
        (str(second.pk), "2026-12-31", "2027-01-04"),
    ]
    assert [e.case_seq for e in AuditEvent.objects.filter(case_id=scene.pk).order_by("case_seq")] == list(
        range(1, AuditEvent.objects.filter(case_id=scene.pk).count() + 1)
    )
    applied = AuditEvent.objects.get(name="deadlines.calendar_applied")
    assert (applied.data["moved"], applied.data["digest"]) == (2, edit.days_digest)
    seal()
    assert verify().problems == []


def ledger(clock: Deadline, *entries: dict) -> None:
    """Entries as another person approved them; the row is what their replay makes of it."""
    asked, decided = make_actor("bureau_handler"), make_actor("bureau_principal")
    for entry in entries:
        request = LedgerRequest.objects.create(
            deadline=clock, reason="样例", requested_by=asked.person, requested_post=asked.post, requested_at=NOW,
            decided_by=decided.person, decided_at=NOW, is_approved=True,
            **{name: value for name, value in entry.items() if name != "effective_at"},
        )  # fmt: skip
        LedgerEntry.objects.create(
            deadline=clock, request=request, reason="样例", requested_by=asked.person, decided_by=decided.person, at=NOW,
            **({"effective_at": NOW} | entry),
        )  # fmt: skip
    when = replay(clock, clock.entries.all(), WorkCalendar.load())
    clock.due_on, clock.due_at, clock.provisional, clock.is_adjusted = when.due_on, when.due_at, when.provisional, True
    clock.suspended_at = at("2026-12-01 09:00") if when.due_at == NEVER else None
    clock.save()


def test_x4_an_extended_clock_moves_by_its_ledger(scene):
    extended, plain = clocks(scene.case, "WD20", "WD20")
    ledger(extended, {"kind": "extend", "length": "WD7"})
    assert (extended.due_on, plain.due_on) == (day("2026-12-31"), day("2026-12-22"))
    actor = admin()
    put_through(new_year(actor), actor)
    extended.refresh_from_db()
    plain.refresh_from_db()
    assert (extended.due_on, plain.due_on) == (day("2026-12-30"), day("2026-12-22"))
    assert extended.due_at == at("2026-12-31 00:00")


def test_x4_a_suspended_clock_stays_suspended(scene):
    (clock,) = clocks(scene.case, "WD27")
    ledger(clock, {"kind": "suspend", "ground": "样例", "effective_at": at("2026-12-01 09:00")})
    actor = admin()
    put_through(new_year(actor), actor)
    clock.refresh_from_db()
    assert (clock.due_on, clock.due_at) == (day("2026-12-30"), NEVER)
    when = replay(clock, clock.entries.all(), WorkCalendar.load())
    assert (clock.due_on, clock.due_at, clock.provisional) == (when.due_on, when.due_at, when.provisional)


def test_x4_owners_are_told_once_with_both_dates(scene):
    (clock,) = clocks(scene.case, "WD27")
    actor = admin()
    edit = put_through(new_year(actor), actor)
    told = Notice.objects.filter(deadline=clock)
    assert set(told.values_list("person", flat=True)) >= {scene.cast.handler.person.pk, scene.cast.head.person.pk}
    assert {(n.rung, n.text) for n in told} == {
        (f"moved-{edit.pk}", f"因{INVENTED}，到期日由 2026-12-31 改为 2026-12-30")
    }


def test_x4_a_draft_changes_nothing(scene):
    (clock,) = clocks(scene.case, "WD27")
    version = WorkCalendar.version()
    new_year(admin())
    clock.refresh_from_db()
    assert (WorkCalendar.version(), clock.due_on) == (version, day("2026-12-31"))


def test_x4_nothing_is_applied_twice(scene):
    actor = admin()
    edit = new_year(actor)
    put_through(edit, actor)
    with pytest.raises(CalendarRefused, match="已生效"):
        apply(edit, seen=(0, 0), actor=actor, at=NOW)
    assert AuditEvent.objects.filter(name="deadlines.calendar_applied").count() == 1


def test_x4_a_stale_draft_is_refused_until_it_is_compared_again(scene):
    actor = admin()
    edit = new_year(actor)
    between = draft_days(
        first=day("2026-12-28"),
        last=day("2026-12-28"),
        is_workday=False,
        name="样例",
        source="样例",
        actor=actor,
        at=NOW,
    )
    put_through(between, actor)
    with pytest.raises(CalendarRefused, match="重新比对"):
        put_through(edit, actor)
    again = compare_again(edit, actor=actor, at=NOW)
    put_through(again, actor)
    edit.refresh_from_db()
    assert (edit.state, CalendarDay.objects.get(pk="2026-12-31").name) == ("discarded", "元旦")
    # The file of 2027 says nothing about 28 December.
    assert CalendarDay.objects.get(pk="2026-12-28").name == "样例"


def test_x4_a_count_that_no_longer_holds_is_refused(scene):
    actor = admin()
    edit = new_year(actor)
    before = seen(edit, actor)
    clocks(scene.case, "WD27")
    with pytest.raises(PreviewOutdated):
        apply(edit, seen=before, actor=actor, at=NOW)
    assert CalendarDay.objects.get(pk="2026-12-31").is_workday
    assert seen(edit, actor) == (1, 0)


def test_x4_a_discarded_draft_is_not_applied(scene):
    actor = admin()
    edit = new_year(actor)
    discard(edit, actor=actor, at=NOW)
    with pytest.raises(CalendarRefused, match="已放弃"):
        put_through(edit, actor)


def test_x4_what_was_applied_cannot_be_rewritten(scene):
    clocks(scene.case, "WD27")
    actor = admin()
    edit = put_through(new_year(actor), actor)
    for rows in (CalendarEdit.objects.filter(pk=edit.pk), edit.moves.all(), edit.days.all()):
        column = {"CalendarEdit": "source", "DeadlineMove": "due_on", "CalendarEditDay": "source"}[rows.model.__name__]
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**{column: day("2026-12-01") if column == "due_on" else "别的"})
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.delete()


def test_x4_a_day_that_changes_nothing_is_no_edit():
    with pytest.raises(CalendarRefused, match="完全一样"):
        draft_days(
            first=day("2026-11-25"),
            last=day("2026-11-25"),
            is_workday=True,
            name="",
            source=CalendarDay.objects.get(pk="2026-11-25").source,
            actor=admin(),
            at=NOW,
        )


def test_x4_the_year_after_the_last_can_be_added(scene):
    actor = admin()
    edit = draft_year(year=2031, source="样例", listed=off("2031-01-01"), file_name="", actor=actor, at=NOW)
    put_through(edit, actor)
    calendar = WorkCalendar.load()
    assert (calendar.last, calendar.is_workday(day("2031-01-01"))) == (day("2031-12-31"), False)
    with pytest.raises(CalendarRefused, match="2018 至 2032"):
        draft_year(year=2033, source="样例", listed=off("2033-01-01"), file_name="", actor=actor, at=NOW)


def test_x4_a_clock_that_would_leave_the_calendar_stops_the_edit(scene):
    calendar = WorkCalendar.load()
    left = calendar.working_days_between(NOW.date(), calendar.last)
    clocks(scene.case, f"WD{left}")
    actor = admin()
    edit = draft_days(
        first=day("2030-12-30"),
        last=day("2030-12-31"),
        is_workday=False,
        name="样例",
        source="样例",
        actor=actor,
        at=NOW,
    )
    with pytest.raises(CalendarRefused, match="先载入后一年"):
        put_through(edit, actor)


def test_x4_events_in_bulk_are_byte_for_byte_those_written_one_by_one():
    scene, other = registered(at=NOW), registered(at=NOW)
    data = {"label": "“引号”\\ / \t 风险", "from": day("2026-12-31"), "n": 3, "late": False, "at": NOW}
    one = [
        record("deadlines.moved", by=SYSTEM, at=NOW, case_id=scene.pk, subject=("deadline", n), data=data)
        for n in (1, 2)
    ]
    record_many([Entry("deadlines.moved", other.pk, ("deadline", n), data) for n in (1, 2)], by=SYSTEM, at=NOW)
    many = list(AuditEvent.objects.filter(case_id=other.pk, name="deadlines.moved").order_by("case_seq"))
    assert [e.case_seq for e in many] == [e.case_seq for e in one]
    assert [e.canonical for e in many] == [e.canonical.replace(f'"case":{scene.pk}', f'"case":{other.pk}') for e in one]
    assert [json.loads(e.canonical)["data"]["label"] for e in many] == [data["label"]] * 2
    assert AuditUnsealed.objects.filter(event__in=many).count() == 2
    seal()
    assert verify().problems == []
    with pytest.raises(ValueError, match="undeclared"):
        record_many([Entry("nobody.knows", other.pk, ("", ""), {})], by=SYSTEM, at=NOW)


def test_x4_the_recomputation_takes_as_many_statements_for_many_as_for_one(scene):
    actor = admin()

    def statements(clocks_: int) -> int:
        clocks(scene.case, *["WD27"] * clocks_)
        edit = new_year(actor)
        told = seen(edit, actor)
        with transaction.atomic(), CaptureQueriesContext(connection) as queries:
            apply(edit, seen=told, actor=actor, at=NOW)
            transaction.set_rollback(True)
        return len(queries)

    assert statements(1) == statements(50)


# --- the oracle: one day after another, with nothing of the product


class Days:
    """Monday to Friday but for the exceptions; provisional in the years that nobody announced."""

    def __init__(self, exceptions: dict[date, bool], guessed: set[date]) -> None:
        self.exceptions, self.guessed = exceptions, guessed

    def worked(self, d: date) -> bool:
        return self.exceptions.get(d, d.isoweekday() not in (6, 7))

    def due(self, terms: str, begin: date) -> tuple[date, bool]:
        here, tentative = begin, begin in self.guessed
        if terms.startswith("WD"):
            left = int(terms[2:])
            while left:
                here += ONE_DAY
                tentative = tentative or here in self.guessed
                left -= self.worked(here)
            return here, tentative
        if terms.endswith("R"):
            length = int(terms[1:-1])
            if terms[0] == "D":
                for _ in range(length):
                    here += ONE_DAY
            else:
                year, month = begin.year, begin.month
                for _ in range(length):
                    year, month = (year + 1, 1) if month == 12 else (year, month + 1)
                here = date(year, month, min(begin.day, monthrange(year, month)[1]))
            tentative = here in self.guessed
            while not self.worked(here):
                here += ONE_DAY
                tentative = tentative or here in self.guessed
            return here, tentative
        raise AssertionError(terms)

    def placed(self, terms: str) -> tuple[date, bool]:
        """ON2026-10-10R the first working day from it, W3 the third from it, L the last of the week that ends on it."""
        here, how = date.fromisoformat(terms[2:12]), terms[12]
        if how == "L":
            week = [here - timedelta(days=back) for back in range(7)]
            found = next((d for d in week if self.worked(d)), None)
            tentative = any(d in self.guessed for d in week)
            while found is None or not self.worked(found):
                found = (found or here) + ONE_DAY
                tentative = tentative or found in self.guessed
            return found, tentative
        left, tentative = int(terms[13:] or 1), here in self.guessed
        while True:
            left -= self.worked(here)
            if not left:
                return here, tentative
            here += ONE_DAY
            tentative = tentative or here in self.guessed


SUNDAYS = st.integers(0, 40).map(lambda n: date(2026, 11, 29) + timedelta(weeks=n))
PLACED = st.one_of(
    st.builds("ON{}R".format, st.dates(date(2026, 11, 20), date(2028, 1, 10))),
    st.builds("ON{}W{}".format, st.dates(date(2026, 11, 20), date(2028, 1, 10)), st.integers(1, 12)),
    st.builds("ON{}L".format, SUNDAYS),
)
TERMS = st.one_of(
    st.integers(1, 90).map("WD{}".format), st.integers(1, 120).map("D{}R".format), st.integers(1, 5).map("M{}R".format)
)
STARTS = st.dates(date(2026, 9, 1), date(2027, 3, 1))
HOURS = st.times()


def test_x4_the_database_agrees_with_counting_day_by_day(scene):
    actor = admin()

    @settings(max_examples=10, deadline=None)
    @given(data=st.data())
    def agree(data):
        with transaction.atomic():
            _agree(data, scene, actor)
            transaction.set_rollback(True)

    agree()


def _agree(data, scene, actor) -> None:
    exceptions = {d.date: d.is_workday for d in CalendarDay.objects.all() if d.is_workday != (d.date.isoweekday() < 6)}
    guessed = {d.date for d in CalendarDay.objects.filter(provisional=True)}
    before = Days(dict(exceptions), set(guessed))
    drawn = data.draw(st.lists(st.tuples(TERMS, STARTS, HOURS), min_size=20, max_size=40))
    made = []
    for terms, begin, hour in drawn:
        made += clocks(scene.case, terms, started=datetime.combine(begin, hour, tzinfo=SHANGHAI))
        assert (made[-1].due_on, made[-1].provisional) == before.due(terms, begin)
    filings = data.draw(st.lists(PLACED, min_size=10, max_size=30))
    for terms in filings:
        due_on, tentative = before.placed(terms)
        made += clocks(scene.case, terms, started=at("2026-11-01 00:00"), due_on=due_on, provisional=tentative)
    closed = set(data.draw(st.lists(st.sampled_from(made), max_size=5, unique_by=lambda d: d.pk)))
    Deadline.objects.filter(pk__in=[d.pk for d in closed]).update(met_at=at("2027-12-01 10:00"))
    special = data.draw(st.dictionaries(st.dates(date(2026, 12, 1), date(2027, 12, 31)), st.booleans(), max_size=60))
    listed = [NewDay(d, is_workday, "样例", INVENTED) for d, is_workday in special.items()]
    edit = draft_year(year=2027, source=INVENTED, listed=listed, file_name="", actor=actor, at=NOW)
    put_through(edit, actor)
    kept = {d: worked_ for d, worked_ in exceptions.items() if d.year != 2027} | special
    after = Days(kept, {d for d in guessed if d.year != 2027})
    rows = Deadline.objects.in_bulk([clock.pk for clock in made])
    asked = [(terms, lambda days, t=terms, b=begin: days.due(t, b)) for terms, begin, _ in drawn]
    asked += [(terms, lambda days, t=terms: days.placed(t)) for terms in filings]
    for clock, (terms, count_on) in zip(made, asked, strict=True):
        expected = count_on(before if clock in closed else after)
        row = rows[clock.pk]
        assert (row.due_on, row.provisional) == expected, terms
        assert row.due_at.astimezone(SHANGHAI) == datetime.combine(row.due_on + ONE_DAY, time.min, tzinfo=SHANGHAI)
    nearest = min((rows[clock.pk].due_at for clock in made if clock not in closed), default=None)
    if any(move.moves_date for move in edit.moves.all()):
        assert scene.case.next_due_at == nearest


def test_x4_bringing_a_risk_through_still_works_after_an_edit(plain_font):
    actor = admin()
    put_through(new_year(actor), actor)
    scene = risk_in("graded", at=at("2026-12-29 10:00"))
    assert scene.deadline("handover").due_on == day("2027-01-05")
