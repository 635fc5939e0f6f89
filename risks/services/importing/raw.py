"""A look into the sheet's own XML before anything is parsed: how many rows are filled, and where formulas stand.

Formulas are neither evaluated nor believed: what was saved beside one may be old, or was never computed.
"""

import io
import re
import zipfile
from dataclasses import dataclass, field
from typing import IO
from xml.parsers import expat

_PIECE = 64 * 1024
_CELL = re.compile(r"([A-Z]{1,3})(\d{1,7})")


LAST_ROW, LAST_COLUMN = 20_000, 100


class TooManyRows(Exception):
    pass


class TooFar(Exception):
    def __init__(self, row: int, column: int) -> None:
        self.row, self.column = row, column
        super().__init__(row, column)


class Unreadable(Exception):
    pass


@dataclass
class Raw:
    filled: int = 0
    formulas: list[tuple[int, int]] = field(default_factory=list)  # (row as Excel counts, column from 0)


def look(data: bytes, sheet: str, *, at_most: int) -> Raw:
    """Stops at the first filled row beyond `at_most` with TooManyRows, however long the rest is; TooFar for a stray cell."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed, packed.open(_path_of(packed, sheet)) as part:
            return _scan(part, at_most)
    except (zipfile.BadZipFile, KeyError, expat.ExpatError, StopIteration, OSError, ValueError) as error:
        raise Unreadable from error


def _path_of(packed: zipfile.ZipFile, sheet: str) -> str:
    """The part that holds the sheet: workbook.xml names a relation, and the relation a file."""
    sheets = _attributes(packed.read("xl/workbook.xml"), "sheet")
    relation = next(_plain(found, "id") for found in sheets if found.get("name") == sheet)
    targets = _attributes(packed.read("xl/_rels/workbook.xml.rels"), "Relationship")
    target = next(found["Target"] for found in targets if found.get("Id") == relation)
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def _plain(attributes: dict[str, str], name: str) -> str:
    """`r:id`, whatever the prefix is called."""
    return next(value for key, value in attributes.items() if key.endswith(f":{name}"))


def _attributes(text: bytes, tag: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    parser = _parser()
    parser.StartElementHandler = lambda name, attrs: found.append(attrs) if _local(name) == tag else None
    parser.Parse(text, True)
    return found


class _Scan:
    """Where the parser stands, and what it has met."""

    def __init__(self, at_most: int) -> None:
        self.raw, self.at_most = Raw(), at_most
        self.row = self.column = 0
        self.filled = False

    def start(self, name: str, attrs: dict[str, str]) -> None:
        match _local(name):
            case "row":
                self.row, self.column, self.filled = _number(attrs.get("r", ""), self.row + 1), -1, False
            case "c":
                at = _CELL.fullmatch(attrs.get("r", ""))
                self.column = _index(at[1]) if at else self.column + 1
            case "f":
                self.meet()
                self.raw.formulas.append((self.row, self.column))
            case "v" | "is":
                self.meet()

    def meet(self) -> None:
        """A cell with something in it. One far away would make the whole table as large as the way there."""
        if self.row > LAST_ROW or self.column >= LAST_COLUMN:
            raise TooFar(self.row, self.column)
        self.filled = True

    def end(self, name: str) -> None:
        if _local(name) == "row" and self.filled:
            self.raw.filled += 1
            if self.raw.filled > self.at_most:
                raise TooManyRows


def _scan(part: IO[bytes], at_most: int) -> Raw:
    scan, parser = _Scan(at_most), _parser()
    parser.StartElementHandler, parser.EndElementHandler = scan.start, scan.end
    while piece := part.read(_PIECE):
        parser.Parse(piece, False)
    parser.Parse(b"", True)
    return scan.raw


def _number(text: str, otherwise: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else otherwise


def _index(letters: str) -> int:
    """A is 0, AA is 26."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _parser() -> expat.XMLParserType:
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _no_doctype  # a workbook has none; entities that grow begin with one
    return parser


def _no_doctype(*_: object) -> None:
    raise Unreadable


def _local(name: str) -> str:
    return name.rsplit(":", 1)[-1]
