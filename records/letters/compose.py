"""From what was typed to what is printed: the body's levels, the red mark, the last words of a replacement (X7)."""

import re

from audit.clock import local_date
from records.letters.content import Block, LetterContent, heading, paragraph
from records.models import Letter

_LEVELS = (
    (1, re.compile(r"[一二三四五六七八九十百]+、")),
    (2, re.compile(r"（[一二三四五六七八九十百]+）")),
    (3, re.compile(r"[0-9]+[.．](?![0-9])")),
    (4, re.compile(r"（[0-9]+）")),
)
_ENDS = "。；：！？"


def blocks_of(text: str) -> tuple[Block, ...]:
    """One block per line. A line that begins with a number of the standard's four levels is a heading of that level.

    At the first two levels a heading ends at its first full stop and the text runs on in the body face; at the others,
    which have no face of their own, a whole sentence is a paragraph.
    """
    return tuple(_block(line.strip()) for line in text.splitlines() if line.strip())


def _block(line: str) -> Block:
    for level, number in _LEVELS:
        found = number.match(line)
        if found is None:
            continue
        stop = line.find("。", found.end())
        if level > 2:
            return paragraph(line) if line[-1] in _ENDS else heading(level, line)
        if 0 <= stop < len(line) - 1:
            return heading(level, line[: stop + 1], line[stop + 1 :])
        return heading(level, line)
    return paragraph(line)


def red_mark(letter: Letter) -> str:
    """文件 carries the issuer's name and 文件, minutes 会议纪要, a letter the name alone (7.2.4, 10.1, 10.3)."""
    name = letter.issuer.letterhead or letter.issuer.name
    return name + {Letter.Form.WENJIAN: "文件", Letter.Form.JIYAO: "会议纪要"}.get(Letter.Form(letter.form), "")


def replacing(letter: Letter) -> tuple[Block, ...]:
    """替代…: the last paragraph of a letter that stands in the place of an earlier one."""
    if letter.replaces is None:
        return ()
    kind = {Letter.Kind.RISK_HANDOVER: "函"}.get(Letter.Kind(letter.kind), letter.get_kind_display())
    return (paragraph(f"本{kind}替代《{letter.replaces.title}》（{letter.replaces.number}），原件不再有效。"),)


def content_of(letter: Letter, *, approver: str = "") -> LetterContent:
    """A letter of its own as it will be frozen: number, date and code are filled in when it is issued."""
    copies = [delivery.name for delivery in letter.deliveries.all() if delivery.is_copy]
    if letter.form == Letter.Form.JIYAO:  # minutes address nobody: all who get them stand in 版记
        copies = [delivery.name for delivery in letter.deliveries.all()]
    took_part = (("出席", letter.attendees), ("请假", letter.absentees), ("列席", letter.observers))
    return LetterContent(
        form=letter.form,
        issuer_name=red_mark(letter),
        title=letter.title,
        recipient=letter.addressee,
        body=blocks_of(letter.body) + replacing(letter),
        signer_name=letter.issuer.letterhead or letter.issuer.name,
        signed_on=local_date(letter.issued_at) if letter.issued_at else None,
        urgency=letter.urgency,
        attachments=tuple(line.strip() for line in letter.attachment_names.splitlines() if line.strip()),
        copies_to=tuple(copies),
        note=letter.note,
        sealed=letter.is_sealed,
        approver=approver if letter.is_upward and letter.form == Letter.Form.WENJIAN else "",
        attendance=tuple((label, names) for label, names in took_part if names.strip()),
        draft=True,
    )
