"""X8: any act of the engine can tell people, and says each thing to each person once."""

import pytest

from deadlines.models import Notice
from deadlines.services.notices import tell_owners, tell_person
from tests.factories import at, client_for, make_actor, make_post
from tests.risks.builders import risk_in

pytestmark = pytest.mark.django_db
WHEN = at("2026-10-08 09:00")


@pytest.fixture
def scene():
    return risk_in("graded", at=at("2026-09-30 16:40"))


def test_x8_all_who_work_in_the_owing_unit_are_told_once(scene):
    deadline = scene.deadline("handover")
    make_post(role_key="bureau_head", unit=scene.cast.lead, person=scene.cast.handler.person)
    make_actor("tip_officer", scene.cast.lead)
    told = {"rung": "moved-12", "text": "到期日由 10-10 改为 10-12", "at": WHEN}
    assert tell_owners([deadline.pk], **told) == Notice.objects.count() > 1
    assert tell_owners([deadline.pk], **told) == 0
    people = set(Notice.objects.values_list("person", flat=True))
    assert scene.cast.handler.person.pk in people
    assert {n.post.unit_id for n in Notice.objects.select_related("post")} == {scene.cast.lead.pk}
    assert tell_owners([deadline.pk], rung="moved-13", text="又改", at=WHEN) == len(people)


def test_x8_one_person_is_told_and_reads_it(scene, settings):
    settings.BUSINESS_NOW = WHEN.isoformat()
    actor = scene.cast.handler
    told = {"person": actor.person, "post": actor.post, "deadline": scene.deadline("handover"), "at": WHEN}
    assert tell_person(rung="extension-1", text="延期未获同意", **told)
    assert not tell_person(rung="extension-1", text="延期未获同意", **told)
    page = client_for(actor).get("/notices/").content.decode()
    assert page.count("延期未获同意") == 1 and "延期：风险交办" in page


@pytest.mark.parametrize("rung", ["nonsense", "late-", "late-x", ""])
def test_x8_an_undeclared_rung_is_refused(scene, rung):
    with pytest.raises(ValueError, match="undeclared rung"):
        tell_owners([scene.deadline("handover").pk], rung=rung, text="", at=WHEN)
    assert Notice.objects.count() == 0
