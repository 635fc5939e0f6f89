"""The register: what each post sees, registering, editing, export (X1–X3)."""

import io
from datetime import date

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from python_calamine import CalamineWorkbook

from audit.models import AuditEvent
from audit.personal import told
from organisations.models import Enterprise
from organisations.selectors import enterprises, page_by_name
from organisations.services.enterprises import RegistryRefused, update_enterprise
from tests.factories import (
    at,
    client_for,
    make_actor,
    make_district,
    make_enterprise,
    make_uscc,
    sector_of,
    territory_of,
    unit_of,
)

pytestmark = pytest.mark.django_db
LIST = "/enterprises/"


def names(actor, query=""):
    response = client_for(actor).get(LIST + query)
    assert response.status_code == 200
    return {row["e"].unit.name for row in response.context["rows"]}


def exported(actor, query=""):
    response = client_for(actor).get(reverse("enterprises:export") + query)
    assert response.status_code == 200
    rows = CalamineWorkbook.from_filelike(io.BytesIO(response.content)).get_sheet_by_name("企业").to_python()
    return rows[0], rows[1:]


@pytest.fixture
def three():
    """One per township and department."""
    return [
        make_enterprise(name="燕山加油站", township="燕山乡", sector="hazchem"),
        make_enterprise(name="雪华建筑", township="雪华乡", sector="construction", enforcer="区住建交通委"),
        make_enterprise(
            name="雪华电梯", township="雪华乡", sector="special_equipment", enforcer="区应急管理局", is_key=True
        ),
    ]


SEES = {
    ("bureau_handler", "区应急管理局"): {"燕山加油站", "雪华建筑", "雪华电梯"},
    ("committee_officer", "区安委办"): {"燕山加油站", "雪华建筑", "雪华电梯"},
    ("district_leader", "区政府"): {"燕山加油站", "雪华建筑", "雪华电梯"},
    ("township_handler", "燕山乡"): {"燕山加油站"},
    ("township_handler", "雪华乡"): {"雪华建筑", "雪华电梯"},
    ("department_handler", "区住建交通委"): {"雪华建筑"},
    # by its sector, though another department enforces
    ("department_handler", "区市场监管局"): {"雪华电梯"},
    ("expert", "安全评价有限公司"): set(),
    ("tip_officer", "区安委办"): set(),
    ("security_admin", "平台管理"): set(),
}


@pytest.mark.parametrize(("role", "unit"), SEES)
def test_x3_each_post_sees_exactly_its_own_in_list_detail_and_export(three, role, unit):
    expected = SEES[role, unit]
    actor = make_actor(role, unit)
    assert names(actor) == expected
    assert {row[0] for row in exported(actor)[1]} == expected
    client = client_for(actor)
    for enterprise in three:
        status = client.get(reverse("enterprises:detail", args=[enterprise.pk])).status_code
        assert status == (200 if enterprise.unit.name in expected else 404)


def test_x3_an_enterprise_sees_only_itself(three):
    actor = make_actor("enterprise_reporter", three[0])
    client = client_for(actor)
    assert names(actor) == {"燕山加油站"}
    assert client.get(reverse("enterprises:mine")).url == reverse("enterprises:detail", args=[three[0].pk])
    assert client.get(reverse("enterprises:detail", args=[three[0].pk])).status_code == 200
    assert client.get(reverse("enterprises:detail", args=[three[1].pk])).status_code == 404
    assert client.get(reverse("enterprises:edit", args=[three[1].pk])).status_code == 404


def test_x3_another_district_sees_nothing(three):
    other = make_district(code="340304", name="禹会区")
    actor = make_actor("bureau_handler", "区应急管理局", district=other)
    assert names(actor) == set()
    assert client_for(actor).get(reverse("enterprises:detail", args=[three[0].pk])).status_code == 404


