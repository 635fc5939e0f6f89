"""X6: acts signed on paper. Keyed in with the scan, compared by a second person, then performed as if signed in the portal."""

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from audit.models import AuditEvent
from organisations.actors import Actor
from records.models import Attachment, PaperAct, RecordingAuthorisation, Signature
from records.services.recording import register_authorisation, revoke_authorisation
from risks.models import CloseOut
from tests.factories import at, client_for, make_actor
from tests.risks.builders import LEC_YELLOW, Scene, photo, risk_in, traces

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_font", "media")]
DAY = "2026-10-09T10:00:00+08:00"
APPLY = {
    "statement": "已更换静电接地装置",
    "method": "lec",
    **{f"lec_{k}": v for k, v in LEC_YELLOW.items()},
    "paper_signer": "陈国强",
    "paper_title": "主要负责人",
    "paper_on": "2026-10-08",
}


@pytest.fixture(autouse=True)
def clock(settings: Any) -> None:
    settings.BUSINESS_NOW = DAY


def authorise(scene: Scene, recorder: Actor) -> RecordingAuthorisation:
    return register_authorisation(
        enterprise=scene.cast.responsible.enterprise,  # type: ignore[attr-defined]
        signer="陈国强",
        valid_from=date(2026, 10, 1),
        valid_to=date(2026, 12, 31),
        scan=photo("委托书.jpg"),
        actor=recorder,
        at=at("2026-10-01 09:00"),
    )


def key(client: Client, scene: Scene, action: str, data: dict[str, Any], **more: Any) -> Any:
    files = {"paper_scan": photo("原件.jpg"), "version": scene.case.version}
    return client.post(f"/risks/{scene.pk}/{action}/?paper=1", data | files | more)


def compare(client: Client, decision: str = "same", note: str = "") -> Any:
    return client.post(f"/risks/paper/{PaperAct.objects.latest('id').pk}/", {"decision": decision, "note": note})


def township(scene: Scene) -> tuple[Actor, Actor]:
    return make_actor("township_handler", "燕山乡"), make_actor("township_handler", "燕山乡")


def test_x6_township_records_the_application_of_an_enterprise_under_its_authorisation() -> None:
    scene = risk_in("treating")
    keyer, second = township(scene)
    # Without an authorisation there is nothing to key in, and nothing is offered.
    before = traces(scene.pk)
    refused = key(client_for(keyer), scene, "apply", APPLY)
    assert (refused.status_code, refused["Location"]) == (302, f"/risks/{scene.pk}/")
    assert "申请销号（代录）" not in client_for(keyer).get(f"/risks/{scene.pk}/").content.decode()
    assert traces(scene.pk) == before
    authorise(scene, keyer)
    assert "申请销号（代录）" in client_for(keyer).get(f"/risks/{scene.pk}/").content.decode()
    assert key(client_for(keyer), scene, "apply", APPLY, photos=[photo("完工.jpg")]).status_code == 302
    # 待核对: nothing has changed yet.
    assert scene.state == "treating"
    assert not CloseOut.objects.exists()
    page = client_for(second).get(f"/risks/{scene.pk}/").content.decode()
    assert "待核对的纸质签署" in page
    assert "请您核对" in page
    assert "申请销号：纸质签署待核对" in client_for(second).get("/").content.decode()
    assert "纸质签署待核对" not in client_for(keyer).get("/").content.decode()
    beside = client_for(second).get(f"/risks/{scene.pk}/?do=check_paper", follow=True).content.decode()
    assert "已更换静电接地装置" in beside
    assert "原件.jpg" in beside
    # Not by the one who keyed it in, not by another unit.
    compare(client_for(keyer))
    compare(client_for(scene.cast.colleague))
    assert scene.state == "treating"
    assert compare(client_for(second)).status_code == 302
    assert scene.state == "applied"
    signature = Signature.objects.get(method="paper")
    assert (signature.person, signature.signer_name, signature.document_on) == (None, "陈国强", date(2026, 10, 8))
    assert signature.signer_label == f"陈国强·{scene.cast.responsible}主要负责人"
    assert (signature.keyed_by, signature.confirmed_by) == (keyer.person, second.person)
    assert signature.scan == PaperAct.objects.get().scan
    assert signature.strokes == ""
    applied = AuditEvent.objects.get(case_id=scene.pk, name="risks.closure_applied")
    assert applied.actor_label == f"{keyer.label}（代录：{scene.cast.responsible}）"
    timeline = client_for(second).get(f"/risks/{scene.pk}/").content.decode().split("办理过程")[1]
    assert timeline.count(">代录<") >= 1
    assert ">纸质签署<" in timeline
    done = Attachment.objects.get(case=scene.pk, name="完工.jpg")
    assert (done.purpose, done.case_seq) == ("治理完成照片", applied.case_seq)


