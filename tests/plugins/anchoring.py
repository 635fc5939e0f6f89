"""A folder for anchors with a key of its own."""

from pathlib import Path

import pytest
from pytest_django import Settings

from audit.anchors.keys import create_key


@pytest.fixture
def anchor_dir(tmp_path: Path, settings: Settings) -> Path:
    settings.ANCHOR_DIR = tmp_path / "anchors"
    settings.ANCHOR_KEY_FILE = tmp_path / "anchor.key"
    create_key()
    return settings.ANCHOR_DIR
