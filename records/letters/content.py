"""What an official letter says, as a frozen value.

The content is fixed when the letter is issued and its canonical JSON is what gets digested: the PDF is only a
rendering of it and can be made again at any time. Hence nothing here knows about models, fonts or pages.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any

FORM_XINHAN = "xinhan"
"""信函格式 (GB/T 9704-2012, 10.1): the form of letters between units that are not superior and subordinate."""
FORM_WENJIAN = "wenjian"
"""文件格式 (chapter 7): notices, bulletins, reports; with red head, rule and 版记."""
FORM_JIYAO = "jiyao"
"""纪要格式 (10.3): minutes; nobody is addressed, nothing is signed or sealed, who took part stands at the end."""
FORMS = (FORM_XINHAN, FORM_WENJIAN, FORM_JIYAO)

PARAGRAPH = "paragraph"
HEADINGS = ("heading1", "heading2", "heading3", "heading4")
KINDS = (PARAGRAPH, *HEADINGS)


class LetterContentError(ValueError):
    """The content cannot make a letter; the message is for the person who writes it."""


@dataclass(frozen=True)
class Block:
    """One paragraph of the body.

    The text carries its own number ("一、", "（一）", "1.", "（1）"): what was frozen is what gets printed, no renderer
    renumbers a letter that people quote by its numbers. `run_in` continues a heading in the same paragraph, in the
    body face, as in "（一）立即停产。自收到本函之日起……".
    """

    kind: str
    text: str
    run_in: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise LetterContentError(f"正文段落类型无效：{self.kind}")
        if not self.text.strip():
            raise LetterContentError("正文中有空段落")


def paragraph(text: str) -> Block:
    """A plain paragraph, first line indented by two characters."""
    return Block(PARAGRAPH, text)


def heading(level: int, text: str, run_in: str = "") -> Block:
    """A heading of level 1 to 4: 一、黑体, （一）楷体, 1. and （1）仿宋."""
    if not 1 <= level <= len(HEADINGS):
        raise LetterContentError(f"标题层次只有一至四级：{level}")
    return Block(HEADINGS[level - 1], text, run_in)


@dataclass(frozen=True)
class LetterContent:
    """Everything a reader of the letter sees. A draft has no number, and may have no date.

    `issuer_name` is the whole of the red mark (…局, …局文件, …会议纪要). `approver` is the 签发人 of an upward letter.
    """

    issuer_name: str
    title: str
    recipient: str
    body: tuple[Block, ...]
    signer_name: str
    signed_on: date | None = None
    doc_number: str = ""
    urgency: str = ""
    secrecy: str = ""
    attachments: tuple[str, ...] = ()
    copies_to: tuple[str, ...] = ()
    note: str = ""
    draft: bool = False
    form: str = FORM_XINHAN
    sealed: bool = True
    approver: str = ""
    attendance: tuple[tuple[str, str], ...] = ()  # of minutes: (出席, names), (请假, names), (列席, names)
    verify_url: str = ""
    verify_code: str = ""

    def __post_init__(self) -> None:
        for name in ("body", "attachments", "copies_to"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        object.__setattr__(self, "attendance", tuple((label, names) for label, names in self.attendance))
        if self.form not in FORMS:
            raise LetterContentError(f"公文格式无效：{self.form}")
        required = {"发文机关标志": self.issuer_name, "标题": self.title, "发文机关署名": self.signer_name}
        if self.form != FORM_JIYAO:
            required["主送机关"] = self.recipient
        empty = [label for label, value in required.items() if not value.strip()]
        if not self.body:
            empty.append("正文")
        if not self.draft:
            empty += [] if self.doc_number.strip() else ["发文字号"]
            empty += [] if self.signed_on else ["成文日期"]
        if empty:
            raise LetterContentError(f"公文缺少：{'、'.join(empty)}")

    def to_json(self) -> str:
        """The canonical text: equal contents give equal text, so that its digest names the letter."""
        data = asdict(self)
        data["signed_on"] = self.signed_on.isoformat() if self.signed_on else None
        return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "LetterContent":
        """Read `to_json` back; a field this version does not know is an error, never dropped from a frozen letter."""
        data: dict[str, Any] = json.loads(text)
        unknown = set(data) - {field.name for field in fields(cls)}
        if unknown:
            raise LetterContentError(f"公文内容含有未知项：{'、'.join(sorted(unknown))}")
        data["body"] = tuple(Block(**block) for block in data["body"])
        data["signed_on"] = date.fromisoformat(data["signed_on"]) if data.get("signed_on") else None
        return cls(**data)

    def printed_text(self) -> str:
        """Every string that reaches the page, for the check of characters before a number is taken."""
        return "\n".join(self._strings())

    def _strings(self) -> Iterable[str]:
        yield from (self.issuer_name, self.doc_number, self.urgency, self.secrecy, self.title, self.recipient)
        for block in self.body:
            yield block.text
            yield block.run_in
        yield from self.attachments
        yield from (self.signer_name, self.note, self.approver, self.verify_url, self.verify_code)
        yield from self.copies_to
        for label, names in self.attendance:
            yield from (label, names)


def chinese_date(day: date | None) -> str:
    """成文日期 in Arabic figures without padding; the blank form on a draft that has no date yet."""
    return f"{day.year}年{day.month}月{day.day}日" if day else "    年  月  日"
