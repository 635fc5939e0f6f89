"""The portal's main job, from a risk found at a filling station to its close-out, by the people who do it (R3, R4, R6)."""

import io
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
import pytest
from PIL import Image
from playwright.sync_api import expect
from pypdf import PdfReader

from audit.clock import local_date, now
from records.services.rendering import render_pending
from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.letters]
STATION = "蚌埠市燕山加油站有限公司"
TITLE = "地下储罐区油气积聚"
Visit = Callable[..., Visitor]


def third_working_day(start: date) -> date:
    day, counted = start, 0
    while counted < 3:
        day += timedelta(days=1)
        counted += chinese_calendar.is_workday(day)
    return day


def test_r4_a_risk_travels_from_registration_to_close_out(visit: Visit, photo: Path) -> None:
    anjian = visit("anjian")
    case = register(anjian)
    conclude(anjian)
    see_why_on_that_day(anjian)
    number = hand_over(anjian, visit("anjian2"), case)
    open_pdf(anjian, case, number)
    fuzeren = visit("fuzeren", phone=True)
    sign_receipt(fuzeren, case, number)
    report_progress(fuzeren, photo)
    apply(fuzeren)
    close(visit("anjian2"), anjian, case)
    read_the_whole_story(anjian, number)
    leave_the_register(anjian, case)


def register(anjian: Visitor) -> str:
    page = anjian.page
    page.get_by_role("link", name="登记风险点").first.click()
    page.locator("input[name=q]").last.press_sequentially("燕山加油站", delay=20)
    page.get_by_role("link", name=STATION).click()
    expect(page.locator("main")).to_contain_text("燕山乡")
    anjian.fill(
        title=TITLE,
        category="facility",
        location="站区东侧埋地罐区",
        hazard_factors="汽油渗漏，油气在操作井积聚",
        accident_types="火灾",
        measure_engineering="操作井加装可燃气体探测器\n更换密封件",
        measure_management="动火作业须审批",
        monitoring="每班巡检并记录",
        control_level="company",
        check_frequency="day",
        responsible_person="陈国强",
        responsible_phone="13805520114",
    )
    anjian.send("登记")
    anjian.told("已登记风险点")
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    return anjian.path


def conclude(anjian: Visitor) -> None:
    """6 × 6 × 15: what it comes to stands there before anybody signs, and afterwards."""
    page = anjian.page
    anjian.open_act("签署研判结论")
    anjian.grade("6", "6", "15")
    expect(page.locator("[data-outcome]:visible")).to_have_text("6 × 6 × 15 = 540，重大 红")
    anjian.sign()
    anjian.send("签署")
    anjian.told("研判结论已签署")
    sums = page.locator("table.lec tr.sum")
    expect(sums).to_have_text(re.compile(r"^D 分值\s*540\s*重大\s*红\s*$"))
    expect(page.locator(".title-row")).to_contain_text("重大")
    expect(page.locator(".title-row")).to_contain_text("红")


def see_why_on_that_day(anjian: Visitor) -> None:
    start = local_date(now())
    due = third_working_day(start)
    assert (start, due) == (date(2026, 9, 30), date(2026, 10, 10))
    clock = anjian.page.locator(".clock", has=anjian.page.get_by_role("heading", name="风险交办"))
    expect(clock.locator(".clock-date")).to_contain_text(f"{due:%m-%d}")
    why = clock.locator("details.why")
    if why.get_attribute("open") is None:
        why.locator("summary").click()
    rows = [row.locator("th, td").all_inner_texts() for row in why.locator("tbody tr").all()]
    counted = [(day, count) for day, count, _ in rows if count != "–"]
    assert [count for _, count in counted] == ["1", "2", "3"]
    days = [start + timedelta(days=n) for n in range(1, (due - start).days + 1)]
    assert [day for day, _ in counted] == [_day(day) for day in days if chinese_calendar.is_workday(day)]


def _day(day: date) -> str:
    return f"{day:%m-%d} {'一二三四五六日'[day.weekday()]}"


def hand_over(anjian: Visitor, anjian2: Visitor, case: str) -> str:
    """Drafted by one, checked by another, issued and sent by a head; nobody checks the own draft."""
    anjian.open_act("拟风险交办函")
    anjian.fill(checker=anjian.page.locator("[name=checker] option", has_text="何建军").get_attribute("value") or "")
    anjian.send("提交")
    anjian.told("交办函已保存")
    assert "核稿" not in anjian.acts
    anjian2.go(case)
    anjian2.open_act("核稿")
    expect(anjian2.drawer).to_contain_text("操作井加装可燃气体探测器")
    anjian2.fill(decision="pass")
    anjian2.send("提交")
    anjian2.told("核稿意见已记录")
    anjian.go(case)
    anjian.open_act("签发")
    expect(anjian.page.get_by_label("签发后立即通过平台送达")).to_be_checked()
    anjian.send("签发")
    anjian.told("交办函已签发")
    number = anjian.page.locator("section[aria-labelledby=lt] li").first.inner_text()
    assert "蚌山应急交办〔2026〕" in number, number
    return "蚌山应急交办〔2026〕" + number.split("〔2026〕")[1].split("号")[0] + "号"


