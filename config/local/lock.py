"""`make lock`: resolve all versions anew. The only command that may change what gets installed."""

import os
import re
import shutil

from config.local import environment, prepare, vendor
from config.local.paths import LOCAL, ROOT
from config.local.processes import LocalError, step

GROUPS = ("local", "test", "check")


def main(_arguments: list[str]) -> int:
    """Writes requirements.lock, installer.lock and package-lock.json, none of which names an address."""
    try:
        prepare.packages()
        _python()
        _npm()
    except LocalError as error:
        print(error)
        return 1
    print("已更新（updated）: requirements.lock, config/local/installer.lock, package-lock.json")
    return 0


def _python() -> None:
    explain = "解析版本失败（resolving failed）"
    # A present output file would keep its versions: written beside it and moved over.
    common = ["--upgrade", "--generate-hashes", "--no-emit-index-url", "--no-header", "--python-version", "3.11"]
    for given, source, target in (
        ("", ["pyproject.toml", *[word for group in GROUPS for word in ("--group", group)]], environment.LOCK_FILE),
        ("uv\n", ["-"], environment.INSTALLER_LOCK),
    ):
        draft = LOCAL / (target.name + ".new")
        draft.unlink(missing_ok=True)
        command = [environment.UV, "pip", "compile", "--quiet", *source, *common, "--output-file", draft]
        step(command, cwd=ROOT, timeout=600, explain=explain, given=given)
        if re.search(r"https?://", draft.read_text()):
            raise LocalError(f"{target.name} 含有地址（names an address）")
        draft.replace(target)


def _npm() -> None:
    folder = LOCAL / "npm-lock"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in ("package.json", ".npmrc"):
        shutil.copy(ROOT / name, folder / name)
    npm = vendor.npm()
    env = {**os.environ, "PATH": os.pathsep.join([str(npm.parent), os.environ.get("PATH", os.defpath)])}
    command = [npm, "install", "--package-lock-only", "--ignore-scripts"]
    step(command, env=env, cwd=folder, timeout=300, explain="npm install --package-lock-only")
    text = (folder / "package-lock.json").read_text()
    if '"resolved"' in text:
        raise LocalError("package-lock.json 含有地址（names addresses）: .npmrc omit-lockfile-registry-resolved")
    (ROOT / "package-lock.json").write_text(text)
