"""Where everything stands on a letter's page: lengths in points, measured from the fonts the letter is printed in."""

import unicodedata
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from records.letters.content import PARAGRAPH, Block, LetterContent, chinese_date, paragraph
from records.letters.glyphs import LetterFonts, advance, has_character, ink_extent, line_metrics
from records.letters.lines import Line, Run, break_lines, break_title

MM = 72 / 25.4
SIZE = 16.0  # 3号
CELL = 15.79  # 156 mm / 28 characters
PITCH = 28.99  # 225 mm / 22 lines
TITLE_SIZE = 22.0  # 2号
SMALL_SIZE = 14.0  # 4号
TEXT_WIDTH = 156 * MM
TRACKING = CELL / SIZE - 1
MARK_LARGEST, MARK_SMALLEST = 44.0, 26.0
MARK_WIDEST, MARK_NARROWEST = TEXT_WIDTH, 118 * MM
MARK_TOP = 10 * MM  # below the first page's margin of 20 mm
HEADING_ROLES = {"heading1": "heiti", "heading2": "kaiti"}


@dataclass(frozen=True)
class Fragment:
    """Broken lines with the style of the paragraph that holds them."""

    lines: SafeString
    style: str = ""
    classes: str = ""


class Ruler:
    """Measures text in the first font of a role's chain that has the character, as the PDF engine picks it."""

    def __init__(self, fonts: LetterFonts) -> None:
        from records.letters.glyphs import ROLE_FONTS

        self.chains = {role: fonts.chain(role) for role in ROLE_FONTS}
        self._known: dict[tuple[str, str], float] = {}

    def width(self, role: str, character: str) -> float:
        key = (role, character)
        if key not in self._known:
            face = next((face for face in self.chains[role] if has_character(face, character)), None)
            self._known[key] = advance(face, character) if face else 1.0
        return self._known[key]

    def length(self, role: str, text: str) -> float:
        return sum(self.width(role, character) for character in text)


def page_context(content: LetterContent, fonts: LetterFonts) -> dict[str, Any]:
    """Everything the template of 信函格式 prints."""
    ruler = Ruler(fonts)
    blocks = [_paragraph(ruler, [Run("fangsong", _with_colon(content.recipient))], indent=0.0, classes="recipient")]
    body = [part for block in content.body for part in _parts(block)]
    blocks += [_block(ruler, block, last=block is body[-1]) for block in body]
    title = "\n".join(_clean(line) for line in content.title.splitlines())
    note = _clean(content.note)
    if note and not note.startswith("（"):
        note = f"（{note}）"
    return {
        "content": content,
        "title": _clean(content.title),
        "issuer_name": _clean(content.issuer_name),
        "number": "草稿（未编号）" if content.draft else _clean(content.doc_number),
        "header": _header(content, ruler),
        "title_lines": _joined(break_title(title, measure=TEXT_WIDTH / TITLE_SIZE, width=_title(ruler))),
        "blocks": blocks,
        "attachments": _attachments(content, ruler),
        "signer_name": _clean(content.signer_name),
        "signed_on": chinese_date(content.signed_on),
        "signature": _signature(content, ruler),
        "note": _paragraph(ruler, [Run("fangsong", note)], indent=2.0) if note else None,
        "copies": _copies(content, ruler),
    }


def _header(content: LetterContent, ruler: Ruler) -> dict[str, Any]:
    """Heights of the header's parts; the ink of the issuer's mark begins 30 mm below the page's top edge."""
    name = _clean(content.issuer_name)
    ems = ruler.length("biaosong", name)
    size = max(MARK_SMALLEST, min(MARK_LARGEST, MARK_WIDEST / ems))
    squeeze = min(1.0, MARK_WIDEST / (ems * size))
    # A short name is spaced out, or it would look lost above a rule of 170 mm.
    spacing = min(0.4 * size, max(0.0, (MARK_NARROWEST - ems * size) / len(name)))
    face = ruler.chains["biaosong"][0]
    ascent, descent = line_metrics(face)
    ink_top, ink_low = ink_extent(face, name)
    box_above_ink = (0.5 + (ascent - descent) / 2 - ink_top) * size
    box_below_ink = size - box_above_ink - (ink_top - ink_low) * size
    mark = f"height: {_pt(size)}; font-size: {_pt(size)}; "
    mark += f"letter-spacing: {_pt(spacing)}; text-indent: {_pt(spacing)};"
    if squeeze < 0.999:
        mark += f" margin: 0 {_pt((TEXT_WIDTH - ems * size) / 2)}; transform: scaleX({squeeze:.4f});"
    # The number stands 7/8 of a character below the rule; its line box is taller than its characters.
    row_above_characters = (PITCH - SIZE) / 2
    marks = [_clean(mark) for mark in (content.secrecy, content.urgency) if mark.strip()] or [""]
    return {
        "style": f"padding-top: {_pt(MARK_TOP - box_above_ink)}; "
        f"padding-bottom: {_pt(2 * PITCH - row_above_characters - (PITCH - TITLE_SIZE) / 2)}",
        "mark_style": mark,
        "rule_style": f"margin-top: {_pt(4 * MM - box_below_ink)}; "
        f"margin-bottom: {_pt(SIZE * 7 / 8 - row_above_characters)}",
        "rows": [{"left": text} for text in marks],
    }


