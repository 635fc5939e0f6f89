"""Backup and restore: a portal that is brought back goes on where it was; a damaged backup touches nothing."""

import io
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import override_settings

from audit.anchors.files import files_in
from audit.anchors.keys import create_key
from audit.anchors.writing import write_anchor
from audit.models import AuditEvent, AuditLink
from audit.sealing import seal
from config.backup import manifest
from records.models import Attachment, Letter, Signature
from tests.factories import make_actor
from tests.plugins.cloned_database import run_on_server
from tests.risks.builders import Cast, Scene, photo, risk_in

EARLIER = datetime.now(UTC) - timedelta(days=1)


@dataclass
class Portal:
    """A portal with a case in the middle of its treatment, and the backup of it."""

    root: Path
    case: int
    digests: dict[str, Any]
    cast: Cast

    @property
    def backup(self) -> Path:
        return self.root / "backup"


def digests() -> dict[str, Any]:
    """What must be the same afterwards, read with nothing of the backup's own code."""
    return {
        "events": list(AuditEvent.objects.order_by("id").values_list("id", "digest", "canonical")),
        "links": list(AuditLink.objects.order_by("seq").values_list("seq", "digest")),
        "signatures": list(Signature.objects.order_by("id").values_list("id", "digest")),
        "letters": list(Letter.objects.order_by("id").values_list("number", "content_digest")),
        "files": {a.digest: default_storage.open(a.path).read() for a in Attachment.objects.all()},
    }


@pytest.fixture(scope="module")
def portal(cloned_db: str, tmp_path_factory: pytest.TempPathFactory, plain_font_folder: Path) -> Iterator[Portal]:
    root = tmp_path_factory.mktemp("portal")
    with override_settings(
        MEDIA_ROOT=root / "media",
        ANCHOR_DIR=root / "anchors",
        ANCHOR_KEY_FILE=root / "anchor.key",
        LETTER_FONT_DIR=plain_font_folder,
        BUSINESS_NOW_SET_AT="",
    ):
        create_key()
        scene = risk_in("treating")
        scene.progress(photos=[photo()])
        seal()
        write_anchor(at=EARLIER)
        said = io.StringIO()
        before = digests()
        call_command("backup", str(root / "backup"), stdout=said)
        assert said.getvalue().startswith(f"已备份到 {root / 'backup'}：")
        yield Portal(root, scene.pk, before, scene.cast)


@contextmanager
def elsewhere(portal: Portal, tmp_path: Path, *, anchors: Path | None = None) -> Iterator[None]:
    """Another machine: an empty database, an empty folder, and no anchors unless some are given."""
    settings, name = connections.settings["default"], f"{portal.root.name}_{tmp_path.name}"[:60].lower()
    original = settings["NAME"]
    connections["default"].close()
    run_on_server(settings, f'CREATE DATABASE "{name}"')
    settings["NAME"] = connections["default"].settings_dict["NAME"] = name
    places = {"MEDIA_ROOT": tmp_path / "media", "ANCHOR_DIR": anchors or tmp_path / "anchors"}
    try:
        with override_settings(**places):
            yield
    finally:
        connections["default"].close()
        settings["NAME"] = connections["default"].settings_dict["NAME"] = original
        run_on_server(settings, f'DROP DATABASE "{name}" WITH (FORCE)')


def restored(folder: Path) -> str:
    said = io.StringIO()
    call_command("restore", str(folder), stdout=said)
    return said.getvalue()


def test_a_restored_portal_goes_on_with_the_same_digests(portal: Portal, tmp_path: Path) -> None:
    with elsewhere(portal, tmp_path):
        said = restored(portal.backup)
        links = len(portal.digests["links"])
        assert f"审计链完整：{links} 环，与 1 条存证相符" in said
        now = digests()
        assert now["events"][:-1] == portal.digests["events"]
        assert {key: now[key] for key in now if key != "events"} == {
            key: portal.digests[key] for key in now if key != "events"
        }
        assert AuditEvent.objects.latest("id").name == "audit.restored"
        # It goes on: another case, a second letter with the next number, the chain with its next link.
        scene = risk_in("handed_over")
        numbers = sorted(Letter.objects.values_list("number", flat=True))
        assert numbers == ["蚌山应急交办〔2026〕1号", "蚌山应急交办〔2026〕2号"]
        assert scene.pk > portal.case
        assert seal() > 0
        write_anchor(at=datetime.now(UTC))
        out = io.StringIO()
        call_command("audit", "verify", "--anchor", str(tmp_path / "anchors"), "--files", stdout=out)
        assert f"审计链完整：{AuditLink.objects.count()} 环" in out.getvalue() and "与 2 条存证相符" in out.getvalue()
        assert AuditLink.objects.count() > links


def test_the_next_act_on_the_restored_case_takes_the_next_number_within_it(portal: Portal, tmp_path: Path) -> None:
    with elsewhere(portal, tmp_path):
        restored(portal.backup)
        before = AuditEvent.objects.filter(case_id=portal.case).latest("case_seq").case_seq
        Scene(pk=portal.case, cast=portal.cast, at=EARLIER).progress()
        numbers = AuditEvent.objects.filter(case_id=portal.case).values_list("case_seq", flat=True)
        assert sorted(numbers) == list(range(1, len(numbers) + 1)) and max(numbers) > before


def flipped(name: str, place: float) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        file = folder / name
        data = bytearray(file.read_bytes())
        data[int(place * (len(data) - 1))] ^= 1
        file.write_bytes(data)

    return damage