def open_pdf(anjian: Visitor, case: str, number: str) -> None:
    page = anjian.page
    page.locator("section[aria-labelledby=lt] li a").first.click()
    expect(page.locator(".head .sub")).to_contain_text(number)
    link = page.get_by_role("link", name="打开 PDF")
    found, rendered = render_pending()  # what the worker does every few seconds
    assert found == rendered >= 1
    answer = anjian.context.request.get(anjian.address + (link.get_attribute("href") or ""))
    assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
    text = "".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(answer.body())).pages)
    assert number in "".join(text.split())
    assert STATION in "".join(text.split())


def sign_receipt(fuzeren: Visitor, case: str, number: str) -> None:
    """From the worklist, on a phone."""
    fuzeren.page.get_by_role("link", name=TITLE).first.click()
    assert fuzeren.path == case
    fuzeren.open_act("签收交办函")
    expect(fuzeren.drawer).to_contain_text("动火作业须审批")
    fuzeren.sign()
    fuzeren.send("签收")
    fuzeren.told("已签收")


def report_progress(fuzeren: Visitor, photo: Path) -> None:
    """The photo keeps what it shows and loses where and with what it was taken."""
    fuzeren.open_act("报送治理进展")
    fuzeren.fill(text="操作井探测器已装，密封件已更换", percent="100")
    fuzeren.attach(photo)
    expect(fuzeren.page.locator(".picked")).to_contain_text("现场.jpg")
    fuzeren.send("报送")
    fuzeren.told("治理进展已报送")
    thumb = fuzeren.page.locator("ol.timeline .thumbs a").first
    answer = fuzeren.context.request.get(fuzeren.address + (thumb.get_attribute("href") or ""))
    assert (answer.status, answer.headers["content-type"]) == (200, "image/jpeg")
    kept = Image.open(io.BytesIO(answer.body()))
    assert kept.size == (640, 480)
    assert dict(kept.getexif()) == {} and dict(kept.getexif().get_ifd(0x8825)) == {}


def apply(fuzeren: Visitor) -> None:
    fuzeren.open_act("申请销号")
    fuzeren.fill(statement="探测器投用，密封件全部更换")
    fuzeren.grade("1", "6", "3")
    fuzeren.sign()
    fuzeren.send("签字并申请")
    fuzeren.told("销号申请已提交")


def close(anjian2: Visitor, anjian: Visitor, case: str) -> None:
    """Two officials on the site; the grade changes with the second signature and not before."""
    anjian2.go(case)
    anjian2.open_act("填核查结论")
    anjian2.fill(findings="探测器已投用，抽查三处密封件完好", passed="yes")
    anjian2.page.get_by_label("周立新").check()
    anjian2.grade("1", "6", "3")
    anjian2.sign()
    anjian2.send("签字并送会签")
    anjian2.told("核查结论已提交会签")
    expect(anjian2.page.locator(".title-row")).to_contain_text("重大")
    anjian.go(case)
    anjian.open_act("会签核查结论")
    expect(anjian.drawer).to_contain_text("抽查三处密封件完好")
    anjian.sign()
    anjian.send("会签")
    anjian.told("已会签")
    expect(anjian.page.locator(".title-row")).to_contain_text("低")
    expect(anjian.page.locator(".title-row")).not_to_contain_text("重大")


def read_the_whole_story(anjian: Visitor, number: str) -> None:
    by = {"周立新": "anjian", "何建军": "anjian2", "陈国强": "fuzeren"}
    story = [(what, next((who for name, who in by.items() if name in label), "")) for what, label in anjian.story]
    acts = [(what, who) for what, who in story[::-1] if who]
    assert acts == [
        ("登记风险点", "anjian"),
        ("签署研判结论：重大 红", "anjian"),
        ("起草文书", "anjian"),
        ("提交核稿", "anjian"),
        ("核稿通过", "anjian2"),
        ("签发文书", "anjian"),
        ("交办", "anjian"),
        ("签收交办函", "fuzeren"),
        ("报送治理进展", "fuzeren"),
        ("申请销号", "fuzeren"),
        ("签署核查结论", "anjian2"),
        ("签署核查结论", "anjian"),
        ("核查通过，销号", "anjian"),
    ]
    assert number in anjian.text


def leave_the_register(anjian: Visitor, case: str) -> None:
    page = anjian.page
    anjian.go("/risks/?grade=all")
    expect(page.locator("table.reg-rows")).to_be_visible()
    assert page.locator(f'a[href="{case}"]').count() == 0
    anjian.go("/risks/?grade=all&state=closed")
    expect(page.locator(f'a[href="{case}"]').first).to_be_visible()
