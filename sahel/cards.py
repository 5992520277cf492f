"""What a page shows of an event, read as plain values: a page of fifty costs a few milliseconds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import connection

from sahel.dates import EDTF
from sahel.fields import Text, chooser, readers_language
from sahel.models import Event, Involvement, Quotation, source_label


class Involved(NamedTuple):
    """An actor of an event, in its role."""

    slug: str
    name: Text
    role: str


class Located(NamedTuple):
    """A place of an event."""

    slug: str
    name: Text


class Quoted(NamedTuple):
    """A quotation under an event, with its speaker (None: the source itself) and its source."""

    exact: str
    language: str
    stance: str
    start: int | None
    speaker: Located | None
    speaker_role: Text
    source_slug: str
    source_url: str
    source_label: Text


@dataclass
class Card:
    """An event with all that the timeline shows of it, in the active language."""

    pk: int
    slug: str
    kind: str
    status: str
    date: EDTF
    date_basis: str
    date_words: str
    title: Text
    summary: Text
    note: Text
    date_note: Text
    involvements: list[Involved] = field(default_factory=list)
    places: list[Located] = field(default_factory=list)
    quotations: list[Quoted] = field(default_factory=list)


def cards(keys: Sequence[int]) -> list[Card]:
    """Give the published events with these primary keys, in their order, in four queries.

    What is not there, or not published any more, is left out.
    """
    if not keys:
        return []
    choose = chooser(readers_language())
    found = {}
    for pk, slug, kind, status, date, basis, words, *texts in _rows("events", keys):
        title, summary, note, date_note = map(choose, texts[::2], texts[1::2])
        when = EDTF.parse(date), basis, words
        found[pk] = Card(pk, slug, kind, status, *when, title, summary, note, date_note)
    for pk, slug, en, fr, role in _rows("involvements", keys):
        if pk in found:
            found[pk].involvements.append(Involved(slug, choose(en, fr), role))
    for pk, slug, en, fr in _rows("places", keys):
        if pk in found:
            found[pk].places.append(Located(slug, choose(en, fr)))
    for pk, exact, language, stance, start, as_en, as_fr, slug, en, fr, *source in _rows(
        "quotations", keys
    ):
        if pk in found:
            speaker = Located(slug, choose(en, fr)) if slug else None
            quoted = exact, language, stance, start, speaker, choose(as_en, as_fr)
            label = source_label(*source[2:])
            found[pk].quotations.append(Quoted(*quoted, source[0], source[1], label))
    return [found[key] for key in keys if key in found]


def _rows(name: str, keys: Sequence[int]) -> Iterable[tuple[Any, ...]]:
    sql, others = _sql(name, len(keys), connection.vendor)
    with connection.cursor() as cursor:
        cursor.execute(sql, [*keys, *others])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


@lru_cache(maxsize=512)
def _sql(name: str, number: int, vendor: str) -> tuple[str, tuple[Any, ...]]:
    """Give the query for so many events, and its parameters after their keys.

    Made once: the ORM takes longer to write it than the database to answer it.
    """
    keys = range(number)
    if name == "events":
        names = "pk slug kind status date date_basis date_words title_en title_fr"
        names += " summary_en summary_fr note_en note_fr date_note_en date_note_fr"
        rows = Event.objects.filter(pk__in=keys).published().order_by().values_list(*names.split())
    elif name == "involvements":
        rows = Involvement.objects.filter(event__in=keys).order_by("event_id", "order", "pk")
        rows = rows.values_list("event_id", *_columns("actor__", "slug name_en name_fr"), "role")
    elif name == "places":
        rows = Event.places.through.objects.filter(event__in=keys).order_by("place__slug")
        rows = rows.values_list("event_id", *_columns("place__", "slug name_en name_fr"))
    else:
        rows = Quotation.objects.filter(event__in=keys).order_by("event_id", "order", "pk")
        rows = rows.values_list(
            "event_id",
            *_columns("", "exact language stance start speaker_role_en speaker_role_fr"),
            *_columns("speaker__", "slug name_en name_fr"),
            *_columns("source__", "slug url title publisher date language"),
        )
    sql, parameters = rows.query.sql_with_params()
    return sql, parameters[number:]


def _columns(path: str, names: str) -> list[str]:
    return [f"{path}{name}" for name in names.split()]
