"""X5: who owes a filing has a row for it before it is due, once, with the date of the calendar; who stops owing has none."""

from datetime import date, timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent, Heartbeat
from audit.services import digest_of
from deadlines.calendar import WorkCalendar
from deadlines.models import CalendarDay, Deadline, Filing
from deadlines.services.expected import expect
from deadlines.services.reminders import sweep
from deadlines.tasks import expect as tick
from deadlines.terms import due, parse
from organisations.models import Enterprise
from organisations.services.changes import decide_change, propose_change
from organisations.services.units import succeed_unit
from records.models import Case, CaseCounter
from tests.deadlines.recurring_world import (
    BULLETIN,
    COMMITTEE,
    EVERY_KIND,
    HALF,
    MONTHLY,
    QUARTERLY,
    WEEKLY,
    YEARLY,
    clock_of,
    declared,
    owed,
)
from tests.factories import at, make_actor, make_district, make_enterprise, make_unit, unit_of
from tests.risks.builders import risk_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_font")]
NOW = at("2026-09-10 09:00")


def station(**more) -> Enterprise:
    return make_enterprise(name=more.pop("name", "蚌埠市燕山加油站有限公司"), **more)


def test_x5_an_expected_filing_is_a_case_with_its_clock_before_it_is_due():
    enterprise = station()
    with declared(MONTHLY):
        result = expect(at=NOW)
        filing = Filing.objects.get(period="2026-09")
        clock, case = clock_of(filing), filing.case
        assert (clock.rule.label, clock.state_at(NOW)) == ("测试报表", "open")
    assert (result.made, result.lapsed, Filing.objects.count()) == (1, 0, 1)
    assert (filing.owner_unit, filing.first_on, filing.last_on, filing.opens_on) == (
        enterprise.unit,
        date(2026, 9, 1),
        date(2026, 9, 30),
        date(2026, 10, 1),
    )
    assert (case.kind, case.number, case.title, case.state) == (
        "filing",
        "CS-2026-09-0001",
        "2026 年 9 月测试报表",
        "expected",
    )
    assert (case.responsible_unit, case.lead_unit) == (enterprise.unit, unit_of("区应急管理局"))
    assert (case.township, case.sector, case.opened_on) == (enterprise.township, enterprise.sector, date(2026, 9, 10))
    # 10-03 is in the feast and stays: the notice says 每月 3 日前.
    assert (clock.terms, clock.occurrence, clock.due_on) == ("ON2026-10-03", "2026-09", date(2026, 10, 3))
    assert (clock.started_at, clock.due_at) == (at("2026-10-01"), at("2026-10-04"))
    assert (clock.owner_unit, clock.supervising_unit, clock.provisional) == (enterprise.unit, case.lead_unit, False)
    assert case.next_due_at == clock.due_at
    event = AuditEvent.objects.get(name="deadlines.expected")
    assert (event.case_id, event.district_code, event.subject_kind, event.subject_id) == (
        None,
        "340303",
        "rule",
        "test.monthly",
    )
    told = {
        "rule": "test.monthly",
        "label": "测试报表",
        "clause": "二（一）1",
        "period": "2026-09",
        "terms": "ON2026-10-03",
    }
    assert event.data == told | {"due_on": "2026-10-03", "count": 1, "owners": digest_of(str(enterprise.unit_id))}


def test_x5_run_again_it_makes_nothing_and_later_only_what_is_new():
    station()
    with declared(*EVERY_KIND):
        first = expect(at=NOW)
        numbers = set(Case.objects.filter(kind="filing").values_list("number", flat=True))
        again = expect(at=NOW + timedelta(minutes=5))
        station(name="蚌埠市雪华加油站有限公司")
        newcomer = expect(at=NOW + timedelta(hours=1))
    assert first.made == len(numbers) == 9
    assert (again.made, again.lapsed) == (0, 0)
    assert (newcomer.made, len(owed(MONTHLY))) == (1, 2)
    assert CaseCounter.objects.filter(kind="filing").count() == 1
    assert CaseCounter.objects.get(kind="filing").last == first.made + newcomer.made


