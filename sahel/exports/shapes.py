"""What a record holds when it leaves the site: the one description of it.

The types are what JSON gives; the descriptions beside them are what the data page, the API's
description and the dump's columns say. Texts that editors write come in both languages, empty where
one is not written yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    TypedDict,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from sahel.dates import Precision
from sahel.models import Actor, Estimate, Event, Involvement, Place, Quotation, Reference, Source

Kind = Literal["events", "quotations", "actors", "places", "sources"]
KINDS: tuple[Kind, ...] = ("events", "quotations", "actors", "places", "sources")

NAMES: dict[Kind, tuple[Any, Any]] = {
    "events": (_("events"), _("One event")),
    "quotations": (_("quotations"), _("One quotation")),
    "actors": (_("actors"), _("One actor")),
    "places": (_("places"), _("One place")),
    "sources": (_("sources"), _("One source")),
}


class Words(TypedDict):
    """A text in both languages, as far as it is written."""

    en: Annotated[str, _("in English; empty where it is not written")]
    fr: Annotated[str, _("in French; empty where it is not written")]


class Dated(TypedDict):
    """A date as exactly as it is known."""

    edtf: Annotated[str, _("in the Extended Date/Time Format, levels 0 and 1")]
    earliest: Annotated[
        str | None,
        _("the first day it can be, taken at its word; none where open"),
    ]
    latest: Annotated[str | None, _("the last day it can be, taken at its word; none where open")]
    precision: Annotated[Precision, _("the smallest unit that is known, or range, from, by")]
    approximate: Annotated[bool, _("whether it is about then: the bounds are not widened for that")]
    uncertain: Annotated[bool, _("whether it is doubted")]
    text: Annotated[Words, _("as readers see it")]


class EventDate(Dated):
    """The date of an event, and on what it rests."""

    basis: Annotated[str, Event.DateBasis, _("on what the date rests")]
    words: Annotated[str, _("the source’s own words for the date")]
    note: Annotated[Words, _("how the date is known")]


class Named(TypedDict):
    """What is named in another record."""

    slug: Annotated[str, _("its word in addresses and filters")]
    name: Annotated[Words, _("its name")]
    page: Annotated[str, _("its page on this site")]


class Involved(Named):
    """An actor of an event."""

    role: Annotated[str, Involvement.Role, _("as what it takes part")]


class Located(Named):
    """A place of an event, with coordinates no more exact than said."""

    latitude: Annotated[float | None, _("degrees north, WGS 84")]
    longitude: Annotated[float | None, _("degrees east, WGS 84")]
    precision: Annotated[str | None, Place.Precision, _("what the coordinates stand for")]


class Figure(TypedDict):
    """A figure that a quotation gives: what its speaker says, not what we found."""

    words: Annotated[str, _("the quotation’s words for it")]
    measure: Annotated[str, Estimate.Measure, _("what is counted")]
    low: Annotated[int | None, _("at least")]
    best: Annotated[int | None, _("the number given")]
    high: Annotated[int | None, _("at most")]
    of_whom: Annotated[Words, _("whom alone it counts")]
    unit: Annotated[Words, _("what it counts where that is not people")]


class Cited(TypedDict):
    """A source as a quotation or a reference names it."""

    slug: Annotated[str, _("its word in addresses and filters")]
    title: Annotated[str, _("its title, in its own language")]
    author: Annotated[str, _("its author")]
    publisher: Annotated[str, _("its publisher")]
    date: Annotated[str, _("when it was published, in EDTF; empty where that is not known")]
    language: Annotated[str, _("its language, BCP 47")]
    url: Annotated[str, _("its address")]
    archived_url: Annotated[str, _("the address of an archived copy")]
    wording: Annotated[str, Source.Wording, _("whose words its text is made of")]
    copy_of: Annotated[str | None, _("the slug of what it is a copy of, if that has a page")]
    original: Annotated[str, _("what it is a copy of, in words; empty for an original")]
    page: Annotated[str, _("its page on this site")]


class Quoted(TypedDict):
    """The exact words of a source on which an event rests."""

    key: Annotated[str, _("its word in addresses")]
    exact: Annotated[str, _("the words, letter by letter")]
    language: Annotated[str, _("their language, BCP 47")]
    stance: Annotated[str, Quotation.Stance, _("what the speaker does with these words")]
    speaker: Annotated[Named | None, _("whose words they are; none for the source itself")]
    speaker_role: Annotated[Words, _("as what the speaker speaks")]
    state: Annotated[str, Quotation.State, _("whether the words stand in the source")]
    checked_on: Annotated[str | None, _("the day on which that was checked")]
    checked_sha256: Annotated[str, _("the SHA-256 of the text they were held against")]
    why_uncheckable: Annotated[Words, _("why nobody can check it")]
    start: Annotated[int | None, _("the first character of the words in the source’s text, from 0")]
    end: Annotated[int | None, _("the character after the last one")]
    prefix: Annotated[str, _("what stands before them")]
    suffix: Annotated[str, _("what stands after them")]
    pdf_page: Annotated[int | None, _("the page of a PDF file")]
    figures: Annotated[list[Figure], _("the figures that the words give")]
    source: Annotated[Cited, _("where the words stand")]
    page: Annotated[str, _("its page on this site")]


class Referred(TypedDict):
    """A source that is not quoted, and what it is named for."""

    supports: Annotated[str, Reference.Supports, _("what it is named for")]
    note: Annotated[Words, _("what it says")]
    source: Annotated[Cited, _("the source")]


class Independent(TypedDict):
    """How many independent sources there are: a copy of a source is that source."""

    quoted: Annotated[int, _("that are quoted")]
    named: Annotated[int, _("others that are named")]


class EventRecord(TypedDict):
    """An event with all that it rests on."""

    type: Literal["event"]
    slug: Annotated[str, _("its word in addresses")]
    title: Annotated[Words, _("its title")]
    summary: Annotated[Words, _("what happened, in our words")]
    kind: Annotated[str, Event.Kind, _("what sort of event")]
    status: Annotated[str, Event.Status, _("how it stands with the event itself")]
    date: Annotated[EventDate, _("when, as exactly as it is known")]
    actors: Annotated[list[Involved], _("who takes part")]
    places: Annotated[list[Located], _("where")]
    quotations: Annotated[list[Quoted], _("the words it rests on")]
    references: Annotated[list[Referred], _("other pages that were read for it")]
    independent_sources: Annotated[Independent, _("on how many independent sources it rests")]
    note: Annotated[Words, _("what a reader must know")]
    published: Annotated[str | None, _("when it became public, as the history has it, UTC")]
    updated: Annotated[str, _("when it was last changed, UTC")]
    page: Annotated[str, _("its page on this site")]


class EventNamed(TypedDict):
    """The event that a quotation belongs to."""

    slug: Annotated[str, _("its word in addresses")]
    title: Annotated[Words, _("its title")]
    status: Annotated[str, Event.Status, _("how it stands with the event itself")]
    date: Annotated[EventDate, _("when, as exactly as it is known")]
    page: Annotated[str, _("its page on this site")]


class QuotationRecord(Quoted):
    """A quotation, with the event that rests on it."""

    type: Literal["quotation"]
    event: Annotated[EventNamed, _("what rests on it")]


class NamedRecord(Named):
    """What actors and places have in common."""

    other_names: Annotated[list[str], _("other names: spellings, acronyms, former names")]
    description: Annotated[Words, _("who or what it is")]
    wikidata: Annotated[str, _("the same in Wikidata: Q and digits")]
    events: Annotated[int, _("in how many of the selected events it is")]


class ActorRecord(NamedRecord):
    """An actor of the selected events."""

    type: Literal["actor"]
    kind: Annotated[str, Actor.Kind, _("what sort of actor")]
    belongs_to: Annotated[str | None, _("the slug of the actor it is part of or speaks for")]


class PlaceRecord(NamedRecord):
    """A place of the selected events."""

    type: Literal["place"]
    kind: Annotated[str, Place.Kind, _("what sort of place")]
    within: Annotated[str | None, _("the slug of the place it lies in")]
    country: Annotated[str, _("ISO 3166 code of two letters; empty for more than one")]
    latitude: Annotated[float | None, _("degrees north, WGS 84")]
    longitude: Annotated[float | None, _("degrees east, WGS 84")]
    precision: Annotated[str | None, Place.Precision, _("what the coordinates stand for")]


class SourceRecord(TypedDict):
    """A source of the selected events, described well enough to be found again."""

    type: Literal["source"]
    slug: Annotated[str, _("its word in addresses and filters")]
    title: Annotated[str, _("its title, in its own language")]
    author: Annotated[str, _("its author")]
    publisher: Annotated[str, _("its publisher")]
    no_publisher: Annotated[Words, _("why no publisher is named")]
    date: Annotated[Dated | None, _("when it was published; none where that is not known")]
    language: Annotated[str, _("its language, BCP 47")]
    kind: Annotated[str, Source.Kind, _("what sort of document")]
    wording: Annotated[str, Source.Wording, _("whose words its text is made of")]
    copy_of: Annotated[str | None, _("the slug of what it is a copy of, if that has a page")]
    original: Annotated[str, _("what it is a copy of, in words; empty for an original")]
    url: Annotated[str, _("its address")]
    archived_url: Annotated[str, _("the address of an archived copy")]
    date_read: Annotated[str | None, _("the day on which it was read")]
    text_sha256: Annotated[str, _("the SHA-256 of the text that was read")]
    text_length: Annotated[int | None, _("how many characters that text has")]
    note: Annotated[Words, _("what a reader must know")]
    events: Annotated[int, _("how many of the selected events quote it or refer to it")]
    page: Annotated[str, _("its page on this site")]


type Record = EventRecord | QuotationRecord | ActorRecord | PlaceRecord | SourceRecord

SHAPES: dict[Kind, type] = {
    "events": EventRecord,
    "quotations": QuotationRecord,
    "actors": ActorRecord,
    "places": PlaceRecord,
    "sources": SourceRecord,
}


def fields(shape: type) -> dict[str, Field]:
    """Give the fields of a shape, in their order."""
    hints = get_type_hints(shape, include_extras=True)
    # What says what sort of record it is comes first.
    return {name: _field(name, hints[name]) for name in ("type", *hints) if name in hints}


@dataclass(frozen=True)
class Field:
    """A field of a shape: its type, whether it may be none, its vocabulary, what is said of it."""

    name: str
    type: Any
    optional: bool
    vocabulary: type[TextChoices] | None
    about: Any

    @property
    def shape(self) -> type | None:
        """The shape that it holds; None where it holds something else."""
        return self.type if is_typeddict(self.type) else None

    @property
    def item(self) -> Any:
        """What it lists; None where it is no list."""
        return get_args(self.type)[0] if get_origin(self.type) is list else None


def _field(name: str, hint: Any) -> Field:
    vocabulary, about = None, ""
    if get_origin(hint) is Annotated:
        hint, *said = get_args(hint)
        *vocabularies, about = said
        vocabulary = vocabularies[0] if vocabularies else None
    optional = get_origin(hint) is UnionType
    if optional:
        (hint,) = (each for each in get_args(hint) if each is not type(None))
    return Field(name, hint, optional, vocabulary, about)
