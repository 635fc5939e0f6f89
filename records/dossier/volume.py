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

from records.dossier.sections import Dossier, Enclosure, Section
from records.letters.render import print_pages

PDF = "application/pdf"
# More than this is not bound in but named in the catalogue: a worker's memory is not endless, and the archive has it.
MAX_BOUND_BYTES = 200 * 1024 * 1024
MAX_BOUND_PAGES = 2_000
_PICTURE_EDGE = 1600  # pixels: enough for a page; the original lies in the archive
_PRINTABLE = {"image/jpeg", "image/png", "image/webp", PDF}


@dataclass(frozen=True)
class Line:
    """One line of the catalogue (卷内目录)."""

    order: int
    number: str
    author: str
    title: str
    dated: str
    page: str
    remark: str


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


def bind(dossier: Dossier) -> Volume:
    body = print_pages(
        render_to_string("dossiers/body.html", {"dossier": dossier}), "dossier", _pictures(dossier.sections)
    )
    bound = _open(dossier.enclosures)
    lines, starts = _catalogue(dossier, body.anchors, body.pages, bound)
    total = body.pages + sum(item.pages for item in bound)
    front = print_pages(
        render_to_string("dossiers/front.html", {"dossier": dossier, "lines": lines, "total": total}), "dossier"
    )
    writer = PdfWriter()
    for page in PdfReader(io.BytesIO(front.pdf)).pages:
        writer.add_page(page)
    for page in PdfReader(io.BytesIO(body.pdf)).pages:
        writer.add_page(page)
    for item in bound:
        for page in item.reader.pages if item.reader else ():
            _without_actions(writer.add_page(page))
    _number(writer, first=front.pages + body.pages, number=body.pages + 1)
    for title, page_number in starts:
        writer.add_outline_item(title=title, page_number=front.pages + page_number - 1)
    writer.add_metadata({"/Title": f"{dossier.title}（{dossier.number}）", "/Subject": "案卷"})
    out = io.BytesIO()
    writer.write(out)
    return Volume(out.getvalue(), front.pages + total, lines)


def _catalogue(
    dossier: Dossier, anchors: dict[str, int], body_pages: int, bound: Sequence[_Bound]
) -> tuple[list[Line], list[tuple[str, int]]]:
    """The lines, and (title, page) of what has pages, for the file's own outline."""
    lines: list[Line] = []
    starts: list[tuple[str, int]] = []
    for section in dossier.sections:
        page = anchors[section.key] + 1
        starts.append((section.title, page))
        lines.append(Line(len(lines) + 1, "", section.author, section.title, section.dated, str(page), section.remark))
    page = body_pages + 1
    for item in bound:
        enclosure = item.enclosure
        if item.pages:
            starts.append((enclosure.title, page))
        lines.append(
            Line(
                len(lines) + 1,
                enclosure.number,
                enclosure.author,
                enclosure.title,
                enclosure.dated,
                str(page) if item.pages else "",
                item.remark,
            )
        )
        page += item.pages
    return lines, starts


def _open(enclosures: Sequence[Enclosure]) -> list[_Bound]:
    """What can be bound in; everything else says in the catalogue why not and where it is."""
    found = []
    size = pages = 0
    for enclosure in enclosures:
        if enclosure.content_type != PDF:
            where = "见“照片和扫描件”" if enclosure.content_type in _PRINTABLE else "见压缩包"
            found.append(_Bound(enclosure, None, where))
            continue
        size += enclosure.size
        reader = _reader(enclosure) if size <= MAX_BOUND_BYTES else None
        pages += len(reader.pages) if reader else 0
        if size > MAX_BOUND_BYTES or pages > MAX_BOUND_PAGES:
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


def _number(writer: PdfWriter, *, first: int, number: int) -> None:
    """Print the page number on every bound sheet, at the foot's outer corner, whatever the sheet's size."""
    count = len(writer.pages) - first
    if count <= 0:
        return
    stamps = print_pages(
        render_to_string("dossiers/stamps.html", {"numbers": range(number, number + count)}), "dossier_stamp"
    )
    for offset, stamp in enumerate(PdfReader(io.BytesIO(stamps.pdf)).pages):
        page = writer.pages[first + offset]
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
