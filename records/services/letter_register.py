"""发文登记簿: every number of an issuer, kind and year in order, the void ones with their reason (X7)."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

import xlsxwriter
from django.db import transaction
from django.db.models import QuerySet

from audit.clock import SHANGHAI, local_date
from audit.services import record
from organisations.actors import Actor
from organisations.models import Unit
from records.events import Event
from records.models import Letter, LetterCounter

COLUMNS = (
    ("序号", 8), ("发文字号", 26), ("标题", 50), ("主送", 36), ("抄送", 30), ("签发人", 10), ("签发日期", 12),
    ("送达日期", 12), ("环节", 10), ("作废、撤回、替代", 40),
)  # fmt: skip


@dataclass(frozen=True)
class Book:
    """Which numbers: one issuer's of one kind in one year."""

    issuer: Unit
    kind: str
    year: int

    @property
    def kind_label(self) -> str:
        return str(Letter.Kind(self.kind).label)

    def letters(self) -> QuerySet[Letter]:
        found = Letter.objects.filter(issuer=self.issuer, kind=self.kind, year=self.year, seq__isnull=False)
        return found.select_related("issued_by").prefetch_related("recalled_by", "replaced_by").order_by("seq")

    def missing(self, *, limit: int = 20) -> list[int]:
        """Numbers up to the last one given that no letter has: none where the portal numbers."""
        counter = LetterCounter.objects.filter(issuer=self.issuer, kind=self.kind, year=self.year).first()
        taken = set(self.letters().order_by().values_list("seq", flat=True))
        return [seq for seq in range(1, (counter.last if counter else 0) + 1) if seq not in taken][:limit]


def fate(letter: Letter) -> str:
    """Why a number is no valid letter any more, or ""."""
    if letter.state == Letter.State.VOID:
        return f"作废：{letter.void_reason}"
    later = {Letter.State.RECALLED: letter.recalled_by, Letter.State.REPLACED: letter.replaced_by}.get(
        Letter.State(letter.state)
    )
    if later is None:
        return ""
    by = "、".join(other.number for other in later.all() if other.state in Letter.SENT)
    return f"{letter.get_state_display()}：{by}"


@transaction.atomic
def export(book: Book, *, actor: Actor, at: datetime) -> IO[bytes]:
    """The whole book as xlsx, in number order; the export is recorded."""
    out = tempfile.TemporaryFile()  # noqa: SIM115 - the answer streams and closes it
    sheets = xlsxwriter.Workbook(out, {"constant_memory": True, "default_date_format": "yyyy-mm-dd"})
    sheet = sheets.add_worksheet("发文登记簿")
    bold = sheets.add_format({"bold": True, "bottom": 1, "text_wrap": True})
    wrap = sheets.add_format({"text_wrap": True, "valign": "top"})
    sheet.write_string(
        0, 0, f"{book.issuer.name}{book.kind_label}发文登记簿（{book.year}年）", sheets.add_format({"bold": True})
    )
    moment = f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    sheet.write_string(1, 0, f"数据截至 {moment}，{actor.label}导出。")
    for column, (head, width) in enumerate(COLUMNS):
        sheet.set_column(column, column, width)
        sheet.write_string(2, column, head, bold)
    sheet.freeze_panes(3, 0)
    count = 0
    for count, cells in enumerate(_rows(book), start=1):
        for column, cell in enumerate(cells):
            if isinstance(cell, int):
                sheet.write_number(count + 2, column, cell, wrap)
            else:
                sheet.write_string(count + 2, column, cell, wrap)
    sheets.close()
    data = {
        "register": "发文登记簿",
        "issuer": book.issuer.name,
        "kind": book.kind_label,
        "year": book.year,
        "rows": count,
    }
    record(Event.EXPORTED, by=actor.stamp, at=at, subject=("register", "letters"), data=data)
    out.seek(0)
    return out


def _rows(book: Book) -> Iterator[list[Any]]:
    for letter in book.letters().iterator(chunk_size=500):
        yield [
            letter.seq,
            letter.number,
            letter.title,
            letter.addressee,
            letter.copies_to,
            str(letter.issued_by or ""),
            local_date(letter.issued_at).isoformat() if letter.issued_at else "",
            local_date(letter.dispatched_at).isoformat() if letter.dispatched_at else "",
            letter.get_state_display(),
            fate(letter),
        ]