def cut(folder: Path) -> None:
    file = folder / manifest.DUMP
    file.write_bytes(file.read_bytes()[:-1])


def one_file(folder: Path) -> Path:
    return next(path for path in sorted((folder / manifest.FILES).rglob("*")) if path.is_file())


DAMAGE: dict[str, tuple[Callable[[Path], None], str]] = {
    "first byte of the dump": (flipped(manifest.DUMP, 0), "database.dump 与清单的摘要不符"),
    "a byte in the middle of the dump": (flipped(manifest.DUMP, 0.5), "database.dump 与清单的摘要不符"),
    "last byte of the dump": (flipped(manifest.DUMP, 1), "database.dump 与清单的摘要不符"),
    "dump cut by one byte": (cut, "database.dump 与清单的摘要不符"),
    "dump missing": (lambda folder: (folder / manifest.DUMP).unlink(), "缺 database.dump"),
    "a byte of the manifest": (flipped(manifest.NAME, 0.5), "manifest.json 与它的摘要不符"),
    "last byte of the manifest": (flipped(manifest.NAME, 1), "manifest.json 与它的摘要不符"),
    "a byte of the manifest's digest": (flipped(manifest.SEAL, 0.5), "manifest.json 与它的摘要不符"),
    "manifest missing": (lambda folder: (folder / manifest.NAME).unlink(), "不是完整的备份"),
    "a file changed": (lambda folder: flipped(str(one_file(folder)), 0.5)(Path()), "与清单的摘要不符"),
    "a file missing": (lambda folder: one_file(folder).unlink(), "缺 files/attachments/"),
    "a file too much": (lambda folder: (folder / "files" / "x").write_text("x"), "多出 files/x"),
    "an anchor changed": (
        lambda folder: flipped(str(files_in(folder / "anchors")[0]), 0.5)(Path()),
        "与清单的摘要不符",
    ),
}


def test_a_damaged_backup_is_refused_before_anything_is_touched(portal: Portal, tmp_path: Path) -> None:
    wrong = {}
    with elsewhere(portal, tmp_path):
        for number, (name, (damage, words)) in enumerate(DAMAGE.items()):
            copy = tmp_path / f"copy{number}"
            shutil.copytree(portal.backup, copy)
            damage(copy)
            try:
                restored(copy)
                wrong[name] = "restored"
            except CommandError as error:
                if words not in str(error):
                    wrong[name] = str(error)
            if (
                manifest.table_names()
                or list(manifest.stored_files(default_storage))
                or (tmp_path / "anchors").exists()
            ):
                wrong[name] = "touched"
    assert wrong == {}


def test_a_restore_goes_only_into_an_empty_database_and_an_empty_folder(portal: Portal, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="不是空库"):
        restored(portal.backup)
    with elsewhere(portal, tmp_path):
        (tmp_path / "media").mkdir()
        (tmp_path / "media" / "x").write_text("x")
        with pytest.raises(CommandError, match="附件目录不是空的（有 x）"):
            restored(portal.backup)
        assert manifest.table_names() == []


def test_a_dump_that_does_not_go_in_leaves_nothing_behind(portal: Portal, tmp_path: Path) -> None:
    """Whole by its digests, but not a dump of this portal: the files that were put in are taken out again."""
    copy = tmp_path / "copy"
    shutil.copytree(portal.backup, copy)
    content = json.loads((copy / manifest.NAME).read_text())
    with elsewhere(portal, tmp_path):
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("CREATE TYPE evidence AS ENUM ('x'); CREATE SCHEMA audit;")
            cursor.execute("CREATE FUNCTION evidence_is_append_only() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'")
        with pytest.raises(CommandError, match="pg_restore 失败"):
            restored(copy)
        assert content["contents"] and list(manifest.stored_files(default_storage)) == []
        assert manifest.table_names() == []


def test_a_backup_never_overwrites_and_names_lost_files(portal: Portal, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="不是空目录"):
        call_command("backup", str(portal.backup))
    path = Attachment.objects.exclude(purpose="文书").earliest("id").path
    kept = default_storage.open(path).read()
    file = Path(default_storage.path(path))
    file.unlink()
    try:
        with pytest.raises(CommandError, match=f"备份已完成，但有 1 个附件的文件缺失或已变：{path}"):
            call_command("backup", str(tmp_path / "second"))
    finally:
        file.write_bytes(kept)
    assert json.loads((tmp_path / "second" / manifest.NAME).read_text())["missing"] == [path]


def test_a_backup_older_than_the_last_anchor_says_what_is_lost_and_goes_on(portal: Portal, tmp_path: Path) -> None:
    """The database was lost, the anchors were not: the chain goes on from the backup, and says so, signed."""
    make_actor("audit_admin")
    seal()
    write_anchor(at=datetime.now(UTC))
    newest = AuditLink.objects.latest("seq").seq
    assert newest > len(portal.digests["links"])
    anchors = tmp_path / "kept"
    shutil.copytree(portal.root / "anchors", anchors)
    with elsewhere(portal, tmp_path, anchors=anchors):
        said = restored(portal.backup)
        first = len(portal.digests["links"]) + 1
        assert f"从备份恢复，第 {first} 至 {newest} 环在恢复时失去" in said
        seal()
        write_anchor(at=datetime.now(UTC))
        call_command("audit", "verify", stdout=io.StringIO())
