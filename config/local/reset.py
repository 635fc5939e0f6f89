"""`make reset`: remove the local data, so that the next `make run` starts over. Downloads stay."""

import shutil

from config.local import postgres
from config.local.paths import ANCHOR_KEY, ANCHORS, IS_ROOT, LOCAL, LOGS, MEDIA, PIDS, STATIC
from config.local.processes import LocalError
from config.local.run import stopped_portal


def main(_arguments: list[str]) -> int:
    """Refuses while the portal runs."""
    try:
        with stopped_portal():
            home = postgres.home()
            folders = [
                home / "pg",
                home / "pg.new",
                LOCAL / "redis",
                MEDIA,
                STATIC,
                LOGS,
                PIDS,
                *LOCAL.glob(f"{ANCHORS.name}*"),
            ]
            if IS_ROOT:
                folders += home.glob("server-*")
            for folder in folders:
                shutil.rmtree(folder, ignore_errors=True)
                if folder.exists():
                    raise LocalError(f"无法删除（cannot remove）: {folder}")
            for file in [home / "pg.password", LOCAL / "secret", ANCHOR_KEY, *LOCAL.glob("beat-schedule*")]:
                file.unlink(missing_ok=True)
    except LocalError as error:
        print(error)
        return 1
    print("本地数据已清除（local data removed）。")
    return 0
