"""An event can be withdrawn, for a reason that readers are told."""

from importlib import import_module

from django.db import migrations, models
from django.db.models import Q

triggers = import_module("sahel.migrations.0004_changes_and_words")
slugs = import_module("sahel.migrations.0009_former_slugs")


def drop(apps, schema_editor):
    """On SQLite a table cannot be made anew while triggers name it: nearly all name the events."""
    if schema_editor.connection.vendor != "sqlite":
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in cursor.fetchall():
            if name.startswith("sahel_"):
                schema_editor.execute(f"DROP TRIGGER {name}")


def create_again(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for table in triggers.TABLES:
            triggers.create_triggers_on_sqlite(schema_editor.execute, table)
        slugs.create(apps, schema_editor)


class Migration(migrations.Migration):
    dependencies = [("sahel", "0009_former_slugs")]
    operations = [
        migrations.RunPython(drop, create_again),
        migrations.AlterField(
            "event",
            "publication",
            models.CharField(
                "publication",
                max_length=10,
                choices=[
                    ("draft", "Draft"),
                    ("review", "In review"),
                    ("published", "Published"),
                    ("withdrawn", "Withdrawn"),
                ],
                default="draft",
            ),
        ),
        migrations.AddField(
            "event",
            "withdrawal_en",
            models.TextField(
                "why it was withdrawn, in English",
                blank=True,
                default="",
                help_text="Readers who follow its address are told so.",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            "event",
            "withdrawal_fr",
            models.TextField("why it was withdrawn, in French", blank=True, default=""),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            "event",
            models.CheckConstraint(
                condition=~Q(publication="withdrawn") | ~Q(withdrawal_en="") | ~Q(withdrawal_fr=""),
                name="event_withdrawn_for_a_reason",
                violation_error_message="Say why it is withdrawn, in English or in French.",
            ),
        ),
        migrations.RunPython(create_again, drop),
    ]
