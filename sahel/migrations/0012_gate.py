"""The gate: what an event must rest on to be public, held by the database, whichever way it comes.

SQLite has no triggers that wait for the end of a transaction, but both databases have foreign keys
that do: an event that lacks something is named in a table by a row that refers to nothing.
"""

from django.conf import settings
from django.db import migrations, models

from sahel.migrations import _triggers

UNAPPROVED = (
    "(coalesce((SELECT r.approval FROM sahel_record r), false) AND (e.approved_by_id IS NULL "
    "OR coalesce(e.approved_by_id = e.edited_by_id, false)))"
)


def without_grounds(becomes):
    """Say that no quotation of event `e` bears it; once public, one that did so will do."""
    return (
        "NOT EXISTS (SELECT 1 FROM sahel_quotation q WHERE q.event_id = e.id AND "
        "(q.state IN ('verbatim', 'verbatim-still', 'uncheckable') "
        f"OR (q.state = 'missing' AND NOT {becomes})))"
    )


def take_out(events):
    return (
        f"DELETE FROM sahel_ungrounded WHERE event IN ({events}) AND NOT EXISTS ("
        "SELECT 1 FROM sahel_event e WHERE e.id = sahel_ungrounded.event "
        f"AND e.publication = 'published' AND ({without_grounds('sahel_ungrounded.becomes')} "
        f"OR (sahel_ungrounded.unapproved AND {UNAPPROVED})));"
    )


def put_in(events, becomes, unapproved):
    return (
        "INSERT INTO sahel_ungrounded (event, becomes, unapproved, quotation_id) "
        f"SELECT e.id, {becomes}, {unapproved}, 0 FROM sahel_event e WHERE e.id IN ({events}) "
        f"AND e.publication = 'published' AND ({without_grounds(becomes)} OR {unapproved}) "
        "ON CONFLICT (event) DO NOTHING;"
    )


# The events that a statement or a row touches, and what is then to be asked.
INSERTED = put_in("NEW.id", "true", UNAPPROVED)
UPDATED = take_out("NEW.id") + put_in("NEW.id", "(OLD.publication <> 'published')", UNAPPROVED)
DELETED = "DELETE FROM sahel_ungrounded WHERE event = OLD.id;"
ROWS = {"INSERT": ["NEW"], "UPDATE": ["OLD", "NEW"], "DELETE": ["OLD"]}
EVENTS = {  # what each trigger on events asks, of which rows
    "insert": ("INSERT", "NEW.publication = 'published'", INSERTED),
    "update": (
        "UPDATE OF publication, edited_by_id, approved_by_id",
        "NEW.publication = 'published' OR OLD.publication = 'published'",
        UPDATED,
    ),
    "delete": ("DELETE", "OLD.publication = 'published'", DELETED),
}


def create(apps, schema_editor):
    run = schema_editor.execute
    if schema_editor.connection.vendor == "postgresql":
        for name, (action, which, then) in EVENTS.items():
            run(
                f"CREATE FUNCTION sahel_event_gate_{name}() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN {then} RETURN NULL; END $$"
            )
            run(
                f"CREATE TRIGGER sahel_event_gate_{name} AFTER {action} ON sahel_event "
                f"FOR EACH ROW WHEN ({which}) EXECUTE FUNCTION sahel_event_gate_{name}()"
            )
        changed = "SELECT event_id FROM changed"
        run(
            "CREATE FUNCTION sahel_quotation_gate() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {take_out(changed)} {put_in(changed, 'false', 'false')} "
            "RETURN NULL; END $$"
        )
        for action, rows in ROWS.items():
            for row in rows:
                run(
                    f"CREATE TRIGGER sahel_quotation_gate_{action.lower()}_{row.lower()} "
                    f"AFTER {action} ON sahel_quotation REFERENCING {row} TABLE AS changed "
                    "FOR EACH STATEMENT EXECUTE FUNCTION sahel_quotation_gate()"
                )
    else:
        for name, (action, which, then) in EVENTS.items():
            run(
                f"CREATE TRIGGER sahel_event_gate_{name} AFTER {action} ON sahel_event "
                f"WHEN {which} BEGIN {then} END"
            )
        for action, rows in ROWS.items():
            events = ", ".join(f"{row}.event_id" for row in rows)
            then = take_out(events) + put_in(events, "false", "false")
            of = " OF event_id, state" if action == "UPDATE" else ""
            run(
                f"CREATE TRIGGER sahel_quotation_gate_{action.lower()} AFTER {action}{of} "
                f"ON sahel_quotation BEGIN {then} END"
            )


def drop(apps, schema_editor):
    run = schema_editor.execute
    if schema_editor.connection.vendor == "postgresql":
        for name in EVENTS:
            run(f"DROP FUNCTION sahel_event_gate_{name}() CASCADE")
        run("DROP FUNCTION sahel_quotation_gate() CASCADE")
    else:
        for name in EVENTS:
            run(f"DROP TRIGGER sahel_event_gate_{name}")
        for action in ROWS:
            run(f"DROP TRIGGER sahel_quotation_gate_{action.lower()}")


def say_that_no_reason_is_known(apps, schema_editor):
    sources = apps.get_model("sahel", "Source").objects.filter(publisher="")
    sources.update(no_publisher_en="Not on record.", no_publisher_fr="Non renseigné.")


class Migration(migrations.Migration):
    dependencies = [
        ("sahel", "0011_history"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.RunPython(_triggers.put_away, _triggers.put_back),
        migrations.CreateModel(
            name='Ungrounded',
            fields=[
                ('event', models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ('becomes', models.BooleanField()),
                ('unapproved', models.BooleanField()),
            ],
        ),
        migrations.AddField(
            model_name='event',
            name='approved_by',
            field=models.ForeignKey(editable=False, null=True, on_delete=models.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='approved by'),
        ),
        migrations.AddField(
            model_name='event',
            name='edited_by',
            field=models.ForeignKey(editable=False, null=True, on_delete=models.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='edited by'),
        ),
        migrations.AddField(
            model_name='record',
            name='approval',
            field=models.BooleanField(db_default=False),
        ),
        migrations.AddField(
            model_name='source',
            name='no_publisher_en',
            field=models.CharField(blank=True, max_length=200, verbose_name='why no publisher is named, in English'),
        ),
        migrations.AddField(
            model_name='source',
            name='no_publisher_fr',
            field=models.CharField(blank=True, max_length=200, verbose_name='why no publisher is named, in French'),
        ),
        migrations.AddConstraint(
            model_name='event',
            constraint=models.CheckConstraint(condition=models.Q(('date_basis__in', ['stated', 'inferred', 'corroborated'])), name='event_date_has_a_basis'),
        ),
        migrations.AddField(
            model_name='ungrounded',
            name='quotation',
            field=models.ForeignKey(on_delete=models.DO_NOTHING, related_name='+', to='sahel.quotation'),
        ),
        migrations.RunPython(say_that_no_reason_is_known, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name='source',
            constraint=models.CheckConstraint(condition=models.Q(('no_publisher_en', ''), ('no_publisher_fr', ''), ('publisher', ''), _negated=True), name='source_has_a_publisher', violation_error_message='Name the publisher, or say why none is named.'),
        ),
        migrations.RunPython(_triggers.put_back, _triggers.put_away),
        migrations.RunPython(create, drop),
    ]
