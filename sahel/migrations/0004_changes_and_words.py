"""What changed last when, and the words of each event, kept by the database itself.

Triggers see every change whichever way it comes in: form, fixture, `bulk_create()`, SQL by hand.
"""

from importlib import import_module

from django.db import migrations, models

from sahel.filters import spaced

before = import_module("sahel.migrations.0002_record_version")

NAMES = ["sahel_actor", "sahel_place", "sahel_source"]
PARTS = ["sahel_event_places", "sahel_involvement", "sahel_quotation", "sahel_reference"]
TABLES = [*NAMES, "sahel_event", *PARTS]
FOLDED = {
    "actor": ("name_en", "name_fr", "aliases"),
    "place": ("name_en", "name_fr", "aliases"),
    "source": ("title", "author", "publisher"),
    "event": ("title_en", "title_fr", "summary_en", "summary_fr"),
    "quotation": ("exact", "speaker_role_en", "speaker_role_fr"),
}


def derive_again(apps, schema_editor):
    """Search looks for the beginnings of words; and edited events had kept their first dates."""
    for name, columns in FOLDED.items():
        model = apps.get_model("sahel", name)
        for row in model.objects.iterator():
            text = " ".join(str(getattr(row, column)) for column in columns)
            values = {"folded": spaced(text)}
            if name == "event":
                days = "earliest", "latest", "sort_date"
                values |= {day: getattr(row.date, day) for day in days}
            model.objects.filter(pk=row.pk).update(**values)


# SQLite: a trigger for each row -------------------------------------------------------------------

DAYS = (
    "INSERT INTO sahel_changedday (day, version) "
    "SELECT e.sort_date, r.version FROM sahel_event e, sahel_record r WHERE e.id IN ({events}) "
    "ON CONFLICT (day) DO UPDATE SET version = excluded.version;"
)
OWN_DAY = (
    "INSERT INTO sahel_changedday (day, version) "
    "SELECT {row}.sort_date, r.version FROM sahel_record r WHERE true "
    "ON CONFLICT (day) DO UPDATE SET version = excluded.version;"
)
WORDS = (
    "DELETE FROM sahel_words WHERE rowid IN ({events});"
    "INSERT INTO sahel_words (rowid, words) SELECT e.id, e.folded || coalesce("
    "(SELECT group_concat(q.folded, '') FROM sahel_quotation q WHERE q.event_id = e.id), '') "
    "FROM sahel_event e WHERE e.id IN ({events});"
)
RAISE = (
    "INSERT INTO sahel_record (id, version, renamed, emptied) VALUES (1, 1, 0, 0) "
    "ON CONFLICT (id) DO UPDATE SET version = sahel_record.version + 1"
)
ROWS = {"INSERT": ["NEW"], "UPDATE": ["OLD", "NEW"], "DELETE": ["OLD"]}


def create_triggers_on_sqlite(run, table):
    for action, rows in ROWS.items():
        then = f"{RAISE};"
        if table in NAMES:
            then += "UPDATE sahel_record SET renamed = version;"
        elif table == "sahel_event":
            then += "".join(OWN_DAY.format(row=row) for row in rows)
        else:
            then += DAYS.format(events=", ".join(f"{row}.event_id" for row in rows))
        run(f"CREATE TRIGGER {table}_{action.lower()}d AFTER {action} ON {table} BEGIN {then} END")
        key = {"sahel_event": "id", "sahel_quotation": "event_id"}.get(table)
        if key:
            of = {"UPDATE": f" OF folded, {key}"}.get(action, "")
            events = ", ".join(f"{row}.{key}" for row in rows)
            run(
                f"CREATE TRIGGER {table}_words_{action.lower()}d AFTER {action}{of} ON {table} "
                f"BEGIN {WORDS.format(events=events)} END"
            )


def create_on_sqlite(run):
    run(
        # Our own words are separated by spaces alone, so the plainest tokenizer is the exact one.
        "CREATE VIRTUAL TABLE sahel_words USING "
        "fts5(words, tokenize = 'ascii', detail = none, prefix = '2 3')"
    )
    for table in TABLES:
        create_triggers_on_sqlite(run, table)
    run(WORDS.split(";")[1].replace("WHERE e.id IN ({events})", ""))


# PostgreSQL: a trigger for each statement, over all its rows ----------------------------------------

