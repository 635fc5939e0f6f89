"""R3, R4, R6: who may do what, from which state. The table here is written from the notice, not from the code.

三（一）2: the responsible unit enters what it finds; 三（二）1: the handing department concludes; 三（二）2: it hands over by
letter, the responsible unit receives; 三（二）4: the principal of the responsible unit applies, the handing unit verifies,
its principal approves what leaves treatment otherwise.
"""

from itertools import product

import pytest
from django.db import transaction

from deadlines.workflow import Refused
from organisations.actors import Actor
from organisations.roles import ROLES
from records.services.refusals import LetterRefused
from risks.models import RiskState
from risks.workflow import WORKFLOW
from tests.factories import make_actor, make_district, make_enterprise, unit_of
from tests.risks.builders import Cast, Scene, make_cast, risk_in, traces

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_font", "media")]

STATES = {
    "registered": "查找",
    "awaiting": "待研判",
    "listed": "在册管控",
    "graded": "待交办",
    "handed_over": "待签收",
    "treating": "治理",
    "applied": "待核查",
    "correcting": "待补正",
    "closed": "已销号",
    "long_term": "长期管控",
    "exited": "已退出",
}
BEFORE = "registered awaiting listed graded"
# Hats: 责 of the responsible unit, 主 its principal, 官 of the handing unit, 长 its principal, 领 district leader, 核 named verifier, 写 has signed.
# action: (label, from which states, who, what the others read)
TABLE = {
    "edit": ("修改风险点", f"{BEFORE} handed_over treating correcting long_term", "责官", "责任单位或交办单位"),
    "self_grade": ("提交自评", "registered", "责", "责任单位"),
    "self_grade_severe": ("提交自评（重大、较大）", "registered", "责", "责任单位"),
    "conclude": ("签署研判结论", BEFORE, "官", "交办单位"),
    "conclude_severe": ("签署研判结论（重大、较大）", BEFORE, "官", "交办单位"),
    "designate": ("指定交办单位", BEFORE, "领", "区领导"),
    "draft_handover": ("拟交办函", "graded", "官", "交办单位（不能是责任单位自己）"),
    "hand_over": ("交办", "graded", "官", "交办单位（不能是责任单位自己）"),
    "recall_handover": ("撤回交办函", "handed_over treating", "官", "交办单位"),
    "receive": ("签收交办函", "handed_over", "责", "责任单位"),
    "leave": ("留置送达", "handed_over", "官", "交办单位"),
    "plan": ("报送治理方案", "treating", "责", "责任单位"),
    "progress": ("报送治理进展", "treating", "责", "责任单位"),
    "apply": ("申请销号", "treating long_term", "主", "责任单位主要负责人"),
    "ask_correction": ("通知补正", "applied", "官", "交办单位"),
    "supply_correction": ("补正", "correcting", "主", "责任单位主要负责人"),
    "lapse": ("补正逾期，终止申请", "correcting", "官", "交办单位"),
    "verify": ("填核查结论", "applied", "官", "交办单位有核查权限的人员"),
    "countersign": ("会签核查结论", "applied", "核", "核查结论中列名的核查人"),
    "object": ("对核查结论提异议", "applied", "核", "核查结论中列名的核查人"),
    "pass_closure": ("核查通过，销号", "applied", "核写", "全部核查人签字后"),
    "fail_closure": ("核查未通过，继续治理", "applied", "核写", "全部核查人签字后"),
    "propose_exit": (
        "申请长期管控或退出",
        f"{BEFORE} handed_over treating long_term",
        "主官",
        "责任单位主要负责人或交办单位",
    ),
    "decide_exit": ("审批长期管控或退出", f"{BEFORE} handed_over treating long_term", "长", "交办单位主要负责人"),
    "approve_long_term": ("批准长期管控", "treating", "长", "交办单位主要负责人"),
    "approve_exit": ("批准退出", f"{BEFORE} handed_over treating long_term", "长", "交办单位主要负责人"),
    "long_term_check": ("填季度检查", "long_term", "责", "责任单位"),
    "reassess": ("再评估", "long_term", "官", "交办单位"),
    "mark_confidential": ("标为敏感", " ".join(STATES), "官", "交办单位"),
    "unmark_confidential": ("取消敏感标记", " ".join(STATES), "官", "交办单位"),
}
OFFERED = set(TABLE) - {
    "self_grade_severe", "conclude_severe", "hand_over", "recall_handover", "pass_closure", "fail_closure", "approve_long_term", "approve_exit",
}  # fmt: skip


