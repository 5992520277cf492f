"""What is public as a small SQLite file that explains itself, made for Datasette.

Its columns are the public fields of `sahel.public`, in tables named as a reader would name them.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from django.db import models
from django.db.models import Max, Min, Model
from django.utils.translation import override

from sahel.dates import EDTF
from sahel.linked import LICENCE
from sahel.models import (
    Actor,
    Estimate,
    Event,
    Involvement,
    Place,
    Quotation,
    Reference,
    Source,
    source_label,
)
from sahel.public import PUBLIC, Fields, target_of

TITLE = "Sahel timeline"
USE = "CC BY 4.0", LICENCE
TERMS = "The quotations remain their authors’ and publishers’."
NAMES: dict[type[Model], str] = {
    Actor: "actors",
    Place: "places",
    Source: "sources",
    Event: "events",
    Involvement: "event_actors",
    Quotation: "quotations",
    Estimate: "figures",
    Reference: "event_references",
}
ABOUT = {
    "events": "What happened, was said, is disputed or is expected, as far as it is known.",
    "actors": "Who takes part in events or is quoted, and those to whom they belong.",
    "places": "Where events happened, and what these places lie in.",
    "sources": "The documents on which events rest.",
    "quotations": "The exact words of sources on which events rest.",
    "figures": "The numbers that quotations give. None is worked out by us.",
    "event_actors": "Who takes part in which event, in what role.",
    "event_places": "Where events happened or, for a statement or a plan, what they are about.",
    "event_references": "Sources that are not quoted, and what they are named for.",
    "about": "What this file is, of which day, and on which terms it may be used.",
}
# Columns in our own words: those that are no field, or whose field is named for an editor.
LABEL = "label", "TEXT NOT NULL", "what it is called, in English where it has English"
NUMBER = "number", "INTEGER NOT NULL UNIQUE", "its place in the order of time, from 1"
RANGE = [
    ("earliest", "TEXT", "first day on which it may lie (ISO 8601); none where that is open"),
    ("latest", "TEXT", "last day on which it may lie (ISO 8601); none where that is open"),
]
WHEN = [
    ("date_in_english", "TEXT NOT NULL", "the date in words, in English"),
    ("date_in_french", "TEXT NOT NULL", "the date in words, in French"),
    *RANGE,
    ("year", "INTEGER NOT NULL", "year of the day by which it is sorted"),
    ("years", "TEXT NOT NULL", "JSON: the years in which it may lie, within those of the record"),
]
EXTRA: dict[str, list[tuple[str, str, str]]] = {
    "events": [NUMBER, LABEL, *WHEN],
    "actors": [LABEL],
    "places": [LABEL],
    "sources": [LABEL, *RANGE],
    "quotations": [("number", NUMBER[1], "its place in the order of their events, from 1"), LABEL],
    "figures": [
        ("number", "INTEGER PRIMARY KEY", "its place in the order of their events, from 1"),
        LABEL,
        ("event", "TEXT NOT NULL REFERENCES events (slug)", "event of the quotation"),
    ],
    "about": [
        ("title", "TEXT", "name of the record"),
        ("day", "TEXT", "day on which this file was written (ISO 8601)"),
        ("licence", "TEXT", "terms of titles, summaries, notes and dates, and of what ties them"),
        ("licence_address", "TEXT", "address of the licence"),
        ("quotations", "TEXT", "whose the quotations are"),
    ],
    "event_places": [
        ("event", "TEXT NOT NULL REFERENCES events (slug)", "event"),
        ("place", "TEXT NOT NULL REFERENCES places (slug)", "place"),
    ],
}
WORDED = {
    ("", "slug"): "its name in addresses, and in the other tables",
    ("", "key"): "its name in addresses, and in the other tables",
    ("", "page"): "page, where the source is a PDF file",
    ("", "published"): "when readers saw it first (ISO 8601)",
    ("", "updated"): "when it was last saved (ISO 8601)",
    ("events", "date"): "date as EDTF, no more exact than it is known",
    ("events", "position"): "order among the events that begin on the same day",
    ("sources", "date"): "date of publication as EDTF",
    ("actors", "aliases"): "other names, one a line",
    ("places", "aliases"): "other names, one a line",
    ("quotations", "starts_at"): "characters (code points) before it in the text of the source",
    ("quotations", "ends_at"): "characters up to its end in the text of the source",
}
RENAMED = {"order": "position", "start": "starts_at", "end": "ends_at"}  # SQL has these words
LEFT_OUT = {"places", "publication"}  # a table of their own; the same for all
KEYS = {
    "event_actors": "event, actor, role",
    "event_places": "event, place",
    "event_references": "event, source, supports",
}
INDEXED = {
    "events": ["kind", "status", "date_basis", "year", "earliest"],
    "event_actors": ["actor"],
    "event_places": ["place"],
    "event_references": ["source"],
    "quotations": ["event", "source", "speaker"],
    "figures": ["event", "quotation"],
}
SEARCHED = {
    "events": ["title_en", "title_fr", "summary_en", "summary_fr"],
    "quotations": ["exact", "speaker_role_en", "speaker_role_fr"],
}
FACETS: dict[str, list[Any]] = {
    "events": ["kind", "status", {"array": "years"}, "date_basis"],
    "actors": ["kind", "parent"],
    "places": ["kind", "country"],
    "sources": ["kind", "language", "wording", "publisher"],
    "quotations": ["state", "stance", "language", "source", "speaker"],
    "figures": ["measure"],
    "event_actors": ["role", "actor"],
    "event_places": ["place"],
    "event_references": ["supports", "source"],
}
Column = tuple[str, str, str]  # its name, its type in SQL, what it holds


@contextmanager
def tables(path: Path, day: date) -> Iterator["Tables"]:
    """Write a file; it is whole at the end of the `with` block, if that ends well."""
    with closing(sqlite3.connect(path)) as database:
        database.executescript(
            "PRAGMA page_size = 4096; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN;"
        )
        written = Tables(database, day)
        yield written
        written.finish()
        database.commit()


class Tables:
    """What a file is written with, row by row."""

    AT_ONCE = 2_000  # rows of a table that wait to be written

    def __init__(self, database: sqlite3.Connection, day: date) -> None:
        """Make the tables; `day` goes into the one row of `about`."""
        self.database = database
        self.waiting: dict[str, list[list[Any]]] = {}
        self.counted: dict[str, int] = {}
        self.event_of: dict[str, str] = {}  # of the quotations of the event that is being written
        self.years = _years_of_the_record()
        for table in ABOUT:
            database.execute(_created(table))
        about = {"title": TITLE, "day": str(day), "quotations": TERMS}
        self._write("about", {**about, "licence": USE[0], "licence_address": USE[1]})

    def add(self, model: type[Model], fields: Fields) -> None:
        """Write a row as `sahel.public.rows()` gives it, in their order."""
        if (table := NAMES.get(model)) is None:
            return  # former slugs lead on from the site's own addresses
        row = {
            name: value[0] if isinstance(value, list) and name not in LEFT_OUT else value
            for name, value in fields.items()
        }
        self.counted[table] = self.counted.get(table, 0) + 1
        with override("en"):
            row |= {"number": self.counted[table], **self._worked_out(model, row)}
        self._write(table, {RENAMED.get(name, name): value for name, value in row.items()})
        for (place,) in fields.get("places", ()):
            self._write("event_places", {"event": fields["slug"], "place": place})

    def finish(self) -> None:
        """Write what still waits, the indexes and the words to search."""
        self._flush()
        for statement in _finished():
            self.database.execute(statement)

    def _worked_out(self, model: type[Model], row: Fields) -> Fields:
        """Give what columns hold that are no field."""
        if model is Event:
            self.event_of.clear()
            return {"label": row["title_en"] or row["title_fr"], **self._when(row["date"])}
        if model in (Actor, Place):
            return {"label": row["name_en"] or row["name_fr"]}
        if model is Source:
            known = source_label(row["title"], row["publisher"], row["date"], row["language"])
            return {"label": str(known), **(_range(row["date"]) if row["date"] else {})}
        if model is Quotation:
            self.event_of[row["key"]] = row["event"]
            return {"label": str(Quotation(exact=row["exact"]))}
        if model is Estimate:
            figure = Estimate(**{name: row[name] for name in ("measure", "low", "best", "high")})
            counted = row["unit_en"] or row["unit_fr"] or figure.get_measure_display()
            label = f"{counted}: {figure.in_words()}"
            return {"label": label, "event": self.event_of[row["quotation"]]}
        return {}

    def _when(self, text: str) -> Fields:
        day, (first, last) = EDTF.parse(text), self.years
        begin = day.earliest.year if day.earliest else first
        end = day.latest.year if day.latest else last
        with override("fr"):
            french = day.in_words()
        return {
            "date_in_english": day.in_words(),
            "date_in_french": french,
            **_range(text),
            "year": day.sort_date.year,
            "years": json.dumps(list(range(max(begin, first), min(end, last) + 1))),
        }

    def _write(self, table: str, row: Fields) -> None:
        rows = self.waiting.setdefault(table, [])
        rows.append([row.get(name) for name, _type, _about in _columns(table)])
        if len(rows) >= self.AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        for table, rows in self.waiting.items():
            marks = ", ".join("?" * len(_columns(table)))
            self.database.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608
        self.waiting.clear()


def metadata(databases: Iterable[str]) -> dict[str, Any]:
    """Give Datasette's metadata for files of these names (without `.sqlite`), as JSON has it."""
    told = {}
    for table in ABOUT:
        about: dict[str, Any] = {
            "description": ABOUT[table],
            "columns": {name: words for name, _type, words in _columns(table)},
        }
        if table in FACETS:
            about["facets"] = FACETS[table]
        if LABEL in EXTRA.get(table, ()):
            about["label_column"] = "label"
        if any(name == "number" for name, _type, _about in EXTRA.get(table, ())):
            about["sort"] = "number"
        if table in SEARCHED:
            about |= {"fts_table": f"{table}_fts", "fts_pk": "number"}
        told[table] = about
    about_all = {
        "description": "A chronological timeline of the Mali/Sahel crisis in which every event "
        f"stands on words that anyone can check. {TERMS}",
        "license": USE[0],
        "license_url": USE[1],
        "source": TITLE,
    }
    each = {**about_all, "tables": told}
    return {"title": TITLE, **about_all, "databases": dict.fromkeys(databases, each)}


