"""X10: a case as one PDF and as one archive, read back with tools that know nothing of how they were made."""

import csv
import hashlib
import io
import json
import subprocess
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from pypdf import PdfReader, PdfWriter

from audit.models import AuditEvent
from audit.sealing import seal
from records.models import Attachment, DossierRequest
from records.services.dossiers import compile_waiting, remove_old, request_dossier
from records.services.rendering import render_pending
from tests.factories import at, client_for, make_actor
from tests.risks.builders import Scene, photo, risk_in

pytestmark = [pytest.mark.django_db, pytest.mark.letters, pytest.mark.usefixtures("media")]
NOW = at("2026-10-12 09:00")


def pdf(pages: int, *, width: int = 595, rotate: int = 0, name: str = "检测报告.pdf") -> SimpleUploadedFile:
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(width, 842).rotate(rotate)
    out = io.BytesIO()
    writer.write(out)
    return SimpleUploadedFile(name, out.getvalue(), content_type="application/pdf")


def treated() -> Scene:
    """A case with a letter, a photo, two PDFs of odd shapes and a spreadsheet's worth of history."""
    scene = risk_in("treating")
    render_pending()
    scene.progress(photos=[photo("=现场/一.jpg"), pdf(3), pdf(2, width=842, rotate=90, name="图纸.pdf")])
    scene.apply()
    return scene


def compiled(scene: Scene, form: str = "pdf") -> DossierRequest:
    made = request_dossier(of=scene.case, form=form, actor=scene.cast.handler, at=NOW)
    assert compile_waiting(at=NOW) == (1, 1), DossierRequest.objects.get(pk=made.pk).error
    made.refresh_from_db()
    return made


def data_of(dossier: DossierRequest) -> bytes:
    with default_storage.open(dossier.path) as stored:
        return bytes(stored.read())


def words(page: object) -> str:
    return "".join(page.extract_text().split())  # type: ignore[attr-defined]


def catalogue(reader: PdfReader) -> tuple[int, dict[str, int]]:
    """(sheets before page 1, title → printed page) as the file's outline and its catalogue say."""
    first = next(
        n for n, page in enumerate(reader.pages) if "风险点登记情况" in words(page) and "卷内目录" not in words(page)
    )
    titles = {}
    for item in reader.outline:
        titles[item.title] = reader.get_destination_page_number(item) - first + 1  # type: ignore[union-attr,arg-type]
    return first, titles


def test_x10_pdf_has_cover_catalogue_and_true_page_numbers() -> None:
    scene = treated()
    seal()
    dossier = compiled(scene)
    reader = PdfReader(io.BytesIO(data_of(dossier)))
    assert len(reader.pages) == dossier.pages
    assert scene.case.title in words(reader.pages[0])
    assert "卷内目录" in words(reader.pages[1])
    first, titles = catalogue(reader)
    front = "".join(words(page) for page in reader.pages[:first])
    assert list(titles)[:2] == ["风险点登记情况", "分级情况"]
    assert {"时限及计算依据", "办理过程", "文书和送达情况", "签字", "照片和扫描件", "附件清单", "审计封存情况"} <= set(
        titles
    )
    letter = scene.letter()
    assert titles[letter.title] > titles["审计封存情况"]
    for title, number in titles.items():
        page = reader.pages[first + number - 1]
        assert words(page).endswith(str(number)) or words(page).startswith(str(number)), (title, number)
        assert "".join(title.split()) in front
        if "：" not in title:
            assert "".join(title.split()) in words(page) or title == letter.title
    # The bound PDFs come last, three sheets and two, with no sheet lost.
    assert titles["治理照片：图纸.pdf"] - titles["治理照片：检测报告.pdf"] == 3
    assert first + titles["治理照片：图纸.pdf"] + 1 == len(reader.pages)


def test_x10_pdf_tells_clocks_signatures_digests_and_seals_and_hides_phones() -> None:
    scene = treated()
    seal()
    reader = PdfReader(io.BytesIO(data_of(compiled(scene))))
    text = "".join(words(page) for page in reader.pages)
    for signature in scene.case.signatures.all():
        assert signature.digest in text
        assert "".join(signature.signer_label.split()) in text
    assert "国庆" in text  # the days of the clock, one by one
    assert "138****0000" in text
    assert "13805520000" not in text
    photo_ = Attachment.objects.get(case=scene.pk, content_type="image/jpeg")
    assert photo_.digest in text
    sealed = AuditEvent.objects.filter(case_id=scene.pk).exclude(auditlink=None)
    assert f"已封存{sealed.count()}项" in text


