"""The letter's PDF, measured from its drawing operators against GB/T 9704-2012, 10.1 信函格式."""

import hashlib
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import date
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pytest
from django.conf import settings
from pypdf import PdfReader
from pypdf.generic import ContentStream

from records.letters import glyphs
from records.letters.content import LetterContent, LetterContentError, heading, paragraph
from records.letters.render import LetterCharactersMissing, render_letter

pytestmark = pytest.mark.letters
MM = 72 / 25.4
RED = (0.901961, 0.0, 0.070588)

SHORT = LetterContent(
    issuer_name="蚌埠市蚌山区应急管理局",
    doc_number="蚌山应急交办〔2026〕12号",
    title="关于交办抛光车间铝粉尘爆炸风险治理的函",
    recipient="蚌山区住房和城乡建设交通委员会",
    body=(
        paragraph(
            "经研判，安徽皖淮精密轮毂有限公司抛光车间铝粉尘爆炸风险评定为540分，属重大风险（红色），现交由你单位治理。"
        ),
        paragraph("请于收到本函之日起3个工作日内签收，治理期限至2026年11月30日。"),
    ),
    signer_name="蚌埠市蚌山区应急管理局",
    signed_on=date(2026, 10, 9),
    copies_to=("燕山乡人民政府", "区安全生产委员会办公室"),
)
DUTIES = "请督促企业按照《粉尘防爆安全规程》（GB 15577-2018）对除尘系统开展专项检测，未经验收合格不得恢复生产。"
LONG = replace(
    SHORT,
    title="关于交办安徽皖淮精密轮毂有限公司抛光车间铝粉尘爆炸重大风险治理工作的函",
    urgency="特急",
    body=(
        SHORT.body[0],
        heading(1, "一、风险情况"),
        paragraph("作业面积约1 200㎡，治理责任人张堃，每班作业11人。"),
        heading(1, "二、治理要求"),
        heading(2, "（一）立即采取管控措施。", "自收到本函之日起停止抛光作业。"),
        paragraph(DUTIES * 2),
        heading(3, "1.工程措施"),
        heading(4, "（1）更换为湿式除尘器。"),
        heading(1, "三、治理期限"),
        paragraph("治理工作应于2026年11月30日前完成。"),
        heading(1, "四、签收与反馈"),
        paragraph("回执送至蚌埠市蚌山区东海大道3988号区政府综合楼512室；拒收的，按留置送达办理。"),
    ),
    attachments=("重大风险研判结论书。", "签收回执"),
    note="此件不公开",
)


@dataclass(frozen=True)
class DoubleRule:
    """A red double rule, in millimetres from the page's top left corner."""

    left: float
    width: float
    top: float
    bottom: float
    upper: float
    lower: float


@pytest.fixture(scope="module", autouse=True)
def need_fonts() -> None:
    try:
        glyphs.letter_fonts()
    except glyphs.LetterFontsMissing as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def short() -> PdfReader:
    return PdfReader(BytesIO(render_letter(SHORT)))


@pytest.fixture(scope="module")
def long() -> PdfReader:
    return PdfReader(BytesIO(render_letter(LONG)))


def operations(page) -> list[tuple[bytes, list[float], tuple[float, ...], tuple[float, ...]]]:
    """Operators with their numbers, the matrix and the fill colour in force."""
    matrix, colour, stack, found = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0), (0.0, 0.0, 0.0), [], []
    for operands, operator in ContentStream(page.get_contents(), None).operations:
        if operator == b"q":
            stack.append((matrix, colour))
        elif operator == b"Q":
            matrix, colour = stack.pop()
        elif operator == b"cm":
            matrix = product([float(number) for number in operands], matrix)
        elif operator == b"rg":
            colour = tuple(round(float(number), 6) for number in operands)
        elif operator in (b"re", b"Tm"):
            found.append((operator, [float(number) for number in operands], matrix, colour))
    return found


def product(a, b) -> tuple[float, ...]:
    return (
        a[0] * b[0] + a[1] * b[2],
        a[0] * b[1] + a[1] * b[3],
        a[2] * b[0] + a[3] * b[2],
        a[2] * b[1] + a[3] * b[3],
        a[4] * b[0] + a[5] * b[2] + b[4],
        a[4] * b[1] + a[5] * b[3] + b[5],
    )


