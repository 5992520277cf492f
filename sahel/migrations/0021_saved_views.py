"""Lists that editors keep as they filtered them, and indexes by which lists count their rows."""

import django.db.models.deletion
from django.conf import settings
from django.contrib.auth.management import create_permissions
from django.db import migrations, models


def permit(apps, schema_editor):
    config = apps.get_app_config("sahel")  # as in 0003
    config.models_module = True
    create_permissions(config, apps=apps, verbosity=0)
    share = apps.get_model("auth", "Permission").objects.get(
        content_type__app_label="sahel", codename="share_savedview"
    )
    for group in apps.get_model("auth", "Group").objects.filter(name="Publisher"):
        group.permissions.add(share)


class Migration(migrations.Migration):

    dependencies = [
        ('sahel', '0020_merges'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('of', models.CharField(max_length=20, verbose_name='list')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('query', models.CharField(blank=True, max_length=1000, verbose_name='query')),
                ('shared', models.BooleanField(default=False, verbose_name='for all editors')),
            ],
            options={
                'verbose_name': 'saved view',
                'verbose_name_plural': 'saved views',
                'ordering': ['name', 'pk'],
                'permissions': [('share_savedview', 'Can save views of lists for all editors')],
                'default_permissions': (),
            },
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['publication', 'status', 'kind', 'date_basis', 'sort_date'], name='event_in_lists'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['updated', 'id'], name='event_by_change'),
        ),
        migrations.AddIndex(
            model_name='quotation',
            index=models.Index(fields=['state', 'stance', 'language'], name='quotation_in_lists'),
        ),
        migrations.AddField(
            model_name='savedview',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='saved_views', to=settings.AUTH_USER_MODEL, verbose_name='account'),
        ),
        migrations.AddConstraint(
            model_name='savedview',
            constraint=models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='saved_view_has_a_name'),
        ),
        migrations.AddConstraint(
            model_name='savedview',
            constraint=models.UniqueConstraint(fields=('user', 'of', 'name'), name='saved_view_once_per_name', violation_error_message='You have a view of that name already.'),
        ),
        migrations.RunPython(permit, migrations.RunPython.noop),
    ]
