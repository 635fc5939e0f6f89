"""What every command needs before it starts: environment, page parts, system packages, fonts; as much at once as can be."""

import hashlib
import os
import secrets
import threading
from collections.abc import Callable
from pathlib import Path

from config.local import environment, fonts, system_packages, vendor
from config.local.paths import ANCHOR_KEY, ANCHORS, FONTS, LOCAL, MEDIA, PREPARE_LOCK, STATIC, write_private
from config.local.processes import held_lock


class Track:
    """A piece of preparing in a thread of its own; `join` hands on its result or its error."""

    def __init__(self, work: Callable[[], list[str]]) -> None:
        self._work = work
        self._warnings: list[str] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._warnings = self._work()
        except BaseException as error:  # handed on by join(), in the thread that can act on it
            self._error = error

    def done(self) -> bool:
        return not self._thread.is_alive()

    def join(self) -> list[str]:
        """Wait. In slices, so that a signal is heard meanwhile."""
        while self._thread.is_alive():
            self._thread.join(0.1)
        if self._error is not None:
            raise self._error
        return self._warnings


def letters() -> list[str]:
    """System packages and fonts of the letters. Two launchers at once would be in each other's way."""
    with held_lock(LOCAL / "letters.lock", refuse=None):
        warnings = system_packages.ensure(system_packages.LETTERS)
        absent = system_packages.missing_libraries()
        if absent and not warnings:
            warnings.append(f"文书需要的库没有找到（libraries of the letters not found）: {' '.join(absent)}")
        return warnings + fonts.ensure()


def packages() -> list[str]:
    """The environment from the lock."""
    with held_lock(PREPARE_LOCK, refuse=None):
        environment.ensure()
    return []


def parts() -> list[str]:
    """`static/vendor/`, after the environment, which may have to lend its npm."""
    with held_lock(PREPARE_LOCK, refuse=None):
        vendor.ensure()
    return []


def secret(folder: Path = LOCAL) -> str:
    """The secret key of this checkout, made once: sessions outlive a restart, and no key is in the repository."""
    file = folder / "secret"
    if not file.exists():
        write_private(file, secrets.token_urlsafe(48))
    return file.read_text().strip()


def _anchors() -> str:
    """Anchors of one chain raise an alarm over another one: every database of this checkout has a folder of its own."""
    url = os.environ.get("DATABASE_URL")
    return f"{ANCHORS}-{hashlib.sha256(url.encode()).hexdigest()[:12]}" if url else str(ANCHORS)


def settings(*, database: str, redis: str, **more: str) -> dict[str, str]:
    """The environment of the portal's processes: the caller's, completed by what is ours."""
    ours = {
        "SECRET_KEY": os.environ.get("SECRET_KEY") or secret(),
        "MEDIA_ROOT": os.environ.get("MEDIA_ROOT") or str(MEDIA),
        "STATIC_ROOT": os.environ.get("STATIC_ROOT") or str(STATIC),
        "ANCHOR_DIR": os.environ.get("ANCHOR_DIR") or _anchors(),
        "ANCHOR_KEY_FILE": os.environ.get("ANCHOR_KEY_FILE") or str(ANCHOR_KEY),
        "LETTER_FONT_DIR": os.environ.get("LETTER_FONT_DIR") or str(FONTS),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": database,
        "REDIS_URL": redis,
        "PYTHONUNBUFFERED": "1",
    }
    return {**os.environ, **ours, **more}
