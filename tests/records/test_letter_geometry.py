"""X7: the three forms of GB/T 9704-2012, measured in their PDFs with a ruler that knows nothing of the layout code."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import cached_property
from io import BytesIO
from itertools import pairwise
from typing import Any

import pdfplumber
import pytest
import zxingcpp
from PIL import ImageChops

from records.letters import glyphs
from records.letters.content import LetterContent, heading, paragraph
from records.letters.render import render_letter

pytestmark = pytest.mark.letters
MM = 72 / 25.4
WITHIN = 0.5  # mm
RED = (0.901961, 0.0, 0.070588)
URL = "https://aqjg.bengshan.gov.cn/verify/7K3M9QXP2HTD5WNA/"

FULL = "请督促企业按照规程对除尘系统开展专项检测未经验收合格不得恢复生产作业现场应急准备"
DOCUMENT = LetterContent(
    form="wenjian",
    issuer_name="蚌埠市蚌山区应急管理局文件",
    doc_number="蚌山应急〔2026〕12号",
    title="关于开展安全生产大检查的通知",
    recipient="各乡街，区直有关部门",
    body=(
        heading(1, "一、检查时间"),
        *(paragraph(FULL * 6) for _ in range(6)),
    ),
    signer_name="蚌埠市蚌山区应急管理局",
    signed_on=date(2026, 9, 18),
    copies_to=("蚌埠市应急管理局", "区纪委监委"),
    attachments=("任务分工表", "三个清单"),
    verify_url=URL,
    verify_code="7K3M-9QXP-2HTD-5WNA",
)
LETTER = replace(DOCUMENT, form="xinhan", issuer_name="蚌埠市蚌山区应急管理局")
MINUTES = replace(
    DOCUMENT,
    form="jiyao",
    issuer_name="蚌埠市蚌山区应急管理局会议纪要",
    attachments=(),
    attendance=(("出席", "周立新、何建军、王敏、李明、赵建国、钱学文、孙伟、吴刚、郑凯、冯军、陈立"), ("列席", "沈洁")),
)
SHORT_BODY = (paragraph("请于9月20日前报送联系人名单。"),)


class Page:
    """One page with lengths in millimetres from its top left corner."""

    def __init__(self, page: Any) -> None:
        self.raw = page
        self.size = (page.width / MM, page.height / MM)
        self.chars = [c for c in page.chars if c["text"].strip()]
        self.rects = [r for r in page.rects if r["fill"]]

    def lines(self) -> list[list[dict[str, Any]]]:
        """Characters by baseline from top to bottom, each line from left to right."""
        found: dict[float, list[dict[str, Any]]] = {}
        for char in self.chars:
            found.setdefault(round(char["matrix"][5], 1), []).append(char)
        return [sorted(found[key], key=lambda c: c["x0"]) for key in sorted(found, reverse=True)]

    def line(self, start: str) -> list[dict[str, Any]]:
        """The line of these words, or else the first that begins with them."""
        lines = self.lines()
        exact = [line for line in lines if text_of(line) == start]
        return (exact or [line for line in lines if text_of(line).startswith(start)])[0]

    def baseline(self, line: list[dict[str, Any]]) -> float:
        return (self.raw.height - line[0]["matrix"][5]) / MM

    def red_rules(self) -> list[tuple[float, float, float, float]]:
        """(left, width, top, bottom) of what is drawn red."""
        found = {
            (r["x0"] / MM, (r["x1"] - r["x0"]) / MM, r["top"] / MM, r["bottom"] / MM)
            for r in self.rects
            if _colour(r) == RED
        }
        return sorted(found, key=lambda rule: (rule[2], rule[3]))

    def black_rules(self) -> list[tuple[float, float]]:
        """(left, thickness) of the black rules as wide as the text, from top to bottom: borders between two boxes' edges."""
        boxes = [r for r in self.rects if r["width"] / MM == pytest.approx(156, abs=0.1) and not any(_colour(r))]
        edges = sorted({round(r[side] / MM, 3) for r in boxes for side in ("top", "bottom")})
        left = {round(r["x0"] / MM, 1) for r in boxes}
        return [(*left, below - above) for above, below in zip(edges[::2], edges[1::2], strict=True)]

    def ink(
        self, *, left: float = 0, right: float = 210, top: float = 0, bottom: float = 297, red: bool = False
    ) -> Any:
        """(left, top, right, bottom) of the ink within this part of the page, looked at as a picture."""
        scale = 300 / 25.4
        box = tuple(round(v * scale) for v in (left, top, right, bottom))
        reds, greens, _ = self.picture.crop(box).split()
        dark = greens.point(lambda v: 255 if v < 128 else 0)
        found = ImageChops.multiply(dark, reds.point(lambda v: 255 if (v > 150) == red else 0))
        x0, y0, x1, y1 = found.getbbox()
        return (left + x0 / scale, top + y0 / scale, left + x1 / scale, top + y1 / scale)

    @cached_property
    def picture(self) -> Any:
        return self.raw.to_image(resolution=300).original.convert("RGB")


