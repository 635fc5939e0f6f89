"""From a letter's content to its PDF, after GB/T 9704-2012.

WeasyPrint takes two seconds to import and Pango's fonts stay in memory, so this belongs into the worker: the import is
inside the function, and one font configuration with one parsed style sheet serves all letters of a process.
"""

import atexit
import gc
import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

from records.letters.content import FORM_XINHAN, LetterContent
from records.letters.glyphs import LetterFonts, letter_fonts, missing_characters
from records.letters.layout import END_OF_TEXT, Imprint, page_context

logger = logging.getLogger(__name__)
# Pango's font map is not made for several threads at once.
_rendering = Lock()


class LetterCharactersMissing(ValueError):
    """The letter has characters that no font can print; they are in `characters`."""

    def __init__(self, characters: list[str]) -> None:
        self.characters = characters
        named = "、".join(f"“{character}”（U+{ord(character):04X}）" for character in characters)
        super().__init__(f"公文字体中没有下列字符，无法印制：{named}")


def render_letter(content: LetterContent) -> bytes:
    """The letter as PDF; equal contents give equal bytes with the same fonts and libraries."""
    missing = missing_characters(content.printed_text())
    if missing:
        raise LetterCharactersMissing(missing)
    fonts = letter_fonts()
    # The identifier would otherwise be derived from more than the letter.
    identifier = hashlib.sha256(content.to_json().encode()).digest()[:16]
    with _rendering:
        engine = _engine("xinhan" if content.form == FORM_XINHAN else "document", fonts)
        document = _laid_out(content, fonts, engine, Imprint.WITH_TEXT)
        if content.form != FORM_XINHAN and len(document.pages) % 2:
            # 7.4: 版记 stands at the foot of the last, even page; a letter that ends on an odd one gets one more.
            document = _laid_out(content, fonts, engine, Imprint.OWN_PAGE)
            if next(i for i, page in enumerate(document.pages, 1) if END_OF_TEXT in page.anchors) % 2 == 0:
                # 7.5: a blank page before it, and then neither of the two is numbered.
                document = _laid_out(content, fonts, engine, Imprint.AFTER_BLANK)
        pdf: bytes = document.write_pdf(pdf_identifier=identifier)
    return pdf


def _laid_out(content: LetterContent, fonts: LetterFonts, engine: "_Engine", imprint: Imprint) -> Any:
    from django.template.loader import render_to_string
    from weasyprint import HTML

    page = render_to_string(f"letters/{content.form}.html", page_context(content, fonts, imprint=imprint))
    html = HTML(string=page, url_fetcher=engine.fetcher)
    return html.render(stylesheets=[engine.stylesheet], font_config=engine.font_config)


@dataclass(frozen=True)
class _Engine:
    font_config: Any
    stylesheet: Any
    fetcher: Any


def _engine(sheet: str, fonts: LetterFonts) -> _Engine:
    files = tuple((role, face.path) for role, face in sorted(fonts.roles.items()))
    return _build_engine(sheet, files, tuple((role, tuple(fonts.css_families(role))) for role in _roles()))


def _roles() -> tuple[str, ...]:
    from records.letters.glyphs import ROLE_FONTS

    return tuple(ROLE_FONTS)


@cache
def _font_configuration() -> Any:
    """The one font configuration of the process: a new one per letter kept 20 MB of memory each time."""
    from PIL import ImageFile
    from weasyprint.text.fonts import FontConfiguration

    # WeasyPrint makes Pillow lenient for the whole process; letters hold no pictures, and uploads are judged strictly.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    _check_subsetting()
    # It keeps copies of the fonts (30 MB) in a temporary folder, which its own destructor, called when the interpreter
    # is already half gone, fails to remove.
    atexit.register(_release)
    return FontConfiguration()


def _release() -> None:
    _build_engine.cache_clear()
    _font_configuration.cache_clear()
    gc.collect()


@lru_cache(maxsize=4)
def _build_engine(
    sheet: str, files: tuple[tuple[str, Path], ...], families: tuple[tuple[str, tuple[str, ...]], ...]
) -> _Engine:
    from django.template.loader import render_to_string
    from weasyprint import CSS
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    from records.letters.glyphs import css_name

    allowed = {path.as_uri(): path for _, path in files}

    class FontsOnly(URLFetcher):  # type: ignore[misc]
        """Serves our own font files and refuses everything else, above all the network."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            if url not in allowed:
                raise ValueError(f"公文中不得引用外部资源：{url}")
            return URLFetcherResponse(url, allowed[url].read_bytes())

    css = render_to_string(
        f"letters/{sheet}.css",
        {
            "faces": [
                {"name": css_name(role), "url": path.as_uri(), "weight": "bold" if role == "biaosong" else "normal"}
                for role, path in files
            ],
            "family": {role: ", ".join(f'"{name}"' for name in names) for role, names in families},
        },
    )
    fetcher, font_config = FontsOnly(), _font_configuration()
    return _Engine(font_config, CSS(string=css, font_config=font_config, url_fetcher=fetcher), fetcher)


def _check_subsetting() -> None:
    """Without this library every letter still comes out right, only twenty times slower: say so once."""
    from weasyprint.text import ffi

    if ffi.harfbuzz_subset is None:
        logger.warning("缺少 libharfbuzz-subset0，公文 PDF 生成会很慢。请安装：apt-get install libharfbuzz-subset0")


@dataclass(frozen=True)
class Printed:
    """Pages that are no letter: the file, how many there are, and on which (from 0) each anchor stands."""

    pdf: bytes
    pages: int
    anchors: dict[str, int]


def print_pages(page: str, sheet: str, pictures: Mapping[str, bytes] | None = None) -> Printed:
    """HTML in the letters' own fonts, under `templates/letters/<sheet>.css`. `pictures` are what its `<img>` may name."""
    fonts = letter_fonts()
    from weasyprint import HTML
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    known = pictures or {}

    class PicturesOnly(URLFetcher):  # type: ignore[misc]
        def fetch(self, url: str, headers: Any = None) -> Any:
            if url not in known:
                raise ValueError(f"案卷中不得引用外部资源：{url}")
            return URLFetcherResponse(url, known[url], headers={"Content-Type": "image/jpeg"})

    with _rendering:
        engine = _engine(sheet, fonts)
        document = HTML(string=page, url_fetcher=PicturesOnly()).render(
            stylesheets=[engine.stylesheet], font_config=engine.font_config
        )
        anchors: dict[str, int] = {}
        for number, sheet_ in enumerate(document.pages):
            for name in sheet_.anchors:
                anchors.setdefault(name, number)  # what goes on over several pages begins on its first
        return Printed(document.write_pdf(), len(document.pages), anchors)