def double_rules(page) -> list[DoubleRule]:
    """A bordered box is drawn as an outer and an inner rectangle; the borders lie between them."""
    height = float(page.mediabox.height)
    boxes = []
    for operator, numbers, matrix, colour in operations(page):
        if operator == b"re" and colour == RED:
            x, y, w, h = numbers
            edges = sorted(height - (matrix[3] * edge + matrix[5]) for edge in (y, y + h))
            boxes.append((matrix[0] * x + matrix[4], matrix[0] * w, *edges))
    rules = set()
    for inner, outer in zip(boxes[::2], boxes[1::2], strict=True):
        left, width, top, bottom = (round(value / MM, 2) for value in outer)
        rules.add(DoubleRule(left, width, top, bottom, round(inner[2] / MM - top, 2), round(bottom - inner[3] / MM, 2)))
    return sorted(rules, key=lambda rule: rule.top)


def baselines(page, colour=(0.0, 0.0, 0.0)) -> list[float]:
    """Distances of the lines' baselines from the page's top edge, in points, each once."""
    height = float(page.mediabox.height)
    found = [
        height - product(numbers, matrix)[5]
        for operator, numbers, matrix, used in operations(page)
        if operator == b"Tm" and used == colour
    ]
    return list(dict.fromkeys(round(value, 2) for value in found))


def test_r4_short_letter_is_one_page_with_its_text_in_reading_order(short: PdfReader) -> None:
    assert len(short.pages) == 1
    lines = [line for line in short.pages[0].extract_text().split("\n") if line.strip()]
    assert lines[:4] == [
        "蚌埠市蚌山区应急管理局",
        "蚌山应急交办〔2026〕12号",
        "关于交办抛光车间铝粉尘爆炸风险治理的函",
        "蚌山区住房和城乡建设交通委员会：",
    ]
    assert lines[-3:] == ["蚌埠市蚌山区应急管理局", "2026年10月9日", "抄送：燕山乡人民政府，区安全生产委员会办公室。"]


def test_r4_long_letter_goes_over_two_pages_and_only_the_second_is_numbered(long: PdfReader) -> None:
    assert len(long.pages) == 2
    first, second = (page.extract_text() for page in long.pages)
    assert "— 1 —" not in first
    assert "— 2 —" in second
    assert "特急" in first
    assert "关于交办安徽皖淮精密轮毂有限公司\n抛光车间铝粉尘爆炸重大风险治理工作的函" in first
    assert "附件：1.重大风险研判结论书\n2.签收回执" in second
    assert "（此件不公开）" in second
    assert [float(value) for value in long.pages[1].mediabox[2:]] == pytest.approx([210 * MM, 297 * MM], abs=0.1)


def test_red_double_rules_stand_where_the_standard_wants_them(short: PdfReader) -> None:
    face = glyphs.letter_fonts().chain("biaosong")[0]
    size = 156 * MM / len(SHORT.issuer_name)
    ink_top, ink_low = (extent * size / MM for extent in glyphs.ink_extent(face, SHORT.issuer_name))
    upper, lower = double_rules(short.pages[0])
    assert upper.top == pytest.approx(30 + ink_top - ink_low + 4, abs=0.15)
    assert (upper.left, upper.width) == pytest.approx((20, 170), abs=0.05)
    assert (upper.upper, upper.lower) == pytest.approx((1.0, 0.35), abs=0.03)
    assert lower.bottom == pytest.approx(297 - 20, abs=0.05)
    assert (lower.left, lower.width) == pytest.approx((20, 170), abs=0.05)
    assert (lower.upper, lower.lower) == pytest.approx((0.35, 1.0), abs=0.03)
    mark_baseline = baselines(short.pages[0], RED)[0] / MM
    assert mark_baseline - ink_top == pytest.approx(30, abs=0.15)


def test_only_the_first_page_has_red_rules(long: PdfReader) -> None:
    assert [len(double_rules(page)) for page in long.pages] == [2, 0]


def test_lines_keep_the_grid_even_with_a_fallback_character() -> None:
    body = tuple(paragraph("安" * 26 + ("堃" if index % 2 else "全") * 2) for index in range(4))
    page = PdfReader(BytesIO(render_letter(replace(SHORT, body=body)))).pages[0]
    lines = page.extract_text().split("\n")
    assert "安" * 26 in lines  # indented by two: 26 of 28 characters
    start = lines.index("安" * 26)
    # From the top: number, title, addressee, then eight body lines.
    body_lines = baselines(page)[start - 1 : start + 7]
    steps = [b - a for a, b in pairwise(body_lines)]
    assert steps == pytest.approx([28.99] * 7, abs=0.05)