def _colour(rect: dict[str, Any]) -> tuple[float, ...]:
    return tuple(round(v, 6) for v in rect["non_stroking_color"])


def size_of(line: list[dict[str, Any]]) -> set[int]:
    return {round(c["size"]) for c in line}


def text_of(line: list[dict[str, Any]]) -> str:
    return "".join(c["text"] for c in line)


def pages_of(content: LetterContent) -> list[Page]:
    opened = pdfplumber.open(BytesIO(render_letter(content)))
    return [Page(page) for page in opened.pages]


@pytest.fixture(scope="module", autouse=True)
def need_fonts() -> None:
    try:
        glyphs.letter_fonts()
    except glyphs.LetterFontsMissing as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def printed() -> Iterator[dict[str, list[Page]]]:
    yield {content.form: pages_of(content) for content in (DOCUMENT, LETTER, MINUTES)}


@pytest.mark.parametrize("form", ["wenjian", "xinhan", "jiyao"])
def test_x7_page_is_a4_with_22_lines_of_28_characters(printed, form):
    for page in printed[form]:
        assert page.size == pytest.approx((210, 297), abs=0.1)
    page = printed[form][1]
    full = [line for line in page.lines() if len(line) == 28 and size_of(line) == {16}]
    assert len(full) >= 15
    for line in full:
        # From the binding edge of 28 mm over 156 mm; a character's box is 16 pt on a pitch of 156 mm / 28.
        assert line[0]["x0"] / MM == pytest.approx(28, abs=WITHIN)
        assert line[-1]["x1"] / MM == pytest.approx(184, abs=WITHIN)
        steps = [b["x0"] - a["x0"] for a, b in pairwise(line)]
        assert steps == pytest.approx([156 * MM / 28] * 27, abs=WITHIN * MM)
    body = [line for line in page.lines() if size_of(line) == {16}]
    steps = [b - a for a, b in pairwise([page.baseline(line) for line in body])]
    assert steps == pytest.approx([225 / 22] * (len(body) - 1), abs=WITHIN)
    assert len(body) == 22
    tops = page.ink(top=30, bottom=50)[1]
    # Ink of the first line lies in the first line of 225 mm / 22 below the head margin of 37 mm, of the last above 262 mm.
    assert 37 < tops < 37 + 225 / 22 / 2
    assert 262 - 225 / 22 / 2 < page.ink(top=250, bottom=262)[3] < 262


@pytest.mark.parametrize("form", ["wenjian", "xinhan", "jiyao"])
def test_x7_page_numbers_stand_outside_below_the_text(printed, form):
    for number, page in enumerate(printed[form], start=1):
        words = f"—{number}—"
        found = [line for line in page.lines() if text_of(line) == words]
        if form == "xinhan" and number == 1:
            assert found == []
            continue
        (line,) = found
        assert size_of(line) == {14}
        dash = page.ink(top=264, bottom=280, left=line[0]["x0"] / MM - 1, right=line[0]["x1"] / MM)
        assert (dash[1] + dash[3]) / 2 == pytest.approx(262 + 7, abs=WITHIN)
        if number % 2:
            assert line[-1]["x1"] / MM == pytest.approx(184 - 14 / MM, abs=WITHIN)
        else:
            assert line[0]["x0"] / MM == pytest.approx(28 + 14 / MM, abs=WITHIN)


