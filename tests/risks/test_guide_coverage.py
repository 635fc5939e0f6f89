"""手册覆盖: figures by an independent count, against the notice's target date, within the reader's scope (R1)."""

import io
from datetime import date

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from python_calamine import CalamineWorkbook

from audit.models import AuditEvent
from deadlines.targets import all_targets, target
from organisations.models import Enterprise
from risks.models import RiskPoint
from risks.selectors.guide_coverage import coverage
from risks.services.guides import publishing
from risks.services.guides.registering import register_from_guide
from tests.factories import at, client_for, make_actor, make_enterprise
from tests.risks.builders import make_cast, registered
from tests.risks.guide_scenes import THURSDAY, picks, published

pytestmark = pytest.mark.django_db
NOW = at("2026-10-09 10:00")


@pytest.fixture(autouse=True)
def clock(settings: LazySettings) -> None:
    settings.BUSINESS_NOW = NOW.isoformat()


def district_with_everything() -> None:
    """Stations with and without points, by the manual, by an own manual, by nothing; one closed; a site elsewhere."""
    hazchem = published()
    guided, own, plain, bare, closed = (make_enterprise() for _ in range(5))
    clerk = make_actor("enterprise_reporter", guided)
    register_from_guide(unit=guided.unit, guide=hazchem, picks=picks(hazchem), actor=clerk, at=THURSDAY)
    clerk = make_actor("enterprise_reporter", own)
    mine = published(sector=None, drafter=clerk, based_on=hazchem)
    register_from_guide(unit=own.unit, guide=mine, picks=picks(mine, count=1), actor=clerk, at=THURSDAY)
    registered(cast=make_cast(responsible=plain.unit))
    for enterprise in (bare, closed):
        assert not RiskPoint.objects.filter(case__responsible_unit=enterprise.unit).exists()
    Enterprise.objects.filter(pk=closed.pk).update(operation="closed")
    site = make_enterprise(township="雪华乡", sector="construction", enforcer="区住建交通委")
    registered(cast=make_cast(responsible=site.unit, lead="区住建交通委"), sector="construction")


def by_hand(**where: object) -> tuple[int, int, int]:
    """The same figures row by row, by no code of the portal."""
    enterprises = [e for e in Enterprise.objects.filter(**where) if e.operation != "closed"]
    risks = list(RiskPoint.objects.select_related("case", "guide_entry__guide__based_on"))

    def points(e: Enterprise) -> list[RiskPoint]:
        return [r for r in risks if r.case.responsible_unit_id == e.pk]

    def is_guided(e: Enterprise, r: RiskPoint) -> bool:
        if r.guide_entry is None:
            return False
        guide = r.guide_entry.guide
        return e.sector_id in {guide.sector_id, guide.based_on.sector_id if guide.based_on else None}

    return (
        len(enterprises),
        sum(1 for e in enterprises if points(e)),
        sum(1 for e in enterprises if any(is_guided(e, r) for r in points(e))),
    )


def test_r1_the_target_is_the_notices_own_date() -> None:
    row = target("risks.guides")
    assert (row.words, row.due_on, row.clause) == ("2020年6月", date(2020, 6, 30), "三（一）1")
    assert not row.is_past(date(2020, 6, 30)) and row.is_past(date(2020, 7, 1))
    assert row in all_targets()
    assert "查找指导手册全覆盖" in client_for(make_actor("bureau_handler")).get("/rules/").content.decode()


def test_r1_figures_agree_with_an_independent_count() -> None:
    district_with_everything()
    found = coverage(make_actor("district_leader"), at=NOW)
    for row in found.sectors:
        figures = row.figures
        assert (figures.enterprises, figures.with_risks, figures.guided) == by_hand(sector=row.sector), row.sector
    for line in found.townships:
        figures = line.figures
        assert (figures.enterprises, figures.with_risks, figures.guided) == by_hand(township=line.unit.territory)
    total = found.total
    assert (total.enterprises, total.with_risks, total.guided) == by_hand() == (5, 4, 2)
    bureau = next(row for row in found.departments if str(row.unit) == "区应急管理局")
    assert (bureau.done, [s.name for s in bureau.wanting], bureau.figures.enterprises) == (1, ["粉尘涉爆"], 4)


def test_r1_who_is_late_is_named() -> None:
    published()
    found = coverage(make_actor("bureau_handler"), at=NOW)
    assert found.late == ["粉尘涉爆", "建筑施工", "特种设备", "道路交通", "纬二路街道", "燕山乡", "雪华乡"]
    standings = {row.sector.code: row.standing.text for row in found.sectors}
    assert (standings["hazchem"], standings["dust"]) == ("逾期发布", "逾期未发布")
    page = client_for(make_actor("bureau_handler")).get("/risks/guides/coverage/").content.decode()
    assert "逾期未发布的" in page and "粉尘涉爆、建筑施工、特种设备、道路交通、纬二路街道、燕山乡、雪华乡" in page