def test_x3_a_filter_reaches_nothing_outside_the_scope(three):
    township = make_actor("township_handler", "燕山乡")
    assert names(township, "?township=340303201") == set()
    assert names(township, "?q=雪华") == set()
    assert names(township, f"?after={three[1].pk}") == {"燕山加油站"}
    # a value that is not a choice shows nothing instead of everything
    assert names(make_actor("bureau_handler"), "?township=999") == set()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?township=340303201", {"雪华建筑", "雪华电梯"}),
        ("?sector=construction", {"雪华建筑"}),
        ("?key=true", {"雪华电梯"}),
        ("?q=电梯", {"雪华电梯"}),
        ("?operation=closed", set()),
        ("?department=undetermined", set()),
        ("?grade=none&township=340303200", {"燕山加油站"}),
    ],
)
def test_x1_filters_are_in_the_address_and_the_export_follows_them(three, query, expected):
    actor = make_actor("bureau_handler")
    assert names(actor, query) == expected
    assert {row[0] for row in exported(actor, query)[1]} == expected


def test_x1_search_finds_part_of_a_code_in_lower_case(three):
    assert names(make_actor("bureau_handler"), f"?q={three[1].uscc[8:].lower()}") == {"雪华建筑"}


def test_x3_export_is_recorded_with_its_conditions_and_masks_phones(three):
    actor = make_actor("bureau_handler")
    head, rows = exported(actor, "?township=340303200")
    event = AuditEvent.objects.get(name="organisations.exported")
    assert (event.person_id, event.data["rows"], event.data["conditions"]) == (actor.person.pk, 1, {"乡街": "燕山乡"})
    assert rows[0][head.index("主要负责人电话")] == "138****0000"


def test_x1_export_never_writes_a_formula():
    make_enterprise(name="=1+1")
    assert exported(make_actor("bureau_handler"))[1][0][0] == "=1+1"


def test_x1_pages_by_key_show_every_row_once():
    for number in range(7):
        make_enterprise(name=f"同名便民店{'' if number < 3 else number}")
    found = enterprises(make_actor("bureau_handler"))
    first = page_by_name(found, size=3)
    second = page_by_name(found, after=str(first.after), size=3)
    third = page_by_name(found, after=str(second.after), size=3)
    assert [len(page.rows) for page in (first, second, third)] == [3, 3, 1]
    assert len({e.pk for page in (first, second, third) for e in page.rows}) == 7
    assert (first.before, third.after) == (None, None)
    assert page_by_name(found, before=str(third.before), size=3).rows == second.rows
    assert page_by_name(found, after="９", size=3).rows == first.rows


def test_x1_list_costs_the_same_queries_for_one_row_and_three(django_assert_num_queries):
    make_enterprise(name="甲")
    client = client_for(make_actor("bureau_handler"))
    with django_assert_num_queries(11):
        client.get(LIST)
    make_enterprise(name="乙")
    make_enterprise(name="丙", enforcer=None)
    with django_assert_num_queries(11):
        client.get(LIST)


def new_form(**changed):
    return {
        "name": "蚌埠市新兴加油站有限公司",
        "uscc": make_uscc(serial=9001),
        "sector": sector_of("hazchem").pk,
        "section": "F",
        "scale": "small",
        "affiliation": "private",
        "township": territory_of("燕山乡").pk,
        "operation": "running",
        "address": "燕山乡东海大道 8 号",
        "principal_name": "李建国",
        "principal_phone": "138 0552 0001",
        "enforcement_department": "sector",
        "supervision_level": "district",
    } | changed


def test_x1_an_official_registers_an_enterprise():
    make_district()
    client = client_for(make_actor("bureau_handler"))
    response = client.post(reverse("enterprises:new"), new_form(uscc=f" {make_uscc(serial=9001).lower()} "))
    made = Enterprise.objects.get(uscc=make_uscc(serial=9001))
    assert response.url == reverse("enterprises:detail", args=[made.pk])
    assert (made.unit.name, made.unit.territory.name, made.principal_phone) == (
        "蚌埠市新兴加油站有限公司",
        "燕山乡",
        "13805520001",
    )
    # X2: the sector's department, because there is exactly one
    assert (made.enforcement_department.short_name, made.undetermined_since) == ("区应急管理局", None)
    page = client.get(response.url).content.decode()
    assert "138****0001" in page and "13805520001" not in page


