"""Signatures are append-only; audit events point at real cases."""

from django.db import migrations

GUARD = """
CREATE TRIGGER records_signature_row_guard BEFORE UPDATE OR DELETE ON records_signature
    FOR EACH ROW EXECUTE FUNCTION evidence_is_append_only();
CREATE TRIGGER records_signature_table_guard BEFORE TRUNCATE ON records_signature
    FOR EACH STATEMENT EXECUTE FUNCTION evidence_is_append_only();
"""
UNGUARD = """
DROP TRIGGER records_signature_row_guard ON records_signature;
DROP TRIGGER records_signature_table_guard ON records_signature;
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0001_initial"), ("audit", "0002_append_only")]
    operations = [
        migrations.RunSQL(GUARD, UNGUARD),
        migrations.RunSQL(
            "ALTER TABLE audit_auditevent ADD CONSTRAINT audit_event_case FOREIGN KEY (case_id)"
            " REFERENCES records_case (id) DEFERRABLE INITIALLY DEFERRED;",
            "ALTER TABLE audit_auditevent DROP CONSTRAINT audit_event_case;",
        ),
    ]
