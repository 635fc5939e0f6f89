"""R6, 三（二）4: the principal applies, at least two others verify on site, only their signed conclusion changes anything."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from audit.models import AuditEvent
from deadlines.services.ledger import LateReasonMissing
from deadlines.workflow import Refused
from records.models import CaseParticipant, Signature
from records.services.attachments import attach_all
from records.services.signing import Hand, Paper, SignatureRefused
from risks.models import CloseOut, Grading, Verification
from risks.services.closure import ClosureRefused, eligible_verifiers, object_verification
from tests.factories import at, make_actor
from tests.risks.builders import (
    HAND,
    LEC_BLUE,
    LEC_ORANGE,
    LEC_RED,
    Scene,
    photo,
    risk_in,
    told,
    traces,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_font", "media")]


def refused_without_trace(scene: Scene, words: str, act, field: str | None = None) -> None:
    before = traces(scene.pk), CloseOut.objects.count(), Verification.objects.count(), Grading.objects.count()
    with pytest.raises(Refused, match=words) as refused, transaction.atomic():
        act()
    if field is not None:
        assert refused.value.field == field
    assert (traces(scene.pk), CloseOut.objects.count(), Verification.objects.count(), Grading.objects.count()) == before


# --- 申请


def test_r6_principal_signs_and_applies_with_a_lower_grade():
    scene = risk_in("applied")
    row = scene.risk.close_outs.get()
    assert (row.proposed_grade, row.outcome, row.applied_by) == ("yellow", "open", scene.cast.principal.person)
    assert row.signature.person == scene.cast.principal.person and '"proposed_grade":"yellow"' in row.signature.content
    assert (scene.state, scene.case.level) == ("applied", "red")


@pytest.mark.parametrize("inputs", [LEC_RED, LEC_ORANGE])
def test_r6_grade_that_is_not_low_enough_is_refused_at_its_field(inputs):
    scene = risk_in("treating")
    refused_without_trace(
        scene, "降到一般风险或低风险才算治理完毕（三（二）4）", lambda: scene.apply(inputs=inputs), "method"
    )


def test_r6_reporter_cannot_apply_and_unsigned_is_no_application():
    scene = risk_in("treating")
    refused_without_trace(scene, "“申请销号”由责任单位主要负责人办理", lambda: scene.apply(actor=scene.cast.reporter))
    with pytest.raises(SignatureRefused), transaction.atomic():
        scene.apply(hand=Hand(strokes="M1 1L2 2", password="wrong"))
    assert scene.state == "treating" and not CloseOut.objects.exists()


def test_r6_same_words_after_a_failure_are_signed_anew():
    scene = risk_in("applied")
    scene.verify(passed=False)
    scene.countersign()
    scene.apply(at=at("2026-10-12 09:00"))
    first, second = scene.risk.close_outs.order_by("id")
    assert first.signature != second.signature
    assert second.signature.at == second.applied_at == at("2026-10-12 09:00")


# --- 补正


def test_r6_one_correction_notice_only():
    scene = risk_in("correcting")
    scene.supply_correction()
    refused_without_trace(scene, "补正只能通知一次，请现场核查后下结论", scene.ask_correction)
    close_out = scene.risk.close_outs.get()
    assert (close_out.correction_note, close_out.statement) == ("请补检测报告", "检测报告已补")
    assert close_out.signature.purpose == "销号申请补正"


def test_r6_no_correction_notice_while_the_conclusion_is_being_signed():
    scene = risk_in("applied")
    scene.verify()
    refused_without_trace(scene, "核查结论正在会签，不能再通知补正", scene.ask_correction)


def test_r6_new_application_may_be_corrected_once_again():
    scene = risk_in("correcting")
    scene.supply_correction()
    scene.verify(passed=False)
    scene.countersign()
    scene.apply(at=at("2026-10-12 09:00"))
    scene.ask_correction(at=at("2026-10-12 10:00"))
    assert scene.state == "correcting"


# --- 核查人


@pytest.mark.parametrize("colleagues", ["nobody", "the writer again"])
def test_r6_fewer_than_two_verifiers_are_refused(colleagues):
    scene = risk_in("applied")
    named = [] if colleagues == "nobody" else [scene.cast.handler.person]
    refused_without_trace(scene, "现场核查不少于 2 人", lambda: scene.verify(colleagues=named), "colleagues")


@pytest.mark.parametrize("part", ["applicant", "who reported progress", "who planned"])
def test_r6_applicant_and_treaters_cannot_verify_by_person(part):
    """They hold a post with the handing unit too: the person counts, not the hat."""
    scene = risk_in("treating")
    scene.progress()
    planner = make_actor("enterprise_reporter", scene.cast.responsible)
    scene.plan(actor=planner)
    scene.apply()
    person = {
        "applicant": scene.cast.principal.person,
        "who reported progress": scene.cast.reporter.person,
        "who planned": planner.person,
    }[part]
    hat = make_actor("bureau_handler", scene.cast.lead, person=person)
    assert person.pk not in {post.person_id for post in eligible_verifiers(scene.risk, at=scene.at)}
    refused_without_trace(
        scene, "申请人、治理人员和没有核查权限的人不能参加核查", lambda: scene.verify(colleagues=[person]), "colleagues"
    )
    refused_without_trace(scene, "申请人和治理人员不能参加核查", lambda: scene.verify(actor=hat))
    expert = make_actor("expert", person=person)
    refused_without_trace(scene, "不能参加核查", lambda: scene.verify(colleagues=[expert.person]), "colleagues")


def test_r6_earlier_applicant_stays_barred():
    scene = risk_in("applied")
    former = scene.cast.principal
    scene.verify(passed=False)
    scene.countersign()
    scene.apply(actor=make_actor("enterprise_principal", scene.cast.responsible), at=at("2026-10-12 09:00"))
    make_actor("bureau_handler", scene.cast.lead, person=former.person)
    later = at("2026-10-12 10:00")
    refused_without_trace(
        scene, "不能参加核查", lambda: scene.verify(colleagues=[former.person], at=later), "colleagues"
    )


def test_r6_application_that_somebody_without_account_signed_on_paper_bars_nobody_else():
    scene = risk_in("treating")
    keyer, second = scene.cast.principal, scene.cast.reporter
    scan = attach_all([photo()], case=scene.case, purpose="纸质签署扫描件", actor=keyer, at=scene.at)[0]
    sheet = Paper(scan, scene.at.date(), second.person, signer_name="陈国强", signer_label="陈国强·加油站经理")
    scene.apply(hand=Hand(paper=sheet))
    assert CloseOut.objects.get().signature.person is None
    able = {post.person_id for post in eligible_verifiers(scene.risk, at=scene.at)}
    mine = {scene.cast.handler, scene.cast.colleague, scene.cast.head, scene.cast.chief, scene.cast.expert}
    assert able == {actor.person.pk for actor in mine}
    hat = make_actor("bureau_handler", scene.cast.lead, person=keyer.person)
    refused_without_trace(scene, "申请人和治理人员不能参加核查", lambda: scene.verify(actor=hat))
    scene.verify()
    scene.countersign()
    assert scene.state == "closed"


def test_r6_verifiers_come_from_the_handing_unit_or_a_third_party():
    scene = risk_in("applied")
    elsewhere = make_actor("department_handler", "区住建交通委")
    gone = make_actor("bureau_handler", scene.cast.lead)
    gone.post.valid_to = at("2026-09-01").date()
    gone.post.save()
    able = {post.person_id for post in eligible_verifiers(scene.risk, at=scene.at)}
    mine = {scene.cast.handler, scene.cast.colleague, scene.cast.head, scene.cast.chief, scene.cast.expert}
    assert able == {actor.person.pk for actor in mine}
    for other in (elsewhere, gone, scene.cast.leader, scene.cast.reporter):
        refused_without_trace(
            scene,
            "没有核查权限的人不能参加核查",
            lambda other=other: scene.verify(colleagues=[other.person]),
            "colleagues",
        )


def test_r6_expert_of_a_third_party_countersigns_and_sees_the_case():
    from records.models import Case

    scene = risk_in("applied")
    expert = scene.cast.expert
    assert not Case.objects.for_actor(expert).exists()
    refused_without_trace(scene, "“填核查结论”由交办单位有核查权限的人员办理", lambda: scene.verify(actor=expert))
    scene.verify(colleagues=[expert.person])
    assert list(Case.objects.for_actor(expert)) == [scene.case]
    assert CaseParticipant.objects.get(case=scene.pk, person=expert.person).part == "核查人"
    refused_without_trace(scene, "列名的核查人", scene.countersign)  # the colleague is not named
    scene.countersign(actor=expert)
    assert scene.state == "closed"


# --- 现场核查


@pytest.mark.parametrize("days", [-1, 1])
def test_r6_visit_lies_between_application_and_today(days):
    scene = risk_in("applied")
    visited = (scene.at + timedelta(days=days)).date()
    refused_without_trace(
        scene, "现场核查日期应在申请之后、今天之前", lambda: scene.verify(visited_on=visited), "visited_on"
    )


@pytest.mark.parametrize("inputs", [LEC_RED, LEC_ORANGE])
def test_r6_pass_needs_a_lower_grade(inputs):
    scene = risk_in("applied")
    refused_without_trace(scene, "降到一般风险或低风险才算治理完毕", lambda: scene.verify(inputs=inputs), "method")


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"reasons": "  "}, "reasons"),
        ({"new_due_on": None}, "new_due_on"),
        ({"new_due_on": at("2026-09-30").date()}, "new_due_on"),
    ],
)
def test_r6_fail_needs_reasons_and_a_new_term(more, field):
    scene = risk_in("applied")
    refused_without_trace(scene, "须写明原因和要求", lambda: scene.verify(passed=False, **more), field)


# --- 会签


def test_r6_only_the_last_signature_changes_grade_and_state():
    scene = risk_in("applied")
    people = [scene.cast.colleague, scene.cast.expert]
    scene.verify(colleagues=[a.person for a in people], inputs=LEC_BLUE)
    for signer in people:
        assert (scene.state, scene.case.level) == ("applied", "red")
        assert scene.risk.gradings.filter(basis="verified").count() == 0
        assert scene.risk.close_outs.get().outcome == "open"
        scene.countersign(actor=signer)
    assert (scene.state, scene.case.level) == ("closed", "blue")
    grade = scene.risk.gradings.get(basis="verified")
    names = {scene.cast.handler.person.name, *(a.person.name for a in people)}
    assert grade.grade == "blue" and set(grade.participants.split("、")) == names
    close_out = scene.risk.close_outs.get()
    assert (close_out.outcome, close_out.decided_at) == ("passed", scene.at)
    signatures = close_out.verifications.get().signatures.all()
    assert len({s.digest for s in signatures}) == 1 and {s.person.name for s in signatures} == names
    assert told(scene.pk)[-4:] == ["verification_signed"] * 3 + ["closure_passed"]


def test_r6_nobody_signs_twice():
    scene = risk_in("applied")
    scene.verify()
    again = make_actor("bureau_head", scene.cast.lead, person=scene.cast.handler.person)
    for actor in (scene.cast.handler, again):
        refused_without_trace(scene, "您已签过这份核查结论", lambda actor=actor: scene.countersign(actor=actor))
    assert scene.state == "applied"


def test_r6_unnamed_colleague_cannot_countersign():
    scene = risk_in("applied")
    refused_without_trace(scene, "核查结论中列名的核查人", scene.countersign)  # nothing waits yet
    scene.verify(colleagues=[scene.cast.head.person])
    refused_without_trace(scene, "核查结论中列名的核查人", scene.countersign)


def test_r6_failed_verification_keeps_the_grade_and_tells_why():
    scene = risk_in("applied")
    scene.verify(passed=False)
    scene.countersign()
    assert (scene.state, scene.case.level, scene.case.closed_on) == ("treating", "red", None)
    assert scene.risk.close_outs.get().outcome == "failed"
    event = AuditEvent.objects.get(case_id=scene.pk, name="risks.closure_failed")
    assert (event.data["reasons"], event.data["new_due_on"]) == ("报警器失效", "2026-11-29")
    assert scene.open_rules() == ["risks.treatment"]


def test_r6_objection_voids_the_conclusion():
    scene = risk_in("applied")
    scene.verify()
    first = scene.risk.close_outs.get().verifications.get()
    refused_without_trace(
        scene,
        "您已签过这份核查结论",
        lambda: object_verification(risk=scene.risk, reason="不实", actor=scene.cast.handler, at=scene.at),
    )
    object_verification(risk=scene.risk, reason="接地电阻没有复测", actor=scene.cast.colleague, at=scene.at)
    first.refresh_from_db()
    assert (first.state, first.objection) == ("void", f"{scene.cast.colleague.person.name}：接地电阻没有复测")
    assert (scene.state, scene.case.level) == ("applied", "red") and scene.open_rules() == ["risks.closure_check"]
    refused_without_trace(scene, "列名的核查人", scene.countersign)
    scene.verify()
    scene.countersign()
    assert scene.state == "closed"


def test_r6_rewriting_voids_the_earlier_signatures():
    scene = risk_in("applied")
    people = [scene.cast.colleague.person, scene.cast.expert.person]
    scene.verify(colleagues=people)
    scene.countersign(actor=scene.cast.expert)
    scene.verify(colleagues=people, findings="复测后接地电阻 2 欧")
    first, second = scene.risk.close_outs.get().verifications.order_by("id")
    assert (first.state, second.state) == ("void", "signing")
    assert {s.person for s in second.signatures.all()} == {scene.cast.handler.person}
    scene.countersign()
    assert scene.state == "applied", "the expert's signature under the old text does not count"
    scene.countersign(actor=scene.cast.expert)
    assert scene.state == "closed"
    assert first.signatures.first().digest != second.signatures.first().digest
    assert Signature.objects.filter(case=scene.pk, purpose="核查结论").count() == 5  # all stay in evidence


def test_r6_rewriting_with_the_same_words_is_signed_anew():
    scene = risk_in("applied")
    scene.verify()
    scene.verify()
    assert Signature.objects.filter(case=scene.pk, purpose="核查结论").count() == 2


def test_r6_new_term_that_passed_before_the_last_signature_is_told():
    scene = risk_in("applied")
    scene.verify(passed=False, new_due_on=at("2026-10-08").date())
    refused_without_trace(
        scene, "继续治理期限已过，请重新填写核查结论", lambda: scene.countersign(at=at("2026-10-09 09:00"))
    )


def test_r6_closed_risk_stays_in_the_database_and_out_of_reach():
    scene = risk_in("closed")
    for act in (scene.apply, scene.verify, scene.countersign, scene.progress, scene.conclude, scene.ask_correction):
        refused_without_trace(scene, "已销号|没有待核查", act)


def test_r6_database_refuses_an_application_that_does_not_lower():
    scene = risk_in("applied")
    with pytest.raises(IntegrityError, match="close_out_lowers"), transaction.atomic():
        scene.risk.close_outs.update(proposed_grade="orange")
    with pytest.raises(IntegrityError, match="close_out_one_open"), transaction.atomic():
        row = scene.risk.close_outs.get()
        row.pk = None
        row.save()


def test_r6_wrong_password_does_not_verify():
    scene = risk_in("applied")
    for act in (scene.verify, scene.countersign):
        before = traces(scene.pk)
        with pytest.raises(SignatureRefused), transaction.atomic():
            act(hand=Hand(strokes=HAND.strokes, password="wrong"))
        assert traces(scene.pk) == before
        if act == scene.verify:
            scene.verify()
    assert ClosureRefused("x", field="y").field == "y"


def test_r6_a_correction_that_is_never_supplied_ends_the_application():
    scene = risk_in("correcting", at=at("2026-10-12 10:00"))
    due = scene.deadline("correction").due_at
    with pytest.raises(Refused, match="补正期限未到"):
        scene.lapse(at=due - timedelta(minutes=1))
    scene.lapse(at=due, new_due_on=date(2026, 12, 18))
    assert (scene.state, scene.open_rules()) == ("treating", ["risks.treatment"])
    assert scene.deadline("treatment").due_on == date(2026, 12, 18)
    assert scene.deadline("correction").cancelled_at == due
    assert [c.outcome for c in scene.risk.close_outs.all()] == ["failed"]
    scene.apply(at=due + timedelta(days=1))
    assert scene.state == "applied"


def test_r6_asking_for_correction_after_the_ten_days_needs_the_reason():
    scene = risk_in("applied", at=at("2026-10-12 10:00"))
    late = scene.deadline("closure_check").due_at
    with pytest.raises(LateReasonMissing, match="销号核查"):
        scene.ask_correction(at=late)
    scene.ask_correction(at=late, late_reason="核查人员抽调防汛")
    check = scene.deadline("closure_check")
    assert (check.cancelled_at, check.late_reason, check.is_late_at(late)) == (late, "核查人员抽调防汛", True)
