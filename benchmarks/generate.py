"""`make generated N=100000`: fill the database that DATABASE_URL names with generated events.

Rows go in past the ORM, in bulk (COPY on PostgreSQL), a chunk to a transaction; the database's own
constraints and triggers are on.
"""

import os
import sys
import time
from collections.abc import Iterable, Iterator
from itertools import batched
from typing import Any

import django
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import Max, Model

CHUNK = 20_000
Row = dict[str, Any]


def fill(number: int, seed: int = 2022) -> float:
    """Add `number` events with their actors, places and sources; give the seconds it took."""
    from benchmarks.generator import drawn
    from sahel.models import Event

    began = time.monotonic()
    names = _names()
    first = (Event.objects.aggregate(last=Max("pk"))["last"] or 0) + 1
    done = 0
    for chunk in batched(drawn(number, seed), CHUNK):
        with transaction.atomic():
            for model, rows in _rows(chunk, first + done, names).items():
                _insert(model, rows)
        done += len(chunk)
        _progress(done, number, time.monotonic() - began)
    if connection.vendor == "postgresql":
        call = "SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)"
        with connection.cursor() as cursor:
            cursor.execute(call, [Event._meta.db_table, first + done])
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


def _rows(
    chunk: Iterable[Any], first: int, names: dict[str, list[int]]
) -> dict[type[Model], list[Row]]:
    from sahel.dates import EDTF
    from sahel.filters import fold
    from sahel.models import Event, Involvement, Quotation

    at = Event.places.through
    rows: dict[type[Model], list[Row]] = {Event: [], Involvement: [], at: [], Quotation: []}
    for pk, drawn in enumerate(chunk, first):
        day = EDTF.parse(drawn.date)
        rows[Event].append(
            {
                "id": pk,
                "slug": f"generated-{pk}",
                "title_en": drawn.title,
                "title_fr": drawn.title,
                "summary_en": drawn.summary,
                "kind": drawn.kind,
                "status": drawn.status,
                "date": drawn.date,
                "date_basis": "stated",
                "earliest": day.earliest,
                "latest": day.latest,
                "sort_date": day.sort_date,
                "publication": "published" if drawn.published else "draft",
                "folded": fold(f"{drawn.title} {drawn.title} {drawn.summary}"),
            }
        )
        for order, (actor, role) in enumerate(drawn.involvements):
            rows[Involvement].append(
                {"event_id": pk, "actor_id": names["actor"][actor], "role": role, "order": order}
            )
        rows[at] += [{"event_id": pk, "place_id": names["place"][n]} for n in drawn.places]
        for order, (source, words, speaker) in enumerate(drawn.quotations):
            rows[Quotation].append(
                {
                    "event_id": pk,
                    "source_id": names["source"][source],
                    "exact": words,
                    "language": "fr",
                    "speaker_id": None if speaker is None else names["actor"][speaker],
                    "folded": fold(words),
                    "order": order,
                }
            )
    return rows


def _insert(model: type[Model], rows: list[Row]) -> None:
    fields = [f for f in model._meta.concrete_fields if f.name != "id" or "id" in rows[0]]
    defaults = {f.column: f.get_default() for f in fields}
    columns = list(defaults)
    quoted = ", ".join(connection.ops.quote_name(column) for column in columns)
    table = connection.ops.quote_name(model._meta.db_table)
    values = (tuple((defaults | row).values()) for row in rows)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({quoted}) FROM STDIN") as copy:
                for row in values:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(
                f"INSERT INTO {table} ({quoted}) VALUES ({marks})",  # noqa: S608 - our own names
                [tuple(map(_for_sqlite, row)) for row in values],
            )


def _for_sqlite(value: Any) -> Any:
    return (
        value.isoformat(" ")
        if hasattr(value, "hour")
        else (value.isoformat() if hasattr(value, "isoformat") else value)
    )


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
