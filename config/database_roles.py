"""Two database roles: the owner migrates and restores, the application only adds to the evidence.

Which tables are evidence is read from the database: those whose rows a guard of `audit` protects. A table that a later
version guards is therefore covered by running the same command again after `migrate`.
"""

from django.db import connection, transaction
from psycopg2 import sql

_APPEND_ONLY, _ONLY_ERASED = "evidence_is_append_only", "personal_values_are_only_erased"
_EVERYTHING = "SELECT, INSERT, UPDATE, DELETE"


class RoleTrouble(Exception):
    """Why this role cannot be the application's, in Chinese."""


def grants(role: str) -> list[str]:
    """The statements, complete: what was granted before is taken back first."""
    with connection.cursor() as cursor:
        _refuse_unfit(cursor, role)
        cursor.execute("SELECT current_database()")
        database = cursor.fetchone()[0]
        cursor.execute(
            "SELECT c.relname, min(p.proname) FROM pg_class c LEFT JOIN (pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
            "  AND p.proname IN (%s, %s)) ON t.tgrelid = c.oid AND t.tgtype = 27"
            " WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace GROUP BY 1 ORDER BY 1",
            [_APPEND_ONLY, _ONLY_ERASED],
        )
        tables = cursor.fetchall()
        templates = [
            "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}",
            "REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {role}",
            "REVOKE CREATE ON SCHEMA public FROM {role}, PUBLIC",
            "GRANT CONNECT ON DATABASE {database} TO {role}",
            "GRANT USAGE ON SCHEMA public TO {role}",
            "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
        ]
        names = {"role": sql.Identifier(role), "database": sql.Identifier(database)}
        statements = [sql.SQL(template).format(**names) for template in templates]
        for table, guard in tables:
            text = sql.SQL(f"GRANT {_privileges(table, guard)} ON {{table}} TO {{role}}")
            statements.append(text.format(table=sql.Identifier(table), **names))
        return [statement.as_string(cursor.cursor) for statement in statements]


def _privileges(table: str, guard: str | None) -> str:
    if table == "django_migrations":
        return "SELECT"
    if guard == _APPEND_ONLY:
        return "SELECT, INSERT"
    if guard == _ONLY_ERASED:
        return "SELECT, INSERT, UPDATE (salt, value, erasure_id)"
    return _EVERYTHING


def _refuse_unfit(cursor: object, role: str) -> None:
    cursor.execute(  # type: ignore[attr-defined]
        "SELECT r.rolsuper, EXISTS (SELECT 1 FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace"
        " AND c.relkind IN ('r', 'p') AND pg_has_role(r.oid, c.relowner, 'MEMBER')) FROM pg_roles r WHERE rolname = %s",
        [role],
    )
    found = cursor.fetchone()  # type: ignore[attr-defined]
    if found is None:
        raise RoleTrouble(f"没有数据库角色 {role}，先执行：CREATE ROLE {role} LOGIN PASSWORD '…'")
    is_super, is_owner = found
    if is_super or is_owner:
        raise RoleTrouble(f"{role} 是{'超级用户' if is_super else '表的属主'}，不能作应用的角色：权限管不住它")


@transaction.atomic
def apply(statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def powers_over_evidence() -> list[str]:
    """What the connected role could do to the evidence beyond adding to it, in Chinese; empty for a fit role."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.rolsuper, pg_has_role(r.oid, c.relowner, 'MEMBER'),"
            " has_table_privilege(r.oid, c.oid, 'UPDATE, DELETE, TRUNCATE')"
            " FROM pg_roles r, pg_class c WHERE r.rolname = current_user AND c.oid = to_regclass('audit_auditevent')"
        )
        found = cursor.fetchone() or (False, False, False)
    words = ("是数据库超级用户", "是表的属主", "有改、删审计事件的权限")
    return [word for word, is_so in zip(words, found, strict=True) if is_so]
