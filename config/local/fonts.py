"""The letter fonts: Fandol, GPL with font exception, taken out of a Debian package of 49 MB without installing TeX.

They are fetched, never committed. Without them letters fall back to Noto, which reads well but is not the face
GB/T 9704 asks for; a district with licensed faces of its own points LETTER_FONT_DIR at them.
"""

import os
import subprocess
import tarfile
import tempfile
from pathlib import Path, PurePosixPath

from config.local import system_packages
from config.local.paths import FONTS, IS_ROOT
from config.local.processes import LocalError, step

PACKAGE = "texlive-lang-chinese"
FILES = (
    "FandolFang-Regular.otf",  # 仿宋, text
    "FandolSong-Regular.otf",  # 宋, page numbers
    "FandolSong-Bold.otf",  # 小标宋, title and issuer
    "FandolHei-Regular.otf",  # 黑, first headings
    "FandolKai-Regular.otf",  # 楷, second headings
)


def missing(folder: Path = FONTS) -> list[str]:
    return [name for name in FILES if not (folder / name).is_file()]


def ensure(folder: Path = FONTS) -> list[str]:
    """Fetch what is missing. Returns warnings to print; no font is a reason not to start."""
    absent = missing(folder)
    if not absent:
        return []
    if not system_packages.is_debian():
        return [f"请把文书字体放入 {folder}（put the letter fonts there）: {' '.join(absent)}；暂用 Noto 代替"]
    print("下载文书字体（49 MB）……（downloading the letter fonts）", flush=True)
    try:
        _fetch(folder)
    except (LocalError, OSError, tarfile.TarError) as error:
        hint = "sudo apt-get update && make run"
        return [
            f"文书字体未能取得，暂用 Noto 代替（letter fonts missing, Noto instead）。重试（retry）:\n  {hint}\n{error}"
        ]
    return []


def _fetch(folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="zhuan-fonts-") as temporary:
        explain = f"下载 {PACKAGE} 失败（download failed）"
        # Sandbox::User: apt's own download user cannot write into our private folder, and would only warn about it.
        download = ["apt-get", "download", "-q", "-o", "APT::Sandbox::User=root", PACKAGE]

        def fetch() -> None:
            step(download, env=system_packages.APT_ENV, cwd=Path(temporary), timeout=600, explain=explain)

        try:
            fetch()
        except LocalError:
            if not IS_ROOT:
                raise
            with system_packages.apt_lock():
                system_packages.update()  # a fresh machine has no package lists
            fetch()
        package = next(Path(temporary).glob(f"{PACKAGE}_*.deb"))
        unpack(package, folder)


def unpack(package: Path, folder: Path) -> None:
    """Copy the named font files out of the Debian package, each one whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    with subprocess.Popen(["dpkg", "--fsys-tarfile", package], stdout=subprocess.PIPE) as source:
        assert source.stdout is not None
        with tarfile.open(fileobj=source.stdout, mode="r|") as archive:
            for member in archive:
                name = PurePosixPath(member.name).name
                content = archive.extractfile(member) if name in FILES else None
                if content is not None:
                    draft = folder / (name + ".new")
                    draft.write_bytes(content.read())
                    os.replace(draft, folder / name)
        source.stdout.read()  # to the end, or dpkg complains about a closed pipe
    absent = missing(folder)
    if absent:
        raise LocalError(f"{PACKAGE} 中没有（does not hold）: {' '.join(absent)}")
