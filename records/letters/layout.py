"""Where everything stands on a letter's page: lengths in points, measured from the fonts the letter is printed in."""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from records.letters.content import FORM_JIYAO, PARAGRAPH, Block, LetterContent, chinese_date, paragraph
from records.letters.glyphs import LetterFonts
from records.letters.headers import header
from records.letters.lines import Line, Run, break_lines, break_title
from records.letters.measure import CELL, SIZE, SMALL_SIZE, TEXT_WIDTH, TITLE_SIZE, TRACKING, Ruler, clean, pt
from records.letters.verify import verification

HEADING_ROLES = {"heading1": "heiti", "heading2": "kaiti"}


END_OF_TEXT = "end"
"""Anchor in the last line above 版记: the page it falls on decides where 版记 may stand."""


class Imprint(Enum):
    """Where 版记 stands: below the end of the text, on an even page of its own, or on one that follows a blank page."""

    WITH_TEXT = "with_text"
    OWN_PAGE = "own_page"
    AFTER_BLANK = "after_blank"


@dataclass(frozen=True)
class Fragment:
    """Broken lines with the style of the paragraph that holds them."""

    lines: SafeString
    style: str = ""
    classes: str = ""


def page_context(content: LetterContent, fonts: LetterFonts, *, imprint: Imprint) -> dict[str, Any]:
    """Everything the templates print."""
    ruler = Ruler(fonts)
    blocks = []
    if content.form != FORM_JIYAO:
        recipient = [Run("fangsong", _with_colon(content.recipient))]
        blocks.append(_paragraph(ruler, recipient, indent=0.0, classes="recipient"))
    body = [part for block in content.body for part in _parts(block)]
    blocks += [_block(ruler, block, last=block is body[-1]) for block in body]
    title = "\n".join(clean(line) for line in content.title.splitlines())
    note = clean(content.note)
    if note and not note.startswith("（"):
        note = f"（{note}）"
    return {
        "content": content,
        "title": clean(content.title),
        "issuer_name": clean(content.issuer_name),
        "number": "草稿（未编号）" if content.draft else clean(content.doc_number),
        "header": header(content, ruler),
        "title_lines": _joined(break_title(title, measure=TEXT_WIDTH / TITLE_SIZE, width=_title(ruler))),
        "blocks": blocks,
        "attachments": _attachments(content, ruler),
        "attendance": _attendance(content, ruler),
        "signer_name": clean(content.signer_name),
        "signed_on": chinese_date(content.signed_on),
        "signature": _signature(content, ruler),
        "note": _paragraph(ruler, [Run("fangsong", note)], indent=2.0) if note else None,
        "copies": _copies(content, ruler),
        "printed": _printed(content, ruler),
        "imprint": imprint.value,
        "end": END_OF_TEXT,
        "verify": verification(content),
    }


def _title(ruler: Ruler) -> Any:
    return lambda character: ruler.width("biaosong", character)


def _parts(block: Block) -> list[Block]:
    """Lines typed into one text field are paragraphs of their own."""
    if block.kind != PARAGRAPH:
        return [block]
    return [paragraph(line) for line in block.text.splitlines() if line.strip()]


def _block(ruler: Ruler, block: Block, *, last: bool) -> Fragment:
    runs = [Run(HEADING_ROLES.get(block.kind, "fangsong"), clean(block.text))]
    if block.run_in:
        runs.append(Run("fangsong", clean(block.run_in)))
    alone = block.kind.startswith("heading") and not block.run_in
    classes = " ".join(name for name, on in (("heading", alone), ("last", last)) if on)
    return _paragraph(ruler, runs, indent=2.0, classes=classes)


def _paragraph(ruler: Ruler, runs: list[Run], *, indent: float, hanging: float = 0.0, classes: str = "") -> Fragment:
    """A paragraph on the grid: `hanging` cells before every line, `indent` more (or fewer) before the first."""
    measure = (TEXT_WIDTH - hanging * CELL) / SIZE
    lines = break_lines(runs, measure=measure, width=ruler.width, first_indent=indent * CELL / SIZE, tracking=TRACKING)
    style = f"padding-left: {pt(hanging * CELL)}; text-indent: {pt(indent * CELL)}"
    return Fragment(_html(lines, SIZE, TRACKING), style, classes)


