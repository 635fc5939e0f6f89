"""版头: the red mark, the number and the red rule of each form (GB/T 9704-2012, 7.2, 10.1, 10.3)."""

from dataclasses import dataclass
from typing import Any

from records.letters.content import FORM_XINHAN, LetterContent
from records.letters.glyphs import ink_extent, line_metrics
from records.letters.measure import MM, PITCH, SIZE, TEXT_WIDTH, TITLE_SIZE, Ruler, clean, pt

# The number stands in a line box that is taller than its characters.
ROW_ABOVE_CHARACTERS = (PITCH - SIZE) / 2


@dataclass(frozen=True)
class _Look:
    """How the mark of a form fills its place: its ink begins `top` below the first page's content area."""

    top: float
    largest: float
    smallest: float
    narrowest: float  # a short mark is spaced out, or it would look lost above its rule
    tallest: float  # how much higher than wide a character may stand when a long mark is condensed


_LETTER = _Look(10 * MM, 44.0, 26.0, 118 * MM, 1.0)  # 30 mm from the page's edge, its first margin being 20 mm
_DOCUMENT = _Look(35 * MM, 62.0, 30.0, 130 * MM, 1.4)


@dataclass(frozen=True)
class _Mark:
    style: str
    top: float  # from the content area to the mark's box
    box_below_ink: float


def header(content: LetterContent, ruler: Ruler) -> dict[str, Any]:
    return _of_letter(content, ruler) if content.form == FORM_XINHAN else _of_document(content, ruler)


def _of_letter(content: LetterContent, ruler: Ruler) -> dict[str, Any]:
    """信函: the double rule 4 mm below the mark, number and urgency below that, the title two lines further down."""
    mark = _mark(clean(content.issuer_name), ruler, _LETTER)
    below = 2 * PITCH - ROW_ABOVE_CHARACTERS - (PITCH - TITLE_SIZE) / 2
    rule_to_row = SIZE * 7 / 8 - ROW_ABOVE_CHARACTERS
    return {
        "style": f"padding-top: {pt(mark.top)}; padding-bottom: {pt(below)}",
        "mark_style": mark.style,
        "rule_style": f"margin-top: {pt(4 * MM - mark.box_below_ink)}; margin-bottom: {pt(rule_to_row)}",
        "rows": [{"left": text} for text in _marks(content) or [""]],
    }


def _of_document(content: LetterContent, ruler: Ruler) -> dict[str, Any]:
    """文件, 纪要: the mark 35 mm down, the number two lines below it, the rule 4 mm further, then two lines to the title."""
    mark = _mark(clean(content.issuer_name), ruler, _DOCUMENT)
    marks = _marks(content)
    return {
        # Urgency stands in the first lines of the text area, above the mark.
        "style": f"padding-bottom: {pt(2 * PITCH - (PITCH - TITLE_SIZE) / 2)}",
        "marks": marks,
        "mark_style": f"margin-top: {pt(mark.top - len(marks) * PITCH)}; {mark.style}",
        "row_style": f"margin-top: {pt(2 * PITCH - ROW_ABOVE_CHARACTERS - mark.box_below_ink)}",
        "rule_style": f"margin-top: {pt(4 * MM - ROW_ABOVE_CHARACTERS)}",
        "approver": clean(content.approver),
    }


def _marks(content: LetterContent) -> list[str]:
    return [clean(mark) for mark in (content.secrecy, content.urgency) if mark.strip()]


def _mark(name: str, ruler: Ruler, look: _Look) -> _Mark:
    """As large as its length allows; a long one is condensed, its ink beginning where the standard wants it."""
    ems = ruler.length("biaosong", name)
    size = max(look.smallest, min(look.largest, TEXT_WIDTH * look.tallest / ems))
    squeeze = min(1.0, TEXT_WIDTH / (ems * size))
    spacing = min(0.4 * size, max(0.0, (look.narrowest - ems * size) / len(name)))
    ascent, descent = line_metrics(ruler.chains["biaosong"][0])
    ink_top, ink_low = ink_extent(ruler.chains["biaosong"][0], name)
    box_above_ink = (0.5 + (ascent - descent) / 2 - ink_top) * size
    style = f"height: {pt(size)}; font-size: {pt(size)}; letter-spacing: {pt(spacing)}; text-indent: {pt(spacing)};"
    if squeeze < 0.999:
        style += (
            f" margin-left: {pt((TEXT_WIDTH - ems * size) / 2)}; margin-right: {pt((TEXT_WIDTH - ems * size) / 2)};"
        )
        style += f" transform: scaleX({squeeze:.4f});"
    return _Mark(style, look.top - box_above_ink, size - box_above_ink - (ink_top - ink_low) * size)
