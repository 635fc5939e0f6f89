from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("deadlines", "0002_calendar")]

    operations = [
        migrations.AlterField("notice", "rung", models.CharField("级别", max_length=30)),
        migrations.AddField("notice", "text", models.CharField("内容", blank=True, db_default="", default="", max_length=300)),
    ]
