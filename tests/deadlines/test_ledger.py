"""X5, R3, R4, R6: which clock each act starts, meets and ends, and on which day it runs out."""

from datetime import date, timedelta

import pytest
from django.db import transaction

from audit.models import AuditEvent
from deadlines.models import Deadline
from deadlines.services.ledger import LateReasonMissing
from records.models import LetterCounter
from tests.factories import at, make_actor, make_district, unit_of
from tests.risks.builders import (
    LEC_ORANGE,
    LEC_RED,
    LEC_YELLOW,
    Scene,
    make_cast,
    registered,
    risk_in,
    traces,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_font", "media")]
BEFORE_HOLIDAY = at("2026-09-30 16:40")


def clocks(scene: Scene) -> list[tuple[str, str]]:
    """Open clocks with their last day, nearest first."""
    open_ = Deadline.objects.open().filter(case=scene.pk).order_by("due_at", "id")
    return [(d.rule_key.removeprefix("risks."), f"{d.due_on}") for d in open_]


def test_r4_handover_is_due_on_the_third_working_day_after_the_conclusion():
    scene = registered()
    scene.conclude(LEC_RED)
    clock = scene.deadline("handover")
    assert scene.case.level == "red"
    assert clock.due_on == date(2026, 10, 10)  # a Saturday that is worked, after seven days off
    assert clock.due_at == at("2026-10-11 00:00")
    assert clock.rule.clause == "三（二）2"
    assert (clock.terms, clock.provisional, clock.started_at) == ("WD3", False, BEFORE_HOLIDAY)
    assert (clock.owner_unit, clock.supervising_unit) == (scene.cast.lead, None)
    event = AuditEvent.objects.get(case_id=scene.pk, name="deadlines.started")
    assert event.data["clause"] == "三（二）2" and event.data["due_on"] == "2026-10-10"
    started_by = AuditEvent.objects.get(case_id=scene.pk, name="risks.concluded_severe")
    assert clock.occurrence == str(started_by.case_seq) and event.data["from_seq"] == started_by.case_seq


def test_r4_orange_has_the_same_three_days_and_yellow_none():
    orange, yellow = registered(), registered()
    orange.conclude(LEC_ORANGE)
    yellow.conclude(LEC_YELLOW)
    assert clocks(orange) == [("handover", "2026-10-10")]
    assert clocks(yellow) == []


def test_r4_handover_is_met_by_dispatch_not_by_drafting_checking_or_issuing():
    scene = risk_in("graded")
    for act in (scene.draft, scene.check, lambda: scene.issue(dispatch=False)):
        act()
        assert clocks(scene) == [("handover", "2026-10-10")]
    scene.dispatch(at=at("2026-10-09 10:00"))
    clock = scene.deadline("handover")
    assert (clock.met_at, clock.late_reason, clock.state_at(at("2027-01-01"))) == (at("2026-10-09 10:00"), "", "met")
    assert clocks(scene) == [("receipt", "2026-10-12"), ("treatment", "2026-11-29")]


def test_r4_receipt_is_its_own_term_of_two_working_days():
    scene = risk_in("handed_over")
    clock = scene.deadline("receipt")
    assert (f"{clock.due_on}", clock.terms) == ("2026-10-09", "WD2")
    assert (clock.owner_unit, clock.supervising_unit) == (scene.cast.responsible, scene.cast.lead)
    scene.receive(at=at("2026-10-13 09:00"))  # late, and not the authority's own: noted, no reason asked
    assert scene.deadline("receipt").state_at(at("2026-10-14")) == "met_late"


def test_r4_treatment_is_due_on_the_day_that_the_letter_names():
    scene = risk_in("graded")
    scene.hand_over(due_on=date(2026, 11, 15))  # a Sunday: the letter's day is not moved
    clock = scene.deadline("treatment")
    assert (clock.due_on, clock.due_at, clock.terms) == (date(2026, 11, 15), at("2026-11-16 00:00"), "ON")


def test_r3_self_grade_of_red_or_orange_starts_five_working_days():
    for inputs in (LEC_RED, LEC_ORANGE):
        scene = registered()
        scene.self_grade(inputs)
        assert clocks(scene) == [("assessment", "2026-10-13")]
        assert scene.deadline("assessment").owner_unit == scene.cast.lead
    mild = registered()
    mild.self_grade(LEC_YELLOW)
    assert clocks(mild) == []


@pytest.mark.parametrize(("inputs", "left"), [(LEC_RED, [("handover", "2026-10-14")]), (LEC_YELLOW, [])])
def test_r3_assessment_is_met_by_either_conclusion(inputs, left):
    scene = risk_in("awaiting")
    scene.conclude(inputs, at=at("2026-10-11 10:00"))
    assert scene.deadline("assessment").met_at == at("2026-10-11 10:00")
    assert clocks(scene) == left


def test_r3_milder_conclusion_ends_the_handover():
    scene = risk_in("graded")
    scene.conclude(LEC_YELLOW, reason="复核后降级")
    clock = scene.deadline("handover")
    assert (clock.is_open, clock.met_at, clock.cancel_reason) == (False, None, "签署研判结论（一般、低）")
    assert clocks(scene) == []


# --- late is late, with a reason


def test_x5_last_minute_of_the_last_day_is_in_time():
    scene = risk_in("graded")
    scene.hand_over(at=at("2026-10-10 23:59"))
    assert scene.deadline("handover").state_at(at("2026-12-01")) == "met"


def test_x5_late_own_term_demands_a_reason_and_keeps_it():
    scene = risk_in("graded")
    late = at("2026-10-11 00:00")
    scene.draft(at=late)
    scene.check(at=late)
    before = traces(scene.pk)
    with (
        pytest.raises(LateReasonMissing, match="“风险交办”已于 2026-10-10 到期，本机关时限不可延期，请写明逾期原因"),
        transaction.atomic(),
    ):
        scene.issue(at=late)
    assert traces(scene.pk) == before and not LetterCounter.objects.exists()
    scene.issue(at=late, late_reason="节后人员未到齐")
    clock = scene.deadline("handover")
    assert (clock.late_reason, clock.met_at, clock.state_at(late)) == ("节后人员未到齐", late, "met_late")
    event = AuditEvent.objects.get(case_id=scene.pk, name="deadlines.met")
    assert (event.data["late"], event.data["reason"]) == (True, "节后人员未到齐")


def test_x5_reason_given_in_time_is_not_kept():
    scene = risk_in("graded")
    scene.hand_over(late_reason="不需要")
    assert scene.deadline("handover").late_reason == ""


def test_r3_late_conclusion_and_r6_late_check_demand_a_reason_too():
    assessed = risk_in("awaiting")
    with pytest.raises(LateReasonMissing, match="“风险研判”已于 2026-10-13 到期"), transaction.atomic():
        assessed.conclude(at=at("2026-10-14 08:00"))
    assessed.conclude(at=at("2026-10-14 08:00"), late_reason="专家出差")
    assert assessed.deadline("assessment").late_reason == "专家出差"

    applied = risk_in("applied")
    late = at("2026-10-21 08:00")
    applied.verify(at=late)
    with pytest.raises(LateReasonMissing, match="“销号核查”已于 2026-10-20 到期"), transaction.atomic():
        applied.countersign(at=late)
    assert applied.state == "applied" and applied.case.level == "red"
    applied.countersign(at=late, late_reason="暴雨封路")
    assert applied.state == "closed" and applied.deadline("closure_check").late_reason == "暴雨封路"


# --- close-out


def test_r6_check_is_due_ten_working_days_after_the_application():
    scene = risk_in("applied")
    assert clocks(scene) == [("closure_check", "2026-10-20")]
    assert scene.deadline("treatment").met_at == scene.at


def test_r6_correction_ends_the_check_and_starts_it_anew_once_supplied():
    scene = risk_in("applied")
    scene.ask_correction(at=at("2026-10-09 09:00"))
    first = scene.deadline("closure_check")
    assert (first.cancel_reason, first.met_at) == ("通知补正", None)
    assert clocks(scene) == [("correction", "2026-10-15")]
    scene.supply_correction(at=at("2026-10-16 09:00"))
    assert scene.deadline("correction").state_at(at("2026-10-17")) == "met_late"
    assert clocks(scene) == [("closure_check", "2026-10-30")]
    assert scene.deadline("closure_check").pk != first.pk


def test_r6_failing_starts_treatment_anew_with_the_new_day():
    scene = risk_in("applied")
    scene.verify(passed=False, new_due_on=date(2026, 11, 20))
    assert clocks(scene) == [("closure_check", "2026-10-20")]
    scene.countersign()
    assert clocks(scene) == [("treatment", "2026-11-20")]
    assert Deadline.objects.filter(case=scene.pk, rule_key="risks.treatment").count() == 2


def test_r6_long_term_control_ends_treatment_and_starts_three_and_twelve_months():
    scene = risk_in("long_term")
    assert scene.deadline("treatment").cancel_reason == "批准长期管控"
    assert clocks(scene) == [("long_term_check", "2026-12-30"), ("reassessment", "2027-09-30")]
    assert scene.deadline("reassessment").owner_unit == scene.cast.lead
    assert scene.deadline("long_term_check").owner_unit == scene.cast.responsible
    scene.check_long_term(at=at("2026-11-30 10:00"))
    # 28 February 2027 is a Sunday: the responsible unit's term runs on to Monday.
    assert clocks(scene) == [("long_term_check", "2027-03-01"), ("reassessment", "2027-09-30")]
    scene.reassess(at=at("2026-12-01 10:00"))
    assert clocks(scene) == [("long_term_check", "2027-03-01"), ("reassessment", "2027-12-01")]
    scene.apply(at=at("2026-12-02 10:00"))
    assert clocks(scene) == [("closure_check", "2026-12-16")]


@pytest.mark.parametrize("state", ["awaiting", "graded", "handed_over", "treating", "long_term"])
def test_r6_leaving_ends_every_clock(state):
    scene = risk_in(state)
    assert clocks(scene) and scene.case.next_due_at
    scene.propose("ceased", reason="已拆除")
    assert clocks(scene), "a proposal alone ends nothing"
    scene.decide_exit()
    assert clocks(scene) == [] and scene.case.next_due_at is None
    assert scene.case.closed_on == date(2026, 9, 30)


def test_r6_closing_ends_every_clock():
    scene = risk_in("closed")
    assert clocks(scene) == [] and scene.case.next_due_at is None and scene.case.closed_on == date(2026, 9, 30)
    assert scene.deadline("closure_check").met_at == scene.at


# --- the calendar's edge, the district's own terms, the move to another unit


def test_x4_day_in_a_year_not_yet_announced_is_provisional():
    scene = risk_in("treating", at=at("2026-12-20 10:00"))
    scene.apply(at=at("2026-12-25 10:00"))
    clock = scene.deadline("closure_check")
    assert clock.due_on.year == 2027 and clock.provisional
    assert risk_in("applied", at=at("2026-12-02 10:00")).deadline("closure_check").provisional is False


def test_x5_ledger_keeps_the_term_as_it_stood_at_the_start():
    district = make_district(terms={"letter_receipt": "WD4"})
    scene = risk_in("handed_over")
    clock = scene.deadline("receipt")
    assert (clock.terms, f"{clock.due_on}") == ("WD4", "2026-10-12")
    district.profile = {"terms": {"letter_receipt": "WD1"}}
    district.save()
    assert scene.deadline("receipt").terms == "WD4"


def test_r4_designation_moves_the_clock_and_leaves_the_day_and_the_responsible_unit():
    """The bureau answers for a site of its own: the leader names the department that hands it over."""
    bureau = unit_of("区应急管理局", district=make_district())
    cast = make_cast(responsible=bureau)
    scene = registered(cast=cast)
    scene.conclude()
    before = scene.deadline("handover")
    assert (before.owner_unit, before.responsible_unit) == (bureau, bureau)
    housing = unit_of("区住建交通委")
    scene.designate(housing, at=at("2026-10-08 09:00"))
    after = scene.deadline("handover")
    assert (after.pk, after.due_on, after.owner_unit) == (before.pk, date(2026, 10, 10), housing)
    assert after.responsible_unit == bureau == scene.case.responsible_unit
    assert scene.case.lead_unit == housing


# --- the spine's copy


def test_x5_spine_knows_the_nearest_open_clock_after_every_act():
    scene = registered()
    acts = [
        "self_grade",
        "conclude",
        "hand_over",
        "receive",
        "progress",
        "apply",
        "ask_correction",
        "supply_correction",
        "verify",
    ]
    for number, act in enumerate([*acts, "countersign"]):
        getattr(scene, act)(at=BEFORE_HOLIDAY + timedelta(hours=number))
        nearest = Deadline.objects.open().filter(case=scene.pk).order_by("due_at").first()
        assert scene.case.next_due_at == (nearest.due_at if nearest else None), act


def test_x5_one_event_starts_a_rule_once():
    scene = risk_in("handed_over")
    rows = Deadline.objects.filter(case=scene.pk).values_list("rule_key", "occurrence")
    assert len(rows) == len(set(rows)) == 3


def test_x3_deadlines_are_seen_with_their_case():
    scene = risk_in("handed_over")
    seen = {
        role: Deadline.objects.for_actor(make_actor(role, unit)).filter(case=scene.pk).count()
        for role, unit in (
            ("bureau_handler", None),
            ("district_leader", None),
            ("township_handler", "燕山乡"),
            ("department_handler", "区住建交通委"),
            ("tip_officer", "区安委办"),
            ("system_admin", None),
        )
    }
    assert seen == {
        "bureau_handler": 3,
        "district_leader": 3,
        "township_handler": 3,
        "department_handler": 0,
        "tip_officer": 0,
        "system_admin": 0,
    }
    assert Deadline.objects.for_actor(make_actor("township_handler", "雪华乡")).filter(case=scene.pk).count() == 0
    assert Deadline.objects.for_actor(scene.cast.reporter).filter(case=scene.pk).count() == 3
