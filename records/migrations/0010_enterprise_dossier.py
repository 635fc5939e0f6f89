"""一企一档: a dossier may be of one enterprise instead of one case."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('organisations', '0003_absence'),
        ('records', '0009_register_counts'),
    ]

    operations = [
        migrations.RenameField(model_name='dossierrequest', old_name='case_version', new_name='version'),
        migrations.AlterField(
            model_name='dossierrequest',
            name='version',
            field=models.PositiveIntegerField(null=True, verbose_name='版本'),
        ),
        migrations.AlterField(
            model_name='dossierrequest',
            name='case',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='dossiers', to='records.case', verbose_name='案卷'),
        ),
        migrations.AddField(
            model_name='dossierrequest',
            name='enterprise',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='dossiers', to='organisations.enterprise', verbose_name='企业'),
        ),
        migrations.AddField(
            model_name='dossierrequest',
            name='bound',
            field=models.ManyToManyField(related_name='+', to='records.case', verbose_name='装入的案卷'),
        ),
        migrations.AddIndex(
            model_name='dossierrequest',
            index=models.Index(fields=['enterprise', '-id'], name='dossier_enterprise'),
        ),
        migrations.AddIndex(
            model_name='dossierrequest',
            index=models.Index(fields=['unit', '-id'], name='dossier_unit'),
        ),
        migrations.AddConstraint(
            model_name='dossierrequest',
            constraint=models.CheckConstraint(condition=models.Q(('case__isnull', False), ('enterprise__isnull', True)) | models.Q(('case__isnull', True), ('enterprise__isnull', False)), name='dossier_of_case_or_enterprise'),
        ),
    ]
