"""X8: each rung of the ladder tells each person once, whatever the sweep does."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection

from audit.heartbeat import heartbeat
from audit.models import Heartbeat
from deadlines.ladder import Ladder
from deadlines.models import Deadline, Notice
from deadlines.rules import _REGISTER, rule
from deadlines.services import reminders
from deadlines.services.reminders import sweep
from organisations.models import Person, Post
from tests.factories import at, make_actor, make_post
from tests.risks.builders import risk_in

pytestmark = pytest.mark.django_db


def rungs(person: Person) -> list[str]:
    return list(Notice.objects.filter(person=person).order_by("id").values_list("rung", flat=True))


@pytest.fixture
def scene():
    # Concluded on Wednesday 2026-09-30: handover is due on the make-up Saturday 2026-10-10.
    return risk_in("graded", at=at("2026-09-30 16:40"))


def test_x8_the_ladder_climbs_rung_by_rung(scene):
    person = scene.cast.handler.person
    assert sweep(at=at("2026-10-08 09:00")).fired == 0
    sweep(at=at("2026-10-09 09:00"))
    assert rungs(person) == ["soon-1"]
    sweep(at=at("2026-10-10 09:00"))
    assert rungs(person) == ["soon-1", "today"]
    sweep(at=at("2026-10-11 00:00"))
    assert rungs(person) == ["soon-1", "today", "late-0"]


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        ("2026-10-13 23:59", "late-0"),
        ("2026-10-14 00:00", "late-3"),
        ("2026-10-22 23:59", "late-3"),
        ("2026-10-23 00:00", "late-10"),
        ("2027-01-15 09:00", "late-10"),
        ("2027-02-01 09:00", None),
    ],
)
def test_x8_a_late_rung_is_said_by_working_days_and_only_the_one_that_is_true(scene, moment, said):
    sweep(at=at(moment))
    assert rungs(scene.cast.handler.person) == ([said] if said else [])


def test_x8_each_rule_declares_its_ladder():
    steps = [(s.rung, s.phase, s.low, s.high) for s in Ladder(before=(5, 1), late=(0, 2), escalate=4).steps]
    assert steps == [
        ("soon-1", "soon", 0, 1),
        ("soon-5", "soon", 2, 5),
        ("today", "today", 0, 0),
        ("late-0", "late", 0, 1),
        ("late-2", "late", 2, 61),
        ("escalated-4", "late", 4, 63),
    ]
    assert [s.rung for s in Ladder(before=(), on_day=False, late=()).steps] == ["escalated-0"]
    assert rule("risks.treatment").ladder.words == (
        "到期前 5、1 个工作日、到期当天、逾期时、逾期 3、10 个工作日提醒；逾期即上报上级或督促单位"
    )
    with pytest.raises(ValueError, match="working days"):
        Ladder(before=(0,))


def test_x8_a_later_escalation_waits_its_days(scene, monkeypatch):
    committee = make_actor("committee_officer")
    monkeypatch.setitem(_REGISTER.by_key, "risks.handover", replace(rule("risks.handover"), ladder=Ladder(escalate=2)))
    sweep(at=at("2026-10-12 23:59"))
    assert rungs(committee.person) == []
    sweep(at=at("2026-10-13 00:00"))
    assert rungs(committee.person) == ["escalated-2"]


def test_x8_who_takes_over_a_post_hears_what_is_late(scene):
    sweep(at=at("2026-10-13 09:00"))
    new = make_post(role_key="bureau_handler", unit=scene.cast.lead, valid_from=at("2026-10-14 00:00").date())
    sweep(at=at("2026-10-13 10:00"))
    assert rungs(new.person) == []
    sweep(at=at("2026-10-14 00:01"))
    assert rungs(new.person) == ["late-3"]


def test_x8_the_sweep_reads_the_index_of_what_is_near(scene):
    """Forty thousand open deadlines that are far off are not looked at."""
    columns = [
        f.column for f in Deadline._meta.concrete_fields if f.column not in {"id", "occurrence", "due_at", "due_on"}
    ]
    names = ", ".join(columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO deadlines_deadline ({names}, occurrence, due_at, due_on) SELECT {names}, 'x' || n,"
            " timestamptz '2027-03-01 00:00+08' + n * interval '30 min', date '2027-02-28' + (n / 48)"
            " FROM deadlines_deadline, generate_series(1, 40000) n WHERE id = %s",
            [scene.deadline("handover").pk],
        )
        cursor.execute("ANALYZE deadlines_deadline")
        cursor.execute(f"EXPLAIN {reminders._SWEEP}", reminders.sweep_values(at=at("2026-10-10 09:00")))
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "deadline_open_by_due" in plan
    assert "Seq Scan on deadlines_deadline" not in plan
    assert sweep(at=at("2026-10-10 09:00")).scanned == 1


def test_x8_a_second_sweep_tells_nobody_again(scene):
    assert sweep(at=at("2026-10-10 09:00")).fired > 0
    assert sweep(at=at("2026-10-10 09:01")).fired == 0


def test_x8_a_late_sweep_after_an_outage_says_only_what_is_true_now(scene):
    sweep(at=at("2026-10-20 09:00"))
    assert rungs(scene.cast.handler.person) == ["late-3"]


def test_x8_the_regulators_own_lateness_goes_to_the_committee(scene):
    committee = make_actor("committee_officer")
    sweep(at=at("2026-10-10 23:59"))
    assert rungs(committee.person) == []
    sweep(at=at("2026-10-11 00:00"))
    assert rungs(committee.person) == ["escalated-0"]


def test_x8_an_enterprises_lateness_goes_to_the_unit_that_handed_over(plain_font):
    scene = risk_in("handed_over", at=at("2026-10-12 10:00"))
    assert scene.deadline("receipt").due_on.isoformat() == "2026-10-14"
    sweep(at=at("2026-10-15 08:00"))
    receipt = Notice.objects.filter(deadline=scene.deadline("receipt"))
    told = {(n.rung, n.person_id) for n in receipt}
    assert ("late-0", scene.cast.principal.person.pk) in told
    assert ("escalated-0", scene.cast.handler.person.pk) in told
    assert ("late-0", scene.cast.handler.person.pk) not in told


def test_x8_who_has_left_the_post_and_who_minds_other_things_is_not_told(scene):
    gone = make_post(role_key="bureau_handler", unit=scene.cast.lead)
    Post.objects.filter(pk=gone.pk).update(valid_to=at("2026-10-01 00:00").date())
    tips = make_actor("tip_officer", scene.cast.lead)
    sweep(at=at("2026-10-11 09:00"))
    assert rungs(gone.person) == []
    assert rungs(tips.person) == []


def test_x8_a_person_with_two_posts_in_the_unit_is_told_once(scene):
    person = scene.cast.handler.person
    make_post(role_key="bureau_head", unit=scene.cast.lead, person=person)
    sweep(at=at("2026-10-10 09:00"))
    assert rungs(person) == ["today"]


def test_x8_what_is_done_is_not_reminded(plain_font):
    scene = risk_in("handed_over", at=at("2026-09-30 16:40"))
    sweep(at=at("2026-10-20 09:00"))
    assert not Notice.objects.filter(deadline=scene.deadline("handover")).exists()


def test_x8_the_heartbeat_keeps_the_last_success_and_the_error():
    with heartbeat("sweep") as beat:
        beat.scanned, beat.fired = 7, 2
    row = Heartbeat.objects.get(name="sweep")
    assert (row.scanned, row.fired, row.failed) == (7, 2, 0)
    with pytest.raises(ZeroDivisionError), heartbeat("sweep"):
        _ = 1 / 0
    after = Heartbeat.objects.get(name="sweep")
    assert (after.succeeded_at, after.failed) == (row.succeeded_at, 1)
    assert after.last_error.startswith("ZeroDivisionError")


def test_x5_overdue_is_derived_and_begins_with_the_next_day(scene):
    deadline: Deadline = scene.deadline("handover")
    assert deadline.state_at(deadline.due_at - timedelta(microseconds=1)) == "open"
    assert deadline.state_at(deadline.due_at) == "overdue"
    assert deadline.due_at == at("2026-10-11 00:00")
