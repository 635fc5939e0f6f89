"""What else may become of a handover: refused at the door, found wanting on the site, kept under control for years."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from audit.clock import local_date, now
from records.models import Letter
from tests.browser.scenes import scene_in
from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.letters]
Visit = Callable[..., Visitor]


def test_r4_a_refused_letter_is_left_before_two_witnesses(visit: Visit, photo: Path) -> None:
    scene = scene_in("handed_over", "一车间集尘器")
    anjian = visit("anjian", phone=True)
    anjian.go(f"/risks/{scene.pk}/")
    anjian.open_act("留置送达")
    anjian.fill(refusal_reason="门卫拒绝签收，称负责人不在", witnesses="张敏")
    anjian.attach(photo)
    anjian.send("提交")
    anjian.said_at("witnesses", "留置送达须有两名以上见证人")
    anjian.fill(witnesses="张敏、刘广平")
    anjian.attach(photo)
    anjian.send("提交")
    anjian.told("已记留置送达")
    assert scene.state == "treating"
    letter = Letter.objects.get(case=scene.pk)
    assert (letter.state, letter.witnesses) == ("left", "张敏、刘广平")
    told = anjian.page.locator("ol.timeline > li", has_text="留置送达交办函")
    expect(told).to_contain_text("门卫拒绝签收")
    expect(told).to_contain_text("周立新")
    expect(anjian.page.locator("ol.timeline .thumbs img")).to_have_count(1)
    # From here on the term of treatment runs, as it would have after a signature.
    expect(anjian.page.locator(".clock h3").first).to_have_text("风险治理")


def test_r6_a_failed_verification_leads_back_to_treatment_with_a_new_day(visit: Visit) -> None:
    scene = scene_in("applied", "二车间有限空间")
    new_day = local_date(now()) + timedelta(days=40)
    anjian2, anjian = visit("anjian2"), visit("anjian")
    anjian2.go(f"/risks/{scene.pk}/?do=verify")
    anjian2.fill(findings="警示标识缺失，气体检测仪未标定", passed="no")
    assert anjian2.page.locator("[name=lec_likelihood]").is_hidden()
    anjian2.page.get_by_label("周立新").check()
    anjian2.sign()
    anjian2.send("签字并送会签")
    anjian2.said_at("reasons", "未通过的，须写明原因和要求")
    anjian2.fill(reasons="补齐标识，检测仪送检", new_due_on=new_day)
    anjian2.page.get_by_label("登录密码").fill("zhuan-2018-101")
    anjian2.send("签字并送会签")
    anjian2.told("核查结论已提交会签")
    assert scene.state == "applied"
    anjian.go(f"/risks/{scene.pk}/?do=countersign")
    expect(anjian.drawer).to_contain_text("补齐标识，检测仪送检")
    anjian.sign()
    anjian.send("会签")
    anjian.told("已会签")
    assert (scene.state, scene.case.level) == ("treating", "red")
    clock = anjian.page.locator(".clock", has=anjian.page.get_by_role("heading", name="风险治理")).first
    expect(clock.locator(".clock-date")).to_contain_text(f"{new_day:%m-%d}")
    assert "核查未通过，继续治理" in [what for what, _ in anjian.story]


def test_r6_long_term_control_is_proposed_below_and_approved_above(visit: Visit) -> None:
    scene = scene_in("treating", "熔炼炉坑")
    fuzeren2 = visit("fuzeren2", phone=True)
    fuzeren2.go(f"/risks/{scene.pk}/")
    fuzeren2.open_act("申请长期管控或退出")
    fuzeren2.fill(kind="long_term", reason="炉型所限，三年内改造不了")
    fuzeren2.send("提交")
    fuzeren2.said_at("township_controller", "请填写乡街管控责任人")
    fuzeren2.fill(enterprise_controller="朱宏伟", township_controller="刘广平", department_controller="何建军")
    fuzeren2.send("提交")
    fuzeren2.told("申请已提交")
    assert "审批长期管控或退出" not in fuzeren2.acts
    juzhang = visit("juzhang")
    juzhang.go(f"/risks/{scene.pk}/")
    juzhang.open_act("审批长期管控或退出")
    expect(juzhang.drawer).to_contain_text("炉型所限")
    expect(juzhang.drawer).to_contain_text("刘广平")
    juzhang.fill(decision="yes")
    juzhang.sign()
    juzhang.send("签署")
    juzhang.told("审批意见已签署")
    assert (scene.state, scene.case.level) == ("long_term", "red")
    expect(juzhang.page.locator(".title-row")).to_contain_text("重大")
    clocks = juzhang.page.locator(".case-rail > section .clock:not(.clock-met):not(.clock-cancelled) h3")
    assert sorted(clocks.all_inner_texts()) == ["长期管控再评估", "长期管控季度检查"]
