"""Files are kept by content and typed by content; photos lose their position; the file is there before its row."""

import hashlib
import io
import zipfile

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from audit.models import AuditEvent
from records.models import Attachment
from records.services.attachments import FileRefused, attach_all, content_type, inspect
from tests.risks.builders import Scene, photo, registered

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer <<>>\n%%EOF\n"


def upload(data: bytes, name: str = "文件.bin") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def image(fmt: str, mode: str = "RGB", size=(40, 30), **more) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, 3 if mode == "P" else None).save(out, fmt, **more)
    return out.getvalue()


def archive(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as bundle:
        for name in names:
            bundle.writestr(name, "<x/>")
    return out.getvalue()


def keep(scene: Scene, *files: SimpleUploadedFile) -> list[Attachment]:
    return attach_all(files, case=scene.case, purpose="现场照片", actor=scene.cast.reporter, at=scene.at, case_seq=1)


@pytest.fixture
def scene() -> Scene:
    return registered()


@pytest.mark.parametrize("fmt", ["JPEG", "PNG", "WEBP"])
def test_x6_photo_loses_position_and_camera(scene, fmt):
    exif = Image.Exif()
    exif[0x010F] = "PhoneMaker"
    exif[0x8825] = {1: "N", 2: (32.0, 56.0, 1.5), 3: "E", 4: (117.0, 22.0, 9.0)}
    data = image(fmt, exif=exif)
    assert Image.open(io.BytesIO(data)).getexif().get_ifd(0x8825)[1] == "N"
    kept = keep(scene, upload(data, "IMG_0001.jpg"))[0]
    with default_storage.open(kept.path) as stored:
        raw = stored.read()
    assert dict(Image.open(io.BytesIO(raw)).getexif()) == {}
    assert b"PhoneMaker" not in raw and b"Exif" not in raw
    assert Image.open(io.BytesIO(raw)).size == (40, 30)


def test_x6_photo_is_turned_before_its_turn_mark_goes(scene):
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    kept = keep(scene, upload(image("JPEG", exif=exif)))[0]
    with default_storage.open(kept.path) as stored:
        assert Image.open(stored).size == (30, 40)


def test_x6_file_is_stored_by_its_digest(scene):
    kept = keep(scene, upload(PDF, "检测报告.pdf"))[0]
    assert kept.digest == hashlib.sha256(PDF).hexdigest()
    assert kept.path == f"attachments/{kept.digest[:2]}/{kept.digest[2:4]}/{kept.digest}"
    with default_storage.open(kept.path) as stored:
        assert stored.read() == PDF
    assert (kept.name, kept.content_type, kept.size, kept.case_seq) == ("检测报告.pdf", "application/pdf", len(PDF), 1)
    event = AuditEvent.objects.get(case_id=scene.pk, name="records.attached")
    assert event.data["files"] == [
        {"id": kept.pk, "name": "检测报告.pdf", "digest": kept.digest, "purpose": "现场照片"}
    ]


def test_x6_same_content_is_written_once(scene, media):
    first, second = keep(scene, upload(PDF, "a.pdf"), upload(PDF, "b.pdf"))
    assert first.path == second.path and first.pk != second.pk
    assert len([path for path in media.rglob("*") if path.is_file()]) == 1


def test_x6_file_stands_in_storage_before_its_row(scene, media, monkeypatch):
    """A crash between the two leaves a file without a row, never a row without its file."""
    seen = []
    save = Attachment.save

    def watched(self, *args, **kwargs):
        seen.append(default_storage.exists(self.path))
        return save(self, *args, **kwargs)

    monkeypatch.setattr(Attachment, "save", watched)
    keep(scene, photo(), upload(PDF))
    assert seen == [True, True]


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (image("PNG"), "照片.jpg", "image/png"),
        (image("JPEG"), "照片.txt", "image/jpeg"),
        (image("PNG", mode="P"), "图.png", "image/png"),
        (image("PNG", mode="RGBA"), "图.png", "image/png"),
        (PDF, "报告.exe", "application/pdf"),
        (archive("[Content_Types].xml", "word/document.xml"), "方案.bin", DOCX),
        (archive("[Content_Types].xml", "xl/workbook.xml"), "台账.zip", XLSX),
    ],
)
def test_x6_type_is_by_content_not_by_name(scene, data, name, kind):
    kept = keep(scene, upload(data, name))[0]
    assert (kept.content_type, kept.name) == (kind, name)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff" + b"\x00" * 200, "照片.jpg"),
        (b"\x7fELF\x02\x01\x01" + b"\x00" * 60, "照片.png"),
        (b"<html><script>alert(1)</script></html>", "照片.jpg"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>", "照片.png"),
        (b"#!/bin/sh\nrm -rf /\n", "报告.pdf"),
        (image("GIF"), "照片.gif"),
        ("只是文字".encode(), "报告.docx"),
        (archive("password/keys.txt", "pixl/x"), "方案.docx"),
        (archive("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), "带宏.docx"),
        (archive("META-INF/MANIFEST.MF", "a.class"), "台账.xlsx"),
        (b"PK\x03\x04 word/ xl/ not a zip at all", "方案.docx"),
        (b"\x00", "a.jpg"),
    ],
)
def test_x6_what_is_not_a_document_is_refused_whatever_its_name(scene, media, data, name):
    with pytest.raises(FileRefused, match=f"“{name}”不是可接收的类型"):
        keep(scene, upload(data, name))
    assert not Attachment.objects.exists()
    assert not AuditEvent.objects.filter(name="records.attached").exists()
    assert not media.exists()


def test_x6_empty_file_is_refused(scene):
    with pytest.raises(FileRefused, match=r"“空\.jpg”是空文件"):
        keep(scene, upload(b"", "空.jpg"))


def test_x6_too_large_file_is_refused_with_the_limit_named(scene, settings):
    settings.ATTACHMENT_MAX_BYTES = 1024 * 1024
    with pytest.raises(FileRefused, match=r"“大\.pdf”超过 1 MB，请压缩后再传"):
        keep(scene, upload(PDF + b"0" * 1024 * 1024, "大.pdf"))
    exactly = PDF + b"0" * (1024 * 1024 - len(PDF))
    assert keep(scene, upload(exactly))[0].size == 1024 * 1024


def test_x6_broken_photo_is_refused(scene):
    with pytest.raises(FileRefused, match=r"“断\.jpg”打不开，图片可能已损坏"):
        keep(scene, upload(image("JPEG", size=(400, 300))[:600], "断.jpg"))


def test_x6_photo_of_too_many_pixels_is_refused():
    with pytest.raises(FileRefused, match="像素过大"):
        inspect(upload(image("PNG", mode="1", size=(10000, 7000)), "大图.png"))


def test_x6_one_bad_file_among_good_ones_keeps_none(scene):
    from django.db import transaction

    with pytest.raises(FileRefused), transaction.atomic():
        keep(scene, photo(), upload(b"MZ" + b"\x00" * 99, "x.jpg"))
    assert not Attachment.objects.exists()


def test_x6_content_type_of_nothing_known_is_empty():
    assert content_type(b"\x01\x02\x03") not in {"application/pdf", "image/jpeg"}
