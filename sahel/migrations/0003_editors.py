"""The group of those who edit the record."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

MODELS = ["actor", "place", "source", "sourcetext", "event", "involvement", "quotation", "reference"]
ACTIONS = ["view", "add", "change", "delete"]


def create(apps, schema_editor):
    # Django makes permissions after all migrations have run; the group needs them now.
    config = apps.get_app_config("sahel")
    config.models_module = True  # what a stub of the migration lacks and the function looks for
    create_permissions(config, apps=apps, verbosity=0)
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name="Editors")
    group.permissions.set(
        apps.get_model("auth", "Permission").objects.filter(
            content_type__app_label="sahel",
            codename__in=[f"{action}_{model}" for action in ACTIONS for model in MODELS],
        )
    )


def drop(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name="Editors").delete()


class Migration(migrations.Migration):
    dependencies = [
        ("sahel", "0002_record_version"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(create, drop)]
