"""The archive: the bound volume, every file as it came, and lists of digests that anybody can check without the portal."""

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from django.core.files.storage import default_storage

from records.dossier.sections import Dossier, Enclosure

_CHUNK = 1024 * 1024
_HOW = """怎样核对这个压缩包

1. 解压后在本目录运行（Linux、macOS 的终端，Windows 的 Git Bash 或 WSL）：
       sha256sum -c SHA256SUMS
   每个文件后面显示 OK（或“成功”），就是和导出时逐字节一致。
   没有 sha256sum 的，Windows 可用 PowerShell：Get-FileHash 文件名 -Algorithm SHA256，和“清单.csv”对照。
2. “清单.csv”（Excel 可打开）和 manifest.json 列出每个文件的名称、字节数、SHA-256，以及平台登记时的摘要。
   两个摘要一致，说明文件从上传起没有变过；不一致或缺失的，“问题”一栏写明。
3. 平台登记的摘要都写在上传当时的审计事件里。要核对审计链，请平台的审计管理员出具链的校验结果。
"""


@dataclass
class _Entry:
    path: str
    sha256: str
    size: int
    title: str
    case: str
    registered: str
    problem: str

    def told(self) -> dict[str, Any]:
        return {
            "path": self.path,
            "size": self.size,
            "sha256": self.sha256,
            "title": self.title,
            "case": self.case,
            "registered_sha256": self.registered,
            "problem": self.problem,
        }


def pack(dossier: Dossier, volume: bytes, out: IO[bytes]) -> None:
    """Write the archive into `out`. A file that is gone or changed is named in the lists, never left out in silence."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        whole = "" if dossier.has_many else dossier.number
        entries = [_write(archive, dossier.volume_name, [volume], title=dossier.word, case=whole, registered="")]
        for part, enclosure in dossier.enclosures:
            told = {"title": enclosure.title, "case": part.number, "registered": enclosure.digest}
            if default_storage.exists(enclosure.path):
                entries.append(_write(archive, enclosure.name, _read(enclosure), **told))
            else:
                entries.append(_Entry(enclosure.name, "", 0, problem="文件缺失", **told))
        for name, text in (
            ("manifest.json", _manifest(dossier, entries)),
            ("清单.csv", _csv(entries)),
            ("怎样核对.txt", _HOW),
        ):
            archive.writestr(name, text.encode("utf-8-sig" if name.endswith(".csv") else "utf-8"))
        sums = "".join(f"{entry.sha256}  {entry.path}\n" for entry in entries if entry.sha256)
        archive.writestr("SHA256SUMS", sums.encode())


def _read(enclosure: Enclosure) -> Iterator[bytes]:
    with default_storage.open(enclosure.path) as stored:
        while chunk := stored.read(_CHUNK):
            yield chunk


def _write(archive: zipfile.ZipFile, name: str, chunks: Any, *, title: str, case: str, registered: str) -> _Entry:
    digest, size = hashlib.sha256(), 0
    with archive.open(name, "w", force_zip64=True) as target:
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
            target.write(chunk)
    found = digest.hexdigest()
    problem = "与平台登记的摘要不一致" if registered and registered != found else ""
    return _Entry(name, found, size, title, case, registered, problem)


def _manifest(dossier: Dossier, entries: list[_Entry]) -> str:
    told = {
        dossier.subject: dossier.number,
        "title": dossier.title,
        "kind": dossier.kind,
        "version": dossier.version,
        "compiled": dossier.compiled,
        "algorithm": "SHA-256",
        "files": [entry.told() for entry in entries],
    }
    return json.dumps(told, ensure_ascii=False, indent=2)


def _csv(entries: list[_Entry]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["文件", "内容", "案卷", "字节", "SHA-256", "平台登记的摘要", "问题"])
    for entry in entries:
        # Never as a formula: what people typed may begin with “=”.
        title = f"'{entry.title}" if entry.title[:1] in "=+-@" else entry.title
        writer.writerow([entry.path, title, entry.case, entry.size, entry.sha256, entry.registered, entry.problem])
    return out.getvalue()