def _title(ruler: Ruler) -> Any:
    return lambda character: ruler.width("biaosong", character)


def _parts(block: Block) -> list[Block]:
    """Lines typed into one text field are paragraphs of their own."""
    if block.kind != PARAGRAPH:
        return [block]
    return [paragraph(line) for line in block.text.splitlines() if line.strip()]


def _block(ruler: Ruler, block: Block, *, last: bool) -> Fragment:
    runs = [Run(HEADING_ROLES.get(block.kind, "fangsong"), _clean(block.text))]
    if block.run_in:
        runs.append(Run("fangsong", _clean(block.run_in)))
    alone = block.kind.startswith("heading") and not block.run_in
    classes = " ".join(name for name, on in (("heading", alone), ("last", last)) if on)
    return _paragraph(ruler, runs, indent=2.0, classes=classes)


def _paragraph(ruler: Ruler, runs: list[Run], *, indent: float, hanging: float = 0.0, classes: str = "") -> Fragment:
    """A paragraph on the grid: `hanging` cells before every line, `indent` more (or fewer) before the first."""
    measure = (TEXT_WIDTH - hanging * CELL) / SIZE
    lines = break_lines(runs, measure=measure, width=ruler.width, first_indent=indent * CELL / SIZE, tracking=TRACKING)
    style = f"padding-left: {_pt(hanging * CELL)}; text-indent: {_pt(indent * CELL)}"
    return Fragment(_html(lines, SIZE, TRACKING), style, classes)


def _attachments(content: LetterContent, ruler: Ruler) -> list[Fragment]:
    """附件说明: names stand below each other, a name's second line below its first."""
    items = []
    for index, name in enumerate(content.attachments, start=1):
        number = f"{index}." if len(content.attachments) > 1 else ""
        label = "附件：" if index == 1 else ""
        own = ruler.length("fangsong", number) * SIZE / CELL
        text = label + number + _clean(name).rstrip("。；，、 ")
        items.append(_paragraph(ruler, [Run("fangsong", text)], indent=-(own + len(label)), hanging=5.0 + own))
    return items


def _signature(content: LetterContent, ruler: Ruler) -> dict[str, str]:
    """The date four characters from the right, the name centred above it, never beyond the text area."""
    name, day = _clean(content.signer_name), chinese_date(content.signed_on)
    name_width = ruler.length("fangsong", name) * SIZE + len(name) * TRACKING * SIZE
    date_width = ruler.length("fangsong", day) * SIZE + len(day) * TRACKING * SIZE
    overhang = (name_width - date_width) / 2
    return {
        "style": f"width: {_pt(date_width)}; margin-right: {_pt(max(4 * CELL, overhang))}",
        "name_style": f"width: {_pt(name_width)}; margin-left: {_pt(-overhang)}",
    }


def _copies(content: LetterContent, ruler: Ruler) -> Fragment | None:
    names = [_clean(name).strip("。，； ") for name in content.copies_to if name.strip()]
    if not names:
        return None
    measure = (TEXT_WIDTH - 2 * SMALL_SIZE - 3 * SMALL_SIZE) / SMALL_SIZE
    text = f"抄送：{'，'.join(names)}。"
    lines = break_lines([Run("fangsong", text)], measure=measure, width=ruler.width, first_indent=-3.0)
    return Fragment(_html(lines, SMALL_SIZE, 0.0), f"text-indent: {_pt(-3 * SMALL_SIZE)}")


def _html(lines: list[Line], size: float, tracking: float) -> SafeString:
    return mark_safe(
        "<br>".join(
            format_html_join(
                "",
                '<span class="{}" style="letter-spacing: {}">{}</span>',
                ((run.role, _pt((tracking + line.spacing) * size), run.text) for run in line.runs),
            )
            for line in lines
        )
    )


def _joined(texts: list[str]) -> SafeString:
    return mark_safe("<br>".join(format_html("{}", text) for text in texts))


def _with_colon(recipient: str) -> str:
    return _clean(recipient).rstrip(":： ") + "："


def _clean(text: str) -> str:
    """On one line, without invisible format characters: they come with pasted text and may even reverse its reading."""
    kept = "".join(character for character in text if unicodedata.category(character) != "Cf")
    return "".join(part.strip() for part in kept.splitlines()).replace("\t", " ")


def _pt(length: float) -> str:
    return f"{length:.3f}pt"