def test_x6_a_paper_act_counts_from_the_moment_it_was_keyed_in(settings: Any) -> None:
    """The second person comes three days later: neither a late unit nor fresh days for the regulator."""
    scene = risk_in("treating")
    keyer, second = township(scene)
    authorise(scene, keyer)
    key(client_for(keyer), scene, "apply", APPLY)
    settings.BUSINESS_NOW = "2026-10-12T16:00:00+08:00"
    compare(client_for(second))
    keyed_at = PaperAct.objects.get().keyed_at
    assert scene.deadline("treatment").met_at == keyed_at
    check = scene.deadline("closure_check")
    assert (check.started_at, check.due_on) == (keyed_at, date(2026, 10, 22))


def test_x6_whoever_keyed_the_application_cannot_verify_it() -> None:
    """The handing unit records under an authorisation of its own; its keyer is then out of the verification, by person."""
    scene = risk_in("treating")
    keyer, second = scene.cast.handler, scene.cast.colleague
    authorise(scene, keyer)
    key(client_for(keyer), scene, "apply", APPLY)
    compare(client_for(second))
    assert scene.state == "applied"
    assert CloseOut.objects.get().applied_by == keyer.person
    page = client_for(keyer).get(f"/risks/{scene.pk}/?do=verify", follow=True).content.decode()
    assert "申请人和治理人员不能参加核查" in page
    assert "填核查结论" in client_for(second).get(f"/risks/{scene.pk}/").content.decode()


def test_x6_what_does_not_match_is_rejected_with_a_reason_and_done_anew() -> None:
    scene = risk_in("treating")
    keyer, second = township(scene)
    authorise(scene, keyer)
    key(client_for(keyer), scene, "apply", APPLY)
    answer = compare(client_for(second), "differs")
    assert answer.status_code == 422
    assert "请写明哪里不符" in answer.content.decode()
    compare(client_for(second), "differs", "签字人是副经理，不是主要负责人")
    paper = PaperAct.objects.get()
    assert (paper.state, scene.state) == ("rejected", "treating")
    assert not Signature.objects.filter(method="paper").exists()
    timeline = client_for(second).get(f"/risks/{scene.pk}/").content.decode().split("办理过程")[1]
    assert "不符：签字人是副经理，不是主要负责人" in timeline
    key(client_for(keyer), scene, "apply", APPLY)
    compare(client_for(second))
    assert scene.state == "applied"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"paper_on": "2026-10-10"}, "纸质文件的日期不能晚于今天"),
        ({"paper_signer": ""}, "请填写纸上签字人的姓名"),
        ({"paper_scan": ""}, "请上传扫描件"),
        ({"lec_likelihood": "10"}, "降到一般风险或低风险才算治理完毕"),
    ],
)
def test_x6_what_could_not_be_done_in_the_portal_cannot_be_keyed_in(change: dict[str, str], said: str) -> None:
    scene = risk_in("treating")
    keyer, _ = township(scene)
    authorise(scene, keyer)
    before = traces(scene.pk)
    answer = key(client_for(keyer), scene, "apply", APPLY, **change)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert "已更换静电接地装置" in answer.content.decode()  # nothing typed is lost
    assert traces(scene.pk) == before


def test_x6_receipt_progress_and_plan_on_paper_and_one_of_a_kind_at_a_time() -> None:
    scene = risk_in("handed_over")
    keyer, second = township(scene)
    authorise(scene, keyer)
    sheet = {"paper_signer": "李出纳", "paper_title": "安全员", "paper_on": "2026-10-09"}
    key(client_for(keyer), scene, "receive", sheet)
    again = key(client_for(keyer), scene, "receive", sheet)
    assert "已有一份纸质签署待核对" in again.content.decode()
    compare(client_for(second))
    assert (scene.state, scene.letter().state) == ("treating", "received")
    assert scene.letter().receipt.signer_name == "李出纳"  # type: ignore[union-attr]
    key(
        client_for(keyer),
        scene,
        "progress",
        sheet | {"text": "接地装置已到货", "percent": "40"},
        photos=[photo("货.jpg")],
    )
    compare(client_for(second))
    assert [(p.percent, p.by) for p in scene.risk.progress.all()] == [(40, keyer.person)]
    assert Signature.objects.get(purpose="报送治理进展").content.count("接地装置已到货") == 1
    assert Attachment.objects.get(name="货.jpg").purpose == "治理照片"


