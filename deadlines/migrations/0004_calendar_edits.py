"""Edits of the calendar. What was applied stays as it was applied, by triggers."""

import django.db.models.deletion
from django.db import migrations, models


# A draft turns into something once; its days and what it moved are written once.
GUARDS = """
CREATE TRIGGER deadlines_calendaredit_row_guard BEFORE UPDATE OR DELETE ON deadlines_calendaredit
    FOR EACH ROW WHEN (OLD.state <> 'draft') EXECUTE FUNCTION evidence_is_append_only();
CREATE TRIGGER deadlines_calendareditday_row_guard BEFORE UPDATE OR DELETE ON deadlines_calendareditday
    FOR EACH ROW EXECUTE FUNCTION evidence_is_append_only();
CREATE TRIGGER deadlines_deadlinemove_row_guard BEFORE UPDATE OR DELETE ON deadlines_deadlinemove
    FOR EACH ROW EXECUTE FUNCTION evidence_is_append_only();
"""
UNGUARD = """
DROP TRIGGER deadlines_calendaredit_row_guard ON deadlines_calendaredit;
DROP TRIGGER deadlines_calendareditday_row_guard ON deadlines_calendareditday;
DROP TRIGGER deadlines_deadlinemove_row_guard ON deadlines_deadlinemove;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0002_append_only'),
        ('deadlines', '0003_ledger'),
        ('deadlines', '0005_reminders'),
        ('organisations', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='CalendarEdit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=80, verbose_name='变更')),
                ('year', models.PositiveSmallIntegerField(verbose_name='年份')),
                ('source', models.CharField(max_length=200, verbose_name='依据文件')),
                ('file_name', models.CharField(blank=True, max_length=200, verbose_name='文件')),
                ('base', models.CharField(max_length=80)),
                ('days_digest', models.CharField(max_length=64, verbose_name='摘要')),
                ('state', models.CharField(choices=[('draft', '待生效'), ('applied', '已生效'), ('discarded', '已放弃')], default='draft', max_length=10, verbose_name='状态')),
                ('drafted_at', models.DateTimeField(verbose_name='拟定时间')),
                ('applied_at', models.DateTimeField(null=True, verbose_name='生效时间')),
                ('moved', models.PositiveIntegerField(default=0, verbose_name='改变到期日的时限')),
                ('settled', models.PositiveIntegerField(default=0, verbose_name='不再暂定的时限')),
                ('applied_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.person', verbose_name='办理生效的人')),
                ('drafted_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.person', verbose_name='拟定人')),
            ],
            options={
                'verbose_name': '日历变更',
                'verbose_name_plural': '日历变更',
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='CalendarEditDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('date', models.DateField(verbose_name='日期')),
                ('is_workday', models.BooleanField(verbose_name='是否工作日')),
                ('name', models.CharField(blank=True, max_length=40, verbose_name='节假日或调休名称')),
                ('source', models.CharField(max_length=200, verbose_name='依据文件')),
                ('was_workday', models.BooleanField(null=True)),
                ('was_name', models.CharField(blank=True, max_length=40)),
                ('was_source', models.CharField(blank=True, max_length=200)),
                ('was_provisional', models.BooleanField(null=True)),
                ('edit', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='days', to='deadlines.calendaredit')),
            ],
            options={
                'verbose_name': '日历变更的日子',
                'verbose_name_plural': '日历变更的日子',
                'ordering': ['date'],
            },
        ),
        migrations.CreateModel(
            name='DeadlineMove',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('was_due_on', models.DateField(verbose_name='原到期日')),
                ('due_on', models.DateField(verbose_name='到期日')),
                ('was_provisional', models.BooleanField()),
                ('provisional', models.BooleanField()),
                ('deadline', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='moves', to='deadlines.deadline', verbose_name='时限')),
                ('edit', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='moves', to='deadlines.calendaredit')),
            ],
            options={
                'verbose_name': '日历变更改变的时限',
                'verbose_name_plural': '日历变更改变的时限',
            },
        ),
        migrations.AddConstraint(
            model_name='calendaredit',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('applied_at__isnull', False), ('applied_by__isnull', False), ('state', 'applied')), models.Q(models.Q(('state', 'applied'), _negated=True), ('applied_at__isnull', True), ('applied_by__isnull', True)), _connector='OR'), name='calendar_edit_applied_by_somebody'),
        ),
        migrations.AddConstraint(
            model_name='calendaredit',
            constraint=models.CheckConstraint(condition=models.Q(('source', ''), _negated=True), name='calendar_edit_has_source'),
        ),
        migrations.AddConstraint(
            model_name='calendareditday',
            constraint=models.UniqueConstraint(fields=('edit', 'date'), name='calendar_edit_day_once'),
        ),
        migrations.AddConstraint(
            model_name='deadlinemove',
            constraint=models.UniqueConstraint(fields=('edit', 'deadline'), name='deadline_move_once'),
        ),
        migrations.AddConstraint(
            model_name='deadlinemove',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('was_due_on', models.F('due_on')), _negated=True), models.Q(('was_provisional', models.F('provisional')), _negated=True), _connector='OR'), name='deadline_move_changes_something'),
        ),
        migrations.RunSQL(GUARDS, UNGUARD),
    ]