def test_x5_every_scope_owes_what_it_should():
    make_district()
    for name, more in {
        "运行高危": {"is_high_risk": True},
        "运行普通": {},
        "停产": {"operation": "stopped"},
        "歇业": {"operation": "suspended"},
        "关闭": {"operation": "closed"},
        "待明确": {"enforcer": None},
    }.items():
        station(name=name, **more)
    foreign = make_district(code="340302", name="禹会区")
    station(name="外区", district=foreign)
    risk_in("graded", at=NOW)
    risk_in("closed", at=at("2026-06-01 10:00"))
    with declared(*EVERY_KIND):
        expect(at=NOW)
        here = {rule.key: owed(rule) for rule in EVERY_KIND}
    ours = Filing.objects.filter(case__district__code="340303")
    enterprises = sorted(str(f.owner_unit) for f in ours.filter(rule_key=MONTHLY.key))
    assert set(enterprises) >= {"运行高危", "运行普通", "待明确"}
    assert not set(enterprises) & {"停产", "歇业", "关闭", "外区"}
    assert "外区" in here[MONTHLY.key]
    assert here[HALF.key] == []  # 2026-H2 is due in January, further ahead than its rows are made
    # The receiving unit does not report to itself; areas that the development zone runs report to that.
    for rule, names in {
        BULLETIN: ["区市场监管局", "区应急管理局", "区住建交通委"],
        QUARTERLY: ["纬二路街道", "雪华乡", "燕山乡"],
        COMMITTEE: ["区安委办", "区安委办"],
        WEEKLY: ["区应急管理局", "区应急管理局"],
        YEARLY: [],
    }.items():
        found = ours.filter(rule_key=rule.key).select_related("owner_unit").order_by("owner_unit__sort_key")
        assert sorted(str(f.owner_unit) for f in found) == sorted(names), rule.key
    undetermined = ours.get(rule_key=MONTHLY.key, owner_unit__name="待明确").case
    assert undetermined.lead_unit == unit_of("区应急管理局")
    committee = ours.filter(rule_key=COMMITTEE.key).first().case
    assert (committee.lead_unit, committee.sector, committee.township.name) == (unit_of("区纪委监委"), None, "蚌山区")
    assert {d.township.name for d in Deadline.objects.filter(rule_key=QUARTERLY.key)} == {
        "纬二路街道",
        "雪华乡",
        "燕山乡",
    } | ({d.township.name for d in Deadline.objects.filter(rule_key=QUARTERLY.key, district=foreign)})


def test_x5_periods_and_dates_are_those_of_the_calendar_in_python():
    """What the statement reads from the rows is what the terms count, for every kind of rule over half a year."""
    station(is_high_risk=True)
    risk_in("graded", at=NOW)
    with declared(*EVERY_KIND):
        expect(at=NOW, until=date(2027, 3, 20))
        calendar = WorkCalendar.load()
        clocks = list(Deadline.objects.filter(case__kind="filing").select_related("case__filing"))
        for clock in clocks:
            when = due(parse(clock.terms), clock.started_at, calendar)
            assert (clock.due_on, clock.due_at, clock.provisional) == (when.due_on, when.due_at, when.provisional)
    periods = {rule.key: sorted({f.period for f in Filing.objects.filter(rule_key=rule.key)}) for rule in EVERY_KIND}
    assert periods[MONTHLY.key] == ["2026-09", "2026-10", "2026-11", "2026-12", "2027-01", "2027-02"]
    assert periods[QUARTERLY.key] == ["2026-Q3", "2026-Q4"]
    assert periods[HALF.key] == ["2026-H2"]
    assert periods[YEARLY.key] == ["2027"]
    assert periods[COMMITTEE.key] == ["2026-09", "2026-10", "2026-11", "2026-12", "2027-01", "2027-02", "2027-03"]
    assert (periods[WEEKLY.key][0], periods[WEEKLY.key][-1], len(periods[WEEKLY.key])) == ("2026-W37", "2027-W10", 27)
    assert {c.due_on for c in clocks if c.rule_key == WEEKLY.key} >= {date(2026, 9, 20), date(2026, 10, 10)}
    assert any(c.provisional for c in clocks)


