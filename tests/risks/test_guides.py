"""Guide manuals: versions, who may do what, what the database keeps, and what people read (R1)."""

import pytest
from django.conf import LazySettings
from django.db import DatabaseError, IntegrityError, transaction

from audit.models import AuditEvent
from deadlines.workflow import Overtaken, Refused
from organisations.models import Sector, Unit
from risks.guide_flow import STEPS
from risks.models import Guide, GuideEntry, GuideState
from risks.models.guide import ENTRY_FIELDS
from risks.selectors.guide_changes import changes_between
from risks.services.guides import drafting, publishing
from tests.factories import (
    at,
    client_for,
    make_actor,
    make_district,
    make_enterprise,
    make_post,
    make_unit,
    sector_of,
    unit_of,
)
from tests.risks.guide_scenes import BASIS, THURSDAY, drafted, entry, published, submitted

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(settings: LazySettings) -> None:
    settings.BUSINESS_NOW = "2026-10-09T10:00:00+08:00"


def test_r1_a_manual_comes_into_force_by_two_persons_and_every_act_is_an_event() -> None:
    drafter, head = make_actor("bureau_handler"), make_actor("bureau_head")
    guide = published(drafter=drafter, publisher=head, entries=1)
    assert (guide.version, guide.state, guide.drafted_by, guide.published_by) == (
        1,
        GuideState.PUBLISHED,
        drafter.person,
        head.person,
    )
    events = AuditEvent.objects.filter(subject_kind="guide", subject_id=str(guide.pk)).order_by("pk")
    assert [(e.name, e.person_id) for e in events] == [
        ("risks.guide_begun", drafter.person.pk),
        ("risks.guide_entry_added", drafter.person.pk),
        ("risks.guide_submitted", drafter.person.pk),
        ("risks.guide_published", head.person.pk),
    ]


def test_r1_nobody_publishes_the_own_draft_whatever_the_post() -> None:
    head = make_actor("bureau_head")
    guide = submitted(drafter=head)
    with pytest.raises(Refused, match="起草人不能发布或退回自己起草的手册，请由本单位另一人办理"):
        publishing.publish_guide(guide=guide, actor=head, at=THURSDAY)
    other_hat = type(head)(account=head.account, post=make_post(person=head.person, role_key="bureau_principal"))
    with pytest.raises(Refused, match="起草人不能发布"):
        publishing.publish_guide(guide=guide, actor=other_hat, at=THURSDAY)
    guide.refresh_from_db()
    assert (guide.state, guide.version) == (GuideState.SUBMITTED, None)


def test_r1_who_changes_a_returned_draft_becomes_its_drafter() -> None:
    first, second = make_actor("bureau_head"), make_actor("bureau_head")
    guide = submitted(drafter=first)
    publishing.return_guide(guide=guide, note="补充储罐区", actor=second, at=THURSDAY)
    guide.refresh_from_db()
    assert (guide.state, guide.return_note) == (GuideState.DRAFT, "补充储罐区")
    drafting.add_entry(guide=guide, fields=entry(9, area="储罐区"), actor=second, at=THURSDAY)
    publishing.submit_guide(guide=guide, actor=second, at=THURSDAY)
    with pytest.raises(Refused, match="起草人不能发布"):
        publishing.publish_guide(guide=guide, actor=second, at=THURSDAY)
    assert publishing.publish_guide(guide=guide, actor=first, at=THURSDAY).version == 1


