import datetime
import django.db.models.deletion
from django.db import migrations, models

GUARD = """
CREATE TRIGGER deadlines_ledgerentry_row_guard BEFORE UPDATE OR DELETE ON deadlines_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION evidence_is_append_only();
CREATE TRIGGER deadlines_ledgerentry_table_guard BEFORE TRUNCATE ON deadlines_ledgerentry
    FOR EACH STATEMENT EXECUTE FUNCTION evidence_is_append_only();
"""
UNGUARD = """
DROP TRIGGER deadlines_ledgerentry_row_guard ON deadlines_ledgerentry;
DROP TRIGGER deadlines_ledgerentry_table_guard ON deadlines_ledgerentry;
"""
# Until now the named day was only to be seen in the due date, and nothing moved that.
NAMED = "UPDATE deadlines_deadline SET named_on = due_on WHERE terms = 'ON'"


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0002_append_only'),
        ('deadlines', '0002_calendar'),
        ('organisations', '0001_initial'),
        ('records', '0002_evidence'),
    ]

    operations = [
        migrations.CreateModel(
            name='LedgerEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('extend', '延期'), ('suspend', '中止'), ('resume', '恢复')], max_length=10, verbose_name='事项')),
                ('effective_at', models.DateTimeField(verbose_name='生效时间')),
                ('length', models.CharField(blank=True, max_length=20, verbose_name='延长')),
                ('new_on', models.DateField(blank=True, null=True, verbose_name='延至')),
                ('ground', models.CharField(blank=True, max_length=40, verbose_name='中止事由')),
                ('reason', models.TextField(verbose_name='理由')),
                ('at', models.DateTimeField(verbose_name='记入时间')),
            ],
            options={
                'verbose_name': '时限台账分录',
                'verbose_name_plural': '时限台账分录',
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='LedgerRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('extend', '延期'), ('suspend', '中止'), ('resume', '恢复')], max_length=10, verbose_name='事项')),
                ('length', models.CharField(blank=True, max_length=20, verbose_name='申请延长')),
                ('new_on', models.DateField(blank=True, null=True, verbose_name='申请延至')),
                ('ground', models.CharField(blank=True, max_length=40, verbose_name='中止事由')),
                ('reason', models.TextField(verbose_name='理由')),
                ('requested_at', models.DateTimeField(verbose_name='申请时间')),
                ('decided_at', models.DateTimeField(blank=True, null=True, verbose_name='审批时间')),
                ('is_approved', models.BooleanField(null=True, verbose_name='是否批准')),
                ('decision_note', models.CharField(blank=True, max_length=300, verbose_name='审批意见')),
            ],
            options={
                'verbose_name': '延期、中止申请',
                'verbose_name_plural': '延期、中止申请',
                'ordering': ['-requested_at', '-id'],
            },
        ),
        migrations.AddField(
            model_name='deadline',
            name='is_adjusted',
            field=models.BooleanField(db_default=False, default=False, verbose_name='有延期或中止'),
        ),
        migrations.AddField(
            model_name='deadline',
            name='named_on',
            field=models.DateField(blank=True, null=True, verbose_name='指定日期'),
        ),
        migrations.AddField(
            model_name='deadline',
            name='suspended_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='中止时间'),
        ),
        migrations.AddField(
            model_name='deadline',
            name='term_basis',
            field=models.CharField(blank=True, db_default='', default='', max_length=200, verbose_name='期限依据'),
        ),
        migrations.RunSQL(NAMED, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name='deadline',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('named_on__isnull', False), ('terms', 'ON')), models.Q(models.Q(('terms', 'ON'), _negated=True), ('named_on__isnull', True)), _connector='OR'), name='deadline_day_named'),
        ),
        migrations.AddConstraint(
            model_name='deadline',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('due_at__lt', datetime.datetime(9999, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('suspended_at__isnull', True)), models.Q(('due_at', datetime.datetime(9999, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('is_adjusted', True), ('suspended_at__isnull', False)), _connector='OR'), name='deadline_suspended_is_never_due'),
        ),
        migrations.AddField(
            model_name='ledgerentry',
            name='attachment',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.attachment', verbose_name='证明材料'),
        ),
        migrations.AddField(
            model_name='ledgerentry',
            name='deadline',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='deadlines.deadline', verbose_name='时限'),
        ),
        migrations.AddField(
            model_name='ledgerentry',
            name='decided_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.person', verbose_name='审批人'),
        ),
        migrations.AddField(
            model_name='ledgerentry',
            name='requested_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.person', verbose_name='申请人'),
        ),
        migrations.AddField(
            model_name='ledgerrequest',
            name='attachment',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.attachment', verbose_name='证明材料'),
        ),
        migrations.AddField(
            model_name='ledgerrequest',
            name='deadline',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='requests', to='deadlines.deadline', verbose_name='时限'),
        ),
        migrations.AddField(
            model_name='ledgerrequest',
            name='decided_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.person', verbose_name='审批人'),
        ),
        migrations.AddField(
            model_name='ledgerrequest',
            name='requested_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.person', verbose_name='申请人'),
        ),
        migrations.AddField(
            model_name='ledgerrequest',
            name='requested_post',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.post', verbose_name='申请人岗位'),
        ),
        migrations.AddField(
            model_name='ledgerrequest',
            name='signature',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.signature', verbose_name='审批签字'),
        ),
        migrations.AddField(
            model_name='ledgerentry',
            name='request',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='entry', to='deadlines.ledgerrequest', verbose_name='申请'),
        ),
        migrations.AddConstraint(
            model_name='ledgerrequest',
            constraint=models.UniqueConstraint(condition=models.Q(('decided_at__isnull', True)), fields=('deadline',), name='ledger_request_one_open'),
        ),
        migrations.AddConstraint(
            model_name='ledgerrequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ground', ''), ('kind', 'extend'), models.Q(models.Q(('new_on__isnull', True), models.Q(('length', ''), _negated=True)), models.Q(('length', ''), ('new_on__isnull', False)), _connector='OR')), models.Q(('kind', 'suspend'), ('length', ''), ('new_on__isnull', True), models.Q(('ground', ''), _negated=True)), models.Q(('ground', ''), ('kind', 'resume'), ('length', ''), ('new_on__isnull', True)), _connector='OR'), name='ledger_request_shape'),
        ),
        migrations.AddConstraint(
            model_name='ledgerrequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', True), ('decided_by__isnull', True), ('is_approved__isnull', True)), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False), ('is_approved__isnull', False)), _connector='OR'), name='ledger_request_decided_whole'),
        ),
        migrations.AddConstraint(
            model_name='ledgerrequest',
            constraint=models.CheckConstraint(condition=models.Q(('decided_by__isnull', True), models.Q(('decided_by', models.F('requested_by')), _negated=True), _connector='OR'), name='ledger_request_two_persons'),
        ),
        migrations.AddConstraint(
            model_name='ledgerrequest',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='ledger_request_says_why'),
        ),
        migrations.AddConstraint(
            model_name='ledgerentry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ground', ''), ('kind', 'extend'), models.Q(models.Q(('new_on__isnull', True), models.Q(('length', ''), _negated=True)), models.Q(('length', ''), ('new_on__isnull', False)), _connector='OR')), models.Q(('kind', 'suspend'), ('length', ''), ('new_on__isnull', True), models.Q(('ground', ''), _negated=True)), models.Q(('ground', ''), ('kind', 'resume'), ('length', ''), ('new_on__isnull', True)), _connector='OR'), name='ledger_entry_shape'),
        ),
        migrations.AddConstraint(
            model_name='ledgerentry',
            constraint=models.CheckConstraint(condition=models.Q(('decided_by', models.F('requested_by')), _negated=True), name='ledger_entry_two_persons'),
        ),
        migrations.AddConstraint(
            model_name='ledgerentry',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='ledger_entry_says_why'),
        ),
        migrations.RunSQL(GUARD, UNGUARD),
    ]
