"""The bound volume: cover and catalogue, the printed sections, the PDFs bound in behind, every page with its number.

Pages are counted from the first sheet after the catalogue, as in a paper file; so the catalogue can say page numbers
without its own length changing them. Only this module knows pypdf.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.files.storage import default_storage
from django.template.loader import render_to_string
from PIL import Image, UnidentifiedImageError
from pypdf import PdfReader, PdfWriter, Transformation
from pypdf.generic import ArrayObject, NameObject

from records.dossier.sections import Dossier, Enclosure, Part, Section
from records.letters.render import Printed, print_pages

PDF = "application/pdf"
# More than this is not bound in but named in the catalogue: a worker's memory is not endless, and the archive has it.
MAX_BOUND_BYTES = 200 * 1024 * 1024
MAX_BOUND_PAGES = 2_000
_PICTURE_EDGE = 1600  # pixels: enough for a page; the original lies in the archive
_PRINTABLE = {"image/jpeg", "image/png", "image/webp", PDF}


@dataclass(frozen=True)
class Line:
    """One line of the catalogue (卷内目录). `group` is the case it belongs to, where the volume has several."""

    order: int
    number: str
    author: str
    title: str
    dated: str
    page: str
    remark: str
    group: str


@dataclass(frozen=True)
class Volume:
    data: bytes
    pages: int
    lines: Sequence[Line]


@dataclass
class _Bound:
    enclosure: Enclosure
    reader: PdfReader | None
    remark: str = ""

    @property
    def pages(self) -> int:
        return len(self.reader.pages) if self.reader else 0


@dataclass
class _Sheets:
    """A part with its pages: `first` is the number printed on the first of them."""

    part: Part
    first: int
    printed: Printed | None
    bound: Sequence[_Bound]

    @property
    def printed_pages(self) -> int:
        return self.printed.pages if self.printed else 0

    @property
    def pages(self) -> int:
        return self.printed_pages + sum(item.pages for item in self.bound)


@dataclass
class _Room:
    """How much has been bound in so far."""

    size: int = 0
    pages: int = 0


def bind(dossier: Dossier) -> Volume:
    sheets: list[_Sheets] = []
    room, number = _Room(), 1
    for part in dossier.parts:
        sheets.append(_Sheets(part, number, _print(dossier, part, number), _open(part, room)))
        number += sheets[-1].pages
    lines = _catalogue(dossier, sheets)
    front = print_pages(
        render_to_string("dossiers/front.html", {"dossier": dossier, "lines": lines, "total": number - 1}), "dossier"
    )
    writer = PdfWriter()
    _add(writer, front.pdf)
    for sheet in sheets:
        if sheet.printed:
            _add(writer, sheet.printed.pdf)
        for page in (page for item in sheet.bound for page in (item.reader.pages if item.reader else ())):
            _without_actions(writer.add_page(page))
    _stamp(writer, dossier, sheets, before=front.pages)
    _outline(writer, dossier, sheets, before=front.pages)
    writer.add_metadata({"/Title": f"{dossier.title}（{dossier.number}）", "/Subject": dossier.word})
    out = io.BytesIO()
    writer.write(out)
    return Volume(out.getvalue(), front.pages + number - 1, lines)


def _print(dossier: Dossier, part: Part, number: int) -> Printed | None:
    """Each part for itself: a volume of forty cases is laid out in the time and memory of forty, not of their square."""
    if not part.sections:
        return None
    body = render_to_string("dossiers/body.html", {"part": part, "number": number})
    return print_pages(body, "dossier", _pictures(part.sections))


def _add(writer: PdfWriter, pdf: bytes) -> None:
    for page in PdfReader(io.BytesIO(pdf)).pages:
        writer.add_page(page)


def _starts(sheet: _Sheets) -> list[tuple[str, int]]:
    """(title, printed page) of what has pages."""
    found = []
    if sheet.printed:
        found = [(s.title, sheet.first + sheet.printed.anchors[s.key]) for s in sheet.part.sections]
    page = sheet.first + sheet.printed_pages
    for item in sheet.bound:
        if item.pages:
            found.append((item.enclosure.title, page))
        page += item.pages
    return found


def _catalogue(dossier: Dossier, sheets: Sequence[_Sheets]) -> list[Line]:
    lines: list[Line] = []
    for sheet in sheets:
        part = sheet.part
        # The registry's own sheets, in front of the cases, belong to none.
        is_case = dossier.has_many and bool(part.kind)
        number = part.number if is_case else ""
        group = f"{part.kind}　{part.head}" if is_case else ""
        pages = iter(_starts(sheet))
        for section in part.sections:
            told = (section.author, section.title, section.dated, str(next(pages)[1]), section.remark, group)
            lines.append(Line(len(lines) + 1, number, *told))
        for item in sheet.bound:
            file, page = item.enclosure, str(next(pages)[1]) if item.pages else ""
            told = (file.author, file.title, file.dated, page, item.remark, group)
            lines.append(Line(len(lines) + 1, file.number or number, *told))
    return lines


def _outline(writer: PdfWriter, dossier: Dossier, sheets: Sequence[_Sheets], *, before: int) -> None:
    """The file's own table of contents; cases of a volume that has several are folded under their names."""
    for sheet in sheets:
        starts, above = _starts(sheet), None
        if starts and dossier.has_many and sheet.part.kind:
            above = writer.add_outline_item(title=sheet.part.head, page_number=before + starts[0][1] - 1, is_open=False)
        for title, number in starts:
            writer.add_outline_item(title=title, page_number=before + number - 1, parent=above)