@pytest.mark.parametrize("form", ["wenjian", "jiyao"])
def test_x7_head_of_a_document(printed, form):
    page = printed[form][0]
    (rule,) = page.red_rules()
    mark = page.ink(top=60, bottom=rule[2] - 1, red=True)
    assert mark[1] == pytest.approx(37 + 35, abs=WITHIN)
    assert (mark[0] + mark[2]) / 2 == pytest.approx(28 + 78, abs=1)  # side bearings of the first and last character
    assert mark[0] >= 28 - WITHIN and mark[2] <= 184 + WITHIN
    assert rule[:2] == pytest.approx((28, 156), abs=0.1)
    assert rule[3] - rule[2] == pytest.approx(0.5, abs=0.05)
    number = page.line("蚌山应急〔2026〕12号")
    # Two lines of 225 mm / 22 below the mark, by the characters' box, whose ink begins a little lower.
    ink = page.ink(top=mark[3] + 5, bottom=page.baseline(number) + 1)
    assert 2 * 225 / 22 <= ink[1] - mark[3] < 2 * 225 / 22 + 1
    assert (number[0]["x0"] + number[-1]["x1"]) / 2 / MM == pytest.approx(106, abs=WITHIN)
    last = number if form == "wenjian" else page.line("蚌埠市蚌山区应急管理局2026年9月18日")
    below = page.ink(top=page.baseline(last) - 5, bottom=rule[2] - 0.2)[3]
    assert rule[2] - below == pytest.approx(4, abs=1)  # 4 mm from the characters' box, whose ink ends a little above
    title = page.line("关于开展")
    assert size_of(title) == {22}
    assert page.ink(top=rule[3] + 1, bottom=rule[3] + 34)[1] - rule[3] == pytest.approx(2 * 225 / 22, abs=1)
    assert (title[0]["x0"] + title[-1]["x1"]) / 2 / MM == pytest.approx(106, abs=WITHIN)


def test_x7_head_of_an_upward_document():
    page = pages_of(replace(DOCUMENT, approver="何建军", title="关于检查情况的报告", body=SHORT_BODY))[0]
    line = page.line("蚌山应急〔2026〕12号签发人：何建军")
    assert line[0]["x0"] / MM == pytest.approx(28 + 156 / 28, abs=WITHIN)
    assert line[-1]["x1"] / MM == pytest.approx(184 - 156 / 28, abs=WITHIN)
    assert line[-1]["fontname"].endswith("kaiti") and line[-4]["fontname"].endswith("fangsong")


def test_x7_head_and_foot_of_a_letter(printed):
    first, *more = printed["xinhan"]
    rules = first.red_rules()
    mark = first.ink(top=28, bottom=rules[0][2] - 0.5, red=True)
    assert mark[1] == pytest.approx(30, abs=WITHIN)
    upper, lower = [r for r in rules if r[2] < 100], [r for r in rules if r[2] > 200]
    assert min(r[2] for r in upper) - mark[3] == pytest.approx(4, abs=WITHIN)
    assert max(r[3] for r in lower) == pytest.approx(297 - 20, abs=WITHIN)
    assert {(round(r[0], 1), round(r[1], 1)) for r in rules} == {(20.0, 170.0)}
    number = first.line("蚌山应急〔2026〕12号")
    assert number[-1]["x1"] / MM == pytest.approx(184, abs=WITHIN)
    assert [page.red_rules() for page in more] == [[]] * len(more)


def test_x7_signature_with_and_without_seal():
    sealed = pages_of(replace(DOCUMENT, attachments=(), body=SHORT_BODY))[0]
    cell = 156 / 28
    day, name = sealed.line("2026年9月18日"), sealed.line("蚌埠市蚌山区应急管理局")
    assert 184 - day[-1]["x1"] / MM == pytest.approx(4 * cell, abs=WITHIN)
    assert sum(name[i][k] for i, k in ((0, "x0"), (-1, "x1"))) / 2 / MM == pytest.approx(
        sum(day[i][k] for i, k in ((0, "x0"), (-1, "x1"))) / 2 / MM, abs=WITHIN
    )
    bare = pages_of(replace(DOCUMENT, attachments=(), body=SHORT_BODY, sealed=False))[0]
    day, name = bare.line("2026年9月18日"), bare.line("蚌埠市蚌山区应急管理局")
    assert 184 - name[-1]["x1"] / MM == pytest.approx(2 * cell, abs=WITHIN)
    assert (day[0]["x0"] - name[0]["x0"]) / MM == pytest.approx(2 * cell, abs=WITHIN)
    short = pages_of(replace(DOCUMENT, attachments=(), body=SHORT_BODY, sealed=False, signer_name="区安委办"))[0]
    day, name = short.line("2026年9月18日"), short.line("区安委办")
    assert 184 - day[-1]["x1"] / MM == pytest.approx(2 * cell, abs=WITHIN)
    assert (day[0]["x0"] - name[0]["x0"]) / MM == pytest.approx(2 * cell, abs=WITHIN)


