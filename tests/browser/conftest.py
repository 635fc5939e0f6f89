"""A real Chromium against the portal served from this process, on a copy of the database with the demo district in it.

The copy is made once for the folder: journeys leave their rows, and each works on an enterprise of its own.
"""

import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.management import call_command
from django.db import connections
from django.test import override_settings
from django.test.testcases import LiveServerThread
from playwright.sync_api import Browser, sync_playwright
from pytest_django import DjangoDbBlocker

from config.local import system_packages
from records.models import Letter
from records.services.rendering import MAX_RENDER_ATTEMPTS
from tests.browser.visitor import Visitor
from tests.plugins.cloned_database import run_on_server

# The day before a long holiday: three working days from here end ten days later.
NOW = "2026-09-30T16:00:00+08:00"


@pytest.fixture(scope="package")
def demo_database(
    test_database: dict[str, Any], django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Points every thread at a copy of the test database, with the clock at NOW, and loads the demo there."""
    settings = test_database
    original = settings["NAME"]
    clone = f"{original}_browser"
    changed = {
        "BUSINESS_NOW": NOW,
        "BUSINESS_NOW_SET_AT": str(time.time()),
        "DEMO": True,
        "MEDIA_ROOT": tmp_path_factory.mktemp("media"),
    }
    with django_db_blocker.unblock(), override_settings(**changed), pytest.MonkeyPatch.context() as patch:
        # Playwright keeps an event loop running in this thread, which Django would otherwise take for async code.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        connections["default"].close()
        run_on_server(settings, f'DROP DATABASE IF EXISTS "{clone}" WITH (FORCE)')
        run_on_server(settings, f'CREATE DATABASE "{clone}" TEMPLATE "{original}"')
        settings["NAME"] = connections["default"].settings_dict["NAME"] = clone
        try:
            call_command("load_demo", verbosity=0, stdout=io.StringIO())
            # The demo's own letters would wait before those of the journeys; here their PDFs are nobody's matter.
            Letter.objects.update(render_attempts=MAX_RENDER_ATTEMPTS)
            yield
        finally:
            connections["default"].close()
            settings["NAME"] = connections["default"].settings_dict["NAME"] = original
            run_on_server(settings, f'DROP DATABASE "{clone}" WITH (FORCE)')


@pytest.fixture(scope="package")
def address(demo_database: None) -> Iterator[str]:
    """Where the portal answers. One thread per request, each with a connection of its own."""
    server = LiveServerThread("127.0.0.1", StaticFilesHandler, port=0)
    server.daemon = True
    server.start()
    server.is_ready.wait()
    assert server.error is None, server.error
    yield f"http://127.0.0.1:{server.port}"
    server.terminate()


@pytest.fixture(scope="package")
def browser(demo_database: None) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=str(system_packages.chromium()),
            args=["--no-sandbox", "--disable-background-networking"],
        )
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Callable[..., Visitor]]:
    """`visit("anjian")`, `visit("fuzeren", phone=True)`: somebody at a screen of their own, logged in.

    Afterwards nobody's browser may have complained or asked another host for anything.
    """
    visitors: list[Visitor] = []

    def come(username: str = "", *, phone: bool = False) -> Visitor:
        visitor = Visitor(browser, address, phone=phone)
        visitors.append(visitor)
        if username:
            visitor.log_in(username)
        return visitor

    yield come
    complaints = [complaint for visitor in visitors for complaint in visitor.complaints]
    for visitor in visitors:
        visitor.leave()
    assert complaints == []


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A JPEG as a phone takes it: with the place, the device and the hour in it."""
    from PIL import Image
    from PIL.TiffImagePlugin import IFDRational

    picture = Image.new("RGB", (640, 480), (200, 120, 40))
    exif = picture.getexif()
    exif[0x010F], exif[0x0110] = "Maker", "Phone"
    exif.get_ifd(0x8825).update(
        {1: "N", 2: tuple(map(IFDRational, (32, 56, 3))), 3: "E", 4: tuple(map(IFDRational, (117, 23, 9)))}
    )
    path = tmp_path / "现场.jpg"
    picture.save(path, exif=exif)
    assert Image.open(path).getexif().get_ifd(0x8825)[1] == "N"
    return path
