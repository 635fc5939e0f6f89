"""`.venv` from `requirements.lock`: created once, left alone until the lock changes."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

from config.local import system_packages
from config.local.paths import IS_ROOT, LOCAL, PYTHON, ROOT, VENV, digest_of
from config.local.processes import LocalError, step

LOCK_FILE = ROOT / "requirements.lock"
INSTALLER_LOCK = ROOT / "config" / "local" / "installer.lock"
STAMP = VENV / ".installed-from"
UV = LOCAL / "uv" / "bin" / "uv"


def ensure() -> None:
    """Bring `.venv` to what the lock says. Does nothing, quickly, when it is there already."""
    wanted = digest_of(LOCK_FILE, INSTALLER_LOCK, extra=sys.version)
    if STAMP.exists() and STAMP.read_text() == wanted and PYTHON.exists():
        return
    if not _works(PYTHON):
        _create()
    print("安装 Python 软件包……（installing Python packages）", flush=True)
    _ensure_uv()
    locked: list[object] = ["--require-hashes", "-r", LOCK_FILE]
    try:
        step([UV, "pip", "install", "--python", PYTHON, *locked], cwd=ROOT, timeout=1200, explain="uv")
    except (LocalError, OSError) as error:
        # uv does not read pip's settings: behind a mirror configured for pip only, pip itself still gets through.
        print(f"{error}\n改用 pip（falling back to pip）……", flush=True)
        explain = "安装 Python 软件包失败（installing Python packages failed）"
        pip = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--quiet", *locked]
        step(pip, cwd=ROOT, timeout=3600, explain=explain)
    STAMP.write_text(wanted)


def _works(python: Path) -> bool:
    if not python.exists():
        return False
    check = [str(python), "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
    return subprocess.run(check, check=False, capture_output=True).returncode == 0


def _create() -> None:
    if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
        # Debian splits both off into a package of their own.
        if not (IS_ROOT and system_packages.is_debian()):
            command = system_packages.install_command(["python3-venv"])
            raise LocalError(f"缺少 python3-venv，请执行（python3-venv is missing, type）:\n  {command}")
        warnings = system_packages.ensure(("python3-venv",))
        if warnings:
            raise LocalError("\n".join(warnings))
    print("创建 Python 环境……（creating .venv）", flush=True)
    if VENV.exists():
        shutil.rmtree(VENV)
    explain = "创建 .venv 失败（creating .venv failed）"
    step([sys.executable, "-m", "venv", VENV], cwd=ROOT, timeout=300, explain=explain)


def _ensure_uv() -> None:
    """uv beside the environment, not in it: installing from the lock must not touch the installer."""
    wanted = INSTALLER_LOCK.read_text()
    stamp = UV.parents[1] / ".installed-from"
    if UV.exists() and stamp.exists() and stamp.read_text() == wanted:
        return
    shutil.rmtree(UV.parents[1], ignore_errors=True)
    pip = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--quiet", "--no-deps"]
    locked = ["--target", UV.parents[1], "--require-hashes", "-r", INSTALLER_LOCK]
    explain = "安装 uv 失败（installing uv failed）"
    try:
        step([*pip, *locked], cwd=ROOT, timeout=600, explain=explain)
    except LocalError as error:
        print(error, flush=True)
        return
    stamp.write_text(wanted)