def test_r1_the_next_version_begins_with_the_entries_in_force_and_supersedes() -> None:
    first = published(entries=3)
    drafter, head = make_actor("bureau_handler"), make_actor("bureau_head")
    guide = drafted(drafter=drafter, entries=1, when=at("2026-10-09 09:00"))
    assert [e.key for e in guide.entries.all()][:3] == [e.key for e in first.entries.all()]
    one, two, *_ = guide.entries.all()
    changed = {name: getattr(one, name) for name in ENTRY_FIELDS} | {"check_frequency": "shift"}
    drafting.change_entry(entry=one, fields=changed, actor=drafter, at=THURSDAY)
    drafting.remove_entry(entry=two, actor=drafter, at=THURSDAY)
    publishing.submit_guide(guide=guide, actor=drafter, at=THURSDAY)
    publishing.publish_guide(guide=guide, actor=head, at=at("2026-10-10 09:00"))
    first.refresh_from_db()
    guide.refresh_from_db()
    assert (first.state, first.ended_by, guide.version) == (GuideState.SUPERSEDED, head.person, 2)
    changes = changes_between(first, guide)
    assert [str(e) for e in changes.added] == ["卸油区 风险点4"]
    assert [str(e) for e in changes.removed] == ["卸油区 风险点2"]
    assert [(str(c.entry), c.fields) for c in changes.changed] == [("卸油区 风险点1", [("排查频次", "每日", "每班")])]
    page = client_for(make_actor("township_handler", "燕山乡")).get(f"/risks/guides/{guide.pk}/").content.decode()
    assert "与第 1 版相比" in page and "增加 1 条" in page and "删去 1 条" in page and "修改 1 条" in page
    assert "<del>每日</del> → 每班" in page and head.person.name in page


def test_r1_a_published_manual_is_kept_by_the_database_too() -> None:
    guide = published(entries=2)
    one = guide.entries.get(title="风险点1")
    copy = {name: getattr(one, name) for name in ENTRY_FIELDS} | {"title": "另加"}
    attempts = (
        lambda: Guide.objects.filter(pk=guide.pk).update(title="改名"),
        lambda: Guide.objects.filter(pk=guide.pk).update(version=7),
        lambda: Guide.objects.filter(pk=guide.pk).update(published_at=at("2020-01-01")),
        lambda: GuideEntry.objects.filter(pk=one.pk).update(monitoring="无"),
        lambda: GuideEntry.objects.filter(pk=one.pk)._raw_delete("default"),  # type: ignore[attr-defined]
        lambda: GuideEntry.objects.create(guide=guide, position=9, **copy),
    )
    for attempt in attempts:
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()
    assert guide.entries.count() == 2
    with pytest.raises(Refused, match="手册当前状态是“现行”，不能办理“修改”"):
        drafting.change_entry(entry=one, fields=copy, actor=make_actor("bureau_handler"), at=THURSDAY)
    publishing.withdraw_guide(guide=guide, reason="文件废止", actor=make_actor("bureau_head"), at=THURSDAY)
    with pytest.raises(DatabaseError), transaction.atomic():
        Guide.objects.filter(pk=guide.pk).update(state="published", ended_by=None, ended_at=None, end_reason="")


def test_r1_constraints_hold_without_the_services() -> None:
    district, person, other = make_district(), make_actor().person, make_actor().person
    base = {"district": district, "issuer": unit_of("区应急管理局"), "title": "册", "basis": "据"}
    base |= {"drafted_by": person, "drafted_at": THURSDAY}
    done = {"state": "published", "published_by": other, "published_at": THURSDAY}
    hazchem, dust = sector_of("hazchem"), sector_of("dust")
    Guide.objects.create(**base, sector=hazchem, version=1, **done)
    Guide.objects.create(**base, sector=None, version=1, **done)
    Guide.objects.create(**base, sector=dust)
    ended = {"state": "superseded", "ended_by": other, "ended_at": THURSDAY}
    wrong = (
        {"sector": hazchem, "version": 2, **done},  # two in force
        {"sector": None, "version": 2, **done},
        {"sector": dust},  # two in draft
        {"sector": hazchem, "version": 1, **done, **ended},  # a number twice
        {"sector": dust, "version": 1, **done, "published_by": person},  # the drafter
        {"sector": dust, "version": None, **done},
        {"sector": dust, "version": 1, **done, "published_by": None},
        {"sector": hazchem, "state": "draft", "version": 3},
        {"sector": hazchem, "version": 2, **done, **ended, "ended_by": None},
        {"sector": hazchem, "version": 2, **done, **ended, "state": "withdrawn"},  # no reason
    )
    for values in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            Guide.objects.create(**base, **values)
    draft = Guide.objects.get(sector=dust)
    with pytest.raises(IntegrityError), transaction.atomic():
        bare = entry() | dict.fromkeys(("engineering", "management", "training", "protection", "emergency"), "")
        GuideEntry.objects.create(guide=draft, position=1, **bare)
    assert Guide.objects.count() == 3


