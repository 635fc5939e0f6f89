"""Restoring: everything is checked before anything is touched; then files and database, all or nothing; then proof."""

import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import connection, transaction

from audit.anchors import files as anchor_files
from audit.anchors import keys, writing
from audit.anchors.files import Anchor
from audit.events import Event
from audit.services import record
from audit.verification import Verification, verify
from config.backup import manifest
from config.backup.making import BY_COMMAND
from config.backup.tools import BackupTrouble, run, to_database


def restore_backup(source: Path, *, at: datetime, real: datetime) -> tuple[dict[str, Any], Verification]:
    """Returns the manifest and what the verification of the restored chain found.

    `real`: the computer's time, for the anchors. Raises BackupTrouble; then database and folder are as they were, unless
    it says that the restored content differs.
    """
    content = manifest.read(source)
    _refuse_other_version(content)
    _refuse_full_target()
    run("pg_restore", ["--list", source / manifest.DUMP])
    written = _put_files(source / manifest.FILES)
    try:
        options = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]
        run("pg_restore", [*to_database(), *options, source / manifest.DUMP])
    except BaseException:
        for name in written:
            default_storage.delete(name)
        raise
    connection.close()
    _prove(content)
    lost = _anchors(source / manifest.ANCHORS, real)
    report = verify(reading=writing.read_own(), files=True)
    with transaction.atomic():
        said = {"made_at": content["made_at"], "chain": content["chain"], "lost_from": lost.seq + 1 if lost else None}
        record(Event.RESTORED, by=BY_COMMAND, at=at, data=said)
    return content, report


def _refuse_other_version(content: dict[str, Any]) -> None:
    """Numbers of migrations say whether this code and that database belong together; upgrade after restoring."""
    theirs, ours = set(content["migrations"]), manifest.code_migrations()
    # Migrations that were squashed or belong to a removed app stay in the table; only what we lack or add matters.
    if missing := sorted(theirs - ours):
        raise BackupTrouble(f"备份来自另一个版本的程序（有本版本没有的迁移 {missing[0]}），请用备份时的版本恢复")
    if extra := sorted(ours - theirs):
        raise BackupTrouble(f"备份来自较早的版本（缺迁移 {extra[0]}），请用备份时的版本恢复，再升级")


def _refuse_full_target() -> None:
    if tables := manifest.table_names():
        raise BackupTrouble(f"库 {connection.settings_dict['NAME']} 不是空库（有 {len(tables)} 张表），只能恢复到空库")
    if (name := next(manifest.stored_files(default_storage), None)) is not None:
        raise BackupTrouble(f"附件目录不是空的（有 {name}），只能恢复到空目录")


def _put_files(folder: Path) -> list[str]:
    written: list[str] = []
    try:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                name = str(path.relative_to(folder))
                with path.open("rb") as file:
                    written.append(default_storage.save(name, File(file)))
                if written[-1] != name:
                    raise BackupTrouble(f"{name} 不能按原名写入附件目录")
    except BaseException:
        for name in written:
            default_storage.delete(name)
        raise
    return written


def _prove(content: dict[str, Any]) -> None:
    """The database now holds exactly what the manifest says."""
    now = manifest.state_of_database()
    for what in ("tables", "counters", "chain", "migrations"):
        if now[what] != content[what]:
            raise BackupTrouble(f"恢复后的内容与清单不符（{what}），不要启用")


def _anchors(folder: Path, real: datetime) -> Anchor | None:
    """Bring the anchors along where there are none. Where newer ones exist, say in them from where the chain goes on."""
    own = writing.folder()
    own.mkdir(parents=True, exist_ok=True)
    for public in folder.glob("*.pub"):
        if not (own / public.name).exists():
            shutil.copyfile(public, own / public.name)
    if not anchor_files.files_in(own):
        for file in anchor_files.files_in(folder):
            shutil.copyfile(file, own / file.name)
    try:
        return writing.write_restored(at=real)
    except keys.KeyTrouble as trouble:
        raise BackupTrouble(f"已恢复，但存证记载的链更长，须用原来的密钥写明恢复：{trouble}") from trouble
