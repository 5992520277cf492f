"""The whole database moved to another one, of SQLite or PostgreSQL, row by row as it is.

Not by way of the site's own rules: what is on record was held against them when it came in.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from itertools import batched
from typing import Any, cast

import environ
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.management.color import no_style
from django.db import connections, models, transaction
from django.db.models import Model

from sahel.backups import Sums, checksum
from sahel.databases import PRIMARY
from sahel.models import Actor, Event, Source

TARGET = "target"
AT_ONCE = 500  # rows that are written together
OURS = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"


class MoveError(Exception):
    """The database cannot be moved there, or did not arrive as it was; the message says why."""


def move(url: str) -> Sums:
    """Move all rows into the empty database at an address; give what each table has there.

    Sessions stay: whoever was signed in signs in again. MoveError where the target is not empty or
    a row is another than it was; then nothing is in it but empty tables.
    """
    # In a process of its own: what migrations write, they write into DATABASE_URL.
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity=0"],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise MoveError(f"That database cannot be migrated: {done.stderr.strip()[-500:]}")
    known = connections[PRIMARY].settings_dict
    connections.settings[TARGET] = {**known, "OPTIONS": {}, **environ.Env.db_url_config(url)}
    try:
        if any(m._base_manager.using(TARGET).exists() for m in (Event, Source, Actor, User)):
            raise MoveError("There is something in that database already: move into an empty one.")
        with transaction.atomic(using=PRIMARY), transaction.atomic(using=TARGET), _no_triggers():
            return _moved()
    finally:
        connections[TARGET].close()
        del connections[TARGET], connections.settings[TARGET]


def _moved() -> Sums:
    for model in reversed(_models()):  # what the migrations put there
        model._base_manager.using(TARGET).all()._raw_delete(TARGET)
    for model in _models():
        for some in batched(_rows(model, PRIMARY), AT_ONCE):
            _write(model, some)
    _index_the_words()
    _count_on()
    sums = {model._meta.db_table: _sum(model, TARGET) for model in _models()}
    for model in _models():
        if _sum(model, PRIMARY) != sums[model._meta.db_table]:
            raise MoveError(f"{model._meta.db_table} is not there as it is here.")
    return sums


def _models() -> list[type[Model]]:
    """Give the models of all tables, that which others name before them."""
    found = [m._meta for m in apps.get_models(include_auto_created=True) if m is not Session]
    return [each.model for each in found if each.managed and not each.proxy]


def _fields(model: type[Model]) -> list[Any]:
    # What the database works out by itself it works out there, too.
    return [f for f in model._meta.concrete_fields if not isinstance(f, models.GeneratedField)]


def _rows(model: type[Model], alias: str) -> Iterator[tuple[Any, ...]]:
    rows = (
        model._base_manager.using(alias)
        .order_by("pk")
        .values_list(*(field.attname for field in _fields(model)))
    )
    return cast(Iterator[tuple[Any, ...]], rows.iterator(chunk_size=2000))


def _write(model: type[Model], rows: Iterable[tuple[Any, ...]]) -> None:
    """Write rows as they are: not by the model, which works some columns out anew."""
    there, fields = connections[TARGET], _fields(model)
    name = there.ops.quote_name
    columns = ", ".join(name(field.column) for field in fields)
    marks = ", ".join("%s" for _ in fields)
    with there.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {name(model._meta.db_table)} ({columns}) VALUES ({marks})",  # noqa: S608
            [
                [f.get_db_prep_value(value, there) for f, value in zip(fields, row, strict=True)]
                for row in rows
            ],
        )


def _sum(model: type[Model], alias: str) -> tuple[int, str]:
    return checksum([_plain(value) for value in row] for row in _rows(model, alias))


def _plain(value: Any) -> Any:
    """Give a value as both databases have it: PostgreSQL keeps JSON in an order of its own."""
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value


def _count_on() -> None:
    """Let no key be given again, also of a row that is gone: the history names events by theirs."""
    there = connections[TARGET]
    with there.cursor() as cursor:
        for sql in there.ops.sequence_reset_sql(no_style(), _models()):
            cursor.execute(sql)
        known = _last_keys(TARGET)
        for table, last in _last_keys(PRIMARY).items():
            if last <= known.get(table, 0):
                continue
            if there.vendor == "postgresql":
                cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [table, last])
            else:
                cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
                cursor.execute("INSERT INTO sqlite_sequence VALUES (%s, %s)", [table, last])


def _last_keys(alias: str) -> dict[str, int]:
    """Give the last key that each table ever gave, by table; none where it gave none."""
    tables = {m._meta.db_table for m in _models() if isinstance(m._meta.pk, models.AutoField)}
    with connections[alias].cursor() as cursor:
        if connections[alias].vendor == "sqlite":
            cursor.execute("SELECT name, seq FROM sqlite_sequence")
            return {table: last for table, last in cursor.fetchall() if table in tables}
        asked = "SELECT pg_sequence_last_value(pg_get_serial_sequence(%s, 'id')::regclass)"
        found = {}
        for table in tables:
            cursor.execute(asked, [table])
            found[table] = cursor.fetchone()[0] or 0
    return found


@contextmanager
def _no_triggers() -> Iterator[None]:
    """Let rows come in as they are: no trigger writes, raises or refuses anything."""
    there = connections[TARGET]
    with there.cursor() as cursor:
        if there.vendor == "postgresql":
            tables = [there.ops.quote_name(model._meta.db_table) for model in _models()]
            for table in tables:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            yield
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # no table is changed before
            for table in tables:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
            return
        cursor.execute("PRAGMA defer_foreign_keys = ON")
        cursor.execute(OURS)
        triggers = cursor.fetchall()
        for name, _sql in triggers:
            cursor.execute(f'DROP TRIGGER "{name}"')
        yield
        for _name, sql in triggers:
            cursor.execute(sql)


def _index_the_words() -> None:
    """Fill the index of words, which is no model's table, from what was moved."""
    with connections[TARGET].cursor() as cursor:
        cursor.execute("DELETE FROM sahel_words")
        if connections[TARGET].vendor == "postgresql":
            cursor.execute("INSERT INTO sahel_words SELECT * FROM sahel_documents")
        else:
            cursor.execute(
                "INSERT INTO sahel_words (rowid, words) SELECT e.id, e.folded || coalesce("
                "(SELECT group_concat(q.folded, '') FROM sahel_quotation q"
                " WHERE q.event_id = e.id), '') FROM sahel_event e"
            )
