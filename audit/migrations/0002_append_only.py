"""Evidence is append-only, in the database: no UPDATE, DELETE or TRUNCATE on events and links."""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION evidence_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % refused: evidence is append-only', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
"""


def guard(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"""
        CREATE TRIGGER {table}_row_guard BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION evidence_is_append_only();
        CREATE TRIGGER {table}_table_guard BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION evidence_is_append_only();
        """,
        f"DROP TRIGGER {table}_row_guard ON {table}; DROP TRIGGER {table}_table_guard ON {table};",
    )


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION evidence_is_append_only();"),
        guard("audit_auditevent"),
        guard("audit_auditlink"),
    ]
