"""X6: views of confidential matter leave an event; a changed conclusion leaves its signatures void, and both are seen."""

from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from audit.models import AuditEvent
from records.models import Attachment, Signature, SignatureVoid
from risks.models import Verification
from tests.factories import PASSWORD, STROKES, at, client_for
from tests.risks.builders import LEC_YELLOW, Scene, photo, risk_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_font", "media")]


def viewed() -> list[str]:
    return [e.data["what"] for e in AuditEvent.objects.filter(name="records.viewed").order_by("id")]


def mark(client: Client, scene: Scene, action: str, *targets: str) -> Any:
    data = {"targets": list(targets), "reason": "涉及未公开的重大危险源位置", "version": scene.case.version}
    return client.post(f"/risks/{scene.pk}/{action}/", data)


def test_x6_every_view_of_a_confidential_case_is_recorded() -> None:
    scene = risk_in("treating")
    scene.progress(photos=[photo("货.jpg")])
    file = Attachment.objects.get(name="货.jpg")
    client, other = client_for(scene.cast.handler), client_for(scene.cast.principal)
    client.get(f"/risks/{scene.pk}/")
    assert viewed() == []
    assert mark(client, scene, "mark_confidential", "case").status_code == 302
    scene.case.refresh_from_db()
    version = scene.case.version
    other.get(f"/risks/{scene.pk}/")
    other.get(f"/files/{file.pk}/")
    other.get(f"/letters/{scene.letter().pk}/")
    other.get(f"/api/v1/risk-points/{scene.pk}/")
    assert viewed() == ["案卷页", "附件：货.jpg", f"文书：{scene.letter().number}", "接口"]
    by = AuditEvent.objects.filter(name="records.viewed").values_list("person_id", "case_id").distinct()
    assert list(by) == [(scene.cast.principal.person.pk, scene.pk)]
    assert scene.case.version == version  # looking is no act: nobody's form is overtaken by it
    assert ">敏感<" in other.get(f"/risks/{scene.pk}/").content.decode()
    seen = len(viewed())
    assert mark(client, scene, "unmark_confidential", "case").status_code == 302
    other.get(f"/risks/{scene.pk}/")
    assert len(viewed()) == seen


def test_x6_a_single_file_can_be_confidential() -> None:
    scene = risk_in("treating")
    scene.progress(photos=[photo("一.jpg"), photo("二.jpg")])
    one, two = (Attachment.objects.get(name=f"{n}.jpg") for n in "一二")
    client = client_for(scene.cast.handler)
    mark(client, scene, "mark_confidential", str(one.pk))
    client.get(f"/risks/{scene.pk}/")
    client.get(f"/files/{two.pk}/")
    client.head(f"/files/{one.pk}/")
    assert viewed() == []
    client.get(f"/files/{one.pk}/")
    assert viewed() == ["附件：一.jpg"]


def test_x6_only_the_unit_in_charge_marks_and_says_why() -> None:
    scene = risk_in("treating")
    assert mark(client_for(scene.cast.principal), scene, "mark_confidential", "case").status_code == 422
    client = client_for(scene.cast.handler)
    answer = client.post(f"/risks/{scene.pk}/mark_confidential/", {"targets": ["case"], "reason": ""})
    assert "请填写理由" in answer.content.decode()
    assert not scene.case.is_confidential


def verify_form(scene: Scene, findings: str) -> dict[str, Any]:
    factors = {f"lec_{name}": value for name, value in LEC_YELLOW.items()}
    return factors | {
        "visited_on": "2026-10-09",
        "findings": findings,
        "passed": "yes",
        "method": "lec",
        "colleagues": [scene.cast.colleague.post.pk],
        "signature": STROKES,
        "password": PASSWORD,
    }


def test_x6_a_changed_conclusion_voids_what_was_signed(settings: Any) -> None:
    """The first signer changes the text before the second signs: void, shown as such, and to be signed again."""
    settings.BUSINESS_NOW = "2026-10-09T10:00:00+08:00"
    scene = risk_in("applied")
    client = client_for(scene.cast.handler)
    client.post(f"/risks/{scene.pk}/verify/", verify_form(scene, "接地电阻 3 欧"))
    first = Signature.objects.get(purpose="核查结论")
    page = client.get(f"/risks/{scene.pk}/?do=verify").content.decode()
    assert "已有的签字全部失效" in page
    assert "接地电阻 3 欧" in page
    client.post(f"/risks/{scene.pk}/verify/", verify_form(scene, "接地电阻 30 欧"))
    voided = SignatureVoid.objects.get()
    assert (voided.signature, voided.reason, voided.by) == (
        first,
        "核查结论已修改，须重新签字",
        scene.cast.handler.person,
    )
    assert sorted(Verification.objects.values_list("state", flat=True)) == ["signing", "void"]
    timeline = client.get(f"/risks/{scene.pk}/").content.decode()
    assert "签字作废" in timeline
    assert first.short_digest in timeline
    assert "（已失效）" in timeline
    # The void signature counts for nothing: the second signer signs the new text, and only then it takes effect.
    scene.countersign(at=at("2026-10-09 11:00"))
    assert scene.state == "closed"
    effective = Verification.objects.get(state="effective")
    assert effective.findings == "接地电阻 30 欧"
    assert first not in effective.signatures.all()


def test_x6_nobody_else_changes_a_conclusion_that_is_being_signed() -> None:
    scene = risk_in("applied")
    scene.verify()
    client = client_for(scene.cast.colleague)
    page = client.get(f"/risks/{scene.pk}/?do=verify", follow=True).content.decode()
    assert "请填写人修改，或核查人先提异议" in page
    assert not SignatureVoid.objects.exists()


def test_x6_an_objection_voids_the_signatures_and_the_row_cannot_be_undone() -> None:
    scene = risk_in("applied")
    scene.verify()
    client_for(scene.cast.colleague).post(f"/risks/{scene.pk}/object/", {"reason": "没有到现场"})
    voided = SignatureVoid.objects.get()
    assert voided.reason == "核查人提出异议：没有到现场"
    for change in ("UPDATE records_signaturevoid SET reason = ''", "DELETE FROM records_signaturevoid"):
        with pytest.raises(Exception, match="append-only"), transaction.atomic():
            connection.cursor().execute(change)


def test_x6_a_letter_that_was_checked_cannot_change_under_the_check() -> None:
    """核稿 holds for the text that was checked: there is no way back into the draft that keeps it."""
    scene = risk_in("graded")
    scene.draft()
    client = client_for(scene.cast.colleague)
    client.post(f"/risks/{scene.pk}/check_letter/", {"decision": "return", "note": "请写明期限"})
    assert (scene.letter().state, scene.letter().checked_by) == ("draft", None)
    scene.draft(requirements="1.另一段要求。")
    scene.check()
    checked = scene.letter()
    with pytest.raises(Exception, match="已提交核稿，不能再改"):
        scene.draft(requirements="1.核稿后改的要求。")
    assert scene.letter().requirements == checked.requirements == "1.另一段要求。"
