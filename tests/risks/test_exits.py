"""R6: long-term control and the other evidenced ways out, approved by the handing unit's principal."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from audit.models import AuditEvent
from deadlines.workflow import Refused
from records.models import Signature
from risks.models import ExitProposal
from risks.services.handover import void_handover
from tests.factories import at, make_actor, make_district, make_enterprise
from tests.risks.builders import (
    LEC_ORANGE,
    LEC_YELLOW,
    make_cast,
    photo,
    registered,
    risk_in,
    told,
    traces,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_font", "media")]


# --- proposal


@pytest.mark.parametrize("who", ["principal", "handler"])
def test_r6_responsible_principal_or_handing_unit_proposes(who):
    scene = risk_in("treating")
    scene.propose(actor=getattr(scene.cast, who))
    row = ExitProposal.objects.get(risk=scene.pk)
    assert (row.kind, row.proposed_by, row.is_approved) == ("long_term", getattr(scene.cast, who).person, None)
    assert (row.enterprise_controller, row.township_controller, row.department_controller) == (
        "陈国强",
        "赵乡长",
        "周立新",
    )
    assert scene.state == "treating" and scene.open_rules() == ["risks.treatment"]


def test_r6_one_proposal_at_a_time():
    scene = risk_in("treating")
    scene.propose()
    before = traces(scene.pk)
    with pytest.raises(Refused, match="已有待审批的申请"):
        scene.propose("ceased", reason="已拆除")
    assert traces(scene.pk) == before and ExitProposal.objects.count() == 1


@pytest.mark.parametrize("state", ["registered", "listed", "graded", "handed_over", "long_term"])
def test_r6_long_term_control_comes_out_of_treatment_only(state):
    scene = risk_in(state)
    before = traces(scene.pk)
    with pytest.raises(Refused, match="治理中的重大、较大风险才能申请长期管控"):
        scene.propose()
    assert traces(scene.pk) == before


@pytest.mark.parametrize("missing", ["enterprise_controller", "township_controller", "department_controller"])
def test_r6_long_term_control_names_three_persons(missing):
    scene = risk_in("treating")
    before = traces(scene.pk)
    with pytest.raises((Refused, IntegrityError)), transaction.atomic():
        scene.propose(**{missing: ""})
    assert traces(scene.pk) == before


def test_r6_merging_is_into_another_risk_of_the_district():
    scene, target = registered(), registered()
    scene.conclude()
    foreign = registered(
        cast=make_cast(responsible=make_enterprise(district=make_district(code="340302", name="禹会区")).unit)
    )
    before = traces(scene.pk)
    for other in (scene, foreign):
        with pytest.raises(Refused, match="重复合并须写明并入本区哪一个在册的风险点"):
            scene.propose("merged", reason="重复", merged_into=other.risk)
    assert traces(scene.pk) == before
    scene.propose("merged", reason="重复", merged_into=target.risk)
    scene.decide_exit()
    assert scene.state == "exited" and target.state == "registered"
    assert ExitProposal.objects.get(risk=scene.pk).merged_into == target.risk
    assert (
        AuditEvent.objects.get(case_id=scene.pk, name="risks.exit_proposed").data["merged_into"] == target.case.number
    )


def test_r6_evidence_is_kept_with_the_proposal():
    scene = risk_in("graded")
    scene.propose("ceased", reason="已拆除", evidence=[photo("拆除.jpg")])
    assert scene.case.attachments.get().purpose == "退出证明材料"


# --- decision


@pytest.mark.parametrize("kind", ["long_term", "ceased"])
@pytest.mark.parametrize("approve", [True, False])
def test_r6_proposer_cannot_decide_by_person(kind, approve):
    scene = risk_in("treating")
    chief = scene.cast.chief
    scene.propose(kind, actor=chief)
    before = traces(scene.pk)
    acting = make_actor("bureau_principal", scene.cast.lead, person=chief.person)
    for actor in (chief, acting):
        with pytest.raises(Refused, match="提出人不能自己批准"), transaction.atomic():
            scene.decide_exit(approve=approve, actor=actor)
    assert traces(scene.pk) == before and ExitProposal.objects.get().decided_at is None
    scene.decide_exit(approve=approve, actor=make_actor("bureau_principal", scene.cast.lead))
    assert ExitProposal.objects.get().is_approved is approve


def test_r6_database_refuses_a_decision_by_the_proposer():
    scene = risk_in("treating")
    scene.propose()
    with pytest.raises(IntegrityError, match="exit_two_persons"), transaction.atomic():
        ExitProposal.objects.update(decided_by=scene.cast.principal.person)


def test_r6_only_the_handing_units_principal_decides():
    scene = risk_in("treating")
    scene.propose()
    before = traces(scene.pk)
    others = [
        scene.cast.head,
        scene.cast.colleague,
        scene.cast.leader,
        make_actor("department_principal", "区住建交通委"),
    ]
    for actor in [*others, make_actor("township_principal", "燕山乡")]:
        with pytest.raises(Refused, match="由交办单位主要负责人办理"), transaction.atomic():
            scene.decide_exit(actor=actor)
    assert traces(scene.pk) == before


def test_r6_nothing_to_decide_is_told():
    scene = risk_in("treating")
    with pytest.raises(Refused, match="没有待审批的申请"):
        scene.decide_exit()


def test_r6_approved_long_term_control_stays_red():
    scene = risk_in("long_term")
    assert (scene.case.level, scene.case.closed_on) == ("red", None)
    signature = Signature.objects.get(case=scene.pk, purpose="审批退出治理")
    assert signature.person == scene.cast.chief.person and '"approved":true' in signature.content
    scene.cast.responsible.enterprise.refresh_from_db()
    assert scene.cast.responsible.enterprise.risk_grade == "red"


def test_r6_rejection_leaves_the_case_and_its_clocks():
    scene = risk_in("treating")
    scene.propose()
    scene.decide_exit(approve=False)
    assert scene.state == "treating" and scene.open_rules() == ["risks.treatment"]
    assert told(scene.pk)[-2:] == ["exit_proposed", "exit_rejected"]
    scene.propose(reason="补充论证后再提")
    scene.decide_exit()
    assert scene.state == "long_term"


def test_r6_second_rejection_in_the_same_words_is_signed_anew():
    scene = risk_in("treating")
    for _ in range(2):
        scene.propose()
        scene.decide_exit(approve=False)
    assert Signature.objects.filter(case=scene.pk, purpose="审批退出治理").count() == 2


@pytest.mark.parametrize(
    ("kind", "more"), [("ceased", {}), ("transferred", {"receiving_authority": "禹会区应急管理局"})]
)
@pytest.mark.parametrize("state", ["registered", "listed", "graded", "handed_over", "treating", "long_term"])
def test_r6_evidenced_exit_leaves_from_any_state_before_the_check(state, kind, more):
    scene = risk_in(state)
    scene.propose(kind, reason="见证明材料", evidence=[photo()], **more)
    scene.decide_exit()
    assert (scene.state, scene.open_rules(), scene.case.closed_on) == ("exited", [], date(2026, 9, 30))
    scene.cast.responsible.enterprise.refresh_from_db()
    assert scene.cast.responsible.enterprise.risk_grade == ""


# --- under long-term control


def test_r6_quarterly_check_is_recorded():
    scene = risk_in("long_term")
    scene.check_long_term(at=at("2026-12-20 10:00"), photos=[photo()])
    row = scene.risk.long_term_checks.get()
    assert (row.text, row.is_controlled, row.by) == ("措施有效", True, scene.cast.reporter.person)
    assert scene.deadline("long_term_check").is_open


def test_r6_reassessment_may_move_between_red_and_orange_only():
    scene = risk_in("long_term")
    before = traces(scene.pk)
    with pytest.raises(Refused, match="已降到一般风险，请由责任单位主要负责人申请销号"):
        scene.reassess(LEC_YELLOW)
    assert traces(scene.pk) == before
    scene.reassess(LEC_ORANGE)
    assert (scene.state, scene.case.level) == ("long_term", "orange")


def test_r6_each_years_reassessment_is_signed_anew():
    scene = risk_in("long_term")
    scene.reassess(at=at("2027-09-01 10:00"))
    scene.reassess(at=at("2028-08-01 10:00"))
    signatures = Signature.objects.filter(case=scene.pk, purpose="长期管控再评估").order_by("at")
    assert [s.at for s in signatures] == [at("2027-09-01 10:00"), at("2028-08-01 10:00")]


def test_r6_lowered_long_term_risk_leaves_by_close_out():
    scene = risk_in("long_term")
    scene.apply()
    scene.verify()
    scene.countersign()
    assert (scene.state, scene.case.level) == ("closed", "yellow")


@pytest.mark.parametrize("state", ["treating", "long_term"])
def test_r6_no_proposal_is_left_waiting_on_a_closed_case(state):
    scene = risk_in(state)
    scene.propose("ceased", reason="已拆除")
    before = traces(scene.pk)
    with pytest.raises(Refused, match="长期管控或退出的申请还在审批"):
        scene.apply()
    assert traces(scene.pk) == before
    scene.decide_exit(approve=False)
    scene.apply()
    assert scene.state == "applied" and not ExitProposal.objects.filter(risk=scene.pk, decided_at=None).exists()


@pytest.mark.parametrize("step", ["draft", "check"])
def test_r6_risk_does_not_leave_under_a_letter_on_its_way(step):
    scene = risk_in("graded")
    scene.propose("ceased", reason="已拆除")
    scene.draft()
    if step == "check":
        scene.check()
    before = traces(scene.pk)
    with pytest.raises(Refused, match="请先作废交办函"):
        scene.decide_exit()
    assert traces(scene.pk) == before
    void_handover(risk=scene.risk, reason="风险点已拆除", actor=scene.cast.handler, at=scene.at)
    scene.decide_exit()
    assert scene.state == "exited"
