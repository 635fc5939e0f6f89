"""Keys of forms move to the table that the API shares (docs/adr/0022)."""

from django.db import migrations

KEEP = """
INSERT INTO organisations_sentrequest (account_id, key, digest, status, answer, at)
    SELECT account_id, key, '', 302, result_url, at FROM records_submittedform;
"""
BACK = """
INSERT INTO records_submittedform (account_id, key, result_url, at)
    SELECT DISTINCT ON (key) account_id, key, answer, at FROM organisations_sentrequest WHERE digest = '' ORDER BY key, at;
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0004_paper"), ("organisations", "0002_accounts")]
    operations = [
        migrations.RunSQL(KEEP, BACK),
        migrations.DeleteModel("SubmittedForm"),
    ]
