"""Pages as people find them: nothing for axe to complain about, no sideways scrolling from a wide desk to a small phone."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from organisations.models import Enterprise
from records.models import Letter
from risks.models import RiskPoint
from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.browser]
Visit = Callable[..., Visitor]
WIDTHS = (1440, 768, 390, 320)
# name → (who looks, where, at which widths axe looks too: it takes a second each)
PAGES: dict[str, tuple[str, Callable[[], str], set[int]]] = {
    "login": ("", lambda: "/login/", {1440, 390}),
    "worklist": ("anjian", lambda: "/", {1440}),
    "register": ("anjian", lambda: "/risks/?grade=all", {1440}),
    "registration": ("anjian", lambda: f"/risks/new/?unit={Enterprise.objects.earliest('pk').pk}", {390}),
    "import of risk points": ("anjian", lambda: "/risks/import/", {1440, 390}),
    "case": ("anjian", lambda: f"/risks/{_risk('closed')}/", {1440}),
    "drawer": ("anjian", lambda: f"/risks/{_risk('awaiting')}/?do=conclude", {1440, 390}),
    "verification": ("anjian", lambda: f"/risks/{_risk('applied')}/?do=verify", set()),
    "letters": ("anjian", lambda: "/letters/", set()),
    "letter": ("anjian", lambda: f"/letters/{Letter.objects.filter(state='received').latest('pk').pk}/", {1440}),
    "enterprises": ("anjian", lambda: "/enterprises/", {1440}),
    "enterprise": ("anjian", lambda: f"/enterprises/{Enterprise.objects.earliest('pk').pk}/", set()),
    "rules": ("anjian", lambda: "/rules/", {1440}),
    "calendar": ("anjian", lambda: "/calendar/2026/", set()),
    "calculator": ("", lambda: "/calculator/?start=2026-12-25&length=8", {1440, 390}),
    "loading a year": ("sysadmin", lambda: "/manage/calendar/load/", set()),
    "search": ("anjian", lambda: "/search/?q=加油站", set()),
    "units": ("sysadmin", lambda: "/manage/units/", set()),
    "roles": ("sysadmin", lambda: "/manage/roles/", set()),
    "enterprise's worklist": ("fuzeren", lambda: "/", {390}),
}


def _risk(state: str) -> int:
    bureau = RiskPoint.objects.filter(case__lead_unit__short_name="区应急管理局")
    return bureau.filter(case__state=state).earliest("pk").pk


@pytest.fixture(scope="module")
def axe() -> Axe:
    return Axe()


def complaints(axe: Axe, visitor: Visitor) -> list[str]:
    found: list[dict[str, Any]] = axe.run(visitor.page).response["violations"]
    return [f"{one['id']}: {one['help']}: {node['html'][:160]}" for one in found for node in one["nodes"][:3]]


def test_x8_pages_are_accessible_and_fit_every_width(visit: Visit, axe: Axe) -> None:
    visitors: dict[str, Visitor] = {}
    wrong = []
    for name, (username, where, watched) in PAGES.items():
        if username not in visitors:
            visitors[username] = visit(username)
        visitor = visitors[username]
        page = visitor.page
        page.set_viewport_size({"width": WIDTHS[0], "height": 900})
        assert visitor.go(where()) == 200, name
        expect(page.get_by_role("heading", level=1).first).to_be_visible()
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            if width in watched:
                wrong += [(name, width, complaint) for complaint in complaints(axe, visitor)]
            if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                wrong.append((name, width, "scrolls sideways"))
    assert wrong == []