@pytest.mark.parametrize(
    ("changed", "field", "message"),
    [
        ({"uscc": "91340303MA2T000157"}, "uscc", "统一社会信用代码校验不通过，请对照营业执照逐位核对"),
        ({"uscc": ""}, "uscc", "填统一社会信用代码，或者在下一项说明没有代码的原因"),
        ({"no_uscc_reason": "摊点"}, "no_uscc_reason", "已填代码，这里应空着"),
        ({"principal_phone": "1380"}, "principal_phone", "电话应是 11 位手机号，或带区号的固定电话（如 0552-2040000）"),
        ({"longitude": "117.3"}, "latitude", "经度、纬度要么都填，要么都不填"),
        ({"longitude": "17.3", "latitude": "32.9"}, "longitude", "经度应在 73 到 136 度之间"),
    ],
)
def test_x1_a_bad_field_says_so_and_nothing_typed_is_lost(changed, field, message):
    make_district()
    response = client_for(make_actor("bureau_handler")).post(reverse("enterprises:new"), new_form(**changed))
    form = response.context["form"]
    assert response.status_code == 422
    assert form.errors == {field: [message]}
    assert form["name"].value() == "蚌埠市新兴加油站有限公司"
    assert 'value="蚌埠市新兴加油站有限公司"' in response.content.decode()
    assert Enterprise.objects.count() == 0


def test_x1_a_doubtful_organisation_code_is_kept_after_a_look_at_the_licence():
    make_district()
    client = client_for(make_actor("bureau_handler"))
    code = "91340303MA2T00016" + "4"
    from organisations.services.uscc import check_character, validate

    code = code[:17] + check_character(code[:17])
    assert validate(code)[0] == []
    refused = client.post(reverse("enterprises:new"), new_form(uscc=code))
    assert set(refused.context["form"].errors) == {"uscc", "uscc_confirmed"}
    client.post(reverse("enterprises:new"), new_form(uscc=code, uscc_confirmed="on"))
    assert Enterprise.objects.filter(uscc=code).count() == 1


def test_x1_a_unit_without_code_says_why():
    make_district()
    client = client_for(make_actor("bureau_handler"))
    form = new_form(uscc="", no_uscc_reason="临时摊点", name="老街夜市摊点")
    assert client.post(reverse("enterprises:new"), form).status_code == 302
    assert Enterprise.objects.get(unit__name="老街夜市摊点").no_uscc_reason == "临时摊点"
    again = client.post(reverse("enterprises:new"), form)
    assert again.context["form"].errors == {"name": ["这个乡街已登记同名且没有代码的单位"]}


def test_x1_a_code_is_registered_once_and_its_owner_named_only_to_those_who_see_it():
    make_enterprise(name="雪华加油站", township="雪华乡", uscc=make_uscc(serial=9001))
    seen = client_for(make_actor("bureau_handler")).post(reverse("enterprises:new"), new_form())
    assert seen.context["form"].errors == {"uscc": ["这个代码已登记：雪华加油站"]}
    unseen = client_for(make_actor("township_handler", "燕山乡")).post(reverse("enterprises:new"), new_form())
    assert unseen.context["form"].errors == {"uscc": ["这个代码已登记在其他乡街或区县"]}


def test_x3_a_township_registers_only_in_its_own_territory():
    make_district()
    client = client_for(make_actor("township_handler", "燕山乡"))
    response = client.post(reverse("enterprises:new"), new_form(township=territory_of("雪华乡").pk))
    assert set(response.context["form"].errors) == {"township"}
    assert client.post(reverse("enterprises:new"), new_form()).status_code == 302


@pytest.mark.parametrize("role", ["department_handler", "district_leader", "system_admin", "enterprise_principal"])
def test_x3_others_cannot_register(role):
    make_district()
    client = client_for(make_actor(role))
    before = Enterprise.objects.count()
    assert client.get(reverse("enterprises:new")).status_code == 403
    assert client.post(reverse("enterprises:new"), new_form()).status_code == 403
    assert client.get(reverse("enterprises:import")).status_code == 403
    assert Enterprise.objects.count() == before


