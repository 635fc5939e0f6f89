"""X5: a test-only rule of every kind of term runs through `apply_event`; versions are picked by the day of the start."""

from collections.abc import Iterator
from datetime import date

import pytest
from django.db import transaction

from audit.services import SYSTEM, record
from deadlines import rules
from deadlines.calendar import WorkCalendar
from deadlines.explaining import told
from deadlines.models import Deadline
from deadlines.rules import Extension, Response, Since, Suspension, lead_unit, register, responsible_unit
from deadlines.services.ledger import apply_event
from deadlines.terms import CalendarDays, Hours, Months, OnDate, WorkingDays
from deadlines.workflow import Refused
from tests.deadlines.adjustments import grant
from tests.factories import at, client_for
from tests.risks.builders import Scene, risk_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_font", "media")]
START, END = "risks.registered", "risks.edited"
KINDS = {
    "wd": (WorkingDays(5), WorkingDays(10)),
    "d": (CalendarDays(20), CalendarDays(10)),
    "dr": (CalendarDays(18, roll=True), CalendarDays(9)),
    "m": (Months(1, roll=True), Months(2)),
    "h": (Hours(48), Hours(24)),
    "on": (OnDate(), CalendarDays(30)),
}


def declared(key: str, within, **more) -> Response:
    row = Response(
        f"test.{key}",
        f"试验{key}",
        clause="三（二）2",
        words="试验起算后",
        starts=(START,),
        within=within,
        met=(END,),
        owed_by=responsible_unit,
        supervised_by=lead_unit,
        action="edit",
        action_label="去办",
        **more,
    )
    register(row)
    return row


@pytest.fixture
def scene(monkeypatch) -> Iterator[Scene]:
    """A risk of its own, and a register that forgets the test's rules."""
    found = risk_in("treating")
    fresh = rules._Register()
    monkeypatch.setattr(rules, "_REGISTER", fresh)
    treatment = Response(
        "risks.treatment",
        "风险治理",
        "三（二）2",
        "期限",
        ("none.start",),
        OnDate(),
        ("none.end",),
        responsible_unit,
        "progress",
        "报",
    )
    for key in ("risks.assessment", "risks.handover", "risks.receipt"):
        fresh.by_key[key] = treatment
    fresh.by_key["risks.treatment"] = treatment
    yield found


@transaction.atomic
def happens(scene: Scene, name: str, when: str, on: date | None = None) -> list[Deadline]:
    event = record(name, by=SYSTEM, at=at(when), case_id=scene.pk)
    effects = apply_event(scene.case, event, at=at(when), on=on)
    return list(effects.started) or list(effects.met)


@pytest.mark.parametrize(
    ("key", "first", "later", "resumed"),
    [
        ("wd", "2026-10-20", "2026-11-03", "2026-11-26"),
        ("d", "2026-11-02", "2026-11-12", "2026-12-07"),
        ("dr", "2026-11-02", "2026-11-11", "2026-12-07"),
        ("m", "2026-11-13", "2027-01-13", "2027-02-11"),
        ("on", "2026-11-15", "2026-11-30", "2026-12-25"),
    ],
)
def test_x5_each_kind_is_started_extended_stopped_and_met(scene, key, first, later, resumed):
    within, at_most = KINDS[key]
    declared(key, within, extension=Extension(at_most), suspension=Suspension(("不可抗力",)))
    (clock,) = happens(scene, START, "2026-10-13 09:30", on=date(2026, 11, 15))
    assert f"{clock.due_on}" == first
    when = at("2026-10-14 10:00")
    more = {"new_on": date(2026, 11, 30)} if key == "on" else {"amount": at_most.n, "new_on": None}
    grant(scene, "extend", when, deadline=clock, **more)
    assert f"{Deadline.objects.get(pk=clock.pk).due_on}" == later
    grant(scene, "suspend", at("2026-10-15 10:00"), deadline=clock)
    grant(scene, "resume", at("2026-11-08 10:00"), deadline=clock)
    clock = Deadline.objects.get(pk=clock.pk)
    assert f"{clock.due_on}" == resumed
    explained = told(clock, WorkCalendar.load())
    assert explained.rows[-1].is_last and f"{explained.rows[-1].date}" == resumed
    assert [row.date for row in explained.rows] == sorted(row.date for row in explained.rows)
    said = "".join(row.reason for row in explained.rows)
    assert all(word in said for word in ("延期：", "中止：不可抗力，当日起不计", "恢复计时，当日不计"))
    happens(scene, END, "2026-11-09 10:00")
    assert Deadline.objects.get(pk=clock.pk).state_at(at("2028-01-01")) == "met"


def test_x5_hours_run_to_the_minute_through_everything(scene):
    declared("h", KINDS["h"][0], extension=Extension(KINDS["h"][1]), suspension=Suspension(("不可抗力",)))
    (clock,) = happens(scene, START, "2026-10-13 09:30")
    assert clock.due_at == at("2026-10-15 09:30")
    grant(scene, "extend", at("2026-10-13 10:00"), deadline=clock, amount=10, new_on=None)
    assert Deadline.objects.get(pk=clock.pk).due_at == at("2026-10-15 19:30")
    grant(scene, "suspend", at("2026-10-14 09:30"), deadline=clock)
    grant(scene, "resume", at("2026-10-20 08:15"), deadline=clock)
    clock = Deadline.objects.get(pk=clock.pk)
    assert clock.due_at == at("2026-10-21 18:15")
    assert told(clock, WorkCalendar.load()).rows[-1].reason == "18:15 到期"


