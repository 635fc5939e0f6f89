"""X8: 催办 by hand and 下级逾期: told at once, counted, once an hour, by the unit that presses on and nobody else."""

from datetime import timedelta

import pytest

from audit.models import AuditEvent
from deadlines.calendar import WorkCalendar
from deadlines.display import Clockwork
from deadlines.models import Message, Notice, Urge
from deadlines.services.urging import urge
from deadlines.worklist import worklist
from tests.factories import at, client_for, make_actor
from tests.risks.builders import risk_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_font", "media")]
WHEN = at("2026-10-13 10:05")


@pytest.fixture
def scene():
    # 签收 is due on Wednesday 2026-10-14; the bureau presses on.
    return risk_in("handed_over", at=at("2026-10-12 10:00"))


def press(scene, actor, *, when=WHEN, note="", keys=("receipt",)):
    return urge(deadline_ids=[scene.deadline(key).pk for key in keys], note=note, actor=actor, at=when)


def test_x8_pressing_tells_the_owners_at_once_and_is_evidence(scene, settings):
    settings.MESSAGES_RECORDED_ONLY = True
    done = press(scene, scene.cast.handler, note="明天检查组到场").done
    assert [(u.number, u.note, u.unit_id) for u in done] == [(1, "明天检查组到场", scene.cast.lead.pk)]
    told = Notice.objects.filter(rung="urged-1")
    assert set(told.values_list("person", flat=True)) == {scene.cast.reporter.person.pk, scene.cast.principal.person.pk}
    assert set(told.values_list("text", flat=True)) == {"区应急管理局催办：明天检查组到场"}
    assert Message.objects.filter(notices__in=told, channel="gateway").count() == 2
    event = AuditEvent.objects.get(name="deadlines.urged")
    assert (event.case_id, event.person_id) == (scene.pk, scene.cast.handler.person.pk)
    assert (event.data["to"], event.data["number"]) == (scene.cast.responsible.name, 1)


def test_x8_once_an_hour_for_each_deadline_and_unit(scene):
    press(scene, scene.cast.handler)
    again = press(scene, scene.cast.colleague, when=WHEN + timedelta(minutes=59))
    assert again.done == [] and again.refused == [f"“{scene.case.title}”10:05 刚催办过，一小时内不重复催办"]
    assert [u.number for u in press(scene, scene.cast.handler, when=WHEN + timedelta(hours=1)).done] == [2]
    assert {n.rung for n in Notice.objects.all()} == {"urged-1", "urged-2"}
    both = press(scene, scene.cast.handler, when=WHEN + timedelta(minutes=70), keys=("receipt", "treatment"))
    assert [u.deadline.rule_key for u in both.done] == ["risks.treatment"] and len(both.refused) == 1


@pytest.mark.parametrize(
    "who", ["reporter", "leader", "expert", "committee_officer", "department_handler", "tip_officer"]
)
def test_x8_nobody_else_presses(scene, who):
    actor = getattr(scene.cast, who, None) or make_actor(who)
    assert press(scene, actor).done == []
    assert Urge.objects.count() == 0


def test_x8_what_is_done_is_not_pressed(scene):
    scene.receive()
    assert press(scene, scene.cast.handler).done == []


def test_x8_the_committee_presses_on_the_regulators_own_terms():
    scene = risk_in("graded", at=at("2026-09-30 16:40"))
    committee = make_actor("committee_officer")
    assert len(press(scene, committee, keys=("handover",)).done) == 1
    assert press(scene, scene.cast.handler, keys=("handover",)).done == []
    abroad = make_actor("committee_officer", district=_abroad())
    assert press(scene, abroad, when=WHEN + timedelta(hours=2), keys=("handover",)).done == []


def _abroad():
    from tests.factories import make_district

    return make_district(code="340302", name="禹会区")


def groups(actor, moment: str, **more):
    found = worklist(actor, Clockwork(at=at(moment), calendar=WorkCalendar.load()), **more)
    return {g.title: g.lines for g in found.groups}, found.counts


