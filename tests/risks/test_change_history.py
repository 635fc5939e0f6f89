"""Who changed what, from what to what, as it stands on the case page, in the dossier and in the API (R2, §2.4)."""

from typing import Any
from uuid import uuid4

import pytest

from risks.dossier import _story
from risks.models import RiskPoint
from risks.selectors.changes import Change
from risks.services.register import edit_risk
from tests.api.calls import Caller
from tests.factories import at, client_for
from tests.risks.builders import WEDNESDAY, Scene, registered

pytestmark = pytest.mark.django_db
LONG_OLD = "汽油泄漏，静电放电。" + "卸油作业时油气聚集，" * 10 + "遇明火爆炸。"
LONG_NEW = "汽油泄漏，静电放电。" + "卸油作业时油气聚集，" * 10 + "遇雷击爆炸。"


@pytest.fixture(autouse=True)
def clock(settings: Any, media: Any) -> None:
    settings.BUSINESS_NOW = at("2026-10-09 14:20").isoformat()


def edit(scene: Scene, *, title: str = "卸油区", measures: dict[str, str] | None = None, **details: Any) -> None:
    edit_risk(
        risk=scene.risk,
        title=title,
        details=details,
        measures={m.kind: m.text for m in scene.risk.measures.all()} | (measures or {}),
        actor=scene.cast.reporter,
        at=at("2026-10-08 09:05"),
    )


def told(scene: Scene) -> list[tuple[str, str, str]]:
    """The newest edit on the case page."""
    entries = client_for(scene.cast.handler).get(f"/risks/{scene.pk}/").context["entries"]
    newest = next(entry for entry in entries if entry["name"] == "risks.edited")
    assert (newest["at_text"], newest["by"]) == ("2026-10-08 09:05", scene.cast.reporter.label)
    return [(change.label, change.old, change.new) for change in newest["changes"]]


def test_r2_the_case_page_says_field_by_field_what_was_changed_from_what_to_what() -> None:
    scene = registered(at=WEDNESDAY)
    measures = {"training": "每月演练", "engineering": "浸没式卸油"}
    changes = {"category": "work", "check_frequency": "shift", "control_level": "post", "headcount": 6}
    edit(scene, title="卸油口", measures=measures, **changes, disclosure="大门公告栏")
    assert told(scene) == [
        ("风险点名称", "卸油区", "卸油口"),
        ("类别", "设施", "作业"),
        ("管控层级", "公司", "岗位"),
        ("排查频次", "每日", "每班"),
        ("同时作业人数", "（空）", "6"),
        ("公示", "（空）", "大门公告栏"),
        ("工程技术措施", "更换静电接地装置", "浸没式卸油"),
        ("教育培训措施", "（空）", "每月演练"),
    ]
    page = client_for(scene.cast.handler).get(f"/risks/{scene.pk}/").content.decode()
    assert "<dt>类别</dt><dd><del>设施</del>" in page
    assert "<ins>作业</ins>" in page


def test_r2_telephones_in_the_history_are_masked() -> None:
    scene = registered(at=WEDNESDAY)
    edit(scene, responsible_person="李建国", responsible_phone="13905521234")
    assert told(scene) == [("责任人", "陈国强", "李建国"), ("责任人电话", "138****0000", "139****1234")]
    page = client_for(scene.cast.handler).get(f"/risks/{scene.pk}/").content.decode()
    assert ("13805520000" in page, "13905521234" in page) == (False, False)


def test_r2_a_long_text_is_shortened_around_the_difference_and_the_whole_is_reachable() -> None:
    change = Change("危害因素", LONG_OLD, LONG_NEW)
    assert change.is_long
    assert change.old_short == f"…{LONG_OLD[-60:]}"
    assert change.new_short == f"…{LONG_NEW[-60:]}"
    scene = registered(at=WEDNESDAY)
    edit(scene, hazard_factors=LONG_OLD)
    edit(scene, hazard_factors=LONG_NEW)
    page = client_for(scene.cast.handler).get(f"/risks/{scene.pk}/").content.decode()
    assert f"<del>{change.old_short}</del>" in page
    assert f"原来</b>{LONG_OLD}</p>" in page
    assert f"现在</b>{LONG_NEW}</p>" in page
    assert not Change("位置", "卸油区", "卸油口").is_long


def test_r2_the_dossier_prints_the_changes_in_full() -> None:
    scene = registered(at=WEDNESDAY)
    edit(scene, category="work", hazard_factors=LONG_NEW)
    (said,) = [entry["said"] for entry in _story(scene.risk, scene.cast.handler) if entry["name"] == "risks.edited"]
    assert said == f"类别：设施 → 作业\n危害因素：汽油泄漏，静电放电 → {LONG_NEW}"


def test_r2_the_api_tells_the_change_history_and_every_field() -> None:
    scene = registered(at=WEDNESDAY)
    edit(scene, disclosure="大门公告栏", responsible_phone="13905521234")
    answer = Caller(scene.cast.handler).get(f"risk-points/{scene.pk}/")
    assert {name: answer[name] for name in ("disclosure", "principal_name", "handover_number", "changes")} == {
        "disclosure": "大门公告栏",
        "principal_name": "陈国强",
        "handover_number": "",
        "changes": [
            {
                "at": "2026-10-08T09:05:00+08:00",
                "by": scene.cast.reporter.label,
                "changes": [
                    {"label": "责任人电话", "old": "138****0000", "new": "139****1234"},
                    {"label": "公示", "old": "（空）", "new": "大门公告栏"},
                ],
            }
        ],
    }


def test_r2_the_form_asks_for_the_public_notice_and_the_case_page_shows_it() -> None:
    scene = registered(at=WEDNESDAY)
    client, url = client_for(scene.cast.reporter), f"/risks/{scene.pk}/edit/"
    form = client.get(url).context["form"]
    values = {name: form[name].value() for name in form.fields if name != "photos" and form[name].value() is not None}
    more = {"version": scene.case.version, "form_key": str(uuid4()), "accident_types": ["火灾"]}
    client.post(url, values | more | {"disclosure": "大门公告栏，岗位告知卡"})
    assert RiskPoint.objects.get(pk=scene.pk).disclosure == "大门公告栏，岗位告知卡"
    facts = {f["label"]: f["value"] for f in client.get(f"/risks/{scene.pk}/").context["facts"]}
    assert (facts["公示"], facts["主要负责人"]) == ("大门公告栏，岗位告知卡", "陈国强")
