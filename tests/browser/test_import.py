"""A clerk's list of risk points, as the clerk sees it: the report, the list to confirm, the result (R2)."""

from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from records.models import Case
from tests.browser.test_look import complaints
from tests.browser.visitor import Visitor
from tests.risks.sheets import book, line

pytestmark = [pytest.mark.browser]
Visit = Callable[..., Visitor]


def test_r2_a_clerk_corrects_a_list_and_confirms_it(visit: Visit, tmp_path: Path) -> None:
    clerk, axe = visit("qiye2"), Axe()
    page = clerk.page

    def fits() -> None:
        """At a desk and on a phone; nothing for axe to complain about on either."""
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            assert complaints(axe, clerk) == []
            assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")

    def send(data: bytes) -> None:
        (tmp_path / "风险点.xlsx").write_bytes(data)
        page.get_by_label("填好的 xlsx").set_input_files(tmp_path / "风险点.xlsx")
        page.get_by_role("button", name="检查", exact=True).click()

    before = Case.objects.count()
    assert clerk.go("/risks/") == 200
    page.get_by_role("link", name="导入", exact=True).click()
    send(book(line(类别="厂房"), line(责任人电话="138****0000", 风险点名称="乙")))
    expect(page.get_by_role("heading", name="一行也没有登记")).to_be_visible()
    expect(
        page.get_by_role("row", name="Z3 责任人电话 138****0000 电话的中间几位被隐去了 填完整的号码")
    ).to_be_visible()
    fits()
    send(book(line(), line(风险点名称="熔铝炉灼烫")))
    expect(page.get_by_role("button", name="登记这 2 个风险点")).to_be_visible()
    fits()
    assert Case.objects.count() == before
    page.get_by_role("button", name="登记这 2 个风险点").click()
    expect(page.get_by_role("heading", name="登记了 2 个风险点")).to_be_visible()
    fits()
    assert Case.objects.count() == before + 2
    page.get_by_role("link", name="熔铝炉灼烫").click()
    expect(page.get_by_role("heading", name="熔铝炉灼烫")).to_be_visible()
