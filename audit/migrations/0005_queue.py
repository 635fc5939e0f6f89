"""Whoever writes an event, in whatever way, the database queues it for sealing and refuses a number out of turn."""

from django.db import migrations

# For each statement, so that ten thousand events cost two statements more and not twenty thousand.
QUEUE = """
CREATE FUNCTION events_are_queued() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_auditunsealed (event_id) SELECT id FROM written;
    RETURN NULL;
END $$;
CREATE TRIGGER audit_auditevent_queue AFTER INSERT ON audit_auditevent REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION events_are_queued();
"""
# The unique constraint refuses a double, this a gap: 1, 2, 3… as long as nobody takes an event away.
NUMBERS = """
CREATE FUNCTION numbers_follow() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE gap record;
BEGIN
    SELECT w.case_id, w.case_seq INTO gap FROM written w WHERE w.case_seq <> 1 AND NOT EXISTS (
        SELECT FROM audit_auditevent e WHERE e.case_id = w.case_id AND e.case_seq = w.case_seq - 1) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'event % of case % refused: there is none before it', gap.case_seq, gap.case_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER audit_auditevent_numbers AFTER INSERT ON audit_auditevent REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION numbers_follow();
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_heartbeat")]
    operations = [
        migrations.RunSQL(
            QUEUE, "DROP TRIGGER audit_auditevent_queue ON audit_auditevent; DROP FUNCTION events_are_queued();"
        ),
        migrations.RunSQL(
            NUMBERS, "DROP TRIGGER audit_auditevent_numbers ON audit_auditevent; DROP FUNCTION numbers_follow();"
        ),
    ]