def test_x6_reporter_keys_in_what_the_own_principal_signed() -> None:
    """No authorisation is needed in the own house; the second person is one of the house too."""
    scene = risk_in("treating")
    other = make_actor("enterprise_reporter", scene.cast.responsible)
    assert "申请销号（纸质签署）" in client_for(scene.cast.reporter).get(f"/risks/{scene.pk}/").content.decode()
    key(client_for(scene.cast.reporter), scene, "apply", APPLY)
    compare(client_for(other))
    assert scene.state == "applied"
    assert "（代录：" not in AuditEvent.objects.get(name="risks.closure_applied").actor_label


def test_x6_officials_conclusion_signed_on_paper_is_the_officials_own_signature() -> None:
    scene = risk_in("awaiting")
    data = {"method": "lec", "lec_likelihood": "6", "lec_exposure": "6", "lec_consequence": "15"}
    data |= {"participants": "周立新", "paper_on": "2026-10-09"}
    answer = key(client_for(scene.cast.handler), scene, "conclude", data)
    assert answer.status_code == 302, answer.content.decode()
    compare(client_for(scene.cast.colleague))
    assert scene.state == "graded"
    signature = Signature.objects.get(purpose="研判结论")
    assert (signature.person, signature.method) == (scene.cast.handler.person, "paper")


def test_x6_authorisation_has_a_term_and_can_be_revoked_by_either_side() -> None:
    scene = risk_in("treating")
    keyer, _ = township(scene)
    authorisation = authorise(scene, keyer)
    client = client_for(keyer)
    offered = "申请销号（代录）"
    assert offered in client.get(f"/risks/{scene.pk}/").content.decode()
    revoke_authorisation(
        authorisation=authorisation, reason="企业已开通账号", actor=scene.cast.principal, at=at("2026-10-09 11:00")
    )
    assert offered not in client.get(f"/risks/{scene.pk}/").content.decode()
    assert "企业已开通账号" in client.get("/recording/").content.decode()
    names = AuditEvent.objects.filter(subject_kind="recording_authorisation").values_list("name", flat=True)
    assert sorted(names) == ["records.recording_authorised", "records.recording_revoked"]


def test_x6_authorisation_ends_with_its_last_day(settings: Any) -> None:
    scene = risk_in("treating")
    keyer, _ = township(scene)
    authorise(scene, keyer)
    for day, offered in (("2026-12-31", True), ("2027-01-01", False)):
        settings.BUSINESS_NOW = f"{day}T10:00:00+08:00"
        page = client_for(keyer).get(f"/risks/{scene.pk}/").content.decode()
        assert ("申请销号（代录）" in page) is offered


def test_x6_recording_pages() -> None:
    scene = risk_in("treating")
    keyer, _ = township(scene)
    client = client_for(keyer)
    uscc = scene.cast.responsible.enterprise.uscc  # type: ignore[attr-defined]
    data = {"enterprise": uscc, "signer": "陈国强", "valid_from": "2026-10-09", "valid_to": "2027-10-08"}
    wrong = client.post("/recording/new/", data | {"enterprise": "91000000", "scan": photo()})
    assert "没有这个代码或名称的企业" in wrong.content.decode()
    assert client.post("/recording/new/", data | {"scan": photo("委托书.jpg")}).status_code == 302
    made = RecordingAuthorisation.objects.get()
    assert (made.enterprise, made.recorder) == (scene.cast.responsible, keyer.unit)
    assert client.get(f"/recording/{made.pk}/scan/").status_code == 200
    assert client_for(make_actor("township_handler", "雪华乡")).get(f"/recording/{made.pk}/scan/").status_code == 404
    principal = client_for(scene.cast.principal)
    assert "有效" in principal.get("/recording/").content.decode()
    assert principal.post(f"/recording/{made.pk}/revoke/", {"reason": "改为自己办理"}).status_code == 302
    made.refresh_from_db()
    assert made.revoke_reason == "改为自己办理"


def test_x6_database_refuses_a_paper_signature_of_one_person() -> None:
    scene = risk_in("treating")
    keyer, second = township(scene)
    authorise(scene, keyer)
    key(client_for(keyer), scene, "apply", APPLY)
    compare(client_for(second))
    whole = Signature.objects.get(method="paper")
    for change in ({"confirmed_by": keyer.person}, {"scan": None}, {"document_on": None}, {"signer_name": ""}):
        copy = Signature.objects.get(pk=whole.pk)
        copy.pk, copy.purpose = None, "另一份"
        for name, value in change.items():
            setattr(copy, name, value)
        with pytest.raises(IntegrityError, match="signature_paper_whole"), transaction.atomic():
            copy.save(force_insert=True)
