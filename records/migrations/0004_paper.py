"""Paper: signatures and acts on it, authorised recording, entries of past cases, and dossiers."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('organisations', '0001_initial'),
        ('records', '0003_letters'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='DossierRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('form', models.CharField(choices=[('pdf', 'PDF 案卷'), ('zip', '压缩包')], max_length=4, verbose_name='形式')),
                ('at', models.DateTimeField(verbose_name='申请时间')),
                ('case_version', models.PositiveIntegerField(null=True, verbose_name='案卷版本')),
                ('pages', models.PositiveIntegerField(null=True, verbose_name='页数')),
                ('size', models.PositiveBigIntegerField(null=True, verbose_name='大小')),
                ('digest', models.CharField(blank=True, max_length=64, verbose_name='摘要')),
                ('path', models.CharField(blank=True, max_length=120, verbose_name='存储位置')),
                ('finished_at', models.DateTimeField(null=True, verbose_name='完成时间')),
                ('removed_at', models.DateTimeField(null=True, verbose_name='清除时间')),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('error', models.CharField(blank=True, max_length=300, verbose_name='失败原因')),
            ],
            options={
                'verbose_name': '案卷导出',
                'verbose_name_plural': '案卷导出',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='EntryScan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('step', models.CharField(max_length=20, verbose_name='步骤')),
                ('name', models.CharField(max_length=200, verbose_name='文件名')),
                ('content_type', models.CharField(max_length=80, verbose_name='类型')),
                ('size', models.PositiveBigIntegerField(verbose_name='大小')),
                ('digest', models.CharField(max_length=64, verbose_name='摘要')),
                ('path', models.CharField(max_length=120, verbose_name='存储位置')),
                ('at', models.DateTimeField(verbose_name='时间')),
            ],
            options={
                'verbose_name': '补录扫描件',
                'verbose_name_plural': '补录扫描件',
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='PaperAct',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('action', models.CharField(max_length=40, verbose_name='事项')),
                ('label', models.CharField(max_length=60, verbose_name='事项名称')),
                ('state', models.CharField(choices=[('pending', '待核对'), ('confirmed', '与原件一致'), ('rejected', '核对不符')], default='pending', max_length=10, verbose_name='状态')),
                ('typed', models.JSONField(verbose_name='填写内容')),
                ('files', models.JSONField(default=dict, verbose_name='附件')),
                ('signer_name', models.CharField(max_length=40, verbose_name='签字人')),
                ('signer_title', models.CharField(max_length=60, verbose_name='签字人职务')),
                ('document_on', models.DateField(verbose_name='纸质文件日期')),
                ('keyed_at', models.DateTimeField(verbose_name='录入时间')),
                ('decided_at', models.DateTimeField(blank=True, null=True, verbose_name='核对时间')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='不符的情况')),
            ],
            options={
                'verbose_name': '纸质签署',
                'verbose_name_plural': '纸质签署',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='RecordingAuthorisation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('signer', models.CharField(max_length=60, verbose_name='委托书签字人')),
                ('valid_from', models.DateField(verbose_name='起')),
                ('valid_to', models.DateField(verbose_name='止')),
                ('scan_name', models.CharField(max_length=200, verbose_name='文件名')),
                ('scan_type', models.CharField(max_length=80, verbose_name='类型')),
                ('scan_digest', models.CharField(max_length=64, verbose_name='摘要')),
                ('scan_path', models.CharField(max_length=120, verbose_name='存储位置')),
                ('registered_at', models.DateTimeField(verbose_name='登记时间')),
                ('revoked_at', models.DateTimeField(blank=True, null=True, verbose_name='撤销时间')),
                ('revoke_reason', models.CharField(blank=True, max_length=200, verbose_name='撤销原因')),
            ],
            options={
                'verbose_name': '委托代录',
                'verbose_name_plural': '委托代录',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='RetroactiveEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=20, verbose_name='类型')),
                ('title', models.CharField(max_length=120, verbose_name='名称')),
                ('state', models.CharField(choices=[('draft', '录入中'), ('pending', '待核对'), ('confirmed', '与原件一致'), ('rejected', '核对不符')], default='draft', max_length=10, verbose_name='状态')),
                ('typed', models.JSONField(default=dict, verbose_name='填写内容')),
                ('reason', models.CharField(blank=True, max_length=300, verbose_name='补录原因')),
                ('batch', models.CharField(blank=True, max_length=64, verbose_name='批次')),
                ('batch_row', models.PositiveIntegerField(blank=True, null=True, verbose_name='行号')),
                ('keyed_at', models.DateTimeField(verbose_name='录入时间')),
                ('decided_at', models.DateTimeField(blank=True, null=True, verbose_name='核对时间')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='不符的情况')),
                ('last_seq', models.PositiveIntegerField(blank=True, null=True, verbose_name='补录至案内序号')),
            ],
            options={
                'verbose_name': '补录',
                'verbose_name_plural': '补录',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='SignatureVoid',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=300, verbose_name='失效原因')),
                ('at', models.DateTimeField(verbose_name='失效时间')),
            ],
            options={
                'verbose_name': '签字失效',
                'verbose_name_plural': '签字失效',
            },
        ),
        migrations.AddField(
            model_name='attachment',
            name='is_confidential',
            field=models.BooleanField(default=False, verbose_name='敏感'),
        ),
        migrations.AddField(
            model_name='case',
            name='entered_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='录入时间'),
        ),
        migrations.AddField(
            model_name='case',
            name='is_confidential',
            field=models.BooleanField(default=False, verbose_name='敏感'),
        ),
        migrations.AddField(
            model_name='letter',
            name='is_retroactive',
            field=models.BooleanField(default=False, verbose_name='补录'),
        ),
        migrations.AddField(
            model_name='signature',
            name='confirmed_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.person', verbose_name='核对人'),
        ),
        migrations.AddField(
            model_name='signature',
            name='document_on',
            field=models.DateField(null=True, verbose_name='纸质文件日期'),
        ),
        migrations.AddField(
            model_name='signature',
            name='keyed_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.person', verbose_name='录入人'),
        ),
        migrations.AddField(
            model_name='signature',
            name='scan',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='signatures', to='records.attachment', verbose_name='扫描件'),
        ),
        migrations.AddField(
            model_name='signature',
            name='signer_name',
            field=models.CharField(blank=True, max_length=40, verbose_name='签字人姓名'),
        ),
        migrations.AlterField(
            model_name='signature',
            name='method',
            field=models.CharField(choices=[('portal', '平台手写签字'), ('token', '接口签署'), ('paper', '纸质签署')], default='portal', max_length=10, verbose_name='方式'),
        ),
        migrations.AlterField(
            model_name='signature',
            name='person',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='signatures', to='organisations.person', verbose_name='签字人'),
        ),
        migrations.AlterField(
            model_name='signature',
            name='post',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='organisations.post', verbose_name='岗位'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('entered_at__isnull', True), ('is_retroactive', False)), models.Q(('entered_at__isnull', False), ('is_retroactive', True)), _connector='OR'), name='case_retroactive_entered'),
        ),
        migrations.AddConstraint(
            model_name='signature',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(models.Q(('method', 'paper'), _negated=True), ('person__isnull', False)), models.Q(('confirmed_by__isnull', False), ('document_on__isnull', False), ('keyed_by__isnull', False), ('method', 'paper'), ('scan__isnull', False), models.Q(('signer_name', ''), _negated=True), models.Q(('keyed_by', models.F('confirmed_by')), _negated=True)), _connector='OR'), name='signature_paper_whole'),
        ),
        migrations.AddConstraint(
            model_name='signature',
            constraint=models.UniqueConstraint(condition=models.Q(('person__isnull', True)), fields=('case', 'purpose', 'signer_name', 'digest'), name='signature_on_paper_once'),
        ),
        migrations.AddField(
            model_name='dossierrequest',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='账号'),
        ),
        migrations.AddField(
            model_name='dossierrequest',
            name='case',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='dossiers', to='records.case', verbose_name='案卷'),
        ),
        migrations.AddField(
            model_name='dossierrequest',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.person', verbose_name='申请人'),
        ),
        migrations.AddField(
            model_name='dossierrequest',
            name='post',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.post', verbose_name='岗位'),
        ),
        migrations.AddField(
            model_name='dossierrequest',
            name='unit',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.unit', verbose_name='单位'),
        ),
        migrations.AddField(
            model_name='entryscan',
            name='uploaded_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.person'),
        ),
        migrations.AddField(
            model_name='paperact',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='账号'),
        ),
        migrations.AddField(
            model_name='paperact',
            name='case',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='paper_acts', to='records.case', verbose_name='案卷'),
        ),
        migrations.AddField(
            model_name='paperact',
            name='decided_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.person', verbose_name='核对人'),
        ),
        migrations.AddField(
            model_name='paperact',
            name='keyed_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.person', verbose_name='录入人'),
        ),
        migrations.AddField(
            model_name='paperact',
            name='post',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.post', verbose_name='岗位'),
        ),
        migrations.AddField(
            model_name='paperact',
            name='recorded_for',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.unit', verbose_name='代录的单位'),
        ),
        migrations.AddField(
            model_name='paperact',
            name='scan',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.attachment', verbose_name='扫描件'),
        ),
        migrations.AddField(
            model_name='paperact',
            name='signature',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='paper_acts', to='records.signature', verbose_name='签字'),
        ),
        migrations.AddField(
            model_name='paperact',
            name='unit',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.unit', verbose_name='录入单位'),
        ),
        migrations.AddField(
            model_name='recordingauthorisation',
            name='enterprise',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='given_authorisations', to='organisations.unit', verbose_name='委托单位'),
        ),
        migrations.AddField(
            model_name='recordingauthorisation',
            name='recorder',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='recording_authorisations', to='organisations.unit', verbose_name='代录单位'),
        ),
        migrations.AddField(
            model_name='recordingauthorisation',
            name='registered_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.person', verbose_name='登记人'),
        ),
        migrations.AddField(
            model_name='recordingauthorisation',
            name='revoked_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.person', verbose_name='撤销人'),
        ),
        migrations.AddField(
            model_name='paperact',
            name='authorisation',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='records.recordingauthorisation', verbose_name='委托'),
        ),
        migrations.AddField(
            model_name='retroactiveentry',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='账号'),
        ),
        migrations.AddField(
            model_name='retroactiveentry',
            name='case',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entry', to='records.case', verbose_name='案卷'),
        ),
        migrations.AddField(
            model_name='retroactiveentry',
            name='decided_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.person', verbose_name='核对人'),
        ),
        migrations.AddField(
            model_name='retroactiveentry',
            name='keyed_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.person', verbose_name='录入人'),
        ),
        migrations.AddField(
            model_name='retroactiveentry',
            name='post',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.post', verbose_name='岗位'),
        ),
        migrations.AddField(
            model_name='retroactiveentry',
            name='unit',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.unit', verbose_name='录入单位'),
        ),
        migrations.AddField(
            model_name='entryscan',
            name='entry',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='scans', to='records.retroactiveentry'),
        ),
        migrations.AddField(
            model_name='signaturevoid',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.person', verbose_name='经办人'),
        ),
        migrations.AddField(
            model_name='signaturevoid',
            name='signature',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='voided', to='records.signature', verbose_name='签字'),
        ),
        migrations.AddIndex(
            model_name='dossierrequest',
            index=models.Index(fields=['case', '-id'], name='records_dos_case_id_8f3a06_idx'),
        ),
        migrations.AddIndex(
            model_name='dossierrequest',
            index=models.Index(condition=models.Q(('finished_at', None)), fields=['id'], name='dossier_waiting'),
        ),
        migrations.AddIndex(
            model_name='recordingauthorisation',
            index=models.Index(fields=['recorder', 'enterprise'], name='records_rec_recorde_74c657_idx'),
        ),
        migrations.AddConstraint(
            model_name='recordingauthorisation',
            constraint=models.CheckConstraint(condition=models.Q(('valid_to__gte', models.F('valid_from'))), name='recording_authorisation_in_order', violation_error_message='止期不能早于起期'),
        ),
        migrations.AddConstraint(
            model_name='recordingauthorisation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('revoke_reason', ''), ('revoked_at__isnull', True), ('revoked_by__isnull', True)), models.Q(('revoked_at__isnull', False), ('revoked_by__isnull', False), models.Q(('revoke_reason', ''), _negated=True)), _connector='OR'), name='recording_authorisation_revoked_whole'),
        ),
        migrations.AddConstraint(
            model_name='recordingauthorisation',
            constraint=models.CheckConstraint(condition=models.Q(('enterprise', models.F('recorder')), _negated=True), name='recording_authorisation_two_units'),
        ),
        migrations.AddIndex(
            model_name='paperact',
            index=models.Index(condition=models.Q(('state', 'pending')), fields=['unit'], name='paper_act_pending'),
        ),
        migrations.AddConstraint(
            model_name='paperact',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'pending')), fields=('case', 'action'), name='paper_act_one_pending'),
        ),
        migrations.AddConstraint(
            model_name='paperact',
            constraint=models.CheckConstraint(condition=models.Q(('decided_by__isnull', True), models.Q(('decided_by', models.F('keyed_by')), _negated=True), _connector='OR'), name='paper_act_two_persons', violation_error_message='录入人不能自己核对'),
        ),
        migrations.AddConstraint(
            model_name='paperact',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_by__isnull', True), ('state', 'pending')), models.Q(('decided_by__isnull', False), ('signature__isnull', False), ('state', 'confirmed')), models.Q(('decided_by__isnull', False), ('state', 'rejected'), models.Q(('note', ''), _negated=True)), _connector='OR'), name='paper_act_decided_whole'),
        ),
        migrations.AddIndex(
            model_name='retroactiveentry',
            index=models.Index(fields=['unit', 'state', '-id'], name='records_ret_unit_id_443101_idx'),
        ),
        migrations.AddIndex(
            model_name='retroactiveentry',
            index=models.Index(condition=models.Q(('batch', ''), _negated=True), fields=['batch'], name='entry_batch'),
        ),
        migrations.AddConstraint(
            model_name='retroactiveentry',
            constraint=models.CheckConstraint(condition=models.Q(('decided_by__isnull', True), models.Q(('decided_by', models.F('keyed_by')), _negated=True), _connector='OR'), name='entry_two_persons'),
        ),
        migrations.AddConstraint(
            model_name='retroactiveentry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('case__isnull', False), ('decided_by__isnull', False), ('last_seq__isnull', False), ('state', 'confirmed')), models.Q(models.Q(('state', 'confirmed'), _negated=True), ('case__isnull', True)), _connector='OR'), name='entry_confirmed_whole'),
        ),
        migrations.AddConstraint(
            model_name='entryscan',
            constraint=models.UniqueConstraint(fields=('entry', 'step', 'digest'), name='entry_scan_once'),
        ),
        migrations.RunSQL(
            """
            CREATE TRIGGER records_signaturevoid_row_guard BEFORE UPDATE OR DELETE ON records_signaturevoid
                FOR EACH ROW EXECUTE FUNCTION evidence_is_append_only();
            CREATE TRIGGER records_signaturevoid_table_guard BEFORE TRUNCATE ON records_signaturevoid
                FOR EACH STATEMENT EXECUTE FUNCTION evidence_is_append_only();
            """,
            "DROP TRIGGER records_signaturevoid_row_guard ON records_signaturevoid;"
            "DROP TRIGGER records_signaturevoid_table_guard ON records_signaturevoid;",
        ),
    ]
