"""What a backup says of itself: rows, counters, the chain's head, and the digest of every file in it."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.files.storage import Storage
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from config.backup.tools import BackupTrouble

FORMAT = "zhuan-backup/1"
NAME, SEAL, DUMP = "manifest.json", "manifest.json.sha256", "database.dump"
FILES, ANCHORS = "files", "anchors"


def state_of_database() -> dict[str, Any]:
    """Rows by table, every counter row, the head of the chain; to be read in one snapshot."""
    with connection.cursor() as cursor:
        tables = {name: _one(cursor, f'SELECT count(*) FROM "{name}"') for name in table_names()}
        counters = {
            name: _one(cursor, f"SELECT coalesce(json_agg(t ORDER BY t.id), '[]') FROM \"{name}\" t")
            for name in tables
            if name.endswith("counter")
        }
        cursor.execute("SELECT seq, digest FROM audit_auditlink ORDER BY seq DESC LIMIT 1")
        seq, head = cursor.fetchone() or (0, "")
        events = _one(cursor, "SELECT count(*) FROM audit_auditevent")
        cursor.execute("SELECT app, name FROM django_migrations ORDER BY app, name")
        migrations = [f"{app}.{name}" for app, name in cursor.fetchall()]
    chain = {"seq": seq, "head": head, "events": events}
    return {"tables": tables, "counters": counters, "chain": chain, "migrations": migrations}


def _one(cursor: Any, query: str) -> Any:
    cursor.execute(query)
    return cursor.fetchone()[0]


def table_names() -> list[str]:
    """All tables of the database that are not the server's own."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p')"
            " AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%' ORDER BY 1"
        )
        return [row[0] for row in cursor.fetchall()]


def code_migrations() -> set[str]:
    return {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}


def digest_of_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def stored_files(storage: Storage, folder: str = "") -> Iterator[str]:
    """Names of all files in a storage, whatever kind of storage it is."""
    try:
        folders, names = storage.listdir(folder)
    except FileNotFoundError:
        return
    below = f"{folder}/" if folder else ""
    yield from (below + name for name in sorted(names) if name)
    for name in sorted(folders):
        yield from stored_files(storage, below + name)


def write(folder: Path, content: dict[str, Any]) -> None:
    """The manifest and its own digest, so that not a byte of it can be wrong unseen either."""
    text = json.dumps({"format": FORMAT} | content, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    (folder / NAME).write_text(text)
    (folder / SEAL).write_text(hashlib.sha256(text.encode()).hexdigest() + "\n")


def read(folder: Path) -> dict[str, Any]:
    """The manifest of a backup in which nothing is missing, too much or different. Raises BackupTrouble naming the file."""
    try:
        text, seal = (folder / NAME).read_bytes(), (folder / SEAL).read_bytes()
    except OSError:
        raise BackupTrouble(f"{folder} 不是完整的备份：没有 {NAME} 或 {SEAL}") from None
    if seal != hashlib.sha256(text).hexdigest().encode() + b"\n":
        raise BackupTrouble(f"备份已损坏：{NAME} 与它的摘要不符")
    content: dict[str, Any] = json.loads(text)
    if content["format"] != FORMAT:
        raise BackupTrouble(f"不认识的备份格式 {content['format']}")
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()} - {NAME, SEAL}
    wanted = content["contents"]
    for name in sorted(there | set(wanted)):
        if name not in there:
            raise BackupTrouble(f"备份已损坏：缺 {name}")
        if name not in wanted:
            raise BackupTrouble(f"备份已损坏：多出 {name}")
        if (folder / name).stat().st_size != wanted[name]["bytes"] or digest_of_file(folder / name) != wanted[name][
            "sha256"
        ]:
            raise BackupTrouble(f"备份已损坏：{name} 与清单的摘要不符")
    return content
