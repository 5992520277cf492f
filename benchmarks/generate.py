"""`make generated N=100000`: fill the database that DATABASE_URL names with generated events.

Rows go in past the ORM, in bulk (COPY on PostgreSQL), a chunk to a transaction; the database's own
constraints and triggers are on.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import cache
from itertools import batched
from typing import TYPE_CHECKING, Any

import django
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import Max, Model

if TYPE_CHECKING:
    from benchmarks.generator import Drawn  # it reads the models, which setup() must find first

CHUNK = 50_000  # events in a transaction
Row = tuple[Any, ...]


def fill(number: int, seed: int = 2022) -> float:
    """Add `number` events with their actors, places and sources; give the seconds it took."""
    from benchmarks.generator import drawn
    from sahel.models import Event, Unrecorded

    began = time.monotonic()
    names, tables = _names(), _tables()
    first = (Event.objects.aggregate(last=Max("pk"))["last"] or 0) + 1
    done = 0
    with _in_haste():
        for chunk in batched(drawn(number, seed), CHUNK):
            with transaction.atomic():
                for table, rows in zip(tables, _rows(chunk, first + done, names), strict=True):
                    table.insert(rows)
            done += len(chunk)
            _progress(done, number, time.monotonic() - began)
    if connection.vendor == "postgresql":
        call = "SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)"
        with connection.cursor() as cursor:
            cursor.execute(call, [Event._meta.db_table, first + done])
    Unrecorded.objects.filter(event__gte=first).delete()  # nobody made them: no history is told
    with connection.cursor() as cursor:  # the planner does not know yet what came in
        cursor.execute("ANALYZE")
    return time.monotonic() - began


def _names() -> dict[str, list[int]]:
    """Make the actors, places and sources that are not there; give their keys by number."""
    from benchmarks.generator import ACTORS, COUNTRIES, PLACES, SOURCES
    from sahel.models import Actor, Place, Source

    kinds = Actor.Kind.values
    Actor.objects.bulk_create(
        (
            Actor(
                slug=f"actor-{n}",
                name_en=f"Actor {n}",
                name_fr=f"Acteur {n}",
                aliases=f"Alias{n}",
                kind=kinds[n % len(kinds)],
            )
            for n in range(ACTORS)
        ),
        ignore_conflicts=True,
    )
    Place.objects.bulk_create(
        (
            Place(
                slug=f"place-{n}",
                name_en=f"Place {n}",
                name_fr=f"Lieu {n}",
                kind=Place.Kind.COUNTRY if n < len(COUNTRIES) else Place.Kind.VILLAGE,
                country=COUNTRIES[n % len(COUNTRIES)],
            )
            for n in range(PLACES)
        ),
        ignore_conflicts=True,
    )
    Source.objects.bulk_create(
        (
            Source(slug=f"source-{n}", title=f"Source {n}", publisher=f"P{n % 50}", language="fr")
            for n in range(SOURCES)
        ),
        ignore_conflicts=True,
    )
    keys = {
        name: dict(model.objects.filter(slug__startswith=f"{name}-").values_list("slug", "pk"))
        for name, model in (("actor", Actor), ("place", Place), ("source", Source))
    }
    # The first places are the countries; every other lies in one, every sixth in the same.
    for n in range(len(COUNTRIES)):
        parts = [f"place-{m}" for m in range(len(COUNTRIES) + n, PLACES, len(COUNTRIES))]
        Place.objects.filter(slug__in=parts).update(parent=keys["place"][f"place-{n}"])
    # An actor from the 30th on belongs to one of the first six, every third of them.
    for n in range(6):
        members = [f"actor-{m}" for m in range(30 + 3 * n, ACTORS, 18)]
        Actor.objects.filter(slug__in=members).update(parent=keys["actor"][f"actor-{n}"])
    return {name: [pks[f"{name}-{n}"] for n in range(len(pks))] for name, pks in keys.items()}


class _Table:
    """A table that rows go into past the ORM: our columns, then the others with their defaults."""

    def __init__(self, model: type[Model], *columns: str) -> None:
        """Fix the order of the columns."""
        fields = {f.column: f for f in model._meta.concrete_fields}
        others = [c for c in fields if c not in columns and not fields[c].primary_key]
        self.name = connection.ops.quote_name(model._meta.db_table)
        self.columns = [*columns, *others]
        self.rest = tuple(_plain(fields[column].get_default()) for column in others)

    def insert(self, rows: list[Row]) -> None:
        """Write rows of our columns."""
        columns = ", ".join(map(connection.ops.quote_name, self.columns))
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                rest = "".join(f"\t{_for_copy(value)}" for value in self.rest)
                lines = "".join(f"{'\t'.join(map(_for_copy, row))}{rest}\n" for row in rows)
                with cursor.copy(f"COPY {self.name} ({columns}) FROM STDIN") as copy:
                    copy.write(lines)
            else:
                marks = ", ".join(["%s"] * len(self.columns))
                cursor.executemany(
                    f"INSERT INTO {self.name} ({columns}) VALUES ({marks})",  # noqa: S608 - our own
                    [row + self.rest for row in rows],
                )


def _plain(value: Any) -> Any:
    """Give a value as both databases read it."""
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"
    return value.isoformat() if isinstance(value, date) else value


def _for_copy(value: Any) -> str:
    # No text of ours holds a tab, a line's end or a backslash, which would have to be escaped.
    return r"\N" if value is None else str(value)


def _tables() -> list[_Table]:
    """Give the tables in the order in which they are filled: events last.

    Foreign keys are checked at the end of a transaction; triggers see an event with all its words.
    """
    from sahel.models import Event, Involvement, Quotation

    quotation = "key event_id source_id exact language speaker_id folded order"
    quotation += " start end state checked_sha256 checked_on"
    event = (
        "id slug title_en title_fr summary_en kind status date date_basis earliest latest "
        "sort_date publication folded"
    )
    return [
        _Table(Involvement, "event_id", "actor_id", "role", "order"),
        _Table(Event.places.through, "event_id", "place_id"),
        _Table(Quotation, *quotation.split()),
        _Table(Event, *event.split()),
    ]


def _rows(
    chunk: Iterable[Drawn], first: int, names: dict[str, list[int]]
) -> tuple[list[Row], list[Row], list[Row], list[Row]]:
    """Give the rows of the tables, in the order of `_tables()`."""
    involvements: list[Row] = []
    places: list[Row] = []
    quotations: list[Row] = []
    events: list[Row] = []
    actor, place, source = names["actor"], names["place"], names["source"]
    for pk, event in enumerate(chunk, first):
        for order, (who, role) in enumerate(event.involvements):
            involvements.append((pk, actor[who], role, order))
        places += [(pk, place[where]) for where in event.places]
        for order, (whence, words, speaker) in enumerate(event.quotations):
            by = None if speaker is None else actor[speaker]
            folded = f" {_folded(words)} "
            key = f"{pk:012x}{order:04x}"
            where = 10_000 * order  # in a text that nobody has
            stands = where, where + len(words), "verbatim", "0" * 64, "2022-02-16"
            quotations.append((key, pk, source[whence], words, "fr", by, folded, order, *stands))
        title, summary = _folded(event.title), _folded(event.summary)
        earliest = event.earliest and event.earliest.isoformat()
        latest = event.latest and event.latest.isoformat()
        events.append(
            (
                pk,
                f"generated-{pk}",
                event.title,
                event.title,
                event.summary,
                event.kind,
                event.status,
                event.date,
                "stated",
                earliest,
                latest,
                earliest or latest,
                "published" if event.published else "draft",
                f" {title} {title} {summary} ",
            )
        )
    return involvements, places, quotations, events


def _folded(text: str) -> str:
    """Give what `spaced()` would: word by word, since the words are known."""
    from sahel.filters import words

    known = _known_words()
    return " ".join(known.get(word) or " ".join(words(word)) for word in text.split())


@cache
def _known_words() -> dict[str, str]:
    """Give each word folded, as it stands within a sentence, at its beginning and at its end."""
    from benchmarks.generator import WORDS
    from sahel.filters import words

    forms = ((w, w[0].upper() + w[1:], f"{w}.") for w in WORDS)
    return {form: " ".join(words(form)) for word in forms for form in word}


@contextmanager
def _in_haste() -> Iterator[None]:
    """Let SQLite not wait for the disk, and keep more of its indexes in memory."""
    # Within a transaction, such as a test's, neither may be changed.
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    with connection.cursor() as cursor:
        was = {}
        for name, hasty in (("synchronous", 0), ("cache_size", -500_000)):
            was[name] = cursor.execute(f"PRAGMA {name}").fetchone()[0]
            cursor.execute(f"PRAGMA {name}={hasty}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            for name, value in was.items():
                cursor.execute(f"PRAGMA {name}={value}")


def _progress(done: int, of: int, seconds: float) -> None:
    bar = "█" * (30 * done // of)
    end = "\n" if done == of else ""
    print(f"\r{bar:░<30} {done:,} of {of:,} events, {seconds:.0f} s", end=end, file=sys.stderr)


def main(arguments: Iterator[str]) -> None:
    """Fill the database with as many events as the first argument says."""
    number = next(arguments, "")
    if not (number.isascii() and number.isdigit() and 0 < int(number) <= 5_000_000):
        sys.exit("Say how many: make generated N=100000 (from 1 to 5000000)")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sahel.settings")
    django.setup()
    call_command("migrate", verbosity=0)
    fill(int(number))


if __name__ == "__main__":
    main(iter(sys.argv[1:]))