def test_r1_a_sector_is_drafted_by_its_department_and_by_the_bureau_where_it_has_none() -> None:
    builder, bureau = make_actor("department_handler", "区住建交通委"), make_actor("bureau_handler")
    assert {s.code for s in drafting.sectors_to_draft_for(builder, at=THURSDAY)} == {"construction", "road"}
    assert {s.code for s in drafting.sectors_to_draft_for(bureau, at=THURSDAY)} == {"hazchem", "dust"}
    Sector.objects.get(code="road").departments.clear()
    assert {s.code for s in drafting.sectors_to_draft_for(bureau, at=THURSDAY)} == {"hazchem", "dust", "road"}
    assert drafting.sectors_to_draft_for(make_actor("township_handler"), at=THURSDAY) == []
    with pytest.raises(Refused, match="“建筑施工”的手册由主管部门编制"):
        drafted(sector="construction", drafter=bureau)
    drafted(sector="construction", drafter=builder)
    with pytest.raises(Refused, match=f"{builder.person.name}正在起草这份手册，请先办完那一份"):
        drafted(sector="construction", drafter=make_actor("department_handler", "区住建交通委"))


def test_r1_a_unit_keeps_a_manual_of_its_own_published_by_its_principal() -> None:
    base = published(entries=2)
    enterprise = make_enterprise()
    clerk, principal = make_actor("enterprise_reporter", enterprise), make_actor("enterprise_principal", enterprise)
    own = submitted(sector=None, drafter=clerk, based_on=base, entries=1)
    assert own.based_on == base and own.entries.count() == 3
    with pytest.raises(Refused, match="有“以主要负责人签字”权限的岗位办理"):
        publishing.publish_guide(guide=own, actor=make_actor("enterprise_reporter", enterprise), at=THURSDAY)
    assert publishing.publish_guide(guide=own, actor=principal, at=THURSDAY).version == 1
    township = make_actor("township_handler", "燕山乡")
    local = published(sector=None, drafter=township, publisher=make_actor("township_principal", "燕山乡"))
    assert (local.subject, local.sector, local.version) == ("燕山乡", None, 1)


def test_r1_withdrawn_and_discarded_say_why_and_leave_no_gap_in_the_numbers() -> None:
    first, head = published(), make_actor("bureau_head")
    dropped = drafted()
    publishing.discard_guide(guide=dropped, reason="方向不对", actor=make_actor("bureau_handler"), at=THURSDAY)
    publishing.withdraw_guide(guide=first, reason="标准废止", actor=head, at=THURSDAY)
    first.refresh_from_db()
    assert (first.state, first.end_reason, Guide.objects.published().count()) == ("withdrawn", "标准废止", 0)  # type: ignore[attr-defined]
    assert published().version == 2
    page = client_for(make_actor("expert")).get(f"/risks/guides/{first.pk}/").content.decode()
    assert "已撤销" in page and "标准废止" in page


def test_r1_an_old_page_is_told_who_was_faster() -> None:
    drafter, colleague = make_actor("bureau_handler"), make_actor("bureau_handler")
    guide = drafted(drafter=drafter)
    seen = guide.entries.get(title="风险点1").guide.revision
    drafting.add_entry(guide=guide, fields=entry(8), actor=colleague, at=THURSDAY)
    with pytest.raises(Overtaken, match=f"{colleague.person.name}刚修改过这份手册"):
        publishing.submit_guide(guide=guide, actor=drafter, at=THURSDAY, revision=seen)
    with pytest.raises(Refused, match="“卸油区”已有名为“风险点8”的条目"):
        drafting.add_entry(guide=guide, fields=entry(8), actor=drafter, at=THURSDAY)


def test_r1_the_successor_of_a_dissolved_department_ends_what_it_left() -> None:
    builder = make_actor("department_handler", "区住建交通委")
    draft, old, new = drafted(sector="road", drafter=builder), builder.unit, make_unit(short_name="区交通运输局")
    Unit.objects.filter(pk=old.pk).update(valid_to="2026-09-30", succeeded_by=new)
    sector_of("road").departments.set([new])
    heir = make_actor("department_head", new)
    with pytest.raises(Refused, match="正在起草这份手册"):
        drafted(sector="road", drafter=heir)
    assert str(draft.pk) in client_for(heir).get("/risks/guides/").content.decode()
    publishing.discard_guide(guide=draft, reason="机构改革", actor=heir, at=THURSDAY)
    assert drafted(sector="road", drafter=heir).issuer == new


