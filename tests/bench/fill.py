"""Many rows from one: a row made by the real services is copied by the database, with some columns computed."""

from typing import Any

from django.db import connection, models

_serial = 0


def multiply(model: type[models.Model], pk: Any, count: int, **columns: str) -> None:
    """Insert `count` copies of the row `pk`. `columns` are SQL expressions in `n` (1 … count) by column name.

    The primary key comes from its sequence unless an expression is given for it. Triggers and constraints hold.
    """
    table = model._meta.db_table
    key = model._meta.pk.column
    names, values = [], []
    for field in model._meta.local_concrete_fields:
        if field.generated:
            continue
        if field.column == key and key not in columns:
            continue
        names.append(f'"{field.column}"')
        values.append(columns.get(field.column, f'source."{field.column}"').replace("%", "%%"))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)}"
            f" FROM {table} AS source, generate_series(1, %s) AS n WHERE source.{key} = %s",
            [count, pk],
        )


def next_value(model: type[models.Model]) -> int:
    """A primary key above all there are, for copies that give their own."""
    return int(model._base_manager.aggregate(top=models.Max("pk"))["top"] or 0) + 1


def move_sequence(model: type[models.Model]) -> None:
    """After rows with keys of their own: the sequence goes on above them."""
    table, key = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', '{key}'), (SELECT max({key}) FROM {table}))")


def settle() -> None:
    """What autovacuum would have done by the time that anybody looks."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
