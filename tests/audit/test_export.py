"""X6: what is handed over is checked by a program that knows nothing of the portal, run with nothing of ours in reach."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from audit.anchors.writing import write_anchor
from audit.models import AuditEvent, AuditLink
from audit.sealing import seal
from tests.audit.chains import MOMENT, anchored_chain, events, rechain, tamper
from tests.audit.test_tampering import edit, remove
from tests.risks.builders import risk_in

pytestmark = pytest.mark.django_db


def checked(folder: Path, *more: str) -> tuple[int, str]:
    """Run the verifier that lies in the package, isolated: no PYTHONPATH, no folder of ours, no settings."""
    command = [sys.executable, "-I", folder / "verify_audit.py", folder, *more]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env={}, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


def exported(folder: Path, *options: str) -> Path:
    call_command("audit", "export", str(folder), *options)
    return folder


@pytest.fixture
def package(anchor_dir: Path, tmp_path: Path) -> Path:
    anchored_chain()
    return exported(tmp_path / "out")


def test_x6_whole_export_passes_and_leaves_its_own_event(package):
    code, said = checked(package)
    assert code == 0
    assert "完整：第 1 至 30 环，其中 30 条事件给出内容" in said and "whole: links 1 to 30, 30 events" in said
    assert "与 3 条存证相符，直到第 30 环" in said
    event = AuditEvent.objects.latest("id")
    assert (event.name, event.actor_label) == ("audit.exported", "命令行")
    last = json.loads((package / "audit.jsonl").read_text().splitlines()[-1])
    assert (event.data["first"], event.data["last"], event.data["digest"]) == (1, 30, last["sha256"])


def line_changed(number: int, **more: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        file = folder / "audit.jsonl"
        lines = file.read_text().splitlines()
        lines[number] = json.dumps(json.loads(lines[number]) | more, ensure_ascii=False)
        file.write_text("\n".join(lines) + "\n")

    return change


def lines_kept(*ranges: slice) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        file = folder / "audit.jsonl"
        lines = file.read_text().splitlines()
        file.write_text("\n".join(line for part in ranges for line in lines[part]) + "\n")

    return change


def anchor_changed(folder: Path) -> None:
    file = folder / "anchors" / "anchors-2026-11.jsonl"
    file.write_text(file.read_text().replace('"seq":20', '"seq":19'))


CHANGES: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "text": (line_changed(15, text='{"case":null}'), "第 15 环：事件内容与摘要不符", "link 15: the event's text"),
    "event digest": (
        line_changed(15, text=None, event_digest="a" * 64),
        "第 15 环：环的摘要不符",
        "link 15: its digest",
    ),
    "time": (line_changed(15, recorded_at="2020-01-01T00:00:00.000000+00:00"), "第 15 环：环的摘要不符", "link 15"),
    "line removed": (lines_kept(slice(0, 15), slice(16, None)), "第 15 环：缺失", "link 15: missing"),
    "cut": (
        lines_kept(slice(0, 20)),
        "导出文件不完整：第 19 环之后没有结尾",
        "the export is cut: no end after link 19",
    ),
    "anchor": (anchor_changed, "存证 anchors-2026-11.jsonl:2 签名不符", "wrong signature"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_x6_tampered_export_is_refused_with_the_first_bad_link(package, change):
    act, chinese, english = CHANGES[change]
    act(package)
    code, said = checked(package)
    assert code == 1
    assert f"有问题：{chinese}" in said and english in said


def test_x6_export_of_a_rebuilt_chain_is_refused_by_the_anchors(anchor_dir, tmp_path):
    anchored_chain()
    edit(15)
    rechain(15)
    code, said = checked(exported(tmp_path / "out"))
    assert code == 1 and "第 11 环：与存证" in said and "第 11 至 20 环之间被改后整体重做" in said


def test_x6_export_of_a_cut_chain_is_refused_by_the_anchors(anchor_dir, tmp_path):
    anchored_chain()
    for seq in range(24, 31):
        remove(seq)
    code, said = checked(exported(tmp_path / "out"))
    assert code == 1 and "第 24 环：链尾被截：存证记载到第 30 环" in said


def test_x6_key_of_somebody_else_is_refused(package, tmp_path, settings):
    from audit.anchors.keys import create_key, public_pem

    settings.ANCHOR_KEY_FILE, settings.ANCHOR_DIR = tmp_path / "other.key", tmp_path / "other"
    other = tmp_path / "other.pem"
    other.write_text(public_pem(create_key()))
    code, said = checked(package, "--key", str(other))
    assert code == 1 and "没有给出" in said


def test_x6_one_case_is_handed_over_without_telling_of_others(anchor_dir, tmp_path, plain_font, media):
    events(4)
    mine, other = risk_in("graded"), risk_in("graded")
    events(4)
    seal()
    write_anchor(at=MOMENT)
    events(4)
    seal()
    write_anchor(at=MOMENT + timedelta(hours=1))
    package = exported(tmp_path / "out", "--case", str(mine.pk))
    own = AuditEvent.objects.filter(case_id=mine.pk).count()
    first = AuditLink.objects.filter(event__case_id=mine.pk).earliest("seq").seq
    code, said = checked(package)
    anchored = AuditLink.objects.count() - 4  # the first anchor after the case's last event; four more came later
    assert code == 0
    assert f"完整：第 {first} 至 {anchored} 环，其中 {own} 条事件给出内容" in said and "与 1 条存证相符" in said
    lines = (package / "audit.jsonl").read_text().splitlines()
    shown = [json.loads(line["text"])["case"] for line in map(json.loads, lines) if line.get("text")]
    assert shown == [mine.pk] * own
    assert own < len(lines) and AuditEvent.objects.filter(case_id=other.pk).exists()


def test_x6_until_ends_the_export_without_an_alarm(anchor_dir, tmp_path):
    anchored_chain()
    code, said = checked(exported(tmp_path / "out", "--until", "15"))
    assert code == 0 and "第 1 至 15 环" in said and "存证记载到第 30 环，导出只到第 15 环" in said


def test_x6_an_export_never_overwrites(package):
    with pytest.raises(CommandError, match="不是空目录"):
        call_command("audit", "export", str(package))


def test_x6_gap_within_a_case_is_named(anchor_dir, tmp_path):
    case = risk_in("graded").pk
    gone = AuditEvent.objects.get(case_id=case, case_seq=2).pk
    tamper("DELETE FROM audit_auditunsealed WHERE event_id = %s", gone)
    tamper("DELETE FROM audit_auditevent WHERE id = %s", gone)
    seal()
    code, said = checked(exported(tmp_path / "out"))
    assert code == 1 and f"案卷 {case} 缺第 2 号事件" in said


def test_x6_the_verifier_is_short_and_needs_nothing_of_ours():
    source = Path("docs/verify_audit.py").read_text()
    assert len(source.splitlines()) < 300
    imported = {line.split()[1].split(".")[0] for line in source.splitlines() if line.startswith(("import ", "from "))}
    assert imported <= {"argparse", "base64", "hashlib", "json", "sys", "pathlib", "cryptography"}