def _attachments(content: LetterContent, ruler: Ruler) -> list[Fragment]:
    """附件说明: names stand below each other, a name's second line below its first."""
    items = []
    for index, name in enumerate(content.attachments, start=1):
        number = f"{index}." if len(content.attachments) > 1 else ""
        label = "附件：" if index == 1 else ""
        own = ruler.length("fangsong", number) * SIZE / CELL
        text = label + number + clean(name).rstrip("。；，、 ")
        items.append(_paragraph(ruler, [Run("fangsong", text)], indent=-(own + len(label)), hanging=5.0 + own))
    return items


def _attendance(content: LetterContent, ruler: Ruler) -> list[Fragment]:
    """10.3: 出席, 请假, 列席 in 黑体, what follows stands below the first name when it takes more than a line."""
    return [
        _paragraph(ruler, [Run("heiti", f"{clean(label)}："), Run("fangsong", clean(names))], indent=-3.0, hanging=5.0)
        for label, names in content.attendance
        if names.strip()
    ]


def _signature(content: LetterContent, ruler: Ruler) -> dict[str, str]:
    """Sealed: the date four characters from the right, the name centred above it, never beyond the text area.

    Not sealed: the name two characters from the right, the date's first character two after the name's; a longer date
    itself stands two characters from the right, and the name before it (7.3.5.2).
    """
    name, day = clean(content.signer_name), chinese_date(content.signed_on)
    name_width, date_width = ruler.on_grid("fangsong", name), ruler.on_grid("fangsong", day)
    tightened = ""
    if name_width > TEXT_WIDTH:
        tightened = f"; letter-spacing: {pt(TRACKING * SIZE - (name_width - TEXT_WIDTH) / (len(name) - 1))}"
        name_width = TEXT_WIDTH
    if content.sealed:
        overhang = (name_width - date_width) / 2
        return {
            "style": f"width: {pt(date_width)}; margin-right: {pt(max(4 * CELL, overhang))}; padding-top: 57.98pt",
            "name_style": f"width: {pt(name_width)}; margin-left: {pt(-overhang)}{tightened}",
            "date_style": "",
        }
    width = max(name_width, date_width + 2 * CELL)
    right = min(2 * CELL, TEXT_WIDTH - width)
    return {
        "style": f"width: {pt(width)}; margin-right: {pt(right)}; padding-top: 28.99pt",
        "name_style": tightened.removeprefix("; "),
        "date_style": f"margin-left: {pt(2 * CELL)}",
    }


def _copies(content: LetterContent, ruler: Ruler) -> Fragment | None:
    names = [clean(name).strip("。，； ") for name in content.copies_to if name.strip()]
    if not names:
        return None
    measure = (TEXT_WIDTH - 2 * SMALL_SIZE - 3 * SMALL_SIZE) / SMALL_SIZE
    text = f"抄送：{'，'.join(names)}。"
    lines = break_lines([Run("fangsong", text)], measure=measure, width=ruler.width, first_indent=-3.0)
    return Fragment(_html(lines, SMALL_SIZE, 0.0), f"text-indent: {pt(-3 * SMALL_SIZE)}")


def _printed(content: LetterContent, ruler: Ruler) -> dict[str, str]:
    """印发机关 one character from the left, 印发日期 one from the right (7.4.3)."""
    office, day = clean(content.signer_name), f"{chinese_date(content.signed_on)}印发"
    width = ruler.length("fangsong", office) * SMALL_SIZE
    room = TEXT_WIDTH - (ruler.length("fangsong", day) + 3) * SMALL_SIZE
    squeeze = min(1.0, room / width)
    style = f"width: {pt(width)}; margin-right: {pt(room + SMALL_SIZE - width)}; transform: scaleX({squeeze:.4f})"
    return {"office": office, "day": day, "style": style}


def _html(lines: list[Line], size: float, tracking: float) -> SafeString:
    return mark_safe(
        "<br>".join(
            format_html_join(
                "",
                '<span class="{}" style="letter-spacing: {}">{}</span>',
                ((run.role, pt((tracking + line.spacing) * size), run.text) for run in line.runs),
            )
            for line in lines
        )
    )


def _joined(texts: list[str]) -> SafeString:
    return mark_safe("<br>".join(format_html("{}", text) for text in texts))


def _with_colon(recipient: str) -> str:
    return clean(recipient).rstrip(":： ") + "："
