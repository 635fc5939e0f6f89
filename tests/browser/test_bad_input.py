"""What goes wrong, on a phone: said in Chinese at its place, what was typed stays, nothing happens twice."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from audit.models import AuditEvent
from records.models import Letter, LetterCounter, Signature
from risks.models import Progress
from tests.browser.scenes import scene_in
from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.letters]
Visit = Callable[..., Visitor]
RARE = "\U0002b740"  # 𫝀: an ideograph of an extension that the fonts of letters leave out


def test_x6_a_wrong_password_is_said_at_the_field_and_what_was_typed_stays(visit: Visit) -> None:
    scene = scene_in("treating", "一车间打磨台粉尘")
    fuzeren2 = visit("fuzeren2", phone=True)
    fuzeren2.go(f"/risks/{scene.pk}/?do=apply")
    fuzeren2.fill(statement="集尘罩已更换，积尘已清扫")
    fuzeren2.grade("1", "6", "3")
    fuzeren2.sign(password="not-my-password")
    strokes = fuzeren2.page.locator("[name=signature]").input_value()
    fuzeren2.send("签字并申请")
    fuzeren2.said_at("password", "密码")
    expect(fuzeren2.page.get_by_label("治理完成情况")).to_have_value("集尘罩已更换，积尘已清扫")
    expect(fuzeren2.page.locator("[name=lec_consequence]")).to_have_value("3")
    assert fuzeren2.page.locator("[name=signature]").input_value() == strokes != ""
    assert fuzeren2.page.get_by_label("登录密码").input_value() == ""
    assert scene.state == "treating"
    assert not Signature.objects.filter(case=scene.pk, person=scene.cast.principal.person).exists()
    # Only the password has to be typed again.
    fuzeren2.page.get_by_label("登录密码").fill("zhuan-2018-101")
    fuzeren2.send("签字并申请")
    fuzeren2.told("销号申请已提交")
    assert scene.state == "applied"


def test_x8_an_empty_form_names_every_field_that_is_missing(visit: Visit) -> None:
    scene = scene_in("treating", "二车间配电柜")
    fuzeren2 = visit("fuzeren2", phone=True)
    fuzeren2.go(f"/risks/{scene.pk}/?do=apply")
    fuzeren2.send("签字并申请")
    fuzeren2.said_at("statement", "请填写治理完成情况")
    fuzeren2.said_at("signature", "请在签字框内手写签名")
    fuzeren2.said_at("password", "请输入登录密码")
    expect(fuzeren2.page.locator("[data-error-summary]")).to_be_focused()
    assert scene.state == "treating"


def test_x8_a_form_sent_twice_acts_once_and_says_so(visit: Visit) -> None:
    """Two taps before the answer arrives, or 后退 and once more: the same key comes twice."""
    scene = scene_in("treating", "三车间喷漆房")
    fuzeren2 = visit("fuzeren2", phone=True)
    fuzeren2.go(f"/risks/{scene.pk}/?do=progress")
    fuzeren2.fill(text="喷漆房通风机已更换", percent="60")
    form = fuzeren2.page.locator("main form[data-once]")
    fields = form.evaluate(
        "form => Object.fromEntries([...new FormData(form)].filter(([, v]) => typeof v === 'string'))"
    )
    assert fields["form_key"]
    url = fuzeren2.address + form.get_attribute("action")
    first = fuzeren2.context.request.post(url, form=fields, headers={"Referer": fuzeren2.page.url})
    assert (first.status, "治理进展已报送" in first.text()) == (200, True)
    fuzeren2.send("报送")
    fuzeren2.told("这份表单已经提交过，没有重复办理")
    assert [p.text for p in Progress.objects.filter(risk=scene.pk)] == ["喷漆房通风机已更换"]
    assert AuditEvent.objects.filter(case_id=scene.pk, name="risks.progressed").count() == 1


def test_x8_a_double_tap_sends_one_form(visit: Visit) -> None:
    scene = scene_in("treating", "熔炼车间冷却水")
    fuzeren2 = visit("fuzeren2", phone=True)
    fuzeren2.go(f"/risks/{scene.pk}/?do=progress")
    fuzeren2.fill(text="冷却水流量计已装", percent="40")
    fuzeren2.page.locator("main form[data-once] button[type=submit]").dblclick()
    fuzeren2.told("治理进展已报送")
    assert Progress.objects.filter(risk=scene.pk).count() == 1


def test_x8_the_slower_of_two_officials_is_told_who_did_what_and_when(visit: Visit) -> None:
    scene = scene_in("registered", "包装间堆垛")
    slow, fast = visit("anjian2", phone=True), visit("anjian")
    for official in (slow, fast):
        official.go(f"/risks/{scene.pk}/?do=conclude")
        official.grade("6", "6", "15" if official is fast else "7")
        official.sign()
    fast.send("签署")
    fast.told("研判结论已签署")
    slow.send("签署")
    summary = slow.page.locator("[data-error-summary]")
    expect(summary).to_contain_text("周立新")
    expect(summary).to_contain_text("研判结论")
    expect(summary).to_contain_text("16:0")
    expect(slow.page.locator("[name=lec_consequence]")).to_have_value("7")
    assert scene.case.level == "red"
    assert AuditEvent.objects.filter(case_id=scene.pk, name="risks.concluded_severe").count() == 1


def test_x7_a_character_that_no_font_has_is_named_before_a_number_is_taken(visit: Visit) -> None:
    scene = scene_in("graded", "抛光线除尘管道")
    scene.draft(requirements=f"1.更换{RARE}型除尘管道。")
    scene.check()
    before = list(LetterCounter.objects.values_list("issuer", "year", "last"))
    anjian = visit("anjian", phone=True)
    anjian.go(f"/risks/{scene.pk}/?do=issue_letter")
    anjian.send("签发")
    summary = anjian.page.locator("[data-error-summary]")
    expect(summary).to_contain_text(RARE)
    letter = Letter.objects.get(case=scene.pk)
    assert (letter.state, letter.number) == (Letter.State.CHECKED, "")
    assert list(LetterCounter.objects.values_list("issuer", "year", "last")) == before
    assert scene.state == "graded"
