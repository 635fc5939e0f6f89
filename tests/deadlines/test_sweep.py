"""X8: each rung of the ladder tells each person once, whatever the sweep does."""

from datetime import timedelta

import pytest

from audit.heartbeat import heartbeat
from audit.models import Heartbeat
from deadlines.models import Deadline, Notice
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
    assert rungs(person) == ["soon"]
    sweep(at=at("2026-10-10 09:00"))
    assert rungs(person) == ["soon", "today"]
    sweep(at=at("2026-10-11 00:00"))
    assert rungs(person) == ["soon", "today", "late"]


def test_x8_a_second_sweep_tells_nobody_again(scene):
    assert sweep(at=at("2026-10-10 09:00")).fired > 0
    assert sweep(at=at("2026-10-10 09:01")).fired == 0


def test_x8_a_late_sweep_after_an_outage_says_only_what_is_true_now(scene):
    sweep(at=at("2026-10-20 09:00"))
    assert rungs(scene.cast.handler.person) == ["late"]


def test_x8_the_regulators_own_lateness_goes_to_the_committee(scene):
    committee = make_actor("committee_officer")
    sweep(at=at("2026-10-10 23:59"))
    assert rungs(committee.person) == []
    sweep(at=at("2026-10-11 00:00"))
    assert rungs(committee.person) == ["escalated"]


def test_x8_an_enterprises_lateness_goes_to_the_unit_that_handed_over(plain_font):
    scene = risk_in("handed_over", at=at("2026-10-12 10:00"))
    assert scene.deadline("receipt").due_on.isoformat() == "2026-10-14"
    sweep(at=at("2026-10-15 08:00"))
    receipt = Notice.objects.filter(deadline=scene.deadline("receipt"))
    told = {(n.rung, n.person_id) for n in receipt}
    assert ("late", scene.cast.principal.person.pk) in told
    assert ("escalated", scene.cast.handler.person.pk) in told
    assert ("late", scene.cast.handler.person.pk) not in told


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