def test_x5_number_of_statements_does_not_grow_with_who_owes():
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            expect(at=NOW)
        return len(queries)

    station()
    with declared(MONTHLY):
        one = asked()
        Filing.objects.all()._raw_delete(using="default")
        Deadline.objects.all()._raw_delete(using="default")
        for n in range(30):
            station(name=f"加油站 {n}")
        assert asked() == one
        with CaptureQueriesContext(connection) as queries:
            expect(at=at("2026-10-25 09:00"))
        making = [q["sql"] for q in queries if "INSERT INTO deadlines_filing" in q["sql"]]
    assert len(making) == 2  # October, due 11-03, and November, due 12-03
    assert Filing.objects.filter(period="2026-10").count() == 31


def test_x5_after_an_outage_the_periods_in_between_are_made_and_older_ones_never():
    enterprise = station()
    with declared(MONTHLY):
        expect(at=at("2026-05-01 09:00"))
        assert sorted(f.period for f in Filing.objects.all()) == ["2026-04", "2026-05"]
        expect(at=at("2026-09-10 09:00"))
    assert sorted(f.period for f in Filing.objects.all()) == [f"2026-{m:02d}" for m in (4, 5, 6, 7, 8, 9)]
    late = clock_of(Filing.objects.get(period="2026-07"))
    assert (late.due_on, late.state_at(at("2026-09-10 09:00"))) == (date(2026, 8, 3), "overdue")
    assert Case.objects.get(pk=late.case_id).responsible_unit == enterprise.unit


def test_x5_who_was_not_there_does_not_owe():
    make_district()
    make_unit(short_name="新设局", valid_from=date(2026, 10, 1))
    make_unit(short_name="月底设立局", valid_from=date(2026, 9, 30))
    make_unit(short_name="已撤局", valid_to=date(2026, 9, 9))
    make_unit(short_name="将撤局", valid_to=date(2026, 9, 29))
    with declared(BULLETIN):
        expect(at=NOW)
        names = owed(BULLETIN, "2026-09")
    assert "月底设立局" in names
    assert not {"新设局", "已撤局", "将撤局"} & set(names)


@pytest.mark.parametrize(("operation", "overdue_too"), [("stopped", False), ("suspended", False), ("closed", True)])
def test_x5_who_stops_or_closes_owes_nothing_any_more(operation, overdue_too):
    enterprise = station()
    with declared(MONTHLY):
        expect(at=at("2026-08-20 09:00"))
        change = propose_change(
            enterprise=enterprise,
            kind="status",
            to_operation=operation,
            effective_on=date(2026, 9, 10),
            reason="停业",
            actor=make_actor("bureau_handler"),
            at=NOW,
        )
        decide_change(change=change, approve=True, note="", actor=make_actor("township_handler", "燕山乡"), at=NOW)
        result = expect(at=NOW)
        assert expect(at=NOW + timedelta(hours=1)).lapsed == 0
        late, ahead = Filing.objects.order_by("period")
    # August was due on 09-03 and is overdue; September is not due yet.
    assert (late.period, ahead.period) == ("2026-08", "2026-09")
    assert result.lapsed == 1 + overdue_too
    ended = clock_of(ahead)
    assert (ended.cancelled_at, ended.cancel_reason) == (NOW, "报送期前已不再属于应报单位")
    assert (ahead.case.state, ahead.case.closed_on, ahead.case.next_due_at) == ("lapsed", date(2026, 9, 10), None)
    assert [e.name for e in AuditEvent.objects.filter(case_id=ahead.pk).order_by("case_seq")] == [
        "deadlines.filing_lapsed",
        "deadlines.cancelled",
    ]
    if overdue_too:
        closed = clock_of(late)
        assert (late.case.state, closed.cancel_reason) == ("lapsed", "单位已关闭或撤销")
        assert closed.is_late_at(NOW), "ending it does not hide that it had run out"
    else:
        assert (late.case.state, clock_of(late).state_at(NOW)) == ("expected", "overdue")


