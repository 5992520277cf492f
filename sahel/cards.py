"""What a page shows of an event, read as plain values: a page costs a few milliseconds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple

from django.db.models import F, Lookup, QuerySet, Value

from sahel.databases import reading
from sahel.dates import EDTF
from sahel.fields import Text, chooser, readers_language
from sahel.filters import Facet
from sahel.index import Index
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

    key: str
    exact: str
    language: str
    stance: str
    state: str
    start: int | None
    prefix: str  # this and the suffix only where the words stand more than once in the source
    suffix: str
    page: int | None
    speaker: Located | None
    speaker_role: Text
    source_slug: str
    source_url: str
    source_label: Text
    source_wording: str


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

    @property
    def denials(self) -> list[Quoted]:
        """Give the words of those who deny, where others say the contrary; else none."""
        denials = [each for each in self.quotations if each.stance == Quotation.Stance.DENIES]
        return denials if len(denials) < len(self.quotations) else []


def cards(index: Index, keys: Sequence[int], *, drafts: bool = False) -> list[Card]:
    """Give the published events with these primary keys, in their order; drafts where asked for.

    What is not there, or not published any more, is left out. Names are the index's.
    """
    if not keys:
        return []
    names = _Names(index)
    events, links, quotations = _rows(keys, drafts)
    found = {}
    for pk, slug, kind, status, date, basis, words, *texts in events:
        title, summary, note, date_note = map(names.choose, texts[::2], texts[1::2])
        when = EDTF.parse(date), basis, words
        found[pk] = Card(pk, slug, kind, status, *when, title, summary, note, date_note)
    for facet, pk, key, role, *_order in sorted(links, key=itemgetter(4, 5)):
        if pk not in found or (what := names.located(facet, key)) is None:
            continue
        if facet == "actor":
            found[pk].involvements.append(Involved(*what, role))
        else:
            found[pk].places.append(what)
    for card in found.values():
        card.places.sort()
    for pk, *row in quotations:
        if pk in found and (quoted := names.quoted(*row)):
            found[pk].quotations.append(quoted)
    return [found[key] for key in keys if key in found]


class _Names:
    """What an index names, in the active language, each put together once."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self.choose = chooser(readers_language())
        self.located = cache(self._located)
        self.source = cache(self._source)

    def _located(self, facet: Facet, key: int) -> Located | None:
        name = self.index.name(facet, key)
        return Located(name.slug, self.choose(name.en, name.fr)) if name else None

    def _source(self, key: int) -> tuple[str, str, Text, str] | None:
        name = self.index.name("source", key)
        if name is None:
            return None
        label = source_label(name.en, name.fr, name.more, name.language)
        return name.slug, name.url, label, name.wording

    def quoted(
        self,
        key: str,
        exact: str,
        language: str,
        stance: str,
        state: str,
        start: int | None,
        repeated: bool,
        prefix: str,
        suffix: str,
        page: int | None,
        role_en: str,
        role_fr: str,
        speaker_key: int | None,
        source_key: int,
    ) -> Quoted | None:
        """Give a quotation; None where its speaker or source has gone while it was read."""
        speaker = self.located("actor", speaker_key) if speaker_key else None
        source = self.source(source_key)
        if source is None or (speaker_key and speaker is None):
            return None  # never is somebody's word given as another's
        role = self.choose(role_en, role_fr)
        around = (prefix, suffix) if repeated else ("", "")
        said = key, exact, language, stance, state, start, *around, page, speaker, role
        return Quoted(*said, *source)


class _Among(Lookup):
    """Whether a number is one of many, which are a single parameter of the query: `KEYS`."""

    lookup_name = "among"
    prepare_rhs = False

    def __init__(self, number: F) -> None:
        super().__init__(number, Value(KEYS))

    def as_postgresql(self, compiler: Any, connection: Any) -> Any:
        """Compare with an array."""
        lhs, parameters = self.process_lhs(compiler, connection)
        return f"{lhs} = ANY(%s)", [*parameters, KEYS]

    def as_sqlite(self, compiler: Any, connection: Any) -> Any:
        """Look it up in what JSON lists."""
        lhs, parameters = self.process_lhs(compiler, connection)
        sql = f"{lhs} IN (SELECT value FROM json_each(%s))"  # noqa: S608 - a column's name
        return sql, [*parameters, KEYS]


KEYS = object()


def _rows(keys: Sequence[int], drafts: bool) -> list[list[tuple[Any, ...]]]:
    """Give the rows of these events, of what they are tied to, and of their quotations."""
    connection = reading()
    on_postgresql = connection.vendor == "postgresql"
    many = list(keys) if on_postgresql else json.dumps(keys)
    rows = []
    with connection.cursor() as cursor:
        for sql, parameters in _queries(connection.vendor, drafts):
            cursor.execute(sql, [many if each is KEYS else each for each in parameters])
            rows.append(cursor.fetchall())
        while on_postgresql and cursor.nextset():
            rows.append(cursor.fetchall())
    return rows


@cache
def _queries(vendor: str, drafts: bool) -> list[tuple[str, tuple[Any, ...]]]:
    """Give the queries that read what a page shows of the events `KEYS`, with their parameters.

    Made once: the ORM takes longer to write one than the database to answer it. PostgreSQL takes
    them in one journey.
    """
    columns = "pk slug kind status date date_basis date_words title_en title_fr"
    columns += " summary_en summary_fr note_en note_fr date_note_en date_note_fr"
    seen = Event.objects.all() if drafts else Event.objects.published()
    events = seen.filter(_Among(F("pk"))).order_by()

    ours = _Among(F("event_id"))
    involvements = Involvement.objects.filter(ours).order_by()
    places = Event.places.through.objects.filter(ours).order_by()
    none = Value(""), Value(0), Value(0)
    # Not ordered: each database would order a union in a way of its own.
    links = involvements.values_list(
        Value("actor"), "event_id", "actor_id", "role", "order", "pk"
    ).union(places.values_list(Value("place"), "event_id", "place_id", *none), all=True)

    words = "event_id key exact language stance state start repeated prefix suffix page"
    words += " speaker_role_en speaker_role_fr"
    quotations = Quotation.objects.filter(ours).order_by("event_id", "order", "pk")
    every: list[QuerySet[Any, Any]] = [
        events.values_list(*columns.split()),
        links.order_by(),
        quotations.values_list(*words.split(), "speaker_id", "source_id"),
    ]
    queries = [rows.query.sql_with_params() for rows in every]
    if vendor == "postgresql":
        sqls, parameters = zip(*queries, strict=True)
        return [("; ".join(sqls), tuple(chain(*parameters)))]
    return queries
