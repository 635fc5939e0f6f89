"""X3: whose risks a post sees, and for whom it may register."""

import pytest

from deadlines.workflow import Refused
from organisations.roles import ROLES, Scope
from records.models import Case
from risks.models import RiskPoint
from risks.services.register import may_register_for, register_risk
from tests.factories import at, make_actor, make_district, make_enterprise, sector_of, territory_of, unit_of
from tests.risks.builders import DETAILS, make_cast, registered, risk_in, traces

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_font", "media")]


@pytest.fixture
def four():
    """A station in 燕山乡 and one in 雪华乡 under the bureau, a site under 住建, a road of 燕山乡; and one in another district."""
    make_district()
    return {
        "燕山加油站": registered(cast=make_cast(responsible=make_enterprise(township="燕山乡").unit)),
        "雪华加油站": registered(cast=make_cast(responsible=make_enterprise(township="雪华乡").unit)),
        "工地": registered(cast=make_cast(lead="区住建交通委", sector="construction"), sector="construction"),
        "道路": registered(
            cast=make_cast(responsible=unit_of("燕山乡"), lead="区住建交通委", sector="road"), sector="road"
        ),
        "外区": registered(
            cast=make_cast(responsible=make_enterprise(district=make_district(code="340302", name="禹会区")).unit)
        ),
    }


SEEN = {
    "bureau_handler 区应急管理局": {"燕山加油站", "雪华加油站", "工地", "道路"},
    "bureau_principal 区应急管理局": {"燕山加油站", "雪华加油站", "工地", "道路"},
    "department_handler 区住建交通委": {"工地", "道路"},
    "department_principal 区市场监管局": set(),
    "township_handler 燕山乡": {"燕山加油站", "工地", "道路"},  # the site lies there too
    "township_principal 雪华乡": {"雪华加油站"},
    "township_handler 胜利街道": set(),
    "committee_officer 区安委办": {"燕山加油站", "雪华加油站", "工地", "道路"},
    "district_leader 区政府": {"燕山加油站", "雪华加油站", "工地", "道路"},
    "supervisory_reader 区纪委监委": {"燕山加油站", "雪华加油站", "工地", "道路"},
    "higher_reader 市应急管理局": {"燕山加油站", "雪华加油站", "工地", "道路"},
    "expert 安全评价有限公司": set(),
    "tip_officer 区安委办": set(),
    "system_admin 平台管理": set(),
    "security_admin 平台管理": set(),
    "audit_admin 平台管理": set(),
}


def test_x3_post_sees_its_own_rows_only(four):
    names = {scene.pk: name for name, scene in four.items()}
    cases, risks = {}, {}
    for who in SEEN:
        actor = make_actor(*who.split())
        cases[who] = {names[pk] for pk in Case.objects.for_actor(actor).values_list("pk", flat=True)}
        risks[who] = {names[risk.pk] for risk in RiskPoint.objects.for_actor(actor)}
    assert cases == SEEN
    assert risks == SEEN


def test_x3_every_role_is_in_the_table():
    ranks = {key.split("_")[0] for key in (who.split()[0] for who in SEEN)}
    assert {role.key.split("_")[0] for role in ROLES} - ranks == {"enterprise"}


def test_x3_enterprise_sees_its_own(four):
    for role in ("enterprise_reporter", "enterprise_principal"):
        actor = make_actor(role, four["燕山加油站"].cast.responsible)
        assert list(Case.objects.for_actor(actor)) == [four["燕山加油站"].case]


def test_x3_other_district_sees_nothing_of_ours(four):
    elsewhere = make_district(code="340302")
    ours = [four[name].pk for name in four if name != "外区"]
    for role in ROLES:
        actor = make_actor(role.key, district=elsewhere)
        assert not Case.objects.for_actor(actor).filter(pk__in=ours).exists(), role.key


def test_x3_expert_sees_a_case_from_the_day_it_is_named():
    first, second = risk_in("applied"), risk_in("applied")
    expert = first.cast.expert
    first.verify(colleagues=[expert.person])
    assert list(Case.objects.for_actor(expert)) == [first.case]
    assert not Case.objects.for_actor(second.cast.expert).exists()
    # The same person in another post does not see it there.
    assert expert.scope == Scope.ASSIGNED
    admin = make_actor("system_admin", person=expert.person)
    assert not Case.objects.for_actor(admin).exists()


# --- for whom a post may register (三（一）2)

MAY = {
    "bureau_handler 区应急管理局": "燕山加油站 雪华加油站 工地 乡 部门",
    "department_handler 区住建交通委": "工地 部门",
    "department_handler 区市场监管局": "",
    "township_handler 燕山乡": "燕山加油站 工地 乡",
    "township_handler 雪华乡": "雪华加油站",
    "committee_officer 区安委办": "",
    "district_leader 区政府": "",
    "expert 安全评价有限公司": "",
    "tip_officer 区安委办": "",
    "system_admin 平台管理": "",
}


@pytest.mark.parametrize("who", MAY)
def test_x3_post_registers_for_whom_it_answers(who):
    make_district()
    units = {
        "燕山加油站": make_enterprise(township="燕山乡").unit,
        "雪华加油站": make_enterprise(township="雪华乡").unit,
        "工地": make_enterprise(township="燕山乡", sector="construction", enforcer="区住建交通委").unit,
        "乡": unit_of("燕山乡"),
        "部门": unit_of("区住建交通委"),
    }
    foreign = make_enterprise(district=make_district(code="340302", name="禹会区")).unit
    role, name = who.split()
    actor = make_actor(role, name)
    assert {key for key, unit in units.items() if may_register_for(actor, unit)} == set(MAY[who].split())
    assert not may_register_for(actor, foreign)


def test_x3_enterprise_registers_for_itself_only():
    mine, other = make_enterprise().unit, make_enterprise().unit
    actor = make_actor("enterprise_reporter", mine)
    assert may_register_for(actor, mine) and not may_register_for(actor, other)
    with pytest.raises(Refused, match="您的岗位不能为这个单位登记风险点"):
        register_risk(
            title="卸油区", responsible_unit=other, sector=sector_of("hazchem"), township=territory_of("燕山乡"),
            details=DETAILS, measures={}, actor=actor, at=at("2026-09-30"),
        )  # fmt: skip
    assert not Case.objects.exists()


def test_r2_edit_says_what_changed_from_what_to_what():
    from audit.models import AuditEvent
    from risks.services.register import edit_risk

    scene = registered()
    measures = {"engineering": "更换静电接地装置", "emergency": "配灭火毯"}
    edit_risk(
        risk=scene.risk,
        title="卸油区",
        details={"location": "2号卸油区"},
        measures=measures,
        actor=scene.cast.reporter,
        at=scene.at,
    )
    event = AuditEvent.objects.get(case_id=scene.pk, name="risks.edited")
    assert event.data["changes"] == {
        "location": ["卸油区", "2号卸油区"],
        "measure.management": ["卸油作业双人监护", ""],
        "measure.emergency": ["", "配灭火毯"],
    }
    assert scene.risk.location == "2号卸油区" and scene.risk.monitoring == DETAILS["monitoring"]
    before = traces(scene.pk)
    edit_risk(risk=scene.risk, title="卸油区", details={}, measures=measures, actor=scene.cast.reporter, at=scene.at)
    assert traces(scene.pk) == before, "nothing changed, nothing happened"


def test_x3_leader_of_another_district_names_nobody_here():
    scene = risk_in("graded")
    leader = make_actor("district_leader", district=make_district(code="340302", name="禹会区"))
    with pytest.raises(Refused):
        scene.designate(unit_of("区住建交通委"), actor=leader)
