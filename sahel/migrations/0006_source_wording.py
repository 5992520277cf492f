from importlib import import_module

from django.db import migrations, models

triggers = import_module("sahel.migrations.0004_changes_and_words")


def create_again(apps, schema_editor):
    """Django remakes a table of SQLite to add a column, and its triggers are gone."""
    if schema_editor.connection.vendor == "sqlite":
        triggers.create_triggers_on_sqlite(schema_editor.execute, "sahel_source")


class Migration(migrations.Migration):
    dependencies = [("sahel", "0005_vocabulary")]
    operations = [
        migrations.AddField(
            "source",
            "wording",
            models.CharField(
                "wording",
                max_length=12,
                choices=[
                    ("original", "as it was written"),
                    ("translated", "translated"),
                    ("retranslated", "translated and back again"),
                ],
                default="original",
                help_text="Readers see beside each quotation whether it came through another language.",
            ),
        ),
        migrations.RunPython(create_again, migrations.RunPython.noop),
    ]
