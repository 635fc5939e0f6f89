"""Somebody at a screen: what journeys do over and over, in the words of the page."""

from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
# A form sent back with its mistakes answers 422, which the browser writes into its console as well.
_SENT_BACK = "the server responded with a status of 422"


class Visitor:
    def __init__(self, browser: Browser, address: str, *, phone: bool) -> None:
        self.address = address
        self.complaints: list[str] = []
        self.context = browser.new_context(
            viewport=PHONE if phone else DESK,
            has_touch=phone,
            is_mobile=phone,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
        )
        self.context.set_default_timeout(8_000)
        self.page: Page = self.context.new_page()
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        self.page.on("request", self._on_request)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and _SENT_BACK not in message.text:
            self.complaints.append(f"console: {message.text} ({self.page.url})")

    def _on_request(self, request: Request) -> None:
        if urlsplit(request.url).scheme not in {"data", "blob"} and not request.url.startswith(f"{self.address}/"):
            self.complaints.append(f"another host: {request.url}")

    def leave(self) -> None:
        self.context.close()

    # --- going somewhere

    def go(self, path: str) -> int:
        answer = self.page.goto(self.address + path)
        assert answer is not None
        return answer.status

    def log_in(self, username: str) -> None:
        self.go("/login/")
        self.page.get_by_label("用户名").fill(username)
        self.page.get_by_label("密码").fill(settings.DEMO_PASSWORD)
        self.page.get_by_role("button", name="登录").click()
        self.page.wait_for_url(lambda url: "/login/" not in url)

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path

    def open_act(self, label: str) -> None:
        """From 我可以办 on the case page; what stands beside the page is then the form."""
        self.page.locator("section[aria-labelledby=nx]").get_by_role("link", name=label, exact=True).click()
        expect(self.drawer.get_by_role("heading", level=2)).to_be_visible()

    @property
    def drawer(self) -> Any:
        return self.page.locator("aside.drawer")

    @property
    def acts(self) -> list[str]:
        return [text.strip() for text in self.page.locator("section[aria-labelledby=nx] a").all_inner_texts()]

    # --- filling in

    def fill(self, **values: str | date) -> None:
        """By the name of the field: text, a choice or a day."""
        for name, value in values.items():
            field = self.page.locator(f"main [name={name}]:not([type=hidden])").first
            kind = field.evaluate("field => field.type")
            if kind in {"radio", "checkbox"}:
                self.page.locator(f'main [name={name}][value="{value}"]').check()
            elif kind == "select-one":
                field.select_option(str(value))
            else:
                field.fill(str(value))

    def grade(self, likelihood: str, exposure: str, consequence: str) -> None:
        self.fill(lec_likelihood=likelihood, lec_exposure=exposure, lec_consequence=consequence)

    def draw(self) -> None:
        """A signature in two strokes, with the mouse."""
        canvas = self.page.locator("[data-signpad] canvas")
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        assert box is not None
        mouse = self.page.mouse
        for start, end in (((0.1, 0.7), (0.4, 0.2)), ((0.5, 0.2), (0.9, 0.8))):
            mouse.move(box["x"] + box["width"] * start[0], box["y"] + box["height"] * start[1])
            mouse.down()
            mouse.move(box["x"] + box["width"] * end[0], box["y"] + box["height"] * end[1], steps=6)
            mouse.up()
        expect(self.page.locator("[data-signpad-state]")).to_have_text("已签，可重签")

    def sign(self, password: str = "") -> None:
        self.draw()
        self.page.get_by_label("登录密码").fill(password or settings.DEMO_PASSWORD)

    def attach(self, *files: Path, name: str = "photos") -> None:
        self.page.locator(f"main [name={name}]").set_input_files([str(file) for file in files])

    def send(self, label: str) -> None:
        self.page.locator("main form[data-once]").get_by_role("button", name=label, exact=True).click()

    # --- reading

    def told(self, text: str) -> None:
        """A message over the page says so."""
        expect(self.page.locator(".msgs")).to_contain_text(text)

    def said_at(self, field: str, text: str) -> None:
        """The message stands at the field."""
        expect(self.page.locator(f"#id_{field}_error")).to_contain_text(text)

    @property
    def text(self) -> str:
        return self.page.locator("main").inner_text()

    @property
    def story(self) -> list[tuple[str, str]]:
        """The timeline, oldest first: (what, by whom)."""
        told = []
        for entry in self.page.locator("ol.timeline > li").all():
            by = entry.locator("p.by")
            told.append((entry.locator("b").first.inner_text(), by.inner_text() if by.count() else ""))
        return told
