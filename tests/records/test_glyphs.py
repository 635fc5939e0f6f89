"""Characters are looked up in the fonts' own tables, before a letter takes its number."""

import os
from pathlib import Path

import pytest

from records.letters import glyphs

pytestmark = pytest.mark.letters
# Outside every CJK font: 𪛖 is the last character of Unicode's extension B, U+E000 is private use.
NOWHERE = "\U0002a6d6"
RARE_NAMES = "堃喆埇瑢旻赟㎡"


@pytest.fixture
def fonts() -> glyphs.LetterFonts:
    try:
        found = glyphs.letter_fonts()
    except glyphs.LetterFontsMissing as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))
    if "fangsong" not in found.roles or not found.fallbacks:
        message = "公文字体不全：需要 LETTER_FONT_DIR 中的 Fandol 字体和 fonts-noto-cjk"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found


def test_ordinary_letter_text_is_printable(fonts: glyphs.LetterFonts) -> None:
    text = "关于交办抛光车间铝粉尘爆炸重大风险治理的函\n蚌山应急交办〔2026〕12号：（一）“LEC”6×6×15=540……℃≥"
    assert glyphs.missing_characters(text) == []


def test_missing_characters_are_named_once_in_order(fonts: glyphs.LetterFonts) -> None:
    assert glyphs.missing_characters(f"张{NOWHERE}、李\ue000、王{NOWHERE}") == [NOWHERE, "\ue000"]


def test_invisible_format_characters_are_not_reported(fonts: glyphs.LetterFonts) -> None:
    assert glyphs.missing_characters("安全\u200b生产\ufeff") == []


def test_control_characters_are_reported(fonts: glyphs.LetterFonts) -> None:
    assert glyphs.missing_characters("安全\x07生产") == ["\x07"]


@pytest.mark.parametrize("character", RARE_NAMES)
def test_rare_name_falls_back_instead_of_missing(fonts: glyphs.LetterFonts, character: str) -> None:
    assert glyphs.missing_characters(character) == []
    having = [face for face in fonts.chain("fangsong") if glyphs.has_character(face, character)]
    assert having[0].path.exists()


def test_fallback_is_a_system_font_when_the_role_lacks_the_character(fonts: glyphs.LetterFonts) -> None:
    own, first_fallback = fonts.chain("fangsong")[:2]
    if not own.path.name.startswith("Fandol"):
        pytest.skip("本机使用自有授权字体，不测 Fandol 的缺字")
    assert not glyphs.has_character(own, "堃")
    assert glyphs.has_character(first_fallback, "堃")
    assert first_fallback.path.name.startswith("NotoSerifCJK")


def test_every_role_names_fallback_families(fonts: glyphs.LetterFonts) -> None:
    for role in glyphs.ROLE_FONTS:
        families = fonts.css_families(role)
        assert families[0] == f"letter-{role}"
        assert "Noto Serif CJK SC" in families
    assert fonts.css_families("heiti")[1] == "Noto Sans CJK SC"


def test_no_font_at_all_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(glyphs.LetterFontsMissing) as raised:
        glyphs.find_fonts(folders=(tmp_path,), system_folders=(tmp_path,))
    message = str(raised.value)
    assert "fonts-noto-cjk" in message
    assert "texlive-lang-chinese" in message
    assert str(tmp_path) in message


def test_a_file_that_is_no_font_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "readme.ttf").write_text("no font")
    with pytest.raises(glyphs.LetterFontsMissing):
        glyphs.find_fonts(folders=(tmp_path,), system_folders=())


def test_ink_is_measured_not_the_line_box(fonts: glyphs.LetterFonts) -> None:
    face = fonts.chain("fangsong")[0]
    top, low = glyphs.ink_extent(face, "一")
    assert 0.2 < low < top < 0.6  # a single stroke half-way up
    tall_top, tall_low = glyphs.ink_extent(face, "国")
    assert tall_top > top and tall_low < low
