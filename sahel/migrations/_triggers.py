"""For migrations after which SQLite makes a table anew: it cannot while triggers name that table."""


def put_away(apps, schema_editor):
    """Take all triggers of the record down, and remember them."""
    if schema_editor.connection.vendor != "sqlite":
        return
    schema_editor.execute("CREATE TEMP TABLE put_away (sql)", None)
    schema_editor.execute(
        "INSERT INTO put_away SELECT sql FROM main.sqlite_master "
        "WHERE type = 'trigger' AND name LIKE 'sahel\\_%' ESCAPE '\\'",
        None,
    )
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM main.sqlite_master "
            "WHERE type = 'trigger' AND name LIKE 'sahel\\_%' ESCAPE '\\'"
        )
        for (name,) in cursor.fetchall():
            schema_editor.execute(f"DROP TRIGGER {name}", None)


def put_back(apps, schema_editor):
    """Create the triggers that were taken down."""
    if schema_editor.connection.vendor != "sqlite":
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT sql FROM put_away")
        for (sql,) in cursor.fetchall():
            schema_editor.execute(sql, None)
    schema_editor.execute("DROP TABLE temp.put_away", None)