def test_x2_the_department_must_supervise_the_sector():
    make_district()
    client = client_for(make_actor("bureau_handler"))
    form = new_form(enforcement_department=str(unit_of("区市场监管局").pk))
    errors = client.post(reverse("enterprises:new"), form).context["form"].errors
    assert errors == {"enforcement_department": ["“危险化学品”由区应急管理局主管，请选其中一个，或者选“待明确”"]}


def test_x2_registering_as_undetermined_is_dated():
    make_district()
    client = client_for(make_actor("bureau_handler"))
    client.post(reverse("enterprises:new"), new_form(enforcement_department="undetermined"))
    made = Enterprise.objects.get()
    assert made.enforcement_department is None
    assert isinstance(made.undetermined_since, date)


def test_x2_database_refuses_department_and_undetermined_together():
    enterprise = make_enterprise()
    both = Enterprise.objects.filter(pk=enterprise.pk)
    with pytest.raises(IntegrityError, match="enterprise_one_enforcer_or_undetermined"), transaction.atomic():
        both.update(undetermined_since=date(2026, 9, 1))
    with pytest.raises(IntegrityError, match="enterprise_one_enforcer_or_undetermined"), transaction.atomic():
        both.update(enforcement_department=None)


def test_x1_an_enterprise_edits_only_its_contact_facts():
    enterprise = make_enterprise(name="燕山加油站")
    actor = make_actor("enterprise_reporter", enterprise)
    client = client_for(actor)
    form = {"address": "新址 1 号", "principal_name": "王新", "principal_phone": "13900000000", "headcount": "18"}
    response = client.post(reverse("enterprises:edit", args=[enterprise.pk]), form | {"is_key": "on", "uscc": "x"})
    assert response.status_code == 302
    enterprise.refresh_from_db()
    assert (enterprise.address, enterprise.principal_name, enterprise.headcount) == ("新址 1 号", "王新", 18)
    assert enterprise.is_key is False
    event = AuditEvent.objects.get(name="organisations.enterprise_updated")
    assert told([event])[event.pk]["changes"]["principal_phone"] == ["138****0000", "139****0000"]
    with pytest.raises(RegistryRefused):
        update_enterprise(enterprise=enterprise, values={"is_key": True}, actor=actor, at=at("2026-10-09 10:00"))


def test_x1_saving_without_a_change_records_nothing():
    enterprise = make_enterprise()
    actor = make_actor("bureau_handler")
    changed = update_enterprise(
        enterprise=enterprise, values={"address": enterprise.address}, actor=actor, at=at("2026-10-09 10:00")
    )
    assert changed == []
    assert AuditEvent.objects.count() == 0


def test_x2_the_bureau_may_make_an_enterprise_undetermined_and_nobody_back_by_editing():
    enterprise = make_enterprise()
    actor, moment = make_actor("bureau_handler"), at("2026-10-09 10:00")
    update_enterprise(enterprise=enterprise, values={"enforcement_department": None}, actor=actor, at=moment)
    enterprise.refresh_from_db()
    assert (enterprise.enforcement_department, enterprise.undetermined_since) == (None, date(2026, 10, 9))
    assert AuditEvent.objects.filter(name="organisations.enforcer_undetermined").count() == 1
    with pytest.raises(RegistryRefused, match="区领导决定"):
        update_enterprise(
            enterprise=enterprise, values={"enforcement_department": unit_of("区应急管理局")}, actor=actor, at=moment
        )


def test_x3_departments_may_look_but_not_edit():
    enterprise = make_enterprise(sector="construction", enforcer="区住建交通委")
    client = client_for(make_actor("department_handler", "区住建交通委"))
    assert client.get(reverse("enterprises:detail", args=[enterprise.pk])).status_code == 200
    assert client.get(reverse("enterprises:edit", args=[enterprise.pk])).status_code == 403
    assert client.get(reverse("enterprises:change", args=[enterprise.pk])).status_code == 403
