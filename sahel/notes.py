"""Rows and columns as they were, kept as JSON, to be put back if they are as they were left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.db.models import Model

from sahel.fields import Derived
from sahel.merging import unique_with

Row = dict[str, Any]


def plain(value: Any) -> str | None:
    """Give a column's value as JSON keeps it: its text, which the field can read again."""
    return None if value is None else str(value)


def row_of(instance: Model) -> Row:
    """Give all columns of a row, derived ones aside."""
    columns = [f for f in instance._meta.concrete_fields if not isinstance(f, Derived)]
    return {field.attname: plain(getattr(instance, field.attname)) for field in columns}


def note_of(rows: Iterable[Model], now: Row) -> list[Row]:
    """Give what is in columns of rows and what will be, rows that have the same together."""
    alike: dict[tuple[str | None, ...], list[Model]] = defaultdict(list)
    for row in rows:
        alike[tuple(plain(getattr(row, name)) for name in now)].append(row)
    after = {name: plain(value) for name, value in now.items()}
    return [
        {
            "model": same[0]._meta.label_lower,
            "keys": [row.pk for row in same],
            "before": dict(zip(now, before, strict=True)),
            "after": after,
        }
        for before, same in alike.items()
    ]


def set_columns(model: Any, rows: Iterable[Model], **now: Any) -> list[Row]:
    """Set columns of rows to the same values; give notes of what was there before."""
    notes = note_of(rows, now)
    keys = [key for each in notes for key in each["keys"]]
    model._base_manager.filter(pk__in=keys).update(**now)
    return notes


def put_back(note: Row) -> int:
    """Set columns to what they were, where they are as they were left; say of how many rows."""
    model: Any = apps.get_model(note["model"])
    as_left = {
        name: None if value is None else model._meta.get_field(name).to_python(value)
        for name, value in note["after"].items()
    }
    rows = model._base_manager.filter(pk__in=note["keys"], **as_left)
    count: int = rows.update(**read(model, note["before"]))
    return count


def read(model: Any, row: Row) -> Row:
    """Read a kept row; what it refers to and is gone is left empty, or not at all (LookupError)."""
    values = {}
    for field in model._meta.concrete_fields:
        if field.attname in row:
            value = row[field.attname]
            value = values[field.attname] = None if value is None else field.to_python(value)
            if field.is_relation and value is not None:
                values[field.attname] = _there(field, value)
    return values


def _there(field: Any, value: Any) -> Any:
    if field.related_model._base_manager.filter(pk=value).exists():
        return value
    if not field.null:
        raise LookupError(field.name)
    return None


def make_again(model: Any, row: Row) -> bool:
    """Make a row anew; not where its event is gone, or has the same again; say whether it was."""
    try:
        values = read(model, row)
    except LookupError:
        return False
    for field in model._meta.concrete_fields:
        for group in unique_with(field) if field.is_relation else ():
            same = {name: values[name] for name in (field.attname, *group)}
            if model._base_manager.filter(**same).exists():
                return False
    model._base_manager.bulk_create([model(**values)])
    return True
