"""Whether the database still refuses to change evidence: its triggers are there, switched on and what they were."""

from collections.abc import Iterator

from django.db import connection

from audit.services import digest_of

# What the triggers call, by the digest of the function's body as the migrations wrote it.
_FUNCTIONS = {
    "evidence_is_append_only": "4ee7773094c2722e7ff7d463a2d7e81a1820a49adafb5e66f7d30f920c6bc4fc",
    "personal_values_are_only_erased": "1e9c761e28f8099a8307192ae555cb2a454600831e1545bc79b2aeccfed1137d",
    "events_are_queued": "352a8c2bd0fb293e149e2837db50fd623dd08320aaa30932e423c4ce9422f59b",
    "numbers_follow": "1f5c801f3d90378c6015c357e3c4c211649701e7f9ad1cf8464ffb9c43252602",
}
# pg_trigger.tgtype: BEFORE UPDATE OR DELETE for each row; BEFORE TRUNCATE and AFTER INSERT for the statement.
_ROW, _TABLE, _ADDED = 27, 34, 4
_expected: dict[tuple[str, str], tuple[int, str]] = {}


def expect_guard(table: str, *, rows: str = "evidence_is_append_only") -> None:
    """Say, in `AppConfig.ready`, that `table` carries both guards; `rows` is what its row guard calls."""
    _expected[table, f"{table}_row_guard"] = (_ROW, rows)
    _expected[table, f"{table}_table_guard"] = (_TABLE, "evidence_is_append_only")


def expect_follow_up(table: str, name: str, function: str) -> None:
    """Say that the database calls `function` after every INSERT into `table`."""
    _expected[table, name] = (_ADDED, function)


def broken_guards() -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, t.tgname, t.tgtype, p.proname FROM pg_trigger t"
            " JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid"
            " WHERE t.tgenabled IN ('O', 'A') AND t.tgqual IS NULL AND t.tgattr = ''"
        )
        working = {(table, name): (kind, function) for table, name, kind, function in cursor}
        cursor.execute("SELECT proname, prosrc FROM pg_proc WHERE proname = ANY(%s)", [list(_FUNCTIONS)])
        bodies = [(name, digest_of(body)) for name, body in cursor]
    for (table, name), what in _expected.items():
        if working.get((table, name)) != what:
            yield f"{table} 的保护 {name} 被停用、删除或替换"
    for name in _FUNCTIONS:
        if [digest for known, digest in bodies if known == name] != [_FUNCTIONS[name]]:
            yield f"保护函数 {name} 被改"
