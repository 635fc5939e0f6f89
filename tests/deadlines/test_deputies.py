"""X8: whoever stands in is told too, and sees what waits for the absent person; what they do is their own act."""

import pytest

from audit.models import AuditEvent
from deadlines.calendar import WorkCalendar
from deadlines.display import Clockwork
from deadlines.models import Notice
from deadlines.services.notices import tell_person
from deadlines.worklist import worklist
from organisations.models import Absence
from tests.factories import at, client_for
from tests.risks.builders import risk_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_font", "media")]
WHEN = "2026-10-09 09:00"


@pytest.fixture
def scene():
    return risk_in("graded", at=at("2026-09-30 16:40"))


def away(absent, deputy, first="2026-10-09", last="2026-10-12") -> Absence:
    return Absence.objects.create(
        post=absent.post, deputy=deputy.post, first_day=first, last_day=last, created_at=at("2026-10-08 09:00")
    )


def groups(actor, moment: str = WHEN, **more):
    found = worklist(actor, Clockwork(at=at(moment), calendar=WorkCalendar.load()), **more)
    return {group.title: group.lines for group in found.groups}, found.counts


def test_x8_what_is_told_to_one_person_is_told_to_the_deputy_too(scene):
    absent, deputy = scene.cast.colleague, scene.cast.head
    told = {"person": absent.person, "post": absent.post, "deadline": scene.deadline("handover"), "at": at(WHEN)}
    away(absent, deputy)
    assert tell_person(rung="extension-1", text="延期未获同意", **told)
    assert set(Notice.objects.values_list("person", "text")) == {
        (absent.person.pk, "延期未获同意"),
        (deputy.person.pk, f"代{absent.person.name}：延期未获同意"),
    }
    assert not tell_person(rung="extension-1", text="延期未获同意", **told)
    tell_person(**(told | {"rung": "extension-2", "text": "又", "at": at("2026-10-13 09:00")}))
    assert Notice.objects.filter(rung="extension-2").count() == 1


def test_x8_a_letter_that_waits_for_the_absent_is_the_deputys_to_see(scene):
    scene.draft(at=at("2026-10-08 10:00"))
    deputy = scene.cast.head
    assert groups(deputy, chosen="mine")[1]["mine"] == 0
    away(scene.cast.colleague, deputy)
    lines, counts = groups(deputy, chosen="mine")
    [line] = [line for group in lines.values() for line in group]
    assert (line["action_label"], counts["mine"]) == ("核稿", 1)
    assert f"代{scene.cast.colleague.person.name}" in line["marks"]
    assert groups(deputy, "2026-10-13 09:00", chosen="mine")[1]["mine"] == 0
    # The deputy acts in the own post, and is recorded as who it was.
    scene.check(actor=deputy, at=at(WHEN))
    event = AuditEvent.objects.filter(case_id=scene.pk, name="records.letter_checked").get()
    assert (event.person_id, event.post_id) == (deputy.person.pk, deputy.post.pk)


def test_x8_a_principals_approval_is_seen_but_not_handed_over(scene):
    scene.propose("ceased", reason="已拆除")
    away(scene.cast.chief, scene.cast.head)
    lines, counts = groups(scene.cast.head)
    [line] = lines["代人看管"]
    assert (line["rule_label"], line["action_label"]) == ("待审批：关停灭失", "查看")
    assert line["marks"] == [f"代{scene.cast.chief.person.name}"]
    assert counts["all"] == 2 and "do=" not in line["action_url"]
    page = client_for(scene.cast.head).get(f"/risks/{scene.pk}/").content.decode()
    assert "do=decide_exit" not in page
    assert "代人看管" not in groups(scene.cast.handler)[0]
