"""按手册登记: exactly the ticked entries become risk points, each with its link and event (R1, R2)."""

from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from records.models import Case
from risks.models import Guide, GuideEntry, RiskPoint
from risks.services.guides import publishing
from risks.services.guides.registering import PickRefused, register_from_guide
from tests.factories import at, client_for, make_actor, make_enterprise
from tests.risks.guide_scenes import THURSDAY, picks, published, station

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(settings: LazySettings) -> None:
    settings.BUSINESS_NOW = "2026-10-09T10:00:00+08:00"


def address(guide: Guide, entries: list[GuideEntry]) -> str:
    return f"/risks/guides/register/?guide={guide.pk}&next=1" + "".join(f"&pick={e.pk}" for e in entries)


def typed(entries: list[GuideEntry], **more: str) -> dict[str, str]:
    told = {"person": "陈国强", "phone": "13805520000"}
    for entry in entries:
        told |= {f"title_{entry.pk}": f"{entry.title}（站内）", f"location_{entry.pk}": f"{entry.area}东侧{entry.pk}"}
    return told | more


def test_r1_the_wizard_makes_exactly_the_ticked_points_with_link_and_event() -> None:
    guide = published(entries=4)
    enterprise, clerk = station()
    client, wanted = client_for(clerk), list(guide.entries.all())[1:3]
    told = typed(wanted, **{f"person_{wanted[1].pk}": "李晓梅", f"phone_{wanted[1].pk}": "13805521111"})
    answer = client.post(address(guide, wanted), told, follow=True)
    assert "已按手册登记 2 个风险点" in answer.content.decode()
    risks = list(RiskPoint.objects.select_related("case", "guide_entry").order_by("pk"))
    assert [(r.guide_entry, r.case.title, r.location, r.responsible_person) for r in risks] == [
        (wanted[0], "风险点2（站内）", f"卸油区东侧{wanted[0].pk}", "陈国强"),
        (wanted[1], "风险点3（站内）", f"卸油区东侧{wanted[1].pk}", "李晓梅"),
    ]
    for risk in risks:
        assert risk.guide_entry is not None
        assert {m.kind: m.text for m in risk.measures.all()} == risk.guide_entry.measures
        assert (risk.case.responsible_unit, risk.case.sector, risk.case.state) == (
            enterprise.unit,
            guide.sector,
            "registered",
        )
        assert risk.source == f"《查找指导手册》第 1 版第 {risk.guide_entry.position} 条"
        event = AuditEvent.objects.get(case_id=risk.pk, name="risks.registered")
        assert (event.data["guide"], event.data["entry"]) == ("《查找指导手册》第 1 版", risk.guide_entry_id)
    page = client.get(f"/risks/{risks[0].pk}/").content.decode()
    assert f'href="/risks/guides/{guide.pk}/#e{wanted[0].pk}"' in page


def test_r1_the_same_form_sent_twice_registers_once() -> None:
    guide = published()
    _, clerk = station()
    client, wanted = client_for(clerk), list(guide.entries.all())
    key = client.get(address(guide, wanted)).context["form_key"]
    for _ in range(2):
        assert client.post(address(guide, wanted), typed(wanted, form_key=key)).status_code == 302
    assert Case.objects.count() == 3


def test_r1_a_place_that_is_registered_is_shown_and_refused_and_nothing_typed_is_lost() -> None:
    guide = published()
    enterprise, clerk = station()
    made = register_from_guide(unit=enterprise.unit, guide=guide, picks=picks(guide, count=1), actor=clerk, at=THURSDAY)
    client, entries = client_for(clerk), list(guide.entries.all())
    first = client.get(f"/risks/guides/register/?guide={guide.pk}").content.decode()
    assert "已登记：" in first and f"/risks/{made[0].pk}/" in first and "已登记 1 条" in first
    told = typed(entries, **{f"location_{entries[0].pk}": "1 号岛"})
    answer = client.post(address(guide, entries), told)
    assert answer.status_code == 422 and Case.objects.count() == 1
    assert answer.context["form"].errors == {
        f"location_{entries[0].pk}": [f"1 号岛已按本条登记，编号 {made[0].case.number}"]
    }
    shown = answer.content.decode()
    assert all(value in shown for value in told.values())
    again = client.post(address(guide, entries), told | {f"location_{entries[0].pk}": "2 号岛"})
    assert again.status_code == 302 and Case.objects.count() == 4


