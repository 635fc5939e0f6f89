"""Folders that the user of the embedded PostgreSQL can reach, and children that never outlive their test."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.local.processes import Child
from config.local.test import own_folder


@pytest.fixture
def folder() -> Iterator[Path]:
    with own_folder() as own:
        yield own


@pytest.fixture
def stopped() -> Iterator[list[Child]]:
    """Children put in here are stopped after the test, whatever happened."""
    children: list[Child] = []
    yield children
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            child.stop()
