"""The administrator loads a year, looks at what moves, applies it; the official in charge reads why the date is another (X4)."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from audit.clock import SHANGHAI
from deadlines.models import CalendarEdit, Deadline
from tests.browser.scenes import scene_in
from tests.browser.visitor import Visitor
from tests.factories import at

pytestmark = [pytest.mark.browser]
SAMPLE = Path(__file__).parent.parent / "deadlines" / "samples" / "样例-2027-虚构.json"
Visit = Callable[..., Visitor]


def test_x4_the_administrator_loads_2027_and_the_moved_date_explains_itself(visit: Visit) -> None:
    scene = scene_in("graded", "跨年才到期的交办")
    # Its clock as if it had started on the last Tuesday of the year: three working days end on 1 January's eve.
    clock = scene.deadline("handover")
    Deadline.objects.filter(pk=clock.pk).update(
        started_at=at("2026-12-28 10:00"), due_on="2026-12-31", due_at=at("2027-01-01 00:00"), provisional=False
    )
    number = scene.case.number

    sysadmin = visit("sysadmin")
    page = sysadmin.page
    sysadmin.go("/manage/calendar/")
    page.get_by_role("link", name="载入一年").click()
    sysadmin.attach(SAMPLE, name="file")
    sysadmin.send("下一步：看哪些时限会变动")
    row = page.get_by_role("row").filter(has_text=number)
    expect(row).to_contain_text("12-31 周四")
    expect(row).to_contain_text("2027-01-04 周一")
    sysadmin.send("生效")
    sysadmin.told("已生效")
    edit = CalendarEdit.objects.latest("pk")
    assert edit.applied_at is not None and edit.applied_at.astimezone(SHANGHAI).date().isoformat() == "2026-09-30"
    sysadmin.go("/calendar/2027/")
    expect(page.locator("main")).not_to_contain_text("暂定日历")
    expect(page.locator('td:has(time[datetime="2027-02-14"])')).to_contain_text("班")

    anjian = visit("anjian")
    anjian.go(f"/risks/{scene.pk}/")
    panel = anjian.page.locator(".clock").filter(has_text="风险交办")
    expect(panel).to_contain_text("2027-01-04")
    expect(panel).to_contain_text("到期日由 2026-12-31 改为 2027-01-04")
    assert ("时限变动：风险交办", "系统") in anjian.story
    panel.get_by_role("link", name="看这次变更").click()
    expect(anjian.page).to_have_url(re.compile(f"/calendar/edits/{edit.pk}/$"))
    expect(anjian.page.locator("main")).to_contain_text("样例，非真实文件")


def test_x4_the_calculator_answers_on_the_smallest_phone_without_login_or_cookie(visit: Visit) -> None:
    somebody = visit(phone=True)
    page = somebody.page
    page.set_viewport_size({"width": 320, "height": 640})
    somebody.go("/calculator/")
    somebody.fill(start="2026-09-30", length="3")
    page.get_by_role("button", name="计算").click()
    expect(page.locator(".answer")).to_contain_text("2026-10-10 周六（调休）")
    assert "length=3" in page.url and somebody.context.cookies() == []
    assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
