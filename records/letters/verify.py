"""The mark of verification on a letter's first page: a QR of the public page's address, and the code to type by hand."""

from typing import Any

import segno

from records.letters.content import LetterContent

QUIET = 4  # modules of white around the code, without which readers do not find it


def verification(content: LetterContent) -> dict[str, Any] | None:
    if not content.verify_code:
        return None
    return {"code": content.verify_code, "qr": qr_path(content.verify_url) if content.verify_url else None}


def qr_path(text: str) -> dict[str, Any]:
    """The dark modules as one SVG path on a square of `side` modules; runs of a row are one rectangle."""
    rows = [bytes(row) for row in segno.make(text, error="m", micro=False, boost_error=False).matrix]
    parts = []
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            end = x
            while end < len(row) and row[end]:
                end += 1
            if end > x:
                parts.append(f"M{x + QUIET} {y + QUIET}h{end - x}v1h-{end - x}z")
            x = max(end, x + 1)
    return {"side": len(rows) + 2 * QUIET, "path": "".join(parts)}
