"""Where things lie. One place, so that `make reset` knows what there is to remove."""

import hashlib
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / ".local"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
FONTS = LOCAL / "fonts"
LOGS = LOCAL / "log"
PIDS = LOCAL / "pids"
STATIC = LOCAL / "static"
MEDIA = LOCAL / "media"
ANCHORS = LOCAL / "anchors"
ANCHOR_KEY = LOCAL / "anchor.key"
LOCK = LOCAL / "run.lock"
PREPARE_LOCK = LOCAL / "prepare.lock"

IS_ROOT = os.geteuid() == 0


def digest_of(*files: Path, extra: str = "") -> str:
    """One digest over the content of files: equal digest, nothing to do again."""
    total = hashlib.sha256(extra.encode())
    for file in files:
        total.update(file.read_bytes())
    return total.hexdigest()


def write_private(path: Path, text: str) -> None:
    """A file only its owner can read, there completely or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        handle.write(text)
    draft.rename(path)
