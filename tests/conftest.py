"""What the whole suite shares. `make test` gives it a PostgreSQL and a Redis (config/local/test.py).

Tests that need a browser, or Pango and the letter fonts, skip where those are missing and say so loudly at the end;
with CI=true they fail instead, because a skipped test there would pass for a checked one.
"""

import os
import time
from collections import Counter
from pathlib import Path

import pytest

from config.local import fonts, system_packages
from tests.plugins.cloned_database import test_database  # noqa: F401  every copy is made of this one


def _missing(marker: str) -> str | None:
    """Why tests marked `marker` cannot run here, with the command that would change it."""
    if marker == "browser" and system_packages.chromium() is None:
        return f"没有 Chromium（no Chromium）: {system_packages.install_command(system_packages.BROWSER)}"
    if marker == "letters":
        if system_packages.missing_libraries():
            return f"没有 Pango（no Pango）: {system_packages.install_command(system_packages.LETTERS)}"
        folder = Path(os.environ.get("LETTER_FONT_DIR") or fonts.FONTS)
        absent = fonts.missing(folder)
        if absent:
            return f"没有文书字体（no letter fonts in {folder}）: {' '.join(absent)}"
    return None


# Walks through the whole portal, a minute for a single test: begun first, each for itself, so that no core waits at the end.
WALKS = ("test_every_url.py", "test_every_filter.py")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file stays with one process, which makes once what its tests share; all journeys do, they share one demo."""

    def rank(item: pytest.Item) -> int:
        return 0 if item.path.name in WALKS else 1 if item.path.parent.name == "browser" else 2

    items.sort(key=rank)
    for item in items:
        if rank(item) > 0:
            group = "browser" if rank(item) == 1 else item.nodeid.partition("::")[0]
            item.add_marker(pytest.mark.xdist_group(group))


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in ("browser", "letters"):
        reason = _missing(marker) if item.get_closest_marker(marker) else None
        if reason is None:
            continue
        if os.environ.get("CI") == "true":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = Counter(report.longrepr[2] for report in terminalreporter.stats.get("skipped", []))
    for reason, count in skipped.items():
        terminalreporter.write_line(f"跳过 {count} 个测试（{count} tests SKIPPED）: {reason}", yellow=True, bold=True)


@pytest.fixture(autouse=True)
def clock_starts_with_the_test(settings):
    """A test that sets BUSINESS_NOW finds the portal's clock there, however long the run already lasts."""
    settings.BUSINESS_NOW_SET_AT = str(time.time())
