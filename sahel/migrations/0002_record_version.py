"""One row that counts the changes of the record, raised by the database itself.

Triggers see every change whichever way it comes in: form, fixture, `bulk_create()`, SQL by hand.
"""

from django.db import migrations

TABLES = [
    "sahel_actor",
    "sahel_place",
    "sahel_source",
    "sahel_event",
    "sahel_event_places",
    "sahel_involvement",
    "sahel_quotation",
    "sahel_reference",
]
ACTIONS = ["INSERT", "UPDATE", "DELETE"]


RAISE = (
    "INSERT INTO sahel_record (id, version) VALUES (1, 1) "
    "ON CONFLICT (id) DO UPDATE SET version = sahel_record.version + 1"
)


def create(apps, schema_editor):
    run = schema_editor.execute
    if schema_editor.connection.vendor == "postgresql":
        run(
            "CREATE FUNCTION sahel_record_changed() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {RAISE}; RETURN NULL; END $$"
        )
        for table in TABLES:
            run(
                f"CREATE TRIGGER {table}_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE "
                f"ON {table} FOR EACH STATEMENT EXECUTE FUNCTION sahel_record_changed()"
            )
    else:
        for table in TABLES:
            for action in ACTIONS:
                run(
                    f"CREATE TRIGGER {table}_{action.lower()}d AFTER {action} ON {table} "
                    f"BEGIN {RAISE}; END"
                )


def drop(apps, schema_editor):
    run = schema_editor.execute
    if schema_editor.connection.vendor == "postgresql":
        for table in TABLES:
            run(f"DROP TRIGGER {table}_changed ON {table}")
        run("DROP FUNCTION sahel_record_changed()")
    else:
        for table in TABLES:
            for action in ACTIONS:
                run(f"DROP TRIGGER {table}_{action.lower()}d")


class Migration(migrations.Migration):
    dependencies = [("sahel", "0001_initial")]
    operations = [migrations.RunPython(create, drop)]
