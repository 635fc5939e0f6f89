"""Rows of one statement through a server-side cursor: one snapshot, bounded memory."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection, transaction

CHUNK = 2000


def stream(query: str, values: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(query, values)
        while rows := cursor.fetchmany(CHUNK):
            yield from rows
