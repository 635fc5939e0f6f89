import django.db.models.deletion
from django.db import migrations, models

# Ranges bring their own operator class, so this needs no extension of PostgreSQL.
NO_OVERLAP = """
ALTER TABLE organisations_absence ADD CONSTRAINT absence_without_overlap
EXCLUDE USING gist (int8range(post_id, post_id, '[]') WITH &&, daterange(first_day, last_day, '[]') WITH &&)
WHERE (cancelled_at IS NULL)
"""


class Migration(migrations.Migration):

    dependencies = [
        ('organisations', '0002_accounts'),
    ]

    operations = [
        migrations.AddField(
            model_name='person',
            name='email',
            field=models.EmailField(blank=True, db_default='', default='', max_length=254, verbose_name='电子邮件'),
        ),
        migrations.CreateModel(
            name='Absence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('first_day', models.DateField(verbose_name='从')),
                ('last_day', models.DateField(verbose_name='到')),
                ('reason', models.CharField(blank=True, max_length=60, verbose_name='事由')),
                ('created_at', models.DateTimeField(verbose_name='登记时间')),
                ('cancelled_at', models.DateTimeField(blank=True, null=True, verbose_name='撤销时间')),
                ('deputy', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deputises', to='organisations.post', verbose_name='代理人')),
                ('post', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='absences', to='organisations.post', verbose_name='岗位')),
            ],
            options={
                'verbose_name': '请假与代理',
                'verbose_name_plural': '请假与代理',
                'indexes': [models.Index(condition=models.Q(('cancelled_at', None)), fields=['deputy', 'last_day'], name='absence_of_deputy')],
                'constraints': [models.CheckConstraint(condition=models.Q(('last_day__gte', models.F('first_day'))), name='absence_in_order'), models.CheckConstraint(condition=models.Q(('post', models.F('deputy')), _negated=True), name='absence_deputy_is_another')],
            },
        ),
        migrations.RunSQL(NO_OVERLAP, "ALTER TABLE organisations_absence DROP CONSTRAINT absence_without_overlap"),
    ]
