"""Storing files: by content, typed by content, photos without position; the file is written before its row."""

import hashlib
import io
import struct
import zipfile
import zlib
from collections.abc import Iterable
from datetime import datetime

import puremagic
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from PIL import Image, ImageOps, UnidentifiedImageError

from audit.services import record
from organisations.actors import Actor
from records.events import Event
from records.models import Attachment, Case

# What may be kept, by content. Office files are zip by content, so their inner type decides.
ACCEPTED = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "application/pdf": "pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}
ACCEPTED_WORDS = "JPG、PNG、WEBP 图片，PDF，Word（docx）或 Excel（xlsx）文件"
MAX_PIXELS = 60_000_000
# What Pillow lets through from a damaged or hostile file: a text chunk that unpacks without end, a cut block, a bad tag.
_BROKEN = (ValueError, SyntaxError, TypeError, LookupError, OverflowError, struct.error, zlib.error)


class KeptFile(UploadedFile):
    """A file that came with a paper act and was kept then; the act that takes effect gives it its purpose."""

    def __init__(self, attachment: Attachment) -> None:
        self.attachment = attachment
        super().__init__(
            file=default_storage.open(attachment.path),
            name=attachment.name,
            content_type=attachment.content_type,
            size=attachment.size,
        )


class FileRefused(Exception):
    """Why a file cannot be kept, in Chinese, shown at the file field."""


def inspect(upload: UploadedFile) -> tuple[bytes, str]:
    """The bytes to keep and their type; photos come back re-encoded without position and camera data."""
    name = upload.name or "文件"
    if (upload.size or 0) > settings.ATTACHMENT_MAX_BYTES:
        limit = settings.ATTACHMENT_MAX_BYTES // (1024 * 1024)
        raise FileRefused(f"“{name}”超过 {limit} MB，请压缩后再传")
    upload.seek(0)
    data = upload.read()
    if not data:
        raise FileRefused(f"“{name}”是空文件")
    kind = content_type(data)
    if kind not in ACCEPTED:
        raise FileRefused(f"“{name}”不是可接收的类型，请上传{ACCEPTED_WORDS}")
    return (_without_position(data, kind, name), kind) if kind.startswith("image/") else (data, kind)


def content_type(data: bytes) -> str:
    try:
        matches = puremagic.magic_string(data)
    except (puremagic.PureError, ValueError):
        return ""
    if data[:2] == b"PK":
        return _office_type(data)
    for match in matches:
        if match.mime_type in ACCEPTED:
            return match.mime_type
    return matches[0].mime_type if matches else ""


def _office_type(data: bytes) -> str:
    """Of a zip: Word or Excel by its parts, and only without macros; any other archive is just that."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = set(archive.namelist())
    except zipfile.BadZipFile:
        return ""
    if "[Content_Types].xml" in parts and not any(part.endswith("vbaProject.bin") for part in parts):
        for main, kind in (
            ("word/document.xml", "wordprocessingml.document"),
            ("xl/workbook.xml", "spreadsheetml.sheet"),
        ):
            if main in parts:
                return f"application/vnd.openxmlformats-officedocument.{kind}"
    return "application/zip"


def _without_position(data: bytes, kind: str, name: str) -> bytes:
    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.width * image.height > MAX_PIXELS:
                raise FileRefused(f"“{name}”的像素过大，请压缩后再传")
            turned = ImageOps.exif_transpose(image)
            out = io.BytesIO()
            fmt = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}[kind]
            if fmt == "JPEG" and turned.mode != "RGB":
                turned = turned.convert("RGB")
            clean = Image.new(turned.mode, turned.size)
            clean.paste(turned)
            if turned.mode == "P":
                clean.putpalette(turned.getpalette() or [])
            clean.save(out, fmt, quality=88)
            return out.getvalue()
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError, *_BROKEN) as error:
        raise FileRefused(f"“{name}”打不开，图片可能已损坏") from error


def store(data: bytes) -> tuple[str, str]:
    """Write content-addressed; returns (digest, path). The same content is written once."""
    digest = hashlib.sha256(data).hexdigest()
    path = f"attachments/{digest[:2]}/{digest[2:4]}/{digest}"
    if not default_storage.exists(path):
        path = default_storage.save(path, ContentFile(data))
    return digest, path


def attach_all(
    uploads: Iterable[UploadedFile],
    *,
    case: Case,
    purpose: str,
    actor: Actor,
    at: datetime,
    case_seq: int | None = None,
) -> list[Attachment]:
    """Keep every file or none (the caller's transaction). Raises FileRefused naming the file."""
    kept = []
    for upload in uploads:
        if isinstance(upload, KeptFile):
            upload.attachment.purpose, upload.attachment.case_seq = purpose, case_seq
            upload.attachment.save(update_fields=["purpose", "case_seq"])
            kept.append(upload.attachment)
            continue
        data, kind = inspect(upload)
        digest, path = store(data)
        kept.append(
            Attachment.objects.create(
                case=case,
                purpose=purpose,
                name=(upload.name or "文件")[:200],
                content_type=kind,
                size=len(data),
                digest=digest,
                path=path,
                uploaded_by=actor.person,
                at=at,
                case_seq=case_seq,
            )
        )
    if kept:
        record(
            Event.ATTACHED,
            by=actor.stamp,
            at=at,
            case_id=case.pk,
            data={"files": [{"id": a.pk, "name": a.name, "digest": a.digest, "purpose": purpose} for a in kept]},
        )
    return kept
