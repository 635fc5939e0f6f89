from django.db import migrations, models

# The ladder of part 1 under its new names, so that nobody is told again: one rung before, one late, one up.
RENAME = """
UPDATE deadlines_notice n SET rung = CASE n.rung
    WHEN 'late' THEN 'late-0' WHEN 'escalated' THEN 'escalated-0'
    ELSE 'soon-' || CASE d.rule_key
        WHEN 'risks.treatment' THEN 5 WHEN 'risks.long_term_check' THEN 5
        WHEN 'risks.closure_check' THEN 3 WHEN 'risks.reassessment' THEN 10 ELSE 1 END
    END
FROM deadlines_deadline d WHERE d.id = n.deadline_id AND n.rung IN ('soon', 'late', 'escalated')
"""


class Migration(migrations.Migration):
    dependencies = [("deadlines", "0003_ledger")]

    operations = [
        migrations.AlterField("notice", "rung", models.CharField("级别", max_length=30)),
        migrations.AddField("notice", "text", models.CharField("内容", blank=True, db_default="", default="", max_length=300)),
        migrations.RunSQL(RENAME, migrations.RunSQL.noop),
        migrations.AddIndex(
            "deadline",
            models.Index(
                fields=["due_at"],
                condition=models.Q(("cancelled_at__isnull", True), ("met_at__isnull", True)),
                name="deadline_open_by_due",
            ),
        ),
    ]
