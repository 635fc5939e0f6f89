import uuid

import django.db.models.deletion
from django.db import migrations, models

# The ladder of part 1 under its new names, so that nobody is told again: one rung before, one late, one up.
RENAME = """
UPDATE deadlines_notice n SET due_on = d.due_on, rung = CASE n.rung
    WHEN 'today' THEN 'today' WHEN 'late' THEN 'late-0' WHEN 'escalated' THEN 'escalated-0'
    ELSE 'soon-' || CASE d.rule_key
        WHEN 'risks.treatment' THEN 5 WHEN 'risks.long_term_check' THEN 5
        WHEN 'risks.closure_check' THEN 3 WHEN 'risks.reassessment' THEN 10 ELSE 1 END
    END
FROM deadlines_deadline d WHERE d.id = n.deadline_id AND n.rung IN ('soon', 'today', 'late', 'escalated')
"""


class Migration(migrations.Migration):
    dependencies = [("deadlines", "0003_ledger"), ("organisations", "0003_absence")]

    operations = [
        migrations.AlterField("notice", "rung", models.CharField("级别", max_length=30)),
        migrations.AddField("notice", "text", models.CharField("内容", blank=True, db_default="", default="", max_length=300)),
        migrations.AddField("notice", "due_on", models.DateField("所说的到期日", blank=True, null=True)),
        migrations.RunSQL(RENAME, migrations.RunSQL.noop),
        migrations.RemoveConstraint("notice", "notice_once"),
        migrations.AddConstraint(
            "notice",
            models.UniqueConstraint(
                fields=("deadline", "rung", "person", "due_on"), nulls_distinct=False, name="notice_once"
            ),
        ),
        migrations.AddIndex(
            "deadline",
            models.Index(
                fields=["due_at"],
                condition=models.Q(("cancelled_at__isnull", True), ("met_at__isnull", True)),
                name="deadline_open_by_due",
            ),
        ),
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False, verbose_name='消息编号')),
                ('channel', models.CharField(choices=[('gateway', '短信（政务通）'), ('email', '电子邮件')], max_length=10, verbose_name='渠道')),
                ('is_digest', models.BooleanField(default=False, verbose_name='汇总')),
                ('state', models.CharField(choices=[('queued', '待发送'), ('sending', '发送中'), ('unknown', '结果不明，将以同一编号重发'), ('sent', '已发送'), ('skipped', '不必再发'), ('dead', '发送失败')], default='queued', max_length=10, verbose_name='状态')),
                ('queued_at', models.DateTimeField(verbose_name='产生时间')),
                ('next_attempt_at', models.DateTimeField(verbose_name='下次发送')),
                ('claimed_at', models.DateTimeField(null=True, verbose_name='最近一次发送')),
                ('sent_at', models.DateTimeField(null=True, verbose_name='发出时间')),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='已发送次数')),
                ('last_error', models.CharField(blank=True, max_length=200, verbose_name='原因')),
                ('subject', models.CharField(blank=True, max_length=200, verbose_name='标题')),
                ('text', models.TextField(blank=True, verbose_name='内容')),
                ('district', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.district', verbose_name='区县')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='organisations.person', verbose_name='收件人')),
                ('post', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.post', verbose_name='岗位')),
            ],
            options={
                'verbose_name': '发送记录',
                'verbose_name_plural': '发送记录',
            },
        ),
        migrations.CreateModel(
            name='MessageItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(choices=[('gateway', '短信（政务通）'), ('email', '电子邮件')], max_length=10)),
                ('message', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='items', to='deadlines.message')),
                ('notice', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='items', to='deadlines.notice')),
            ],
        ),
        migrations.AddField(
            model_name='message',
            name='notices',
            field=models.ManyToManyField(related_name='messages', through='deadlines.MessageItem', to='deadlines.notice'),
        ),
        migrations.CreateModel(
            name='Urge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField(verbose_name='第几次')),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='催办说明')),
                ('at', models.DateTimeField(verbose_name='催办时间')),
                ('deadline', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='urges', to='deadlines.deadline', verbose_name='时限')),
                ('post', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.post', verbose_name='催办人')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.unit', verbose_name='催办单位')),
            ],
            options={
                'verbose_name': '催办',
                'verbose_name_plural': '催办',
            },
        ),
        migrations.AddConstraint(
            model_name='messageitem',
            constraint=models.UniqueConstraint(fields=('notice', 'channel'), name='notice_once_per_channel'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('state__in', ['queued', 'sending', 'unknown'])), fields=['next_attempt_at'], name='message_waiting'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(fields=['district', '-queued_at', 'id'], name='message_by_district'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('state', 'dead')), fields=['district', '-queued_at'], name='message_dead'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(fields=['person', '-queued_at'], name='message_of_person'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('sent_at__isnull', False), ('state', 'sent')), models.Q(('state', 'sent'), _negated=True), _connector='OR'), name='message_sent_has_time'),
        ),
        migrations.AddConstraint(
            model_name='urge',
            constraint=models.UniqueConstraint(fields=('deadline', 'number'), name='urge_counted'),
        ),
    ]