def test_r1_mistakes_are_said_at_their_fields_and_nothing_is_registered() -> None:
    guide = published()
    _, clerk = station()
    wanted = list(guide.entries.all())
    bad = {f"location_{wanted[0].pk}": "", f"phone_{wanted[1].pk}": "12", f"person_{wanted[2].pk}": "李晓梅"}
    answer = client_for(clerk).post(address(guide, wanted), typed(wanted, **bad))
    assert answer.status_code == 422 and not Case.objects.exists()
    assert answer.context["form"].errors == {
        f"location_{wanted[0].pk}": ["请填写具体位置"],
        f"phone_{wanted[1].pk}": ["电话不对，应是 11 位手机号，或带区号的座机，如 0552-3120000"],
        f"phone_{wanted[2].pk}": ["这一处另填责任人的，姓名和电话都要填"],
    }


def test_r1_what_was_registered_by_the_version_before_is_still_shown() -> None:
    first = published()
    enterprise, clerk = station()
    register_from_guide(unit=enterprise.unit, guide=first, picks=picks(first, count=1), actor=clerk, at=THURSDAY)
    second = published(entries=1, when=at("2026-10-09 09:00"))
    groups = client_for(clerk).get("/risks/guides/register/").context["groups"]
    lines = [line for group in groups for line in group["lines"]]
    assert [(line["entry"].guide_id, len(line["registered"])) for line in lines] == [
        (second.pk, 1),
        (second.pk, 0),
        (second.pk, 0),
        (second.pk, 0),
    ]
    with pytest.raises(PickRefused, match="已不是现行版本"):
        register_from_guide(unit=enterprise.unit, guide=first, picks=picks(first), actor=clerk, at=THURSDAY)
    with pytest.raises(PickRefused, match="1 号岛已按本条登记"):
        register_from_guide(unit=enterprise.unit, guide=second, picks=picks(second), actor=clerk, at=THURSDAY)


def test_r1_the_nearest_manual_is_offered_first_and_others_by_choice() -> None:
    hazchem, dust = published(), published(sector="dust")
    enterprise, clerk = station(sector="dust")
    own = published(sector=None, drafter=clerk, based_on=dust, entries=1)
    stranger = published(sector=None, drafter=make_actor("enterprise_reporter", make_enterprise()))
    client = client_for(clerk)
    page = client.get("/risks/guides/register/")
    assert page.context["guide"] == dust
    assert [row["text"] for row in page.context["others"]] == [str(own), str(hazchem)]
    assert client.get(f"/risks/guides/register/?guide={hazchem.pk}").status_code == 200
    assert client.get(f"/risks/guides/register/?guide={stranger.pk}").status_code == 404
    with pytest.raises(PickRefused, match="不适用于"):
        register_from_guide(unit=enterprise.unit, guide=stranger, picks=picks(stranger), actor=clerk, at=THURSDAY)


def test_r1_an_official_registers_for_an_enterprise_of_the_own_scope_only() -> None:
    guide = published()
    ours, theirs = make_enterprise(township="燕山乡"), make_enterprise(township="雪华乡")
    client, wanted = client_for(make_actor("township_handler", "燕山乡")), list(guide.entries.all())[:1]
    assert client.get(f"/risks/guides/register/?unit={theirs.pk}").status_code == 404
    answer = client.post(f"{address(guide, wanted)}&unit={ours.pk}", typed(wanted))
    assert answer.status_code == 302
    assert Case.objects.get().responsible_unit == ours.unit


def test_r1_fifty_entries_at_once() -> None:
    guide = published(entries=50)
    _, clerk = station()
    client, wanted = client_for(clerk), list(guide.entries.all())
    assert client.get(address(guide, wanted)).status_code == 200
    assert client.post(address(guide, wanted), typed(wanted)).status_code == 302
    assert RiskPoint.objects.exclude(guide_entry=None).count() == 50
    with CaptureQueriesContext(connection) as few:
        assert client.get("/risks/guides/register/").status_code == 200
    assert len(few) <= 14, len(few)


def test_r1_nothing_ticked_or_a_withdrawn_manual_is_said() -> None:
    guide = published()
    _, clerk = station()
    client = client_for(clerk)
    assert "请至少勾选一条" in client.get(f"/risks/guides/register/?guide={guide.pk}&next=1").content.decode()
    wanted: list[Any] = list(guide.entries.all())
    publishing.withdraw_guide(guide=guide, reason="废止", actor=make_actor("bureau_head"), at=THURSDAY)
    assert client.post(address(guide, wanted), typed(wanted)).status_code == 404
    assert "本行业的查找指导手册还没有发布" in client.get("/risks/guides/register/").content.decode()
    assert not Case.objects.exists()
