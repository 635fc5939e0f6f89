"""Which fonts a letter is set in, and which characters none of them has.

A PDF whose font lacks a character shows a box on paper while its text layer still reads right, so nobody notices until
the addressee does. Therefore the fonts' own tables are asked, before a letter takes its number.
"""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

SYSTEM_FONT_FOLDERS = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path.home() / ".local/share/fonts",
    Path.home() / ".fonts",
)

# Names as the fonts' own tables give them, best first. A district that has a licence for the usual faces puts them into
# the font folder and gets them; the free Fandol faces follow.
ROLE_FONTS: dict[str, tuple[str, ...]] = {
    "fangsong": (
        "仿宋_GB2312",
        "FangSong_GB2312",
        "方正仿宋_GBK",
        "FZFangSong-Z02",
        "仿宋",
        "FangSong",
        "FandolFang-Regular",
    ),
    "biaosong": ("方正小标宋_GBK", "方正小标宋简体", "FZXiaoBiaoSong-B05", "FZXiaoBiaoSong-B05S", "FandolSong-Bold"),
    "heiti": ("黑体", "SimHei", "方正黑体_GBK", "FZHei-B01", "FandolHei-Regular"),
    "kaiti": ("楷体_GB2312", "KaiTi_GB2312", "方正楷体_GBK", "FZKai-Z03", "楷体", "KaiTi", "FandolKai-Regular"),
    "songti": ("宋体", "SimSun", "方正书宋_GBK", "FZShuSong-Z01", "FandolSong-Regular"),
}
# When the folder has no bold Song, the red header and the title take the regular one.
ROLE_SUBSTITUTES = {"biaosong": ROLE_FONTS["songti"]}
FALLBACK_FAMILIES = ("Noto Serif CJK SC", "Noto Sans CJK SC")
SERIF_ROLES = ("fangsong", "biaosong", "kaiti", "songti")


class LetterFontsMissing(RuntimeError):
    """There is no font to set Chinese text in; the message says what to install."""


@dataclass(frozen=True)
class Face:
    """One face inside a font file (collections hold several)."""

    path: Path
    number: int
    names: frozenset[str]


@dataclass(frozen=True)
class LetterFonts:
    """The faces found: one per role from the font folder, and the system's fallbacks by family name."""

    roles: dict[str, Face]
    fallbacks: dict[str, Face]

    def chain(self, role: str) -> list[Face]:
        """Where a character of this role is looked for, in this order: own face, fallbacks, the other faces."""
        families = FALLBACK_FAMILIES if role in SERIF_ROLES else FALLBACK_FAMILIES[::-1]
        faces = [self.roles[role]] if role in self.roles else []
        faces += [self.fallbacks[family] for family in families if family in self.fallbacks]
        faces += [face for other, face in self.roles.items() if other != role]
        return list(dict.fromkeys(faces))

    def css_families(self, role: str) -> list[str]:
        """The same order as names for a style sheet; faces of the folder get names no system font has."""
        families = FALLBACK_FAMILIES if role in SERIF_ROLES else FALLBACK_FAMILIES[::-1]
        names = [css_name(role)] if role in self.roles else []
        names += [family for family in families if family in self.fallbacks]
        return names + [css_name(other) for other in self.roles if other != role]


def css_name(role: str) -> str:
    return f"letter-{role}"


def letter_fonts() -> LetterFonts:
    """The fonts of this installation; raises LetterFontsMissing when there is none at all."""
    from django.conf import settings

    folder = getattr(settings, "LETTER_FONT_DIR", None)
    return find_fonts(folders=(Path(folder),) if folder else (), system_folders=SYSTEM_FONT_FOLDERS)