def test_x5_working_days_go_on_counting_in_the_panel(scene):
    declared("wd", WorkingDays(3), extension=Extension(WorkingDays(5)), suspension=Suspension(("不可抗力",)))
    (clock,) = happens(scene, START, "2026-10-13 09:30")
    grant(scene, "suspend", at("2026-10-15 10:00"), deadline=clock)
    grant(scene, "resume", at("2026-10-20 10:00"), deadline=clock)
    grant(scene, "extend", at("2026-10-20 11:00"), deadline=clock, amount=1, new_on=None)
    rows = told(Deadline.objects.get(pk=clock.pk), WorkCalendar.load()).rows
    assert [(f"{row.date:%m-%d}", row.count, row.until and f"{row.until:%m-%d}") for row in rows] == [
        ("10-13", None, None),
        ("10-14", 1, None),
        ("10-15", None, None),
        ("10-16", None, "10-19"),
        ("10-20", None, None),
        ("10-20", None, None),
        ("10-21", 2, None),
        ("10-22", 3, None),
        ("10-23", 4, None),
    ]


def test_x5_asking_ahead_and_more_than_once(scene):
    longer = Extension(WorkingDays(4), times=2, ask_before=2)
    declared("ahead", WorkingDays(5), extension=longer)
    (clock,) = happens(scene, START, "2026-10-13 09:30")
    with pytest.raises(Refused, match="须在到期 2 个工作日前申请，最迟 2026-10-16"), transaction.atomic():
        grant(scene, "extend", at("2026-10-19 08:00"), deadline=clock, amount=1, new_on=None)
    grant(scene, "extend", at("2026-10-16 23:00"), deadline=clock, amount=3, new_on=None)
    with pytest.raises(Refused, match="请填写 1 至 1 的整数"), transaction.atomic():
        grant(scene, "extend", at("2026-10-17 23:00"), deadline=clock, amount=2, new_on=None)
    grant(scene, "extend", at("2026-10-17 23:00"), deadline=clock, amount=1, new_on=None)
    assert Deadline.objects.get(pk=clock.pk).due_on == date(2026, 10, 26)


# --- effective-dated


def test_x5_a_clock_keeps_the_wording_of_the_day_it_started(scene, settings):
    settings.BUSINESS_NOW = "2027-01-10T10:00:00+08:00"
    row = declared(
        "dated",
        WorkingDays(3),
        versions=(
            Since(date(2026, 11, 1), WorkingDays(5), basis="新办法第 3 条"),
            Since(date(2027, 1, 1), CalendarDays(7, roll=True), basis="再修订第 3 条"),
        ),
    )
    assert [(v.number, str(v.within)) for v in row.history] == [(1, "WD3"), (2, "WD5"), (3, "D7R")]
    kept = []
    for when in ("2026-10-31 23:59", "2026-11-01 00:00", "2027-01-04 09:00"):
        (clock,) = happens(scene, START, when)
        kept.append((clock.terms, clock.rule_version, clock.term_basis))
        happens(scene, END, when)
    assert kept == [
        ("WD3", 1, "蚌山政办秘〔2018〕101号"),
        ("WD5", 2, "新办法第 3 条"),
        ("D7R", 3, "再修订第 3 条"),
    ]
    page = client_for(scene.cast.handler).get("/rules/test.dated/").content.decode()
    assert "历次规定" in page and "2026-11-01 起起算的" in page and "新办法第 3 条" in page
    assert "末日逢休息日，顺延到下一个工作日" in page and '<tr class="off">' in page


def test_x5_the_districts_own_term_says_where_it_comes_from(scene):
    declared("local", WorkingDays(5), config_key="letter_receipt")
    district = scene.case.district
    district.profile["terms"] = {"letter_receipt": "WD4"}
    district.save()
    (clock,) = happens(scene, START, "2026-10-13 09:30")
    assert (clock.terms, clock.term_basis) == ("WD4", "本区默认值（区县配置 letter_receipt = WD4）")


@pytest.mark.parametrize(
    "wrong",
    [
        {"versions": (Since(date(2027, 1, 1), WorkingDays(5), "乙"), Since(date(2026, 1, 1), WorkingDays(4), "甲"))},
        {"is_own_term": True, "extension": Extension(WorkingDays(3))},
        {"extension": Extension(CalendarDays(3))},
        {"extension": Extension(WorkingDays(3)), "versions": (Since(date(2027, 1, 1), Hours(5), "乙"),)},
    ],
)
def test_x5_rules_that_contradict_themselves_are_not_declared(scene, wrong):
    with pytest.raises(ValueError, match=r"test\.wrong"):
        declared("wrong", WorkingDays(5), **wrong)