@pytest.mark.parametrize("count", (1, 5, 7, 8, 14))
@pytest.mark.parametrize("form", ["wenjian", "jiyao"])
def test_x7_imprint_ends_the_last_even_page(form, count):
    content = {"wenjian": DOCUMENT, "jiyao": MINUTES}[form]
    pages = pages_of(replace(content, body=tuple(paragraph("安全生产" * 9) for _ in range(count)), attachments=()))
    assert len(pages) % 2 == 0
    assert [len(page.black_rules()) for page in pages] == [0] * (len(pages) - 1) + [3]
    last = pages[-1]
    assert [rule[0] for rule in last.black_rules()] == [28.0] * 3
    assert [rule[1] for rule in last.black_rules()] == pytest.approx([0.35, 0.25, 0.35], abs=0.03)
    assert max(r["bottom"] for r in last.rects) / MM == pytest.approx(262, abs=WITHIN)
    copies, printed = (
        last.line("抄送：蚌埠市应急管理局，区纪委监委。"),
        last.line("蚌埠市蚌山区应急管理局2026年9月18日印发"),
    )
    assert size_of(copies + printed) == {14}
    assert printed[0]["x0"] / MM == copies[0]["x0"] / MM == pytest.approx(28 + 14 / MM, abs=WITHIN)
    assert printed[-1]["x1"] / MM == pytest.approx(184 - 14 / MM, abs=WITHIN)
    # Neither a blank page nor a 版记 after one is numbered.
    blank = [page for page in pages if not page.chars]
    assert (f"—{len(pages)}—" in [text_of(line) for line in last.lines()]) == (not blank)


def test_x7_long_office_is_condensed_into_its_line():
    name = "蚌埠市蚌山区住房和城乡建设交通运输与城市管理综合行政执法委员会"
    first, last = pages_of(
        replace(DOCUMENT, attachments=(), body=SHORT_BODY, issuer_name=f"{name}文件", signer_name=name)
    )
    signature = first.line(name)
    assert signature[0]["x0"] / MM >= 28 - WITHIN and signature[-1]["x1"] / MM <= 184 + WITHIN
    line = last.line(f"{name}2026年9月18日印发")
    office, day = line[: len(name)], line[len(name) :]
    assert office[0]["x0"] / MM == pytest.approx(28 + 14 / MM, abs=WITHIN)
    assert day[0]["x0"] - office[-1]["x1"] == pytest.approx(14, abs=WITHIN)
    assert day[-1]["x1"] / MM == pytest.approx(184 - 14 / MM, abs=WITHIN)


def test_x7_minutes_name_who_took_part(printed):
    page = printed["jiyao"][-1]
    present, listening = page.line("出席："), page.line("列席：沈洁")
    assert present[0]["x0"] / MM == pytest.approx(28 + 2 * 156 / 28, abs=WITHIN)
    assert present[0]["fontname"].endswith("heiti") and present[4]["fontname"].endswith("fangsong")
    lines = page.lines()
    hanging = lines[lines.index(present) + 1]
    assert hanging[0]["x0"] == pytest.approx(present[3]["x0"], abs=WITHIN * MM)
    assert listening[0]["x0"] == pytest.approx(present[0]["x0"], abs=0.1)
    assert "主送" not in page.raw.extract_text() and "各乡街" not in printed["jiyao"][0].raw.extract_text()


def test_x7_levels_have_their_fonts():
    body = (
        heading(1, "一、总体要求"),
        heading(2, "（一）企业。", "停产整改。"),
        heading(3, "1.检查"),
        heading(4, "（1）记录"),
        *SHORT_BODY,
    )
    page = pages_of(replace(LETTER, attachments=(), body=body))[0]
    fonts = [page.line(start)[0]["fontname"] for start in ("一、", "（一）", "1.", "（1）")]
    assert [font.split("-")[-1] for font in fonts] == ["heiti", "kaiti", "fangsong", "fangsong"]
    assert page.line("（一）")[-1]["fontname"].endswith("fangsong")


@pytest.mark.parametrize("form", ["wenjian", "xinhan", "jiyao"])
def test_x7_code_on_the_first_page_can_be_read(printed, form):
    for number, page in enumerate(printed[form]):
        found = zxingcpp.read_barcodes(page.raw.to_image(resolution=150).original)
        assert [code.text for code in found] == ([URL] if number == 0 else [])
        assert ("核验码 7K3M-9QXP-2HTD-5WNA" in page.raw.extract_text()) == (number == 0)
