"""What was merged into what; editors may look it up."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.contrib.auth.management import create_permissions
from django.db import migrations, models


def permit(apps, schema_editor):
    # Django makes permissions after all migrations have run; the group needs this one now.
    config = apps.get_app_config("sahel")
    config.models_module = True  # what a stub of the migration lacks and the function looks for
    create_permissions(config, apps=apps, verbosity=0)
    view = apps.get_model("auth", "Permission").objects.get(
        content_type__app_label="sahel", codename="view_merge"
    )
    for group in apps.get_model("auth", "Group").objects.filter(name__in=["Editor", "Publisher"]):
        group.permissions.add(view)


class Migration(migrations.Migration):
    dependencies = [
        ("sahel", "0019_imports"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name='Merge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('actor', 'actor'), ('place', 'place'), ('source', 'source')], max_length=10, verbose_name='what was merged')),
                ('key', models.PositiveBigIntegerField(verbose_name='number of the one that is kept')),
                ('slug', models.SlugField(max_length=100, verbose_name='kept')),
                ('at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='when')),
                ('why', models.TextField(blank=True, verbose_name='why')),
                ('number', models.PositiveBigIntegerField()),
                ('merged', models.JSONField(verbose_name='gone')),
                ('done', models.JSONField()),
                ('undone_at', models.DateTimeField(null=True, verbose_name='undone')),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
                ('undone_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='undone by')),
            ],
            options={
                'verbose_name': 'merge',
                'verbose_name_plural': 'merges',
                'ordering': ['-at', '-pk'],
            },
        ),
        migrations.RunPython(permit, migrations.RunPython.noop),
    ]
