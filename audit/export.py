"""Handing the evidence over: links and texts as JSON lines, the anchors, the public keys and a program that checks them.

Whoever receives it needs nothing of ours: `docs/verify_audit.py` is a program of its own. Events outside the scope go
along as digests, so the chain stays checkable and nobody else's matters are told.
"""

import hashlib
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import connection, transaction

from audit.anchors import files, writing
from audit.chain import GENESIS, instant
from audit.events import Event
from audit.reading import UTC_TEXT
from audit.services import Stamp, record
from audit.streaming import stream

FORMAT = "zhuan-audit/1"
VERIFIER = settings.BASE_DIR / "docs" / "verify_audit.py"


@dataclass(frozen=True)
class Scope:
    """Which links, and which of their events with their text: those of `case`, or all."""

    case: int | None = None
    until: int | None = None


@dataclass
class Told:
    first: int = 0
    last: int = 0
    shown: int = 0
    digest: str = ""


@transaction.atomic
def export_folder(target: Path, *, scope: Scope, by: Stamp, at: datetime) -> Told:
    """Write a folder (new or empty), or one `.jsonl` file, and record that it was done.

    Raises FileExistsError for a target that holds something, ValueError when the scope holds no link.
    """
    if target.suffix == ".jsonl":
        if target.exists():
            raise FileExistsError(f"{target} 已存在")
        with target.open("xb") as out:
            told = write_links(out, scope=scope, at=at)
    else:
        if target.exists() and any(target.iterdir()):
            raise FileExistsError(f"{target} 不是空目录")
        (target / "anchors").mkdir(parents=True)
        # Nobody else may read what is about to be written.
        os.chmod(target, 0o700)
        for name, source in attachments().items():
            shutil.copyfile(source, target / name)
        with (target / "audit.jsonl").open("xb") as out:
            told = write_links(out, scope=scope, at=at)
    record_export(told, scope=scope, by=by, at=at, target=target.name)
    return told


@transaction.atomic
def export_zip(*, scope: Scope, by: Stamp, at: datetime, name: str) -> IO[bytes]:
    """The same as one zip in a temporary file, at its beginning. ValueError when the scope holds no link."""
    out = tempfile.TemporaryFile()  # noqa: SIM115 - the answer streams and closes it
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for part, source in attachments().items():
            packed.write(source, part)
        with packed.open("audit.jsonl", "w", force_zip64=True) as lines:
            told = write_links(lines, scope=scope, at=at)
    record_export(told, scope=scope, by=by, at=at, target=name)
    out.seek(0)
    return out


def record_export(told: Told, *, scope: Scope, by: Stamp, at: datetime, target: str) -> None:
    data = {"first": told.first, "last": told.last, "shown": told.shown, "digest": told.digest, "target": target}
    record(
        Event.EXPORTED,
        by=by,
        at=at,
        subject=("case", scope.case or ""),
        data=data | {"case": scope.case, "until": scope.until},
    )


def attachments() -> dict[str, Path]:
    """What goes beside the links: anchors, public keys, the verifying program. Name in the folder → where it is."""
    found = {VERIFIER.name: VERIFIER}
    folder = writing.folder()
    if folder.is_dir():
        found |= {f"anchors/{file.name}": file for file in files.files_in(folder)}
        found |= {f"anchors/{file.name}": file for file in sorted(folder.glob("*.pub"))}
    return found


def write_links(out: IO[bytes], *, scope: Scope, at: datetime) -> Told:
    """A head line, a line for each link, an end line with the digest of all before it."""
    told = Told()
    told.first, told.last = _range(scope)
    whole = hashlib.sha256()

    def put(content: dict[str, Any]) -> None:
        line = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"
        whole.update(line)
        out.write(line)

    head = {
        "format": FORMAT,
        "at": instant(at),
        "first": told.first,
        "last": told.last,
        "case": scope.case,
        "until": scope.until,
    }
    put(head | {"prev": _digest_before(told.first)})
    for line in _lines(scope, told):
        told.shown += line["text"] is not None
        put(line)
    told.digest = whole.hexdigest()
    put({"end": True, "sha256": told.digest})
    return told


def _range(scope: Scope) -> tuple[int, int]:
    """All links; for a case from its first event to the first anchor at or after its last one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(seq), max(seq) FROM audit_auditlink WHERE seq <= %s", [scope.until or 2**62])
        first, last = cursor.fetchone()
        if scope.case is not None and last is not None:
            cursor.execute(
                "SELECT min(l.seq), max(l.seq) FROM audit_auditlink l JOIN audit_auditevent e ON e.id = l.event_id"
                " WHERE e.case_id = %s AND l.seq <= %s",
                [scope.case, last],
            )
            first, newest = cursor.fetchone()
            if newest is not None:
                last = min((a.seq for a in writing.read_own().anchors if newest <= a.seq <= last), default=last)
    if first is None:
        raise ValueError("没有已封存的事件可导出")
    return first, last


def _digest_before(first: int) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT digest FROM audit_auditlink WHERE seq = %s", [first - 1])
        found = cursor.fetchone()
    return found[0] if found else GENESIS


def _lines(scope: Scope, told: Told) -> Iterator[dict[str, Any]]:
    query = (
        f"SELECT l.seq, l.form, l.event_id, l.digest, e.digest, {UTC_TEXT.format('e.recorded_at')},"
        " CASE WHEN %s IS NULL OR e.case_id = %s THEN e.canonical END"
        " FROM audit_auditlink l LEFT JOIN audit_auditevent e ON e.id = l.event_id"
        " WHERE l.seq BETWEEN %s AND %s ORDER BY l.seq"
    )
    names = ("seq", "form", "event", "digest", "event_digest", "recorded_at", "text")
    for row in stream(query, [scope.case, scope.case, told.first, told.last]):
        yield dict(zip(names, row, strict=True))
