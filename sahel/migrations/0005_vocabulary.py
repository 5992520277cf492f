"""The words that SQLite's index knows, so that the beginning of a word is looked for as words."""

from django.db import migrations


def create(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute(
            "CREATE VIRTUAL TABLE sahel_vocabulary USING fts5vocab(sahel_words, row)"
        )


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TABLE sahel_vocabulary")


class Migration(migrations.Migration):
    dependencies = [("sahel", "0004_changes_and_words")]
    operations = [migrations.RunPython(create, drop)]