FUNCTIONS = """
CREATE FUNCTION sahel_raise() RETURNS bigint LANGUAGE sql AS $$
    INSERT INTO sahel_record (id, version, renamed, emptied) VALUES (1, 1, 0, 0)
    ON CONFLICT (id) DO UPDATE SET version = sahel_record.version + 1 RETURNING version
$$;
CREATE FUNCTION sahel_name_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF EXISTS (SELECT 1 FROM changed) THEN
        PERFORM sahel_raise();
        UPDATE sahel_record SET renamed = version;
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION sahel_event_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF EXISTS (SELECT 1 FROM changed) THEN
        INSERT INTO sahel_changedday (day, version)
            SELECT day, sahel_raise FROM sahel_raise(), (SELECT DISTINCT sort_date FROM changed) d (day)
            ON CONFLICT (day) DO UPDATE SET version = excluded.version;
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION sahel_part_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE raised bigint;
BEGIN
    IF EXISTS (SELECT 1 FROM changed) THEN
        raised := sahel_raise();
        INSERT INTO sahel_changedday (day, version)
            SELECT DISTINCT e.sort_date, raised FROM sahel_event e
            WHERE e.id IN (SELECT event_id FROM changed)
            ON CONFLICT (day) DO UPDATE SET version = excluded.version;
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION sahel_emptied() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM sahel_raise();
    UPDATE sahel_record SET emptied = version;
    IF TG_TABLE_NAME IN ('sahel_event', 'sahel_quotation') THEN
        DELETE FROM sahel_words;
        INSERT INTO sahel_words SELECT * FROM sahel_documents;
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION sahel_words_of(events bigint[]) RETURNS void LANGUAGE sql AS $$
    DELETE FROM sahel_words w WHERE w.event_id = ANY (events)
        AND NOT EXISTS (SELECT 1 FROM sahel_event e WHERE e.id = w.event_id);
    INSERT INTO sahel_words SELECT * FROM sahel_documents d WHERE d.event_id = ANY (events)
        ON CONFLICT (event_id) DO UPDATE SET words = excluded.words
$$;
CREATE FUNCTION sahel_event_words() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM sahel_words_of(ARRAY(SELECT id FROM changed));
    RETURN NULL;
END $$;
CREATE FUNCTION sahel_quotation_words() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM sahel_words_of(ARRAY(SELECT DISTINCT event_id FROM changed));
    RETURN NULL;
END $$;
"""
TRANSITIONS = [  # an UPDATE has two sets of rows, each of which may hold a day of its own
    ("inserted", "INSERT", "NEW"),
    ("updated_from", "UPDATE", "OLD"),
    ("updated_to", "UPDATE", "NEW"),
    ("deleted", "DELETE", "OLD"),
]


def create_on_postgresql(run):
    run(
        "CREATE TABLE sahel_words (event_id bigint PRIMARY KEY, words tsvector NOT NULL) "
        "WITH (toast_tuple_target = 128)"
    )
    # A search reads the keys of what it finds: kept apart from the words, they are few pages.
    run("ALTER TABLE sahel_words ALTER COLUMN words SET STORAGE EXTERNAL")
    run(
        "CREATE VIEW sahel_documents AS SELECT e.id AS event_id, array_to_tsvector(array_remove("
        "string_to_array(e.folded || coalesce((SELECT string_agg(q.folded, '') "
        "FROM sahel_quotation q WHERE q.event_id = e.id), ''), ' '), '')) AS words "
        "FROM sahel_event e"
    )
    for function in FUNCTIONS.split("CREATE ")[1:]:
        run(f"CREATE {function}")
    run("INSERT INTO sahel_words SELECT * FROM sahel_documents")
    run("CREATE INDEX sahel_words_words ON sahel_words USING gin (words)")
    for table in TABLES:
        function = (
            "sahel_name_changed"
            if table in NAMES
            else "sahel_event_changed"
            if table == "sahel_event"
            else "sahel_part_changed"
        )
        for name, action, rows in TRANSITIONS:
            run(
                f"CREATE TRIGGER {table}_{name} AFTER {action} ON {table} "
                f"REFERENCING {rows} TABLE AS changed "
                f"FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
            )
            if table in ("sahel_event", "sahel_quotation"):
                run(
                    f"CREATE TRIGGER {table}_words_{name} AFTER {action} ON {table} "
                    f"REFERENCING {rows} TABLE AS changed "
                    f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_words()"
                )
        run(
            f"CREATE TRIGGER {table}_emptied AFTER TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION sahel_emptied()"
        )


def create(apps, schema_editor):
    run = schema_editor.execute
    if schema_editor.connection.vendor == "postgresql":
        create_on_postgresql(run)
    else:
        create_on_sqlite(run)


def drop(apps, schema_editor):
    run = schema_editor.execute
    if schema_editor.connection.vendor == "postgresql":
        for table in TABLES:
            for name, _action, _rows in TRANSITIONS:
                run(f"DROP TRIGGER {table}_{name} ON {table}")
                if table in ("sahel_event", "sahel_quotation"):
                    run(f"DROP TRIGGER {table}_words_{name} ON {table}")
            run(f"DROP TRIGGER {table}_emptied ON {table}")
        for function in (
            "event_words",
            "quotation_words",
            "words_of",
            "emptied",
            "part_changed",
            "event_changed",
            "name_changed",
            "raise",
        ):
            run(f"DROP FUNCTION sahel_{function}")
        run("DROP VIEW sahel_documents")
    else:
        for action in ROWS:
            for table in TABLES:
                run(f"DROP TRIGGER {table}_{action.lower()}d")
            for table in ("sahel_event", "sahel_quotation"):
                run(f"DROP TRIGGER {table}_words_{action.lower()}d")
    run("DROP TABLE sahel_words")


class Migration(migrations.Migration):
    dependencies = [("sahel", "0003_editors")]
    operations = [
        migrations.RunPython(before.drop, before.create),
        migrations.RunPython(derive_again, migrations.RunPython.noop),
        migrations.AddField("record", "renamed", models.PositiveBigIntegerField(default=0)),
        migrations.AddField("record", "emptied", models.PositiveBigIntegerField(default=0)),
        migrations.CreateModel(
            name="ChangedDay",
            fields=[
                ("day", models.DateField(primary_key=True, serialize=False)),
                ("version", models.PositiveBigIntegerField(db_index=True)),
            ],
        ),
        migrations.RunPython(create, drop),
    ]
