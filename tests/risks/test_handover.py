"""R4: one handing unit per risk, the letter to the responsible unit, its receipt, and who may not hand over to itself."""

import pytest
from django.db import transaction

from audit.models import AuditEvent
from deadlines.workflow import Refused
from records.models import Letter, Signature
from records.services.refusals import LetterRefused
from records.services.signing import Hand, SignatureRefused
from risks.services import register
from risks.services.handover import void_handover
from tests.factories import at, make_actor, make_district, make_enterprise, make_unit, sector_of, unit_of
from tests.risks.builders import (
    DETAILS,
    HAND,
    LEC_BLUE,
    LEC_ORANGE,
    LEC_YELLOW,
    make_cast,
    registered,
    risk_in,
    told,
    traces,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_font", "media")]


# --- 交办单位


@pytest.mark.parametrize(
    ("enterprise", "lead"),
    [
        ({"sector": "hazchem", "enforcer": "区应急管理局"}, "区应急管理局"),
        ({"sector": "hazchem", "enforcer": "区市场监管局"}, "区市场监管局"),  # X2's department goes before the sector's
        ({"sector": "construction", "enforcer": None}, "区住建交通委"),
        ({"sector": "special_equipment", "enforcer": None}, "区市场监管局"),
    ],
)
def test_r4_handing_unit_is_the_enforcer_then_the_sectors(enterprise, lead):
    unit = make_enterprise(**enterprise).unit
    actor = make_actor("enterprise_reporter", unit)
    risk = register.register_risk(
        title="卸油区", responsible_unit=unit, sector=unit.enterprise.sector, township=unit.enterprise.township,
        details=DETAILS, measures={}, actor=actor, at=at("2026-09-30 09:00"),
    )  # fmt: skip
    assert risk.case.lead_unit.short_name == lead


def test_r4_department_is_never_the_handing_unit_of_its_own_site():
    housing = unit_of("区住建交通委", district=make_district())
    assert register.default_lead(housing, sector_of("road"), at=at("2026-09-30")).short_name == "区应急管理局"


def test_r4_abolished_department_hands_over_nothing():
    enterprise = make_enterprise(sector="construction", enforcer="区住建交通委")
    housing = unit_of("区住建交通委")
    housing.valid_to = at("2026-06-30").date()
    housing.save()
    enterprise.refresh_from_db()
    lead = register.default_lead(enterprise.unit, enterprise.sector, at=at("2026-09-30"))
    assert lead.short_name == "区应急管理局"


def test_r4_bureau_cannot_hand_over_to_itself_the_leader_names_another():
    bureau = unit_of("区应急管理局", district=make_district())
    scene = registered(cast=make_cast(responsible=bureau))
    scene.conclude()
    assert scene.case.lead_unit == scene.case.responsible_unit == bureau
    before = traces(scene.pk)
    with pytest.raises(Refused, match="“拟交办函”由交办单位（不能是责任单位自己）办理"):
        scene.draft()
    assert traces(scene.pk) == before
    housing = unit_of("区住建交通委")
    scene.designate(housing)
    assert (scene.case.lead_unit, scene.case.responsible_unit) == (housing, bureau)
    event = AuditEvent.objects.get(case_id=scene.pk, name="risks.designated")
    assert (event.data["from"], event.data["to"]) == (bureau.name, housing.name)
    with pytest.raises(Refused):
        scene.conclude(LEC_YELLOW)  # the bureau no longer judges its own risk
    drafter, checker = make_actor("department_handler", housing), make_actor("department_head", housing)
    scene.draft(actor=drafter, checker=checker.post)
    scene.check(actor=checker)
    scene.issue(actor=checker)
    assert scene.state == "handed_over" and scene.letter().number.startswith("蚌山住建交交办")
    scene.receive(actor=make_actor("bureau_handler", bureau))
    assert scene.state == "treating"


def test_r4_only_a_valid_department_of_the_district_can_be_named():
    scene = risk_in("graded")
    other = make_district(code="340302", name="禹会区")
    cases = [
        (unit_of("燕山乡"), "须是本区负有安全监管职责的部门"),
        (scene.cast.responsible, "须是本区负有安全监管职责的部门"),
        (unit_of("区住建交通委", district=other), "须是本区负有安全监管职责的部门"),
        (make_unit(short_name="区旧局", valid_to=at("2026-06-30").date()), "已撤销"),
    ]
    before = traces(scene.pk)
    for unit, words in cases:
        with pytest.raises(Refused, match=words):
            scene.designate(unit)
    assert traces(scene.pk) == before


def test_r4_responsible_department_cannot_be_named_as_its_own_handing_unit():
    housing = unit_of("区住建交通委", district=make_district())
    scene = registered(cast=make_cast(responsible=housing), sector="road")
    scene.conclude()
    with pytest.raises(Refused, match="交办单位不能就是责任单位"):
        scene.designate(housing)


# --- 交办函


def test_r4_letter_goes_from_handing_to_responsible_unit_with_copies_and_term():
    scene = risk_in("handed_over")
    letter = scene.letter()
    assert (letter.issuer, letter.recipient, letter.copies_to) == (scene.cast.lead, scene.cast.responsible, "燕山乡")
    assert letter.title == "关于交办卸油区重大风险治理的函"
    assert (letter.drafted_by, letter.checked_by, letter.issued_by) == (
        scene.cast.handler.person,
        scene.cast.colleague.person,
        scene.cast.head.person,
    )
    assert f"{letter.due_on}" == "2026-11-29" and "于2026年11月29日前完成治理" in letter.content
    assert "请自本函送达之日起2 个工作日内签收" in letter.content.replace("起2个", "起2 个")
    assert told(scene.pk)[-1] == "handed_over"


@pytest.mark.parametrize("due", ["2026-09-30", "2026-09-01"])
def test_r4_term_in_the_past_is_refused_at_its_field(due):
    scene = risk_in("graded")
    before = traces(scene.pk)
    with pytest.raises(LetterRefused, match="治理期限须晚于今天") as refused:
        scene.draft(due_on=at(due).date())
    assert refused.value.field == "due_on" and traces(scene.pk) == before


def test_r4_letter_that_waited_beyond_its_own_term_does_not_leave():
    scene = risk_in("graded")
    scene.draft(due_on=at("2026-10-09").date())
    scene.check()
    before = traces(scene.pk)
    with pytest.raises(LetterRefused, match="函中的治理期限已过，请退回修改后再签发"), transaction.atomic():
        scene.issue(at=at("2026-10-09 08:00"))
    assert traces(scene.pk) == before


def test_r4_handler_cannot_issue():
    scene = risk_in("graded")
    scene.draft()
    scene.check()
    before = traces(scene.pk)
    with pytest.raises(LetterRefused, match="“签发”由发文机关有“签发、送达”权限的岗位办理"), transaction.atomic():
        scene.issue(actor=scene.cast.handler)
    assert traces(scene.pk) == before


def test_r4_unchecked_letter_cannot_be_issued():
    scene = risk_in("graded")
    scene.draft()
    with pytest.raises(LetterRefused, match="文书当前环节是“待核稿”，不能办理“签发”"):
        scene.issue()
    scene = risk_in("graded")
    with pytest.raises(Refused, match="没有在办的交办函"):
        scene.issue()


def test_r4_one_letter_on_its_way_per_risk():
    scene = risk_in("graded")
    scene.draft(checker=None)
    scene.draft(checker=None, requirements="1.改过。")
    assert Letter.objects.get(case=scene.pk).requirements == "1.改过。"
    scene.draft()
    with pytest.raises(LetterRefused, match="已提交核稿，不能再改"):
        scene.draft()


# --- 签收


def test_r4_receipt_is_signed_over_the_letters_digest():
    scene = risk_in("handed_over")
    scene.receive()
    letter = scene.letter()
    signature = Signature.objects.get(case=scene.pk, purpose="签收交办函")
    assert letter.receipt == signature and signature.person == scene.cast.reporter.person
    assert letter.content_digest in signature.content and letter.number in signature.content
    assert (letter.state, letter.received_at, scene.state) == ("received", scene.at, "treating")


def test_r4_receipt_needs_a_signature():
    scene = risk_in("handed_over")
    before = traces(scene.pk)
    with pytest.raises(SignatureRefused), transaction.atomic():
        scene.receive(hand=Hand())
    assert traces(scene.pk) == before


def test_r4_receipt_once():
    scene = risk_in("handed_over")
    scene.receive()
    before = traces(scene.pk)
    for act in (scene.receive, scene.leave):
        with pytest.raises(Refused), transaction.atomic():
            act()
    assert traces(scene.pk) == before


def test_r4_township_receives_for_its_road():
    cast = make_cast(responsible=unit_of("燕山乡", district=make_district()), lead="区住建交通委", sector="road")
    scene = risk_in("treating", cast=cast, sector="road")
    assert scene.letter().recipient.short_name == "燕山乡"
    assert scene.letter().number == "蚌山住建交交办〔2026〕1号"
    scene.apply()
    assert scene.state == "applied" and scene.risk.close_outs.get().applied_by == cast.principal.person


# --- what a conclusion or designation must not leave behind


@pytest.mark.parametrize("step", ["draft", "check", "issue"])
@pytest.mark.parametrize("act", ["conclude", "designate"])
def test_r4_grade_and_handing_unit_stay_while_a_letter_is_on_its_way(step, act):
    scene = risk_in("graded")
    for done in ("draft", "check", "issue")[: ("draft", "check", "issue").index(step) + 1]:
        scene.issue(dispatch=False) if done == "issue" else getattr(scene, done)()
    housing = unit_of("区住建交通委")
    before = traces(scene.pk)
    with pytest.raises(Refused, match=r"交办函在“.*”环节，请先作废交办函"):
        scene.conclude(LEC_ORANGE) if act == "conclude" else scene.designate(housing)
    assert traces(scene.pk) == before
    void_handover(risk=scene.risk, reason="研判有变", actor=scene.cast.handler, at=scene.at)
    if act == "conclude":
        scene.conclude(LEC_ORANGE)
        scene.hand_over()
        assert "较大风险（橙色）" in scene.letter().content
        return
    scene.designate(housing)
    handler, head = make_actor("department_handler", housing), make_actor("department_head", housing)
    scene.draft(actor=handler, checker=head.post)
    assert scene.letter().issuer == housing


def test_r4_concluding_again_does_not_restart_the_three_days():
    scene = risk_in("graded")
    scene.conclude(LEC_ORANGE, at=at("2026-10-12 09:00"), hand=HAND)
    assert f"{scene.deadline('handover').due_on}" == "2026-10-10"


def test_r4_blue_and_red_again_keeps_the_first_three_days():
    scene = risk_in("graded")
    scene.conclude(LEC_BLUE, at=at("2026-10-09 09:00"))
    scene.conclude(LEC_ORANGE, at=at("2026-10-09 09:01"))
    assert f"{scene.deadline('handover').due_on}" == "2026-10-10"


def test_r4_a_new_conclusion_after_the_old_term_has_its_own_three_days():
    scene = risk_in("graded")
    scene.conclude(LEC_BLUE, at=at("2026-10-09 09:00"))
    scene.conclude(LEC_ORANGE, at=at("2026-10-19 09:00"))
    assert f"{scene.deadline('handover').due_on}" == "2026-10-22"