def test_signature_keeps_the_grid_with_a_fallback_character() -> None:
    page = PdfReader(BytesIO(render_letter(replace(SHORT, signer_name="张堃工作室", copies_to=())))).pages[0]
    *_, last_body, name, day = baselines(page)
    assert (name - last_body, day - name) == pytest.approx((3 * 28.99, 28.99), abs=0.05)


def test_full_page_holds_22_lines() -> None:
    body = tuple(paragraph("安全生产") for _ in range(60))
    pages = PdfReader(BytesIO(render_letter(replace(SHORT, body=body)))).pages
    assert pages[1].extract_text().count("安全生产") == 22


@pytest.mark.parametrize("count", range(8, 15))
def test_signature_never_stands_on_a_page_without_body_text(count: int) -> None:
    body = (*(paragraph("安全生产") for _ in range(count)), paragraph("末段" * 20))
    last = PdfReader(BytesIO(render_letter(replace(SHORT, body=body)))).pages[-1].extract_text()
    assert "末段" in last
    assert "2026年10月9日" in last
    assert "抄送：" in last


def test_draft_shows_its_state_instead_of_a_number() -> None:
    draft = replace(SHORT, draft=True, doc_number="", signed_on=None)
    text = PdfReader(BytesIO(render_letter(draft))).pages[0].extract_text()
    assert "草稿（未编号）" in text
    assert "号\n关于" not in text


def test_same_content_gives_the_same_bytes_in_another_process(short: PdfReader) -> None:
    here = hashlib.sha256(render_letter(SHORT)).hexdigest()
    code = (
        "import django, hashlib, sys\n"
        "from django.conf import settings\n"
        "backend = 'django.template.backends.django.DjangoTemplates'\n"
        "settings.configure(LETTER_FONT_DIR=sys.argv[1], TEMPLATES=[{'BACKEND': backend, 'DIRS': [sys.argv[2]]}])\n"
        "django.setup()\n"
        "from records.letters.content import LetterContent\n"
        "from records.letters.render import render_letter\n"
        "content = LetterContent.from_json(sys.stdin.buffer.read().decode())\n"
        "print(hashlib.sha256(render_letter(content)).hexdigest())"
    )
    there = subprocess.run(
        [sys.executable, "-c", code, str(settings.LETTER_FONT_DIR), str(settings.TEMPLATES[0]["DIRS"][0])],
        input=SHORT.to_json().encode(),
        env={**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        check=True,
    )
    assert there.stdout.decode().strip().splitlines()[-1] == here
    assert hashlib.sha256(render_letter(replace(SHORT, note="此件公开"))).hexdigest() != here


def test_metadata_names_title_and_issuer(short: PdfReader) -> None:
    assert short.metadata.title == SHORT.title
    assert short.metadata.author == SHORT.issuer_name


def test_character_without_font_is_refused_and_named() -> None:
    with pytest.raises(LetterCharactersMissing, match="U\\+2A6D6") as raised:
        render_letter(replace(SHORT, note="联系人：张\U0002a6d6"))
    assert raised.value.characters == ["\U0002a6d6"]


def test_markup_in_a_letter_is_printed_and_fetches_nothing() -> None:
    body = (paragraph('<img src="http://example.com/x.png">'),)
    reader = PdfReader(BytesIO(render_letter(replace(SHORT, body=body))))
    assert '<img src="http://example.com/x.png">' in reader.pages[0].extract_text().replace("\n", "")
    assert len(reader.pages[0].images) == 0


def test_pasted_text_is_tidied_for_print() -> None:
    body = (paragraph("　　第一段。\r\n\r\n　　第\u200b二段。"),)
    text = (
        PdfReader(BytesIO(render_letter(replace(SHORT, body=body, title="关于治理\n重大风险的函"))))
        .pages[0]
        .extract_text()
    )
    lines = [line.strip() for line in text.split("\n")]
    assert "关于治理\n重大风险的函" in text
    assert lines[lines.index("第一段。") + 1] == "第二段。"


def test_content_comes_back_from_its_canonical_text() -> None:
    text = LONG.to_json()
    assert LetterContent.from_json(text) == LONG
    assert LetterContent.from_json(text).to_json() == text
    with pytest.raises(LetterContentError, match="colour"):
        LetterContent.from_json(text[:-1] + ',"colour":"red"}')


def test_issued_letter_needs_number_and_date() -> None:
    with pytest.raises(LetterContentError, match="公文缺少：发文字号、成文日期"):
        replace(SHORT, doc_number="", signed_on=None)