def test_x8_a_late_deadline_is_a_line_of_the_superior_unit(scene):
    before, _ = groups(scene.cast.handler, "2026-10-14 23:59")
    assert "下级逾期" not in before
    after, counts = groups(scene.cast.handler, "2026-10-16 09:00")
    [line] = after["下级逾期"]
    assert (line["rule_label"], line["due_text"]) == ("交办函签收", "逾期 2 个工作日")
    assert f"由{scene.cast.responsible.name}办理" in line["marks"]
    assert line["urge"]["may"] and counts["below"] == 1 == counts["all"]
    assert [x["rule_label"] for x in groups(scene.cast.handler, "2026-10-16 09:00", chosen="below")[0]["下级逾期"]] == [
        "交办函签收"
    ]
    assert "下级逾期" not in groups(scene.cast.handler, "2026-10-16 09:00", chosen="own")[0]
    assert "下级逾期" not in groups(scene.cast.reporter, "2026-10-16 09:00")[0]


def test_x8_the_regulators_lateness_is_a_line_of_the_committee():
    scene = risk_in("graded", at=at("2026-09-30 16:40"))
    committee = make_actor("committee_officer")
    assert groups(committee, "2026-10-10 23:59")[0] == {}
    assert [line["rule_label"] for line in groups(committee, "2026-10-11 00:00")[0]["下级逾期"]] == ["风险交办"]
    assert "下级逾期" not in groups(scene.cast.handler, "2026-10-11 00:00")[0]


def test_x8_both_sides_see_how_often_and_when(scene):
    press(scene, scene.cast.handler)
    press(scene, scene.cast.handler, when=WHEN + timedelta(hours=2))
    said = "已催 2 次，最近 10-13 12:05"
    sent = groups(scene.cast.handler, "2026-10-13 13:00", chosen="sent")[0]
    owed = groups(scene.cast.reporter, "2026-10-13 13:00")[0]
    for lines in (sent, owed):
        marks = {line["rule_label"]: line["marks"] for group in lines.values() for line in group}
        assert said in marks["交办函签收"] and said not in marks["风险治理"]
    assert all(line["urge"] is None for group in owed.values() for line in group)


def test_x8_one_click_on_the_worklist_and_several_by_tick(scene, settings):
    settings.BUSINESS_NOW = "2026-10-13T10:05:00+08:00"
    client = client_for(scene.cast.handler)
    page = client.get("/?show=sent").content.decode()
    receipt, treatment = scene.deadline("receipt").pk, scene.deadline("treatment").pk
    assert page.count('name="one"') == 2 and f'name="deadline" value="{receipt}"' in page
    assert 'name="one"' not in client_for(scene.cast.reporter).get("/").content.decode()

    answer = client.post("/urge/", {"one": receipt, "deadline": [treatment], "next": "/?show=sent"}, follow=True)
    assert answer.redirect_chain == [("/?show=sent", 302)]
    assert "已催办 1 项，对方单位已收到通知" in answer.content.decode()
    assert list(Urge.objects.values_list("deadline", flat=True)) == [receipt]
    said = client.post("/urge/", {"deadline": [receipt, treatment], "note": "请抓紧"}, follow=True).content.decode()
    assert "已催办 1 项" in said and "10:05 刚催办过，一小时内不重复催办" in said
    assert Urge.objects.get(deadline=treatment).note == "请抓紧"


@pytest.mark.parametrize(
    ("posted", "said"),
    [
        ({}, "请先勾选要催办的事项"),
        ({"one": "x"}, "请先勾选要催办的事项"),
        ({"one": "999999999"}, "所选事项已经办结，或不由本单位督促"),
        ({"one": "1", "note": "长" * 201}, "催办说明不能超过 200 个字，没有发出"),
    ],
)
def test_x8_what_cannot_be_pressed_is_said(scene, posted, said):
    answer = client_for(scene.cast.handler).post("/urge/", posted | {"next": "https://example.com/"}, follow=True)
    assert answer.redirect_chain == [("/", 302)]
    assert said in answer.content.decode()
    assert Urge.objects.count() == 0


def test_x8_the_clock_on_the_case_page_has_the_button_and_the_story_tells_it(scene, settings):
    settings.BUSINESS_NOW = "2026-10-13T10:05:00+08:00"
    url = f"/risks/{scene.pk}/"
    client = client_for(scene.cast.handler)
    assert client.get(url).content.decode().count('name="one"') == 2
    client.post("/urge/", {"one": scene.deadline("receipt").pk, "note": "请今天签收", "next": url})
    page = client.get(url).content.decode()
    assert "已催 1 次，最近 10-13 10:05" in page
    assert "催办：交办函签收" in page and f"第 1 次催办{scene.cast.responsible.name}。请今天签收" in page
    theirs = client_for(scene.cast.reporter).get(url).content.decode()
    assert "已催 1 次" in theirs and 'name="one"' not in theirs