def test_x10_archive_checks_out_with_sha256sum(tmp_path: Path) -> None:
    scene = treated()
    with zipfile.ZipFile(io.BytesIO(data_of(compiled(scene, "zip")))) as archive:
        archive.extractall(tmp_path)
        names = set(archive.namelist())
    told = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    listed = {entry["path"]: entry for entry in manifest["files"]}
    assert set(listed) | {"manifest.json", "清单.csv", "SHA256SUMS", "怎样核对.txt"} == names
    for path, entry in listed.items():
        assert hashlib.sha256((tmp_path / path).read_bytes()).hexdigest() == entry["sha256"]
        assert entry["problem"] == ""
    kept = {entry["registered_sha256"] for entry in manifest["files"]} - {""}
    assert kept == set(Attachment.objects.filter(case=scene.pk).values_list("digest", flat=True))
    rows = list(csv.reader((tmp_path / "清单.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert [row[0] for row in rows[1:]] == list(listed)
    assert not any(row[1].startswith("=") for row in rows)
    assert PdfReader(tmp_path / "案卷.pdf").pages


def test_x10_changed_missing_and_unreadable_files_are_named(tmp_path: Path) -> None:
    scene = risk_in("treating")
    render_pending()
    broken = SimpleUploadedFile(
        "坏的.pdf", b"%PDF-1.7\nnothing that a reader could follow", content_type="application/pdf"
    )
    scene.progress(photos=[broken, photo("改过.jpg"), pdf(1, name="丢了.pdf")])
    changed, lost = (Attachment.objects.get(case=scene.pk, name=name) for name in ("改过.jpg", "丢了.pdf"))
    default_storage.delete(lost.path)
    with open(default_storage.path(changed.path), "ab") as stored:
        stored.write(b"one more byte")
    with zipfile.ZipFile(io.BytesIO(data_of(compiled(scene, "zip")))) as archive:
        problems = {e["title"]: e["problem"] for e in json.loads(archive.read("manifest.json"))["files"]}
        text = "".join(words(page) for page in PdfReader(io.BytesIO(archive.read("案卷.pdf"))).pages)
    assert problems["治理照片：改过.jpg"] == "与平台登记的摘要不一致"
    assert problems["治理照片：丢了.pdf"] == "文件缺失"
    assert problems["治理照片：坏的.pdf"] == ""
    assert text.count("未能装订") == 2


def test_x10_page_shows_the_way_and_the_result_can_be_come_back_to(settings) -> None:  # type: ignore[no-untyped-def]
    settings.BUSINESS_NOW = "2026-10-12T09:00:00+08:00"
    scene = risk_in("graded")
    client = client_for(scene.cast.handler)
    assert f"/dossiers/of/{scene.pk}/" in client.get(f"/risks/{scene.pk}/").content.decode()
    answer = client.post(f"/dossiers/of/{scene.pk}/", {"form": "pdf"})
    dossier = DossierRequest.objects.get()
    assert answer["Location"] == f"/dossiers/{dossier.pk}/"
    assert "排队中" in client.get(answer["Location"]).content.decode()
    assert client.get(f"/dossiers/{dossier.pk}/file/").status_code == 404
    # Asked twice, compiled once.
    client.post(f"/dossiers/of/{scene.pk}/", {"form": "pdf"})
    assert compile_waiting(at=NOW) == (1, 1)
    page = client.get(answer["Location"]).content.decode()
    assert "已完成" in page
    dossier.refresh_from_db()
    taken = client.get(f"/dossiers/{dossier.pk}/file/")
    assert hashlib.sha256(b"".join(taken.streaming_content)).hexdigest() == dossier.digest  # type: ignore[attr-defined]
    names = list(AuditEvent.objects.filter(subject_kind="dossier").order_by("id").values_list("name", flat=True))
    assert names == ["records.dossier_requested", "records.dossier_compiled", "records.dossier_downloaded"]
    # A later act makes it stale, a week removes it.
    scene.conclude()
    assert "又有办理" in client.get(answer["Location"]).content.decode()
    assert remove_old(at=NOW + timedelta(days=7)) == 0
    assert remove_old(at=NOW + timedelta(days=7, minutes=1)) == 1
    assert not default_storage.exists(dossier.path)
    assert "已在 7 天后清除" in client.get(answer["Location"]).content.decode()
    assert client.get(f"/dossiers/{dossier.pk}/file/").status_code == 404


def test_x10_dossier_is_only_for_the_unit_that_may_see_the_case() -> None:
    scene = risk_in("graded")
    dossier = compiled(scene)
    other = client_for(make_actor("department_handler", "区住建交通委"))
    mine = client_for(scene.cast.colleague)
    for url, answer in (
        (f"/dossiers/of/{scene.pk}/", 200),
        (f"/dossiers/{dossier.pk}/", 200),
        (f"/dossiers/{dossier.pk}/file/", 200),
    ):
        assert mine.get(url).status_code == answer
        assert other.get(url).status_code == 404
        assert other.post(url).status_code in {404, 405}
    # The enterprise sees the case, but not with the bureau's eyes.
    enterprise = client_for(scene.cast.principal)
    assert enterprise.get(f"/dossiers/of/{scene.pk}/").status_code == 200
    assert enterprise.get(f"/dossiers/{dossier.pk}/file/").status_code == 404


def test_x10_drafts_of_the_house_stay_out_of_the_addressees_dossier() -> None:
    scene = risk_in("graded")
    scene.draft(requirements="1.仅供内部的拟稿内容。")
    made = request_dossier(of=scene.case, form="pdf", actor=scene.cast.principal, at=NOW)
    assert compile_waiting(at=NOW) == (1, 1)
    made.refresh_from_db()
    text = "".join(words(page) for page in PdfReader(io.BytesIO(data_of(made))).pages)
    assert "仅供内部" not in text
    assert "起草文书（" in text  # that something happened is part of the chain, what it said is not


def test_x10_failure_is_told_and_tried_three_times(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = risk_in("graded")
    made = request_dossier(of=scene.case, form="pdf", actor=scene.cast.handler, at=NOW)

    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError("纸用完了")

    monkeypatch.setattr("records.services.dossiers.compose", fail)
    for _ in range(3):
        assert compile_waiting(at=NOW) == (1, 0)
    assert compile_waiting(at=NOW) == (0, 0)
    made.refresh_from_db()
    assert (made.state, made.error, made.path) == ("failed", "RuntimeError: 纸用完了", "")
    page = client_for(scene.cast.handler).get(f"/dossiers/{made.pk}/").content.decode()
    assert "没有完成" in page
    assert "纸用完了" in page
