"""X1: when an enterprise moves or merges, or a department is succeeded, open cases go along with their clocks."""

import pytest

from audit.models import AuditEvent
from deadlines.models import Deadline
from organisations.models import Enterprise
from organisations.services.changes import decide_change, propose_change
from organisations.services.units import succeed_unit
from records.models import Case
from tests.factories import at, make_actor, make_enterprise, make_unit, sector_of, territory_of
from tests.risks.builders import risk_in, told

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_font")]
DAY = at("2026-10-12 10:00")


def decided(change, actor):
    return decide_change(change=change, approve=True, note="", actor=actor, at=DAY)


def test_x1_a_move_takes_open_cases_to_the_receiving_township():
    scene = risk_in("treating", at=DAY)
    before = scene.deadline("treatment")
    enterprise: Enterprise = scene.cast.responsible.enterprise
    old, new = enterprise.township, territory_of("雪华乡")
    assert old != new
    change = propose_change(
        enterprise=enterprise,
        kind="move",
        to_township=new,
        effective_on=DAY.date(),
        reason="厂址搬迁，档案一册",
        actor=make_actor("bureau_handler"),
        at=DAY,
    )
    assert decided(change, make_actor("township_handler", "雪华乡")) == ["1 个未结案卷已移交"]
    after = scene.deadline("treatment")
    assert (scene.case.township, after.township, after.due_on) == (new, new, before.due_on)
    moved = AuditEvent.objects.get(case_id=scene.pk, name="records.case_moved")
    assert (moved.data["from_township"], moved.data["to_township"], moved.data["note"]) == (
        old.name,
        new.name,
        "厂址搬迁，档案一册",
    )
    seen = Case.objects.for_actor(make_actor("township_handler", "雪华乡"))
    assert list(seen) == [scene.case]


def test_x1_a_merger_gives_open_cases_and_the_grade_to_the_successor():
    scene = risk_in("treating", at=DAY)
    enterprise, successor = scene.cast.responsible.enterprise, make_enterprise()
    change = propose_change(
        enterprise=enterprise,
        kind="merge",
        to_unit=successor.unit,
        effective_on=DAY.date(),
        actor=make_actor("bureau_handler"),
        at=DAY,
    )
    decided(change, make_actor("bureau_head"))
    assert scene.case.responsible_unit == successor.unit
    assert set(Deadline.objects.open().filter(case=scene.pk).values_list("owner_unit", flat=True)) == {
        successor.unit.pk
    }
    successor.refresh_from_db()
    enterprise.refresh_from_db()
    assert (successor.risk_grade, enterprise.risk_grade) == ("red", "")


def test_x1_a_departments_successor_inherits_sectors_enterprises_cases_and_clocks():
    scene = risk_in("graded", at=DAY)
    lead = scene.cast.lead
    successor = make_unit(name="蚌埠市蚌山区新局", kind="bureau", district=lead.district)
    due = scene.deadline("handover").due_on
    succeed_unit(
        unit=lead,
        successor=successor,
        on=DAY.date(),
        basis="机构改革方案",
        close_posts=False,
        actor=make_actor("system_admin"),
        at=DAY,
    )
    assert (scene.case.lead_unit, scene.deadline("handover").owner_unit) == (successor, successor)
    assert scene.deadline("handover").due_on == due
    enterprise = Enterprise.objects.get(unit=scene.cast.responsible)
    assert enterprise.enforcement_department == successor
    assert lead not in sector_of("hazchem").departments.all()
    lead.refresh_from_db()
    assert lead.succeeded_by == successor
    assert told(scene.pk)[-1] == "concluded_severe"
