"""What a kind of case puts into its dossier, as plain values: the printer knows no models."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Table:
    """`widths` are shares of the line in per cent; `mono` names the columns set in fixed width (digests)."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[int]
    caption: str = ""
    mono: Sequence[int] = ()

    @property
    def columns(self) -> list[dict[str, Any]]:
        return [
            {"head": head, "width": width, "mono": number in self.mono}
            for number, (head, width) in enumerate(zip(self.heads, self.widths, strict=True))
        ]

    @property
    def cells(self) -> list[list[dict[str, Any]]]:
        return [[{"text": text, "mono": n in self.mono} for n, text in enumerate(row)] for row in self.rows]


@dataclass(frozen=True)
class Picture:
    """A photo or a scanned sheet; `path` is where its bytes lie in the storage."""

    path: str
    caption: str
    whole_page: bool = False


@dataclass(frozen=True)
class Section:
    """One document of the dossier (卷内文件): one line of the catalogue, beginning on a page of its own."""

    key: str
    title: str
    facts: Sequence[tuple[str, str]] = ()
    paragraphs: Sequence[str] = ()
    tables: Sequence[Table] = ()
    # As components/timeline.html takes them, oldest first.
    entries: Sequence[dict[str, Any]] = ()
    signatures: Sequence[dict[str, Any]] = ()
    pictures: Sequence[Picture] = ()
    author: str = ""  # 责任者
    dated: str = ""
    remark: str = ""

    @property
    def is_empty(self) -> bool:
        parts = (self.facts, self.paragraphs, self.tables, self.entries, self.signatures, self.pictures)
        return not any(parts)


@dataclass(frozen=True)
class Enclosure:
    """A file that is bound in behind the printed sections, and lies in the archive under `name`."""

    title: str
    path: str
    name: str
    content_type: str
    digest: str
    size: int
    number: str = ""  # 文号
    author: str = ""
    dated: str = ""


@dataclass(frozen=True)
class Part:
    """A case in the volume, or what stands before several: its printed sections, then its files bound in behind them."""

    title: str
    number: str
    sections: Sequence[Section]
    enclosures: Sequence[Enclosure]
    kind: str = ""  # 类别, of a case

    @property
    def head(self) -> str:
        """What stands at the top of each of its printed pages."""
        return f"{self.title}（{self.number}）"


@dataclass(frozen=True)
class Dossier:
    """Everything that the cover, the catalogue and the parts say."""

    number: str
    title: str
    kind: str
    marks: Sequence[str]
    facts: Sequence[tuple[str, str]]
    parts: Sequence[Part]
    compiled: str  # when and by whom, in words
    version: int
    subject: str = "case"
    word: str = "案卷"
    heading: str = "案　卷"

    @property
    def has_many(self) -> bool:
        """More than one case can be in it: the catalogue and the sheets then say which one."""
        return self.subject != "case"

    @property
    def volume_name(self) -> str:
        return f"{self.word}.pdf"

    @property
    def enclosures(self) -> Iterator[tuple[Part, Enclosure]]:
        """Every file with the part it belongs to, in the order of the volume."""
        return ((part, enclosure) for part in self.parts for enclosure in part.enclosures)
