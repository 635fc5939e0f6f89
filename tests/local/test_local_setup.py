"""Preparing: nothing installed to begin with, locks without addresses, only named files of other makers."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from config.local import fonts, icons, run, vendor
from config.local.paths import ROOT, write_private
from config.local.processes import LocalError

LAUNCHER = ROOT / "config" / "local" / "__main__.py"
DRAWING = """<svg xmlns="http://www.w3.org/2000/svg" width="24" class="x"
>
  <path stroke="none" d="M0 0h24v24H0z" fill="none" />
  <path d="M3 9l4 -4" />
</svg>"""


@pytest.mark.parametrize("command", ["run", "test", "check", "backup", "restore", "reset", "lock"])
def test_every_command_loads_without_any_installed_package(command: str, tmp_path: Path) -> None:
    code = (
        "import importlib.util, sys\n"
        f"spec = importlib.util.spec_from_file_location('launcher', {str(LAUNCHER)!r})\n"
        "launcher = importlib.util.module_from_spec(spec); spec.loader.exec_module(launcher)\n"
        f"print(launcher.load({command!r}).main.__name__, 'celery' in sys.modules, 'django' in sys.modules)"
    )
    bare = [sys.executable, "-I", "-S", "-c", code]
    done = subprocess.run(bare, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (done.stdout, done.stderr) == ("main False False\n", "")


def test_an_unknown_command_prints_the_usage() -> None:
    done = subprocess.run([sys.executable, LAUNCHER, "destroy"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "run|test|check|fuzz|torture|bench|backup|restore|reset|lock" in done.stdout


@pytest.mark.parametrize("name", ["requirements.lock", "config/local/installer.lock", "package-lock.json"])
def test_locks_have_hashes_and_no_addresses(name: str) -> None:
    text = (ROOT / name).read_text()
    assert '"resolved"' not in text
    assert re.search(r"https?://(?!opencollective\.com|github\.com)", text) is None
    assert re.search(r"sha256:[0-9a-f]{64}|sha512-", text)


def test_the_sprite_holds_exactly_the_named_drawings(tmp_path: Path) -> None:
    for name in ("bell", "home", "unused"):
        (tmp_path / f"{name}.svg").write_text(DRAWING)
    sprite = icons.sprite(tmp_path, ["home", "bell", "home"])
    assert re.findall(r'<symbol id="([^"]+)" viewBox="0 0 24 24"', sprite) == ["bell", "home"]
    assert sprite.count('<path d="M3 9l4 -4" />') == 2
    assert "M0 0h24v24H0z" not in sprite
    with pytest.raises(ValueError, match="no-such"):
        icons.sprite(tmp_path, ["home", "no-such"])


def test_every_icon_a_template_names_is_in_the_sprite() -> None:
    used = set()
    for template in ROOT.glob("**/templates/**/*.html"):
        if ".venv" not in template.parts:
            used.update(re.findall(r'(?:icon\.html" with name|\bicon)="([a-z0-9-]+)"', template.read_text()))
    assert used
    assert used - set(icons.NAMES) == set()


def test_only_named_files_are_copied_with_licences_and_without_map_references(tmp_path: Path) -> None:
    modules, target = tmp_path / "node_modules", tmp_path / "static" / "vendor"
    for source in vendor.FILES:
        file = modules / source
        file.parent.mkdir(parents=True, exist_ok=True)
        (file.parent / "more.js").write_text("not wanted")
    (modules / "@tabler/core/dist/css/tabler.min.css").write_text("/*! Notice */a{}\n/*# sourceMappingURL=x.css.map */")
    (modules / "signature_pad/dist/signature_pad.umd.min.js").write_text("f()\n//# sourceMappingURL=x.js.map\n")
    for package in vendor.PACKAGES:
        (modules / package).mkdir(parents=True, exist_ok=True)
        (modules / package / "package.json").write_text('{"name": "n", "version": "1", "license": "MIT"}')
    (modules / "signature_pad" / "LICENSE").write_text("Permission is hereby granted")
    drawings = modules / "@tabler" / "icons" / "icons" / "outline"
    drawings.mkdir(parents=True)
    for name in icons.NAMES:
        (drawings / f"{name}.svg").write_text(DRAWING)
    target.mkdir(parents=True)
    (target / "left-over.js").write_text("old")

    vendor.build(modules, "stamp", target)
    assert sorted(path.name for path in target.iterdir()) == [
        ".installed-from",
        "icons.svg",
        "signature_pad.LICENSE.txt",
        "signature_pad.umd.min.js",
        "tabler-core.LICENSE.txt",
        "tabler-icons.LICENSE.txt",
        "tabler.min.css",
    ]
    assert (target / "tabler.min.css").read_text() == "/*! Notice */a{}\n"
    assert (target / "signature_pad.umd.min.js").read_text() == "f()\n"
    assert "Permission is hereby granted" in (target / "signature_pad.LICENSE.txt").read_text()
    assert "/*! Notice */" in (target / "tabler-core.LICENSE.txt").read_text()


def test_fonts_are_taken_out_of_the_package_and_a_missing_one_is_named(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN" / "control").write_text(
        "Package: x\nVersion: 1\nArchitecture: all\nMaintainer: a <a@example.org>\nDescription: x\n"
    )
    inside = tree / "usr" / "share" / "fandol"
    inside.mkdir(parents=True)
    for name in fonts.FILES[1:]:
        (inside / name).write_text(name)
    (inside / "Other.otf").write_text("not wanted")
    package = tmp_path / "x.deb"
    subprocess.run(["dpkg-deb", "--build", tree, package], check=True, capture_output=True)
    with pytest.raises(LocalError, match=fonts.FILES[0]):
        fonts.unpack(package, tmp_path / "fonts")
    assert sorted(path.name for path in (tmp_path / "fonts").iterdir()) == sorted(fonts.FILES[1:])
    assert fonts.missing(tmp_path / "fonts") == [fonts.FILES[0]]


@pytest.mark.parametrize("port", ["0", "65536", "eighty", "-1"])
def test_a_port_that_is_none_is_refused(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", port)
    with pytest.raises(LocalError, match="PORT"):
        run._port()


def test_a_taken_port_is_said_with_the_command_that_helps() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(LocalError, match=f"make run PORT={port + 1}"):
            run._refuse_taken("127.0.0.1", port)


def test_secrets_are_for_their_owner_only(tmp_path: Path) -> None:
    write_private(tmp_path / "secret", "x")
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


def test_the_launcher_is_found_where_the_makefile_says() -> None:
    assert "config/local/__main__.py" in (ROOT / "Makefile").read_text()
    assert importlib.util.spec_from_file_location("launcher", LAUNCHER) is not None
