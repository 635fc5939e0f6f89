"""`make restore DIR=…`: `manage.py restore` into this checkout, which holds no data; the next `make run` goes on with it."""

import contextlib
import os
from collections.abc import Iterator

from config.local import backup, postgres
from config.local.processes import LocalError
from config.local.run import stopped_portal


def main(_arguments: list[str]) -> int:
    return backup.call("restore", _empty_database)


@contextlib.contextmanager
def _empty_database() -> Iterator[str]:
    if url := os.environ.get("DATABASE_URL"):
        yield url
        return
    with stopped_portal():
        if (postgres.home() / "pg").exists():
            raise LocalError("这里已有数据，先 make reset（there is data here, make reset first）")
        with backup.embedded() as url:
            yield url
