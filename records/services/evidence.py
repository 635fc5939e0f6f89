"""What lies outside the audit chain, held against it: signatures, letters, attachments and their files (X6).

Registered with `audit.verification.also_check`. Each check names the first row that differs.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from django.core.files.storage import default_storage

from audit.services import digest_of
from audit.streaming import stream
from records.events import Event
from records.models import Attachment

_SIGNATURES = """
SELECT s.id, s.content, s.digest, s.strokes, s.purpose, e.canonical
FROM records_signature s
LEFT JOIN audit_auditevent e
       ON e.subject_kind = 'signature' AND e.subject_id = s.id::text AND e.name = %s AND e.case_id = s.case_id
ORDER BY s.id
"""
_SIGNED = """
SELECT e.id FROM audit_auditevent e
WHERE e.name = %s AND NOT EXISTS (SELECT 1 FROM records_signature s WHERE s.id::text = e.subject_id)
ORDER BY e.id LIMIT 1
"""
_LETTERS = """
SELECT e.id, e.canonical, l.id, l.number, l.content, l.content_digest
FROM audit_auditevent e
LEFT JOIN records_letter l ON l.id::text = e.subject_id AND l.case_id = e.case_id
WHERE e.name = %s
ORDER BY e.id
"""
_TEXTS = "SELECT id, canonical FROM audit_auditevent WHERE name = %s ORDER BY id"
_FILES = "SELECT DISTINCT ON (path) id, name, path, digest FROM records_attachment ORDER BY path, id"


def check_evidence(files: bool) -> Iterator[str]:
    for check in (_signatures, _signed, _letters, _attached, *([_stored] if files else [])):
        yield from islice(check(), 1)


def _signatures() -> Iterator[str]:
    for pk, content, digest, strokes, purpose, canonical in stream(_SIGNATURES, [Event.SIGNED]):
        if canonical is None:
            yield f"签字 {pk} 没有对应的事件"
            return
        said = json.loads(canonical)["data"]
        if digest_of(content) != digest or said["digest"] != digest:
            yield f"签字 {pk} 的内容与事件不符"
        elif said["strokes"] != digest_of(strokes):
            yield f"签字 {pk} 的笔迹与事件不符"
        elif said["purpose"] != purpose:
            yield f"签字 {pk} 的事项与事件不符"


def _signed() -> Iterator[str]:
    for (event,) in stream(_SIGNED, [Event.SIGNED]):
        yield f"事件 {event} 记载的签字已不存在"


def _letters() -> Iterator[str]:
    for event, canonical, pk, number, content, digest in stream(_LETTERS, [Event.LETTER_ISSUED]):
        said = json.loads(canonical)["data"]
        if pk is None:
            yield f"事件 {event} 记载签发的文书 {said['number']} 已不存在"
        elif digest_of(content) != digest or said["digest"] != digest:
            yield f"文书 {pk}（{said['number']}）的定稿与签发时不符"
        elif said["number"] != number:
            yield f"文书 {pk} 的文号 {number} 与签发时的 {said['number']} 不符"


def _attached() -> Iterator[str]:
    for batch in _batches(stream(_TEXTS, [Event.ATTACHED]), 500):
        named = [(event, file) for event, canonical in batch for file in json.loads(canonical)["data"]["files"]]
        rows = Attachment.objects.in_bulk([file["id"] for _, file in named])
        for event, file in named:
            row = rows.get(file["id"])
            if row is None:
                yield f"事件 {event} 记载的附件 {file['id']}（{file['name']}）已不存在"
            elif row.digest != file["digest"]:
                yield f"附件 {row.pk}（{row.name}）的摘要与事件 {event} 不符"


def _batches(rows: Iterable[tuple[Any, ...]], size: int) -> Iterator[list[tuple[Any, ...]]]:
    left = iter(rows)
    while batch := list(islice(left, size)):
        yield batch


def _stored() -> Iterator[str]:
    for pk, name, path, digest in stream(_FILES):
        try:
            with default_storage.open(path) as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            yield f"附件 {pk}（{name}）的文件不在"
            continue
        if found != digest:
            yield f"附件 {pk}（{name}）的文件与摘要不符"
