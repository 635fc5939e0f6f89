"""Making a backup: anchors, then the database in one snapshot, then the files.

Files are written before their rows and never changed, so whatever a row of the snapshot names is there when the files are
copied afterwards. The portal goes on meanwhile.
"""

import os
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage
from django.db import connection, transaction

from audit.anchors import files as anchor_files
from audit.anchors import keys, writing
from audit.chain import instant
from audit.events import Event
from audit.services import Stamp, record
from config.backup import manifest
from config.backup.tools import BackupTrouble, run, to_database
from records.models import Attachment

BY_COMMAND = Stamp(label="命令行")


def make_backup(target: Path, *, at: datetime) -> dict[str, Any]:
    """Returns the manifest. `missing` in it names the attachments whose files are lost or changed; all else is in the backup."""
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise BackupTrouble(f"{target} 不是空目录，不覆盖任何备份")
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(target.name + ".partial")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    try:
        content = _fill(draft, at)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    if target.exists():
        target.rmdir()
    draft.rename(target)
    with transaction.atomic():
        said = {"target": target.name, "chain": content["chain"], "files": len(content["contents"])}
        record(Event.BACKED_UP, by=BY_COMMAND, at=at, data=said | {"missing": len(content["missing"])})
    return content


def _fill(draft: Path, at: datetime) -> dict[str, Any]:
    anchor = _copy_anchors(draft / manifest.ANCHORS)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot(), version()")
        snapshot, server = cursor.fetchone()
        state = manifest.state_of_database()
        known = list(Attachment.objects.order_by("path").values_list("path", "digest").distinct())
        dump = draft / manifest.DUMP
        run("pg_dump", [*to_database(), "--format=custom", f"--snapshot={snapshot}", f"--file={dump}"])
    _copy_files(draft / manifest.FILES)
    contents = {
        str(path.relative_to(draft)): {"sha256": manifest.digest_of_file(path), "bytes": path.stat().st_size}
        for path in sorted(draft.rglob("*"))
        if path.is_file()
    }
    stored = {name: about["sha256"] for name, about in contents.items()}
    missing = [path for path, digest in known if stored.get(f"{manifest.FILES}/{path}") != digest]
    content = state | {"made_at": instant(at), "server": server, "anchor": anchor, "contents": contents}
    content["missing"] = missing
    manifest.write(draft, content)
    os.sync()
    return content


def _copy_anchors(folder: Path) -> dict[str, Any] | None:
    """Before the snapshot, so that no anchor knows a head that the dump does not hold."""
    source = writing.folder()
    folder.mkdir()
    if not source.is_dir():
        return None
    with anchor_files.writing(source):
        last = anchor_files.last_anchor(source, keys.public_keys())
        for file in [*anchor_files.files_in(source), *source.glob("*.pub")]:
            shutil.copyfile(file, folder / file.name)
    return {"n": last.n, "seq": last.seq, "head": last.head, "at": last.at} if last else None


def _copy_files(folder: Path) -> None:
    folder.mkdir()
    for name in manifest.stored_files(default_storage):
        copy = folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        with default_storage.open(name) as source, copy.open("xb") as out:
            shutil.copyfileobj(source, out, 1024 * 1024)
