"""Anchor files: one JSON line per anchor, one file per month, each line naming the one before it."""

import base64
import fcntl
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from audit.anchors.keys import key_id
from audit.chain import GENESIS, instant
from audit.services import canonical_text, digest_of

# What a line says besides: the head as it was; or, after a restore, the head from which the chain goes on.
HEAD, RESTORED = "head", "restored"
_NAME = re.compile(r"anchors-\d{4}-\d{2}\.jsonl")


@dataclass(frozen=True, slots=True)
class Anchor:
    """`events`: how many events there were in all, those that waited for the sealer included."""

    n: int
    kind: str
    at: str
    seq: int
    head: str
    events: int
    key: str
    place: str = ""

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.at)


@dataclass
class Reading:
    """What the files say, as far as the first broken line; `notes` are no problems."""

    anchors: list[Anchor] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    last_line: str = ""

    @property
    def last(self) -> Anchor | None:
        return self.anchors[-1] if self.anchors else None


def files_in(place: Path) -> list[Path]:
    """The anchor files of a folder, the oldest first; a file stands for itself."""
    if place.is_dir():
        return sorted(path for path in place.iterdir() if _NAME.fullmatch(path.name))
    return [place]


def read(place: Path, keys: Mapping[str, Ed25519PublicKey]) -> Reading:
    """Check every line of a folder or of one file. A whole folder begins with the first anchor ever, a file may not."""
    reading = Reading()
    before: tuple[int, str] | None = (0, GENESIS) if place.is_dir() else None
    for where, line in _lines(files_in(place), reading):
        anchor, problem = _parsed(line, where, keys, before)
        if anchor is None:
            reading.problems.append(f"存证 {where}：{problem}")
            return reading
        if anchor.kind == RESTORED:
            _supersede(reading, anchor)
        reading.anchors.append(anchor)
        reading.last_line = line
        before = (anchor.n, digest_of(line))
    return reading


def _lines(files: Iterable[Path], reading: Reading) -> Iterator[tuple[str, str]]:
    for file in files:
        with file.open(encoding="utf-8", errors="replace") as handle:
            for number, line in enumerate(handle, start=1):
                if not line.endswith("\n"):
                    reading.notes.append(f"{file.name} 最后一行没有写完，不计")
                    return
                yield f"{file.name} 第 {number} 行", line.rstrip("\n")


def _parsed(
    line: str, where: str, keys: Mapping[str, Ed25519PublicKey], before: tuple[int, str] | None
) -> tuple[Anchor | None, str]:
    try:
        told = json.loads(line)
        signature = base64.b64decode(told.pop("signature"))
        prev = told.pop("prev")
        anchor = Anchor(**told, place=where)
        key = keys[anchor.key]
        key.verify(signature, canonical_text(told | {"prev": prev}).encode())
    except KeyError:
        return None, "没有对应的公钥"
    except (ValueError, TypeError, AttributeError):
        return None, "不是存证的格式"
    except InvalidSignature:
        return None, "签名不符"
    if before is not None and (anchor.n, prev) != (before[0] + 1, before[1]):
        return None, f"与前一行不衔接，缺第 {before[0] + 1} 条或次序被改"
    return anchor, ""


def _supersede(reading: Reading, restored: Anchor) -> None:
    """After a restore the chain goes on from an older head: what was anchored beyond it is known to be lost."""
    lost = max((a.seq for a in reading.anchors), default=0)
    if lost > restored.seq:
        reading.notes.append(f"{restored.at[:16]}Z 从备份恢复，第 {restored.seq + 1} 至 {lost} 环在恢复时失去")
        reading.anchors = [a for a in reading.anchors if a.seq <= restored.seq]


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """One writer at a time in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def append(
    folder: Path, *, kind: str, seq: int, head: str, events: int, at: datetime, key: Ed25519PrivateKey
) -> Anchor:
    """Sign and write one line, on the disk when this returns. The caller holds `writing`."""
    files = files_in(folder)
    previous = _last_line(files)
    n = json.loads(previous)["n"] + 1 if previous else 1
    anchor = Anchor(n, kind, instant(at), seq, head, events, key_id(key.public_key()))
    told = {name: getattr(anchor, name) for name in ("n", "kind", "at", "seq", "head", "events", "key")}
    told["prev"] = digest_of(previous) if previous else GENESIS
    signature = base64.b64encode(key.sign(canonical_text(told).encode())).decode()
    # A clock that was set back must not open an older month again.
    name = max([f"anchors-{anchor.at[:7]}.jsonl", *(file.name for file in files)])
    handle = os.open(folder / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(handle, (canonical_text(told | {"signature": signature}) + "\n").encode())
        os.fsync(handle)
    finally:
        os.close(handle)
    return anchor


def last_anchor(folder: Path, keys: Mapping[str, Ed25519PublicKey]) -> Anchor | None:
    """The newest line alone, its signature checked; None in an empty folder. ValueError when it is no anchor.

    The caller holds `writing`.
    """
    line = _last_line(files_in(folder))
    if not line:
        return None
    anchor, problem = _parsed(line, "最后一行", keys, None)
    if anchor is None:
        raise ValueError(f"链头存证的最后一行{problem}")
    return anchor


def newest(folder: Path, keys: Mapping[str, Ed25519PublicKey], count: int) -> list[Anchor]:
    """The last `count` anchors of the newest file, the newest first, for showing: each signature is checked, no order."""
    files = files_in(folder) if folder.is_dir() else []
    if not files:
        return []
    with files[-1].open("rb") as handle:
        handle.seek(max(0, files[-1].stat().st_size - 1024 * count))
        lines = handle.read().decode(errors="replace").split("\n")[:-1][-count:]
    parsed = [_parsed(line, files[-1].name, keys, None)[0] for line in reversed(lines)]
    return [anchor for anchor in parsed if anchor is not None]


def _last_line(files: Sequence[Path]) -> str:
    """Cuts away a line that a power cut left unfinished: nobody was ever told of it."""
    for file in reversed(files):
        with file.open("rb+") as handle:
            handle.seek(max(0, file.stat().st_size - 8192))
            tail = handle.read()
            whole, newline, torn = tail.rpartition(b"\n")
            if torn:
                handle.truncate(handle.tell() - len(torn))
        if newline:
            return whole.rpartition(b"\n")[2].decode(errors="replace")
    return ""
