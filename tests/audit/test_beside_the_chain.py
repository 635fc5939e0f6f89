"""X6: signatures, letters, attachments and files are held against the events that tell of them."""

import io
from pathlib import Path

import pytest
from django.core.management import call_command

from audit.sealing import seal
from audit.verification import verify
from records.models import Attachment, Letter, Signature
from tests.audit.chains import tamper
from tests.risks.builders import photo, risk_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_font", "media", "anchor_dir")]


@pytest.fixture
def case() -> int:
    scene = risk_in("treating")
    scene.progress(photos=[photo()])
    seal()
    return scene.pk


def test_x6_a_whole_case_raises_no_alarm(case):
    assert Signature.objects.exists() and Letter.objects.exists() and Attachment.objects.exists()
    assert verify(files=True).problems == []
    out = io.StringIO()
    call_command("audit", "verify", "--files", stdout=out)
    assert out.getvalue().startswith("审计链完整：")


def test_x6_what_was_changed_past_the_guards_is_found(case):
    signature, letter = Signature.objects.earliest("id"), Letter.objects.get()
    file = Attachment.objects.exclude(purpose="文书").earliest("id")

    def found(statement: str, *values: object) -> list[str]:
        from django.db import transaction

        with transaction.atomic():
            tamper(statement, *values)
            problems = verify().problems
            transaction.set_rollback(True)
        return problems

    changed = "UPDATE records_signature SET content = content || ' ' WHERE id = %s"
    assert found(changed, signature.pk) == [f"签字 {signature.pk} 的内容与事件不符"]
    both = (
        "UPDATE records_signature SET content = content || ' ',"
        " digest = encode(sha256(convert_to(content || ' ', 'UTF8')), 'hex') WHERE id = %s"
    )
    assert found(both, signature.pk) == [f"签字 {signature.pk} 的内容与事件不符"]
    strokes = "UPDATE records_signature SET strokes = 'M1 1 L2 2' WHERE id = %s"
    assert found(strokes, signature.pk) == [f"签字 {signature.pk} 的笔迹与事件不符"]
    gone = found("DELETE FROM records_signature WHERE id = %s", signature.pk)
    assert len(gone) == 1 and gone[0].endswith("记载的签字已不存在")
    forged = (
        "INSERT INTO records_signature (case_id, purpose, person_id, post_id, signer_label, at, method, content, digest,"
        " strokes, signer_name) SELECT case_id, '伪造', person_id, post_id, signer_label, at, method, content,"
        " digest, strokes, signer_name"
        " FROM records_signature WHERE id = %s"
    )
    told = found(forged, signature.pk)
    assert len(told) == 1 and told[0].endswith("没有对应的事件")
    content = "UPDATE records_letter SET content = replace(content, '2026', '2025') WHERE id = %s"
    assert found(content, letter.pk) == [f"文书 {letter.pk}（{letter.number}）的定稿与签发时不符"]
    number = "UPDATE records_letter SET number = '蚌山应急交办〔2026〕99号' WHERE id = %s"
    assert found(number, letter.pk) == [
        f"文书 {letter.pk} 的文号 蚌山应急交办〔2026〕99号 与签发时的 {letter.number} 不符"
    ]
    digest = found("UPDATE records_attachment SET digest = repeat('a', 64) WHERE id = %s", file.pk)
    assert len(digest) == 1 and digest[0].startswith(f"附件 {file.pk}（{file.name}）的摘要与事件")
    assert verify().problems == []


def test_x6_files_are_read_when_asked(case, media: Path):
    file = Attachment.objects.exclude(purpose="文书").earliest("id")
    stored = media / file.path
    stored.write_bytes(stored.read_bytes() + b" ")
    assert verify().ok
    assert verify(files=True).problems == [f"附件 {file.pk}（{file.name}）的文件与摘要不符"]
    stored.unlink()
    assert verify(files=True).problems == [f"附件 {file.pk}（{file.name}）的文件不在"]
