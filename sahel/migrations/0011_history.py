"""The history of each event: entries that the database only ever takes in.

Triggers note which events were changed, whichever way it was done, until they have an entry.
"""

from django.conf import settings
from django.db import migrations, models

from sahel.migrations import _triggers

CHANGED = {  # the tables, and what in them names the event
    "sahel_event": "id",
    "sahel_event_places": "event_id",
    "sahel_involvement": "event_id",
    "sahel_quotation": "event_id",
    "sahel_reference": "event_id",
}
ROWS = {"INSERT": ["NEW"], "UPDATE": ["OLD", "NEW"], "DELETE": ["OLD"]}
NOTE = "INSERT INTO sahel_unrecorded (event) {events} ON CONFLICT (event) DO NOTHING"
REFUSED = "the history is only ever added to"


def note_on_sqlite(run, table, key):
    for action, rows in ROWS.items():
        events = " UNION ".join(f"SELECT {row}.{key}" for row in rows)
        # SQLite would take ON for a join's without a WHERE.
        note = NOTE.format(events=f"SELECT * FROM ({events}) WHERE true")
        run(
            f"CREATE TRIGGER {table}_noted_{action.lower()} AFTER {action} ON {table} "
            f"BEGIN {note}; END"
        )


def note_on_postgresql(run, table, key):
    note = NOTE.format(events=f"SELECT DISTINCT {key} FROM changed")
    run(
        f"CREATE FUNCTION {table}_noted() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {note}; RETURN NULL; END $$"
    )
    for action, rows in ROWS.items():
        for row in rows:
            run(
                f"CREATE TRIGGER {table}_noted_{action.lower()}_{row.lower()} "
                f"AFTER {action} ON {table} REFERENCING {row} TABLE AS changed "
                f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_noted()"
            )


def create(apps, schema_editor):
    run = schema_editor.execute
    on_postgresql = schema_editor.connection.vendor == "postgresql"
    for table, key in CHANGED.items():
        (note_on_postgresql if on_postgresql else note_on_sqlite)(run, table, key)
    if on_postgresql:
        run(
            "CREATE FUNCTION sahel_change_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"RAISE EXCEPTION '{REFUSED}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
        # For each row: `loaddata` tries an UPDATE first, which changes none.
        run(
            "CREATE TRIGGER sahel_change_kept BEFORE UPDATE OR DELETE ON sahel_change "
            "FOR EACH ROW EXECUTE FUNCTION sahel_change_kept()"
        )
        run(
            "CREATE TRIGGER sahel_change_not_emptied BEFORE TRUNCATE ON sahel_change "
            "FOR EACH STATEMENT EXECUTE FUNCTION sahel_change_kept()"
        )
    else:
        for action in ("UPDATE", "DELETE"):
            run(
                f"CREATE TRIGGER sahel_change_kept_{action.lower()} BEFORE {action} "
                f"ON sahel_change BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
            )
    # What is here already has no entry yet.
    run("INSERT INTO sahel_unrecorded (event) SELECT id FROM sahel_event")


def drop(apps, schema_editor):
    run = schema_editor.execute
    if schema_editor.connection.vendor == "postgresql":
        for table in CHANGED:
            run(f"DROP FUNCTION {table}_noted() CASCADE")
        run("DROP FUNCTION sahel_change_kept() CASCADE")
    else:
        for table in CHANGED:
            for action in ROWS:
                run(f"DROP TRIGGER {table}_noted_{action.lower()}")
        for action in ("update", "delete"):
            run(f"DROP TRIGGER sahel_change_kept_{action}")


class Migration(migrations.Migration):
    dependencies = [
        ("sahel", "0010_withdrawn_events"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.RunPython(_triggers.put_away, _triggers.put_back),
        migrations.CreateModel(
            name='Unrecorded',
            fields=[
                ('event', models.PositiveBigIntegerField(primary_key=True, serialize=False)),
            ],
        ),
        migrations.AddField(
            model_name='record',
            name='entries',
            field=models.PositiveBigIntegerField(db_default=0),
        ),
        migrations.AddField(
            model_name='record',
            name='head',
            field=models.CharField(blank=True, db_default='', max_length=64),
        ),
        migrations.CreateModel(
            name='Change',
            fields=[
                ('number', models.PositiveBigIntegerField(primary_key=True, serialize=False, verbose_name='number')),
                ('at', models.DateTimeField(verbose_name='when')),
                ('event', models.PositiveBigIntegerField(db_index=True)),
                ('slug', models.SlugField(max_length=100, verbose_name='slug')),
                ('what', models.CharField(choices=[('added', 'added, not public yet'), ('edited', 'edited, not public'), ('published', 'published'), ('corrected', 'corrected'), ('checked', 'quotations checked again'), ('withdrawn', 'withdrawn'), ('taken-back', 'taken back, to be reviewed'), ('deleted', 'deleted')], max_length=10, verbose_name='what was done')),
                ('public', models.BooleanField(verbose_name='seen by readers')),
                ('way', models.CharField(choices=[('editor', 'an editor'), ('fixtures', 'the curated files'), ('check', 'a check of the quotations'), ('outside', 'means other than the site’s own')], max_length=10, verbose_name='way in')),
                ('who', models.CharField(blank=True, max_length=100, verbose_name='public name')),
                ('account', models.PositiveIntegerField(null=True)),
                ('why', models.TextField(blank=True, verbose_name='why')),
                ('why_language', models.CharField(blank=True, max_length=10)),
                ('after', models.TextField()),
                ('hash', models.CharField(max_length=64)),
            ],
            options={
                'verbose_name': 'change',
                'verbose_name_plural': 'changes',
                'ordering': ['number'],
                'indexes': [models.Index(fields=['public', 'what', 'number'], name='change_in_public')],
            },
        ),
        migrations.CreateModel(
            name='Signature',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='It stays with each change for ever: a name, initials or a role.', max_length=100, verbose_name='public name')),
                ('user', models.OneToOneField(on_delete=models.deletion.CASCADE, to=settings.AUTH_USER_MODEL, verbose_name='account')),
            ],
            options={
                'verbose_name': 'public name',
                'verbose_name_plural': 'public names',
            },
        ),
        migrations.RunPython(_triggers.put_back, _triggers.put_away),
        migrations.RunPython(create, drop),
    ]
