"""What the database holds against changes that go round its triggers, or come at the same moment.

PostgreSQL: whoever changes a part of an event waits for the one before, ahead of all else; emptied
tables are noted. SQLite: an entry of the history cannot be replaced by another of its number.
"""

from importlib import import_module

import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

from sahel.migrations import _triggers

history = import_module("sahel.migrations.0011_history")
gate = import_module("sahel.migrations.0012_gate")
TABLES = [*history.CHANGED, "sahel_estimate"]
ALL = "SELECT id FROM sahel_event"


def create(apps, schema_editor):
    run = schema_editor.execute
    if schema_editor.connection.vendor != "postgresql":
        run(
            "CREATE TRIGGER sahel_change_kept_insert BEFORE INSERT ON sahel_change "
            "WHEN EXISTS (SELECT 1 FROM sahel_change WHERE number = NEW.number) "
            f"BEGIN SELECT RAISE(ABORT, '{history.REFUSED}'); END"
        )
        return
    run(
        "CREATE FUNCTION sahel_in_turn() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM 1 FROM sahel_record WHERE id = 1 FOR UPDATE; RETURN NULL; END $$"
    )
    noted = "INSERT INTO sahel_unrecorded (event) SELECT id FROM sahel_event UNION "
    noted += "SELECT event FROM sahel_change ON CONFLICT (event) DO NOTHING;"
    run(
        "CREATE FUNCTION sahel_all_noted() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {noted} {gate.put_in(ALL, 'false', 'false')} RETURN NULL; END $$"
    )
    for table in TABLES:
        run(
            f"CREATE TRIGGER {table}_in_turn BEFORE INSERT OR UPDATE OR DELETE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION sahel_in_turn()"
        )
        run(
            f"CREATE TRIGGER {table}_all_noted AFTER TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION sahel_all_noted()"
        )


def drop(apps, schema_editor):
    run = schema_editor.execute
    if schema_editor.connection.vendor == "postgresql":
        run("DROP FUNCTION sahel_in_turn() CASCADE")
        run("DROP FUNCTION sahel_all_noted() CASCADE")
    else:
        run("DROP TRIGGER sahel_change_kept_insert")


class Migration(migrations.Migration):
    dependencies = [
        ("sahel", "0014_link_checks"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.RunPython(_triggers.put_away, _triggers.put_back),
        migrations.AlterField(
            model_name="event",
            name="approved_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="approved by",
            ),
        ),
        migrations.AddConstraint(
            model_name="quotation",
            constraint=models.CheckConstraint(
                condition=models.Q(("id__gt", 0)), name="quotation_has_a_number"
            ),
        ),
        migrations.AddConstraint(
            model_name="signature",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Lower("name"),
                name="signature_of_one",
                violation_error_message="Another one signs by that name.",
            ),
        ),
        migrations.RunPython(_triggers.put_back, _triggers.put_away),
        migrations.RunPython(create, drop),
    ]