def test_x5_who_runs_again_owes_again():
    enterprise = station()
    with declared(MONTHLY):
        expect(at=NOW)
        Enterprise.objects.update(operation="stopped")
        expect(at=NOW)
        Enterprise.objects.update(operation="running")
        assert expect(at=NOW).made == 1
    found = Filing.objects.filter(period="2026-09", owner_unit=enterprise.unit).order_by("pk")
    assert [f.case.state for f in found] == ["lapsed", "expected"]
    assert [f.case.number for f in found] == ["CS-2026-09-0001", "CS-2026-09-0002"]


def test_x5_a_successor_takes_over_what_is_owed_and_owes_a_period_once():
    make_district()
    old, other = make_unit(short_name="旧局"), unit_of("区市场监管局")
    new = make_unit(short_name="新局", valid_from=date(2026, 10, 1))
    first_of_october = at("2026-10-01 09:00")
    with declared(BULLETIN):
        expect(at=NOW)
        count = Filing.objects.filter(lapsed_at=None).count()
        for successor in (new, other):
            unit = old if successor == new else new
            succeed_unit(
                unit=unit,
                successor=successor,
                on=date(2026, 9, 30) if successor == new else date(2026, 10, 2),
                basis="机构改革方案",
                close_posts=False,
                actor=make_actor("system_admin"),
                at=first_of_october,
            )
            expect(at=first_of_october)
            if successor == new:
                moved = Filing.objects.get(owner_unit=new, period="2026-09")
                assert (moved.case.responsible_unit, clock_of(moved).owner_unit) == (new, new)
                assert not Filing.objects.filter(owner_unit=old).exists()
                assert Filing.objects.filter(lapsed_at=None, period="2026-09").count() == count
    moved.refresh_from_db()
    assert (moved.case.state, clock_of(moved).cancel_reason) == ("lapsed", f"由承接单位{other}一并报送")
    assert Filing.objects.filter(owner_unit=other, period="2026-09", lapsed_at=None).count() == 1
    told = AuditEvent.objects.filter(case_id=moved.pk).order_by("case_seq")
    assert [e.name for e in told] == ["records.case_moved", "deadlines.filing_lapsed", "deadlines.cancelled"]


def test_x5_a_calendar_that_ends_too_soon_holds_up_only_what_needs_it():
    station()
    make_district()
    CalendarDay.objects.filter(date__gt=date(2026, 10, 2)).delete()
    with declared(MONTHLY, BULLETIN):
        expect(at=NOW)
    assert [f.period for f in Filing.objects.all()] == ["2026-09"]


def test_x5_a_district_may_file_at_other_times():
    district = make_district()
    district.profile = {"schedules": {"supervisory_report": "M+5"}}
    district.save()
    expect(at=NOW)
    clock = Deadline.objects.get(rule_key="deadlines.supervisory_report", occurrence="2026-09")
    assert (clock.terms, clock.title) == ("ON2026-10-05", "2026 年 9 月安全生产情况报告")


def test_x5_reminders_need_no_special_code():
    unit = unit_of("区安委办")
    officer = make_actor("committee_officer", unit)
    expect(at=NOW)
    assert sweep(at=at("2026-10-10 09:00")).fired == 1
    clock = Deadline.objects.get(rule_key="deadlines.supervisory_report")
    assert (clock.owner_unit, clock.due_on) == (unit, date(2026, 10, 10))
    assert clock.notices.get().person == officer.person


def test_x5_the_tick_and_the_command(settings, capsys):
    settings.BUSINESS_NOW = "2026-09-10T09:00:00+08:00"
    make_district()
    tick()
    beat = Heartbeat.objects.get(name="expect")
    assert (beat.scanned, beat.fired) == (1, 1)
    call_command("expect", "--until", "2027-01-31")
    assert capsys.readouterr().out == "核对 2 期，生成 1 项，不再应报 0 项\n"
    with pytest.raises(CommandError, match="日期“2027-13-01”无法识别"):
        call_command("expect", "--until", "2027-13-01")