@cache
def _columns(table: str) -> tuple[Column, ...]:
    with override("en"):
        named, others = list(_of_fields(table, first=True)), _of_fields(table, first=False)
        return (*named, *EXTRA.get(table, ()), *others)


def _of_fields(table: str, *, first: bool) -> Iterator[Column]:
    """Give the columns that are fields of the model: the one that names a row, or all others."""
    model = next((model for model, name in NAMES.items() if name == table), None)
    if model is None:
        return
    for name in PUBLIC[model]:
        if name in LEFT_OUT or first != (name in ("slug", "key")):
            continue
        field: Any = model._meta.get_field(name)
        column = RENAMED.get(name, name)
        words = WORDED.get((table, column)) or WORDED.get(("", column)) or field.verbose_name
        if field.choices:
            words = f"{words}: {', '.join(value for value, _label in field.flatchoices if value)}"
        yield column, _type(field, first), str(words)


def _type(field: Any, first: bool) -> str:
    if first:
        return "TEXT PRIMARY KEY NOT NULL"
    null = "" if field.null else " NOT NULL"
    if field.is_relation:
        return f"TEXT{null} REFERENCES {NAMES[field.related_model]} ({target_of(field)})"
    if isinstance(field, models.DecimalField):
        return f"REAL{null}"
    whole = isinstance(field, models.IntegerField | models.BooleanField)
    return f"INTEGER{null}" if whole else f"TEXT{null}"