def _open(part: Part, room: _Room) -> list[_Bound]:
    """What can be bound in; everything else says in the catalogue why not and where it is."""
    shown = {picture.path for section in part.sections for picture in section.pictures}
    found = []
    for enclosure in part.enclosures:
        if enclosure.content_type != PDF:
            where = "见“照片和扫描件”" if enclosure.path in shown else "见压缩包"
            found.append(_Bound(enclosure, None, where))
            continue
        room.size += enclosure.size
        reader = _reader(enclosure) if room.size <= MAX_BOUND_BYTES else None
        room.pages += len(reader.pages) if reader else 0
        if room.size > MAX_BOUND_BYTES or room.pages > MAX_BOUND_PAGES:
            found.append(_Bound(enclosure, None, "本卷过大，未装订，见压缩包"))
        elif reader is None:
            found.append(_Bound(enclosure, None, "文件缺失、加密或损坏，未能装订，见压缩包"))
        else:
            found.append(_Bound(enclosure, reader))
    return found


def _reader(enclosure: Enclosure) -> PdfReader | None:
    """The file, read as far as binding will need it. Other people's PDFs fail in every way there is: any is one answer."""
    try:
        with default_storage.open(enclosure.path) as stored:
            reader = PdfReader(io.BytesIO(stored.read()))
        trial = PdfWriter()
        for page in reader.pages:
            trial.add_page(page).transfer_rotation_to_content()
        trial.write(io.BytesIO())
    except Exception:
        return None
    return reader if reader.pages else None


def _without_actions(page: Any) -> None:
    """A bound sheet is paper: nothing on it opens, runs or fills in."""
    page.transfer_rotation_to_content()
    for name in ("/AA", "/A"):
        page.pop(NameObject(name), None)
    kept = [note for note in page.get("/Annots", []) or [] if _is_plain(note.get_object())]
    if "/Annots" in page:
        del page[NameObject("/Annots")]
    if kept:
        page[NameObject("/Annots")] = ArrayObject(kept)


def _is_plain(note: Any) -> bool:
    """A stamp or a drawn mark; a seal put on by a signing program is one of these."""
    return note.get("/Subtype") in {"/Stamp", "/Ink", "/FreeText", "/Highlight"} and "/A" not in note


def _stamp(writer: PdfWriter, dossier: Dossier, sheets: Sequence[_Sheets], *, before: int) -> None:
    """Print on every bound sheet, at the foot's outer corner, its page number and, of several cases, which it belongs to."""
    stamped: list[tuple[int, str]] = []
    for sheet in sheets:
        case = sheet.part.number if dossier.has_many else ""
        stamped += [(n, case) for n in range(sheet.first + sheet.printed_pages, sheet.first + sheet.pages)]
    if not stamped:
        return
    stamps = print_pages(render_to_string("dossiers/stamps.html", {"stamps": stamped}), "dossier_stamp")
    for (number, _), stamp in zip(stamped, PdfReader(io.BytesIO(stamps.pdf)).pages, strict=True):
        page = writer.pages[before + number - 1]
        box, own = page.cropbox, stamp.mediabox
        right, bottom = float(box.right) - float(own.width), float(box.bottom)
        page.merge_transformed_page(stamp, Transformation().translate(right, bottom))


def _pictures(sections: Sequence[Section]) -> dict[str, bytes]:
    """JPEGs that fit a page, by the address under which the body names them; one that cannot be read stays out."""
    found: dict[str, bytes] = {}
    for picture in (picture for section in sections for picture in section.pictures):
        try:
            with default_storage.open(picture.path) as stored, Image.open(stored) as image:
                image.thumbnail((_PICTURE_EDGE, _PICTURE_EDGE))
                out = io.BytesIO()
                image.convert("RGB").save(out, "JPEG", quality=80)
        except (OSError, ValueError, UnidentifiedImageError, Image.DecompressionBombError):
            continue
        found[f"picture:{picture.path}"] = out.getvalue()
    return found
