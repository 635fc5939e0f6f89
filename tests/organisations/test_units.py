"""Units, territory and sectors (X1)."""

from datetime import date

import pytest

from audit.models import AuditEvent
from organisations.events import Event
from organisations.models import Unit
from organisations.roles import UnitKind
from tests.factories import (
    client_for,
    make_actor,
    make_district,
    make_post,
    make_unit,
    sector_of,
    territory_of,
    unit_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(db):
    return client_for(make_actor("system_admin"))


def unit_form(**changed):
    form = {
        "kind": "department",
        "name": "蚌埠市蚌山区数据资源局",
        "short_name": "区数据资源局",
        "letterhead": "蚌埠市蚌山区数据资源局",
        "letter_code": "蚌山数据",
        "valid_from": "2026-03-01",
    }
    return form | changed


def test_x1_unit_is_registered_and_corrected(admin):
    assert admin.post("/manage/units/new/", unit_form()).status_code == 302
    unit = Unit.objects.get(short_name="区数据资源局")
    assert (unit.district.code, unit.kind, unit.valid_from) == ("340303", UnitKind.DEPARTMENT, date(2026, 3, 1))
    response = admin.post(f"/manage/units/{unit.pk}/", unit_form(short_name="区数据局", kind="bureau"))
    assert response.status_code == 302
    unit.refresh_from_db()
    assert (unit.short_name, unit.kind) == ("区数据局", UnitKind.DEPARTMENT)  # the kind is not changed afterwards
    changed = AuditEvent.objects.filter(name=Event.UNIT_SAVED).latest("pk").data
    assert (changed["changed"], changed["before"]) == ({"short_name": "区数据局"}, {"short_name": "区数据资源局"})


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"name": ""}, "请填全称"),
        ({"letter_code": ""}, "要么都填，要么都不填"),
        ({"letter_code": "蚌山应急"}, "发文字号会重复"),
        ({"kind": "township"}, "乡街单位须选所在乡街"),
        ({"kind": "enterprise"}, "选择一个有效的选项"),
    ],
)
def test_x1_bad_unit_is_refused_and_what_was_typed_stays(admin, changed, message):
    page = admin.post("/manage/units/new/", unit_form(**changed)).content.decode()
    assert message in page and "区数据资源局" in page
    assert not Unit.objects.filter(short_name="区数据资源局").exists()


def test_x1_second_township_unit_of_an_area_is_refused(admin):
    form = unit_form(kind="township", territory=territory_of("燕山乡").pk, letter_code="", letterhead="")
    assert admin.post("/manage/units/new/", form).status_code == 200
    assert Unit.objects.filter(territory=territory_of("燕山乡"), kind="township").count() == 1


def test_x1_end_and_successor_are_one_act(admin):
    old, new = unit_of("区住建交通委"), make_unit(short_name="区住建局")
    kept = make_post(unit=old, role_key="department_handler")
    url = f"/manage/units/{old.pk}/succeed/"
    form = {"on": "2026-10-31", "successor": new.pk, "basis": "蚌山编〔2026〕3号", "close_posts": "on"}
    assert admin.post(url, form).status_code == 302
    old.refresh_from_db()
    kept.refresh_from_db()
    assert (old.valid_to, old.succeeded_by, kept.valid_to) == (date(2026, 10, 31), new, date(2026, 10, 31))
    told = AuditEvent.objects.get(name=Event.UNIT_SUCCEEDED).data
    assert (told["successor"], told["basis"], told["posts_closed"]) == (new.name, "蚌山编〔2026〕3号", 1)
    assert "已于 2026-10-31 撤销" in admin.post(url, form).content.decode()
    assert AuditEvent.objects.filter(name=Event.UNIT_SUCCEEDED).count() == 1


def test_x1_register_filters(admin):
    make_unit(short_name="区旧局", valid_to=date(2019, 3, 1))
    assert "区旧局" not in admin.get("/manage/units/").content.decode()
    assert "区旧局" in admin.get("/manage/units/?state=ended").content.decode()
    page = admin.get("/manage/units/?kind=township&q=燕山").content.decode()
    assert "燕山乡" in page and "雪华乡" not in page


def test_x1_territory_is_handed_to_the_development_zone_and_back(admin):
    area = territory_of("燕山乡")
    assert (
        admin.post(f"/manage/territories/{area.pk}/", {"is_district_managed": "0", "basis": "纪要"}).status_code == 302
    )
    area.refresh_from_db()
    assert area.is_district_managed is False
    assert AuditEvent.objects.get(name=Event.TERRITORY_CHANGED).data["basis"] == "纪要"
    assert "开发区管理" in admin.get("/manage/territories/").content.decode()


def test_x1_sector_gets_its_departments(admin):
    sector, market = sector_of("road"), unit_of("区市场监管局")
    form = {"departments": [market.pk], "is_high_risk": "on", "basis": "三定方案"}
    assert admin.post(f"/manage/sectors/{sector.pk}/", form).status_code == 302
    sector.refresh_from_db()
    assert (list(sector.departments.all()), sector.is_high_risk) == ([market], True)
    told = AuditEvent.objects.get(name=Event.SECTOR_CHANGED).data
    assert (told["departments"], told["departments_before"]) == ([market.name], [unit_of("区住建交通委").name])


def test_x3_unit_of_another_district_is_404_and_no_choice(admin):
    other = make_district(code="340304", name="禹会区")
    foreign = unit_of("区住建交通委", district=other)
    for url in (
        f"/manage/units/{foreign.pk}/",
        f"/manage/units/{foreign.pk}/succeed/",
        f"/manage/territories/{territory_of('燕山乡', district=other).pk}/",
        f"/manage/sectors/{sector_of('road', district=other).pk}/",
    ):
        assert admin.get(url).status_code == 404, url
        assert admin.post(url, {}).status_code == 404, url
    mine = unit_of("区住建交通委")
    form = {"on": "2026-10-31", "successor": foreign.pk, "basis": "文"}
    assert admin.post(f"/manage/units/{mine.pk}/succeed/", form).status_code == 200
    mine.refresh_from_db()
    assert mine.valid_to is None
    assert foreign.name not in admin.get("/manage/units/?state=all").content.decode()
