"""The working calendar 2018-2026, and the provisional years after it."""

from django.db import migrations


def load(apps, schema_editor):
    from deadlines.calendar_data import calendar_rows

    day = apps.get_model("deadlines", "CalendarDay")
    day.objects.bulk_create(
        day(
            date=row.date,
            is_workday=row.is_workday,
            name=row.name,
            source=row.source,
            provisional=row.provisional,
            ordinal=row.ordinal,
        )
        for row in calendar_rows()
    )


class Migration(migrations.Migration):
    dependencies = [("deadlines", "0001_initial")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