def test_r1_an_empty_manual_is_not_submitted() -> None:
    drafter = make_actor("bureau_handler")
    with pytest.raises(Refused, match="手册还没有条目"):
        publishing.submit_guide(guide=drafted(entries=0, drafter=drafter), actor=drafter, at=THURSDAY)


def test_r1_drafts_stay_at_home_and_what_is_published_the_district_reads() -> None:
    drafter = make_actor("bureau_handler")
    draft, public = drafted(sector="dust", drafter=drafter), published()
    enterprise = make_enterprise()
    own = published(sector=None, drafter=make_actor("enterprise_reporter", enterprise))
    abroad = make_actor("bureau_handler", district=make_district(code="340302", name="禹会区"))
    rows = {"draft": draft, "public": public, "own": own}

    def seen(actor) -> set[str]:
        visible = set(Guide.objects.for_actor(actor).values_list("pk", flat=True))  # type: ignore[attr-defined]
        return {name for name, guide in rows.items() if guide.pk in visible}

    assert seen(make_actor("bureau_head")) == {"draft", "public", "own"}
    assert seen(make_actor("enterprise_reporter", enterprise)) == {"public", "own"}
    assert seen(make_actor("enterprise_reporter", make_enterprise())) == {"public"}
    assert seen(make_actor("township_handler", "雪华乡")) == {"public"}
    assert seen(make_actor("township_handler", "燕山乡")) == {"public", "own"}
    assert seen(make_actor("tip_officer")) == seen(make_actor("expert")) == {"public"}
    assert seen(abroad) == set()


def test_r1_from_the_first_line_to_publication_in_the_browser() -> None:
    drafter, head = client_for(make_actor("bureau_handler")), client_for(make_actor("bureau_head"))
    answer = drafter.post("/risks/guides/new/?of=hazchem", {"title": "危化手册", "basis": BASIS}, follow=True)
    guide = Guide.objects.get()
    assert "已开始起草" in answer.content.decode() and "还没有条目" in answer.content.decode()
    typed = entry(1) | {"accident_types": ["火灾", "泄漏"], "more": "1"}
    saved = drafter.post(f"/risks/guides/{guide.pk}/entries/new/", typed)
    assert saved.headers["Location"].startswith(f"/risks/guides/{guide.pk}/entries/new/?area=")
    assert guide.entries.get().accident_types == "火灾、泄漏"
    bad = drafter.post(
        f"/risks/guides/{guide.pk}/entries/new/", typed | {"title": "", "engineering": "甲", "monitoring": ""}
    )
    assert (
        bad.status_code == 422 and "请填写监控措施" in bad.content.decode() and "静电接地不良" in bad.content.decode()
    )
    refused = head.post(f"/risks/guides/{guide.pk}/publish/", {"version": guide.revision})
    assert refused.status_code == 422 and "手册当前状态是“起草”" in refused.content.decode()
    assert drafter.post(f"/risks/guides/{guide.pk}/submit/", {}).status_code == 302
    assert "发布" not in drafter.get(f"/risks/guides/{guide.pk}/").context["next_rows"].__str__()
    done = head.post(f"/risks/guides/{guide.pk}/publish/", {}, follow=True).content.decode()
    assert "已发布，立即生效。" in done and "第 1 版" in done
    listed = client_for(make_actor("enterprise_reporter", make_enterprise())).get("/risks/guides/").content.decode()
    assert "危化手册" in listed and "第 1 版" in listed


def test_r1_the_table_of_who_may_do_what() -> None:
    assert {
        step.action: (step.of_sector.value, step.of_unit.value, step.not_by_drafter) for step in STEPS.values()
    } == {
        "edit": ("assess", "register_risk", False),
        "submit": ("assess", "register_risk", False),
        "publish": ("issue_letter", "sign_principal", True),
        "return": ("issue_letter", "sign_principal", True),
        "discard": ("assess", "register_risk", False),
        "supersede": ("issue_letter", "sign_principal", False),
        "withdraw": ("issue_letter", "sign_principal", False),
    }