def _created(table: str) -> str:
    columns = [f"{name} {kind}" for name, kind, _about in _columns(table)]
    if table in KEYS:
        columns.append(f"PRIMARY KEY ({KEYS[table]})")
    return f"CREATE TABLE {table} (\n  {',\n  '.join(columns)}\n)"


def _finished() -> Iterator[str]:
    for table, columns in INDEXED.items():
        for column in columns:
            yield f"CREATE INDEX {table}_by_{column} ON {table} ({column})"
    for table, columns in SEARCHED.items():
        yield (
            f"CREATE VIRTUAL TABLE {table}_fts USING fts5({', '.join(columns)}, "
            f'content="{table}", content_rowid="number", '
            'tokenize="unicode61 remove_diacritics 2")'
        )
        for task in ("rebuild", "optimize"):
            yield f"INSERT INTO {table}_fts ({table}_fts) VALUES ('{task}')"  # noqa: S608 - our own
    yield "ANALYZE"


def _range(text: str) -> Fields:
    day = EDTF.parse(text)
    return {
        name: found.isoformat() if (found := getattr(day, name)) else None
        for name in ("earliest", "latest")
    }


def _years_of_the_record() -> tuple[int, int]:
    """Give its first and last year, to which a date with an open end reaches, as on the site."""
    ends = Event.objects.published().aggregate(
        first=Min("sort_date"), begins=Max("sort_date"), ends=Max("latest")
    )
    days = [day for day in (ends["begins"], ends["ends"]) if day]
    return (ends["first"].year, max(days).year) if days else (0, 0)