@lru_cache(maxsize=8)
def find_fonts(*, folders: tuple[Path, ...], system_folders: tuple[Path, ...]) -> LetterFonts:
    """Look through the font folder(s) for the roles and through the system's for Noto CJK."""
    own = [face for folder in folders for path in _files(folder, (".otf", ".ttf")) for face in _faces(path)]
    roles: dict[str, Face] = {}
    for role, wanted in ROLE_FONTS.items():
        for name in (*wanted, *ROLE_SUBSTITUTES.get(role, ())):
            face = next((face for face in own if name in face.names), None)
            if face:
                roles[role] = face
                break
    fallbacks: dict[str, Face] = {}
    for folder in system_folders:
        for path in _files(folder, (".otf", ".ttc", ".otc")):
            if not path.name.startswith("Noto") or "CJK" not in path.name or "Regular" not in path.name:
                continue
            for face in _faces(path):
                for family in FALLBACK_FAMILIES:
                    if family in face.names:
                        fallbacks.setdefault(family, face)
    if not roles and not fallbacks:
        where = "、".join(str(folder) for folder in folders) or "未设置"
        raise LetterFontsMissing(
            "没有可用于制发公文的中文字体。请将 FandolFang、FandolSong、FandolHei、FandolKai 字体（Debian 软件包 "
            f"texlive-lang-chinese）放入公文字体目录（LETTER_FONT_DIR：{where}），"
            "并安装后备字体：apt-get install fonts-noto-cjk"
        )
    return LetterFonts(roles, fallbacks)


def missing_characters(text: str) -> list[str]:
    """The characters of the text that no letter font has, in order of appearance, each once.

    Format characters (zero-width spaces that come with pasted text) are not asked for: the renderer leaves them out.
    Private-use characters always count as missing: another machine's font gives them another meaning.
    """
    fonts = letter_fonts()
    faces = (*fonts.roles.values(), *fonts.fallbacks.values())
    missing = []
    for character in dict.fromkeys(text):
        category = unicodedata.category(character)
        if character in "\n\r\t" or category == "Cf":
            continue
        if category in ("Co", "Cc") or not any(has_character(face, character) for face in faces):
            missing.append(character)
    return missing


def has_character(face: Face, character: str) -> bool:
    return ord(character) in _tables(face.path, face.number, face.path.stat().st_mtime_ns).cmap


def advance(face: Face, character: str) -> float:
    """Width of the character in ems."""
    tables = _tables(face.path, face.number, face.path.stat().st_mtime_ns)
    return tables.font["hmtx"][tables.cmap[ord(character)]][0] / tables.units


def line_metrics(face: Face) -> tuple[float, float]:
    """Ascent and descent in ems, both positive: where the baseline lies within a line."""
    tables = _tables(face.path, face.number, face.path.stat().st_mtime_ns)
    hhea = tables.font["hhea"]
    # Some fonts, FandolSong-Regular among them, give the descent without its sign.
    return hhea.ascent / tables.units, abs(hhea.descent) / tables.units


def ink_extent(face: Face, text: str) -> tuple[float, float]:
    """Highest and lowest ink of the text above the baseline, in ems: the standard measures ink, not line boxes."""
    from fontTools.pens.boundsPen import BoundsPen

    tables = _tables(face.path, face.number, face.path.stat().st_mtime_ns)
    glyphs = tables.font.getGlyphSet()
    bounds = []
    for character in dict.fromkeys(text):
        if ord(character) in tables.cmap:
            pen = BoundsPen(glyphs)
            glyphs[tables.cmap[ord(character)]].draw(pen)
            if pen.bounds:
                bounds.append((pen.bounds[1], pen.bounds[3]))
    if not bounds:
        return line_metrics(face)[0], -line_metrics(face)[1]
    return max(top for _, top in bounds) / tables.units, min(low for low, _ in bounds) / tables.units


@dataclass(frozen=True)
class _Tables:
    font: Any
    cmap: dict[int, str]
    units: int


@lru_cache(maxsize=16)
def _tables(path: Path, number: int, mtime_ns: int) -> _Tables:
    """A font file's tables, kept per file version: reading a cmap of 40,000 characters takes a tenth of a second."""
    from fontTools.ttLib import TTFont

    font = TTFont(path, fontNumber=number, lazy=True)
    return _Tables(font, font.getBestCmap() or {}, font["head"].unitsPerEm)


def _files(folder: Path, endings: tuple[str, ...]) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in endings) if folder.is_dir() else []


def _faces(path: Path) -> list[Face]:
    from fontTools.ttLib import TTCollection, TTFont, TTLibError

    try:
        collection = path.suffix.lower() in (".ttc", ".otc")
        fonts = TTCollection(path, lazy=True).fonts if collection else [TTFont(path, lazy=True)]
        return [Face(path, number, _names(font)) for number, font in enumerate(fonts)]
    except (TTLibError, OSError):
        return []  # not a font after all: the folder is a district's own


def _names(font: Any) -> frozenset[str]:
    """Family, full and PostScript names in every language of the name table."""
    table = font["name"]
    return frozenset(record.toUnicode() for record in table.names if record.nameID in (1, 4, 6, 16))
