"""X3 over HTTP: what is outside the post's scope is not there, by number, by filter, by parameter."""

from pathlib import Path

import pytest

from organisations.models import District
from records.models import Letter
from tests.api.calls import Caller
from tests.factories import make_actor, make_district, make_enterprise
from tests.risks.builders import make_cast, registered, risk_in

pytestmark = pytest.mark.django_db
ACTIONS = ("grade", "hand-over", "receive", "progress", "apply-close-out", "decide-close-out")


def strangers() -> list[Caller]:
    other = make_district(code="340302", name="龙子湖区")
    return [
        Caller(make_actor("enterprise_principal", make_enterprise(name="蚌埠市别家加油站有限公司"))),
        Caller(make_actor("township_principal", "雪华乡")),
        Caller(make_actor("department_head", "区市场监管局")),
        Caller(make_actor("system_admin")),
        Caller(make_actor("bureau_principal", district=other)),
        Caller(make_actor("expert")),
    ]


def test_x3_a_foreign_risk_is_404_on_every_action(plain_font: Path) -> None:
    scene = risk_in("handed_over")
    before = scene.case.version
    letter = Letter.objects.get()
    deadline = scene.deadline("receipt")
    for stranger in strangers():
        stranger.get(f"risk-points/{scene.pk}/", status=404)
        for action in ACTIONS:
            stranger.post(f"risk-points/{scene.pk}/{action}/", {"method": "nonsense"}, status=404)
        stranger.get(f"letters/{letter.pk}/", status=404)
        stranger.get(f"letters/{letter.pk}/pdf/", status=404)
        stranger.get(f"deadlines/{deadline.pk}/", status=404)
        for path in ("risk-points/", "letters/", "deadlines/"):
            assert stranger.get(path)["results"] == []
        assert stranger.get("deadlines/", case=scene.pk)["results"] == []
    assert scene.case.version == before
    assert Caller(scene.cast.reporter).get(f"risk-points/{scene.pk}/")["id"] == scene.pk


def test_x3_enterprises_are_listed_by_scope_and_never_found_by_number() -> None:
    own, other = make_enterprise(name="甲加油站"), make_enterprise(name="乙加油站", township="雪华乡")
    elsewhere = make_enterprise(district=make_district(code="340302", name="龙子湖区"), name="丙加油站")

    def names(caller: Caller) -> set[str]:
        return {row["name"] for row in caller.get("enterprises/")["results"]}

    enterprise = Caller(make_actor("enterprise_reporter", own))
    assert names(enterprise) == {"甲加油站"}
    enterprise.get(f"enterprises/{other.pk}/", status=404)
    assert names(Caller(make_actor("township_handler", "雪华乡"))) == {"乙加油站"}
    bureau = Caller(make_actor("bureau_handler"))
    assert names(bureau) == {"甲加油站", "乙加油站"}
    bureau.get(f"enterprises/{elsewhere.pk}/", status=404)
    assert bureau.get(f"enterprises/{own.pk}/")["principal_phone"] == "138****0000"
    assert bureau.get("enterprises/", uscc=elsewhere.uscc)["results"] == []
    assert [row["name"] for row in bureau.get("enterprises/", township="340303201")["results"]] == ["乙加油站"]


def test_x3_registering_for_a_foreign_enterprise_does_not_tell_that_it_exists() -> None:
    own, other = make_enterprise(), make_enterprise()
    reporter = Caller(make_actor("enterprise_reporter", own))
    from tests.api.test_risk_points import BODY

    known = reporter.post("risk-points/", BODY | {"responsible_unit": other.pk}, status=400)["errors"]
    unknown = reporter.post("risk-points/", BODY | {"responsible_unit": other.pk + 1000}, status=400)["errors"]
    assert known == unknown == {"responsible_unit": ["没有找到，或不在您的权限范围内"]}
    assert reporter.post("risk-points/", BODY | {"uscc": other.uscc}, status=400)["errors"] == {
        "uscc": known["responsible_unit"]
    }


def test_x3_filters_and_colleagues_reach_no_other_district() -> None:
    district: District = make_district(code="340302", name="龙子湖区")
    foreign = make_actor("bureau_handler", district=district)
    scene = registered(cast=make_cast())
    bureau = Caller(scene.cast.handler)
    assert bureau.get("risk-points/", township="340302200", status=400)["errors"].keys() == {"township"}
    assert bureau.get("risk-points/", unit=foreign.unit_id, status=400)["errors"].keys() == {"unit"}
    body = {
        "passed": False,
        "findings": "x",
        "reasons": "y",
        "new_due_on": "2030-01-01",
        "colleagues": [foreign.person.pk],
    }
    refused = bureau.post(f"risk-points/{scene.pk}/decide-close-out/", body, status=400)
    assert refused["errors"] == {"colleagues": [f"没有编号为 {foreign.person.pk} 的人员"]}


def test_x3_a_named_expert_sees_the_case_and_countersigns(plain_font: Path) -> None:
    scene = risk_in("applied")
    expert = Caller(scene.cast.expert)
    expert.get(f"risk-points/{scene.pk}/", status=404)
    body = {"passed": True, "findings": "合格", "method": "lec", "likelihood": 1, "exposure": 6, "consequence": 3}
    Caller(scene.cast.handler).post(
        f"risk-points/{scene.pk}/decide-close-out/", body | {"colleagues": [scene.cast.expert.person.pk]}
    )
    assert expert.get(f"risk-points/{scene.pk}/")["actions"] != []
    assert (
        expert.post(f"risk-points/{scene.pk}/decide-close-out/", {"objection": "检测报告缺页"})["conclusion"]
        == "已作废"
    )
    assert scene.state == "applied"
