"""Links of the second form, personal values beside the chain, and the requests to erase them."""

import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models

# An erasure empties value and salt together; before, a request may claim the value, and let go of it again.
PERSONAL = """
CREATE FUNCTION personal_values_are_only_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.value IS NOT NULL
       AND (NEW.id, NEW.event_id, NEW.field) = (OLD.id, OLD.event_id, OLD.field)
       AND ((NEW.value IS NULL AND NEW.salt = '' AND NEW.erasure_id IS NOT NULL)
            OR (NEW.value, NEW.salt) = (OLD.value, OLD.salt)) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% on % refused: personal values are only erased', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER audit_auditpersonal_row_guard BEFORE UPDATE OR DELETE ON audit_auditpersonal
    FOR EACH ROW EXECUTE FUNCTION personal_values_are_only_erased();
CREATE TRIGGER audit_auditpersonal_table_guard BEFORE TRUNCATE ON audit_auditpersonal
    FOR EACH STATEMENT EXECUTE FUNCTION evidence_is_append_only();
"""
NO_PERSONAL = """
DROP TRIGGER audit_auditpersonal_row_guard ON audit_auditpersonal;
DROP TRIGGER audit_auditpersonal_table_guard ON audit_auditpersonal;
DROP FUNCTION personal_values_are_only_erased();
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_append_only")]
    operations = [
        # What is there was written in the first form; what comes is written in the second.
        migrations.AddField("auditlink", "form", models.PositiveSmallIntegerField(default=1)),
        migrations.AlterField("auditlink", "form", models.PositiveSmallIntegerField(default=2)),
        migrations.CreateModel(
            name='AuditErasure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('district_code', models.CharField(max_length=6, verbose_name='区划代码')),
                ('reason', models.CharField(max_length=300, verbose_name='理由和依据')),
                ('state', models.CharField(choices=[('asked', '待批准'), ('done', '已删除'), ('refused', '不同意')], default='asked', max_length=10, verbose_name='状态')),
                ('asked_by', models.BigIntegerField(verbose_name='申请人')),
                ('asked_label', models.CharField(max_length=200, verbose_name='申请人职务')),
                ('asked_at', models.DateTimeField(verbose_name='申请时间')),
                ('decided_by', models.BigIntegerField(null=True, verbose_name='批准人')),
                ('decided_label', models.CharField(blank=True, max_length=200, verbose_name='批准人职务')),
                ('decided_at', models.DateTimeField(null=True, verbose_name='批准时间')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='意见')),
            ],
            options={
                'verbose_name': '个人信息删除',
                'verbose_name_plural': '个人信息删除',
                'constraints': [models.CheckConstraint(condition=models.Q(('decided_by__isnull', True), models.Q(('decided_by', models.F('asked_by')), _negated=True), _connector='OR'), name='audit_erasure_by_two', violation_error_message='申请人不能批准自己的申请')],
            },
        ),
        migrations.CreateModel(
            name='AuditPersonal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('field', models.CharField(max_length=120)),
                ('salt', models.CharField(max_length=32)),
                ('value', models.TextField(null=True)),
                ('erasure', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='values', to='audit.auditerasure')),
                ('event', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='personal', to='audit.auditevent')),
            ],
            options={
                'indexes': [django.contrib.postgres.indexes.HashIndex(fields=['value'], name='audit_personal_value')],
                'constraints': [models.UniqueConstraint(fields=('event', 'field'), name='audit_personal_once'), models.CheckConstraint(condition=models.Q(('value__isnull', False), models.Q(('erasure__isnull', False), ('salt', '')), _connector='OR'), name='audit_personal_erased_whole')],
            },
        ),
        migrations.RunSQL(PERSONAL, NO_PERSONAL),
    ]