def everybody(cast: Cast) -> list[tuple[str, Actor, str]]:
    """One actor for each role, in the units of the case where the role exists there, and in another unit: (name, actor, hats)."""
    found = []
    elsewhere = make_district(code="340302", name="禹会区")
    for role in ROLES:
        for unit in (cast.responsible, cast.lead):
            if unit.kind not in role.unit_kinds:
                continue
            mine = unit == cast.responsible
            hats = "责主" if mine and role.is_principal else "责" if mine else "官长" if role.is_principal else "官"
            found.append((f"{role.key} 本案", make_actor(role.key, unit), "" if role.key == "tip_officer" else hats))
        found.append((f"{role.key} 外区", make_actor(role.key, district=elsewhere), ""))
        if role.unit_kinds <= {"enterprise"}:
            found.append((f"{role.key} 他企", make_actor(role.key, make_enterprise()), ""))
        elif role.unit_kinds <= {"township"}:
            found.append((f"{role.key} 他乡", make_actor(role.key, "雪华乡"), ""))
        elif role.unit_kinds <= {"department"}:
            found.append((f"{role.key} 他部门", make_actor(role.key, "区市场监管局"), ""))
        elif not role.unit_kinds & {cast.responsible.kind, cast.lead.kind}:
            found.append((f"{role.key} 本区", make_actor(role.key), "领" if role.key == "district_leader" else ""))
    # A leader of another district cannot open the case at all: see test_scope.
    return [row for row in found if row[0] != "district_leader 外区"]


def scene_in(state: str, cast: Cast, **more: str) -> Scene:
    scene = risk_in(state, cast=cast, **more)
    if state == "applied":  # with a conclusion that waits for the colleague and the expert
        scene.verify(colleagues=[cast.colleague.person, cast.expert.person])
    return scene


def expected(action: str, state: str, hats: str) -> str:
    label, states, who, others = TABLE[action]
    if state not in states.split():
        return f"当前环节是“{STATES[state]}”，不能办理“{label}”"
    if set(who) & set(hats):
        return "您已签过这份核查结论" if "写" in hats and action in {"countersign", "object"} else ""
    return f"“{label}”由{others}办理"


def test_r3_table_covers_every_action_and_state():
    assert {step.action for step in WORKFLOW.steps} == set(TABLE)
    assert dict(RiskState.choices) == STATES
    assert {step.action for step in WORKFLOW.steps if not step.hidden} == OFFERED


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("side", ["enterprise and bureau", "township and department"])
def test_r6_every_action_by_every_role(state, side):
    more = {}
    if side == "township and department":
        more = {"sector": "road"}
        cast = make_cast(responsible=unit_of("燕山乡"), lead="区住建交通委", **more)
    else:
        cast = make_cast()
    scene = scene_in(state, cast, **more)
    people = everybody(cast)
    people += [
        ("drafted the conclusion", cast.handler, "官核写"),
        ("named", cast.colleague, "官核"),
        ("expert", cast.expert, "核"),
    ]
    case = scene.case
    wrong = []
    for action, (name, actor, hats) in product(TABLE, people):
        # Only who is named has to do with a waiting conclusion, and there is one in this state only.
        held = hats if state == "applied" else hats.replace("核", "").replace("写", "")
        said, wanted = WORKFLOW.refusal(case, action, actor), expected(action, state, held)
        if said != wanted:
            wrong.append(f"{action} by {name}: {said!r}, expected {wanted!r}")
    assert wrong == []
    offered = [step.action for step in WORKFLOW.actions_for(case, cast.handler)]
    hats = "官核写" if state == "applied" else "官"
    assert set(offered) == {action for action in OFFERED if expected(action, state, hats) == ""}


# One real act for each row that people can take, by who may.
ACTS = {
    "self_grade_severe": "self_grade",
    "conclude_severe": "conclude",
    "draft_handover": "draft",
    "receive": "receive",
    "leave": "leave",
    "plan": "plan",
    "progress": "progress",
    "apply": "apply",
    "ask_correction": "ask_correction",
    "supply_correction": "supply_correction",
    "verify": "verify",
    "propose_exit": "propose_ceased",
    "long_term_check": "check_long_term",
    "reassess": "reassess",
}


def do(scene: Scene, act: str, **more: object) -> None:
    if act == "propose_ceased":
        scene.propose("ceased", reason="已拆除", **more)
    else:
        getattr(scene, act)(**more)


@pytest.mark.parametrize("state", STATES)
def test_r6_act_from_a_wrong_state_leaves_no_trace(state):
    scene = risk_in(state)
    before = traces(scene.pk)
    tried = 0
    for action, act in ACTS.items():
        if state in TABLE[action][1].split():
            continue
        with pytest.raises((Refused, LetterRefused)) as refused, transaction.atomic():
            do(scene, act)
        assert traces(scene.pk) == before, action
        assert "一" <= str(refused.value)[0] <= "鿿" or str(refused.value)[0] == "“"
        tried += 1
    assert tried >= 5


@pytest.mark.parametrize(
    "state", ["registered", "graded", "handed_over", "treating", "applied", "correcting", "long_term"]
)
def test_r6_act_by_a_wrong_role_leaves_no_trace(state):
    scene = risk_in(state)
    before = traces(scene.pk)
    people = everybody(scene.cast)
    assert len(people) > 30
    for action, act in ACTS.items():
        label, states, who, others = TABLE[action]
        if states.split()[0] != state and (action, state) != ("conclude_severe", "graded"):
            continue
        for name, actor, hats in people:
            if set(who) & set(hats):
                continue
            with pytest.raises(Refused, match=f"“{label}”由{others}办理"), transaction.atomic():
                do(scene, act, actor=actor)
            assert traces(scene.pk) == before, f"{action} by {name}"
        with transaction.atomic():
            do(scene, act)
            assert traces(scene.pk) != before, "and by the right one it is done"
            transaction.set_rollback(True)
