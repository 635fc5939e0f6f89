"""核验码: an unguessable code per letter, and what the public page says about it (X7)."""

import hashlib
import secrets

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.urls import reverse

from organisations.models import District
from records.models import Letter

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # without what is misread on paper: 0 O, 1 I L
LENGTH = 16  # 79 bits: nobody finds a letter by trying


def new_code() -> str:
    """Sixteen characters in groups of four, as it is printed and typed."""
    drawn = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return "-".join(drawn[i : i + 4] for i in range(0, LENGTH, 4))


def normal_code(typed: str) -> str:
    """What somebody typed or a QR carries, in the form that is stored; "" when it cannot be a code."""
    drawn = "".join(c for c in typed.upper() if c.isascii() and c.isalnum())
    if len(drawn) != LENGTH or not set(drawn) <= set(ALPHABET):
        return ""
    return "-".join(drawn[i : i + 4] for i in range(0, LENGTH, 4))


def public_url(district: District, code: str) -> str:
    """The absolute address for the QR; "" where the portal does not know its own (then the code alone is printed)."""
    base = str(district.profile.get("letters", {}).get("public_url", "")) or settings.PUBLIC_URL
    return f"{base.rstrip('/')}{reverse('verify', args=[code.replace('-', '')])}" if base else ""


def letter_of(typed: str) -> Letter | None:
    code = normal_code(typed)
    return Letter.objects.select_related("issuer", "pdf", "scan").filter(verify_code=code).first() if code else None


def copy_matched(letter: Letter, upload: UploadedFile) -> str:
    """Which stored copy the file is, byte for byte: "盖章件", "平台生成的 PDF", or "". The file is hashed and not kept."""
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    for copy, name in ((letter.scan, "盖章件"), (letter.pdf, "平台生成的 PDF")):
        if copy is not None and copy.digest == digest.hexdigest():
            return name
    return ""
