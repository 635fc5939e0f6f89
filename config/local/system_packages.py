"""Debian packages the portal needs beside Python: installed when root, else the exact command is printed."""

import contextlib
import ctypes
import os
import shutil
import subprocess
from pathlib import Path

from config.local.paths import IS_ROOT, LOCAL, LOGS, ROOT
from config.local.processes import LocalError, held_lock, step

# Pango lays out the letters; without libharfbuzz-subset0 writing one takes seconds instead of 0.1 s. Noto is the
# fallback for characters the letter fonts do not have.
LETTERS = ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0", "fonts-noto-cjk")
BROWSER = ("chromium",)  # browser journeys of the tests only

LIBRARIES = ("libpango-1.0.so.0", "libpangoft2-1.0.so.0", "libharfbuzz-subset.so.0")
APT_ENV = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}


def is_debian() -> bool:
    return shutil.which("apt-get") is not None and shutil.which("dpkg-query") is not None


def missing(packages: tuple[str, ...]) -> list[str]:
    """Those of `packages` that are not installed. Off Debian nobody can tell: none."""
    if not is_debian():
        return []
    query = ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *packages]
    found = subprocess.run(query, capture_output=True, text=True, check=False).stdout.splitlines()
    installed = {line.split()[0] for line in found if line.endswith(" installed")}
    return [name for name in packages if name not in installed]


def install_command(packages: list[str] | tuple[str, ...]) -> str:
    return f"sudo apt-get update && sudo apt-get install -y --no-install-recommends {' '.join(packages)}"


def ensure(packages: tuple[str, ...]) -> list[str]:
    """Install what is missing when root. Returns warnings to print; the portal runs without, its letters do not."""
    absent = missing(packages)
    if not absent:
        return []
    if not IS_ROOT:
        return [f"缺少系统软件包（missing system packages），请执行（type）:\n  {install_command(absent)}"]
    try:
        with apt_lock():
            update()
            step(
                ["apt-get", "install", "-y", "-q", "--no-install-recommends", *absent],
                env=APT_ENV,
                cwd=ROOT,
                timeout=900,
                log=LOGS / "apt.log",
                explain=f"安装系统软件包失败（installing system packages failed）: {' '.join(absent)}",
            )
    except LocalError as error:
        return [str(error)]
    return []


def apt_lock() -> contextlib.AbstractContextManager[None]:
    """apt refuses to be used twice at once; the launcher's threads wait for each other here."""
    return held_lock(LOCAL / "apt.lock", refuse=None)


def update() -> None:
    """Fetch the package lists. Call it while holding `apt_lock`."""
    explain = "读取软件包目录失败（apt-get update failed）"
    step(["apt-get", "update", "-q"], env=APT_ENV, cwd=ROOT, timeout=300, explain=explain)


def missing_libraries() -> list[str]:
    """Libraries of the letters that the loader cannot find, whatever the distribution."""
    absent = []
    for name in LIBRARIES:
        try:
            ctypes.CDLL(name)
        except OSError:
            absent.append(name)
    return absent


def chromium() -> Path | None:
    """The browser of the journeys, or None."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return Path(found)
    return None
