"""Fill a new database as the first release left it, bring it up to date, read and edit the site.

Prints what it found as JSON. A process of its own: Django is set up for one database alone.
"""

import json
import sqlite3
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import django

HERE = Path(__file__).parent
FIRST = "0003_editors"  # the last migration of the first release


def main() -> None:
    """Migrate, ask each address that the first release had, edit an event, verify the history."""
    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client
    from django.test.utils import setup_test_environment

    setup_test_environment()
    static = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES["staticfiles"]["BACKEND"] = static
    first = (HERE / "first.sql").read_text()
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        connection.connection.executescript(f"PRAGMA foreign_keys = OFF; {first}")
        connection.close()  # the next one has it on again
    else:
        call_command("migrate", verbosity=0)  # the contributed apps, too, then back
        call_command("migrate", "sahel", "zero", verbosity=0)
        call_command("migrate", "sahel", FIRST, verbosity=0)
        copy(first, connection)
    before = counts(connection)
    call_command("migrate", verbosity=0)
    found: dict[str, Any] = {"before": before, "after": counts(connection)}
    reader = Client()
    addresses = (HERE / "addresses.txt").read_text().split()
    found["statuses"] = {path: reader.get(path, follow=True).status_code for path in addresses}
    call_command("verify_history", stdout=StringIO())  # it would exit
    found |= edited(reader)
    call_command("verify_history", stdout=StringIO())
    sys.stdout.write(json.dumps(found))


def edited(reader: Any) -> dict[str, Any]:
    """Change an event as the account that the first release made, and say what readers see."""
    from django.contrib.auth.models import User
    from django.test import Client

    from sahel.models import Change, Event
    from tests.forms import sent
    from tests.signin import let_in

    editor = Client()
    let_in(editor, User.objects.get(username="amina"))
    event = Event.objects.get(slug="coup-2020")
    address = f"/en/admin/sahel/event/{event.pk}/change/"
    form = sent(editor.get(address).text, "event_form", title_en="Coup of 2020", why="shorter")
    answer = editor.post(address, form)
    return {
        "edited": answer.status_code,
        "title": "Coup of 2020" in reader.get("/en/events/coup-2020/").text,
        "entries": list(Change.objects.filter(event=event.pk).values_list("what", flat=True)),
    }


def counts(connection: Any) -> dict[str, int]:
    """Count the rows of the record's tables that the first release had."""
    names = "actor", "place", "source", "event", "event_places", "involvement", "quotation"
    with connection.cursor() as cursor:
        found = {}
        for name in (*names, "reference", "loading"):
            cursor.execute(f"SELECT count(*) FROM sahel_{name}")  # noqa: S608 - our own names
            found[name] = cursor.fetchone()[0]
    return found


def copy(first: str, connection: Any) -> None:
    """Copy the rows of a SQLite database, given as SQL, into the same tables of PostgreSQL."""
    memory = sqlite3.connect(":memory:")
    memory.create_function("REGEXP", 2, lambda _pattern, _text: True)
    memory.executescript(first)
    tables = memory.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    ours = [name for (name,) in tables if name.startswith("sahel_") or name == "auth_user"]
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # in whatever order
        cursor.execute("DELETE FROM sahel_record")
        for table in ours:
            kinds = {
                column.name: column.type_code == 16  # boolean, which SQLite keeps as a number
                for column in connection.introspection.get_table_description(cursor, table)
            }
            rows = memory.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - names of tables
            names = [column[0] for column in rows.description]
            placed = ", ".join("%s" for _name in names)
            listed = ", ".join(f'"{name}"' for name in names)
            for row in rows:
                values = [
                    bool(value) if kinds[name] and value is not None else value
                    for name, value in zip(names, row, strict=True)
                ]
                cursor.execute(f'INSERT INTO "{table}" ({listed}) VALUES ({placed})', values)  # noqa: S608
        cursor.execute("SET session_replication_role = DEFAULT")
        for table in ours:  # the next row gets the next number
            cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table])
            if sequence := cursor.fetchone()[0]:
                cursor.execute(f"SELECT setval('{sequence}', max(id)) FROM {table}")  # noqa: S608
        cursor.execute(
            "INSERT INTO auth_user_groups (user_id, group_id) SELECT auth_user.id, auth_group.id"
            " FROM auth_user, auth_group WHERE auth_group.name = 'Editors'"
        )


if __name__ == "__main__":
    main()
