"""Several PDFs as one, to be printed in one go: each begins on a sheet of its own, also when both sides are printed."""

import io
from collections.abc import Iterable

from pypdf import PdfReader, PdfWriter


def stack(files: Iterable[bytes]) -> bytes:
    writer = PdfWriter()
    for data in files:
        reader = PdfReader(io.BytesIO(data))
        for page in reader.pages:
            writer.add_page(page)
        if len(reader.pages) % 2:
            writer.add_blank_page()  # as large as the page before it
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
