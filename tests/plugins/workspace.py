"""What services find on the machine: a folder for files and a font for letters, both made for the test."""

from pathlib import Path

import pytest
from pytest_django import Settings

# Everything the letters of the tests say. Whatever lies outside is a character that no font has.
COVERED = [*range(0x20, 0x7F), 0xB7, 0xD7, 0x2014, *range(0x2018, 0x201E), 0x2026, *range(0x3000, 0x3018)]
COVERED += [*range(0x4E00, 0xA000), *range(0xFF01, 0xFF5F)]


@pytest.fixture(scope="session")
def plain_font_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real font file that has the common characters and draws nothing: issuing only asks which it has."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    folder = tmp_path_factory.mktemp("fonts")
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", "any"])
    builder.setupCharacterMap(dict.fromkeys(COVERED, "any"))
    builder.setupGlyf(dict.fromkeys((".notdef", "any"), TTGlyphPen(None).glyph()))
    builder.setupHorizontalMetrics(dict.fromkeys((".notdef", "any"), (1000, 0)))
    builder.setupHorizontalHeader(ascent=880, descent=-120)
    builder.setupNameTable({"familyName": "FandolFang-Regular", "styleName": "Regular", "psName": "FandolFang-Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(folder / "FandolFang-Regular.ttf")
    return folder


@pytest.fixture
def plain_font(plain_font_folder: Path, settings: Settings) -> Path:
    settings.LETTER_FONT_DIR = plain_font_folder
    return plain_font_folder


@pytest.fixture
def media(tmp_path: Path, settings: Settings) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"
