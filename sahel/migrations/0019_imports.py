"""Files that editors import, and the mark on events that are not to be published again."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.contrib.auth.management import create_permissions
from django.db import migrations, models

from sahel.migrations import _triggers

ALLOWED = [f"{action}_importbatch" for action in ("view", "add", "change", "delete")]


def _permissions(apps):
    kept = apps.get_model("auth", "Permission").objects
    return kept.filter(content_type__app_label="sahel", codename__in=ALLOWED)


def allow(apps, schema_editor):
    config = apps.get_app_config("sahel")  # as in 0003
    config.models_module = True
    create_permissions(config, apps=apps, verbosity=0)
    for group in apps.get_model("auth", "Group").objects.filter(name__in=["Editor", "Publisher"]):
        group.permissions.add(*_permissions(apps))


def disallow(apps, schema_editor):
    for group in apps.get_model("auth", "Group").objects.filter(name__in=["Editor", "Publisher"]):
        group.permissions.remove(*_permissions(apps))


def refuse_to_forget(apps, schema_editor):
    if apps.get_model("sahel", "Event").objects.exclude(restricted="").exists():
        raise migrations.exceptions.IrreversibleError(
            "There are events that must not be published again: without this migration nothing "
            "would keep them in. Delete them first."
        )


class Migration(migrations.Migration):

    dependencies = [
        ('sahel', '0018_no_credentials'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.CreateModel(
            name='ImportBatch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file_name', models.CharField(max_length=200, verbose_name='file')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256 of the file')),
                ('layout', models.CharField(choices=[('own', 'our own columns'), ('timelinejs', 'TimelineJS spreadsheet'), ('acled', 'ACLED export'), ('ucdp', 'UCDP GED file')], max_length=10, verbose_name='layout')),
                ('header', models.JSONField(default=list, verbose_name='columns')),
                ('content', models.BinaryField(default=b'')),
                ('mapping', models.JSONField(blank=True, default=dict, verbose_name='which column is what')),
                ('language', models.CharField(choices=[('en', 'English'), ('fr', 'French')], default='en', max_length=2, verbose_name='language of the texts')),
                ('date_basis', models.CharField(blank=True, choices=[('stated', 'stated by the source'), ('inferred', 'inferred from the source'), ('corroborated', 'corroborated by another page')], help_text='For rows that do not say on what their date rests.', max_length=15, verbose_name='basis of the dates')),
                ('kind', models.CharField(blank=True, choices=[('coup', 'Coup d’état'), ('military-operation', 'Military operation'), ('strike', 'Strike'), ('attack', 'Attack'), ('deployment', 'Deployment'), ('withdrawal', 'Withdrawal'), ('sanction', 'Sanction'), ('protest', 'Protest'), ('diplomacy', 'Diplomacy'), ('negotiation', 'Negotiation'), ('politics', 'Politics'), ('announcement', 'Announcement'), ('statement', 'Statement'), ('assessment', 'Assessment'), ('report', 'Report or finding')], help_text='For rows that give none.', max_length=20, verbose_name='kind')),
                ('makes_names', models.BooleanField(default=False, help_text='Look through them afterwards: a file knows neither their kind nor French.', verbose_name='make actors and places that are not known')),
                ('made', models.JSONField(blank=True, default=dict)),
                ('row_count', models.PositiveIntegerField(default=0, verbose_name='rows')),
                ('draft_count', models.PositiveIntegerField(default=0, verbose_name='drafts made')),
                ('uploaded', models.DateTimeField(default=django.utils.timezone.now, verbose_name='uploaded')),
                ('mapped', models.DateTimeField(null=True, verbose_name='columns chosen')),
                ('confirmed', models.DateTimeField(null=True, verbose_name='confirmed')),
                ('undone', models.DateTimeField(null=True, verbose_name='undone')),
            ],
            options={
                'verbose_name': 'import',
                'verbose_name_plural': 'imports',
                'ordering': ['-uploaded', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='ImportedRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(verbose_name='row')),
                ('key', models.CharField(blank=True, db_index=True, max_length=100, verbose_name='its own key')),
                ('digest', models.CharField(max_length=64)),
                ('values', models.JSONField(verbose_name='values')),
                ('made', models.BooleanField(default=False)),
            ],
            options={
                'verbose_name': 'row of a file',
                'verbose_name_plural': 'rows of files',
                'ordering': ['batch', 'number'],
            },
        ),
        migrations.RunPython(_triggers.put_away, _triggers.put_back),
        migrations.AddField(
            model_name='event',
            name='restricted',
            field=models.CharField(blank=True, default='', editable=False, max_length=200, verbose_name='not to be published'),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name='event',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('publication', 'published'), _negated=True), ('restricted', ''), _connector='OR'), name='event_restricted_is_not_public', violation_error_message='It was made of a row whose source’s terms do not let it be published again. Write the event anew, from sources of your own.'),
        ),
        migrations.RunPython(_triggers.put_back, _triggers.put_away),
        migrations.AddField(
            model_name='importbatch',
            name='source',
            field=models.ForeignKey(blank=True, help_text='That the file is taken from; for rows that name none of their own.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='import_batches', to='sahel.source', verbose_name='source'),
        ),
        migrations.AddField(
            model_name='importbatch',
            name='user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='uploaded by'),
        ),
        migrations.AddField(
            model_name='importedrow',
            name='batch',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rows', to='sahel.importbatch', verbose_name='import'),
        ),
        migrations.AddField(
            model_name='importedrow',
            name='event',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='imported_rows', to='sahel.event', verbose_name='event'),
        ),
        migrations.AddConstraint(
            model_name='importedrow',
            constraint=models.UniqueConstraint(fields=('batch', 'number'), name='imported_row_once'),
        ),
        migrations.RunPython(allow, disallow),
        migrations.RunPython(migrations.RunPython.noop, refuse_to_forget),
    ]