def test_r1_published_by_the_target_date_is_in_time_and_withdrawn_is_wanting() -> None:
    guide = published(when=at("2020-06-30 23:59"))
    actor = make_actor("bureau_head")
    before = coverage(actor, at=at("2020-06-30 23:59"))
    assert before.late == [] and {r.standing.text for r in before.sectors} == {"按期发布", "未发布"}
    row = next(r for r in coverage(actor, at=NOW).sectors if r.sector.code == "hazchem")
    assert (row.standing.text, row.standing.first_on) == ("按期发布", date(2020, 6, 30))
    publishing.withdraw_guide(guide=guide, reason="废止", actor=actor, at=NOW)
    row = next(r for r in coverage(actor, at=NOW).sectors if r.sector.code == "hazchem")
    assert row.standing.text == "逾期未发布"


def test_r1_each_supervisor_counts_the_own_scope() -> None:
    district_with_everything()
    builder = coverage(make_actor("department_handler", "区住建交通委"), at=NOW)
    assert {row.sector.code for row in builder.sectors} == {"construction", "road"}
    assert builder.townships == [] and [str(row.unit) for row in builder.departments] == ["区住建交通委"]
    assert (builder.total.enterprises, builder.total.with_risks, builder.total.guided) == (1, 1, 0)
    village = coverage(make_actor("township_handler", "雪华乡"), at=NOW)
    assert [str(row.unit) for row in village.townships] == ["雪华乡"] and village.departments == []
    assert village.total.enterprises == 1
    for role in ("enterprise_reporter", "expert", "tip_officer", "system_admin"):
        client = client_for(make_actor(role))
        for page in ("", "enterprises/", "export/"):
            assert client.get(f"/risks/guides/coverage/{page}").status_code == 403


def test_r1_enterprises_are_named_by_their_standing() -> None:
    district_with_everything()
    client = client_for(make_actor("bureau_handler"))
    counts = {}
    for standing in ("none", "other", "guided", "all"):
        page = client.get("/risks/guides/coverage/enterprises/", {"standing": standing})
        counts[standing] = len(page.context["lines"])
    assert counts == {"none": 1, "other": 2, "guided": 2, "all": 5}
    narrowed = client.get("/risks/guides/coverage/enterprises/?standing=other&sector=construction")
    assert [str(line["enterprise"].sector) for line in narrowed.context["lines"]] == ["建筑施工"]
    for junk in ("?standing=x&sector=%00x", "?page=²", "?township=99999999999999999999&page=-1"):
        assert client.get(f"/risks/guides/coverage/enterprises/{junk.replace('%00', '')}").status_code == 200


def test_r1_the_export_holds_what_the_page_shows_and_is_an_event() -> None:
    district_with_everything()
    answer = client_for(make_actor("bureau_handler")).get("/risks/guides/coverage/export/")
    book = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(answer)))
    assert book.sheet_names == ["行业", "乡街", "部门", "企业", "导出说明"]
    rows = book.get_sheet_by_name("行业").to_python()
    assert rows[1] == ["危险化学品", "区应急管理局", "查找指导手册", "第 1 版", "2026-10-08", "逾期发布", 4, 3, 2, 1]
    assert rows[-1] == ["合计", "", "", "", "", "1 个行业已发布", 5, 4, 2, 1]
    assert len(book.get_sheet_by_name("企业").to_python()) == 1 + 5
    assert AuditEvent.objects.filter(subject_kind="register", subject_id="guides").count() == 1


def test_r1_pages_ask_no_more_with_more_rows() -> None:
    def asked(actor, url: str) -> int:
        client = client_for(actor)
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        return len(queries)

    guide, actor = published(), make_actor("bureau_handler")
    urls = (
        "/risks/guides/",
        "/risks/guides/?every=1",
        f"/risks/guides/{guide.pk}/",
        "/risks/guides/coverage/",
        "/risks/guides/coverage/enterprises/?standing=all",
    )
    make_enterprise()
    one = [asked(actor, url) for url in urls]
    published(sector="dust", entries=9)
    published(entries=6, when=at("2026-10-08 15:00"))
    for enterprise in [make_enterprise() for _ in range(3)]:
        registered(cast=make_cast(responsible=enterprise.unit))
    assert (one, [asked(actor, url) for url in urls]) == ([10, 10, 11, 15, 10], [10, 10, 11, 15, 10])
