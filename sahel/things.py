"""The things of the record in the words of schema.org, as nodes of JSON-LD.

A thing has a page in each language, but one `@id`, with which what both pages say of it comes
together: its address without a language, which leads on to the page in the reader's, and `#it`,
for it is the thing itself and no page of it. Texts carry their language, codes and names of
publishers none.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from django.db.models import TextChoices
from django.http import HttpRequest

from sahel import index
from sahel.cards import Card, Quoted
from sahel.dates import EDTF, Point
from sahel.fields import Text, address, readers_language, vocabulary
from sahel.index import Index
from sahel.models import Actor, Event, Place, Quotation, Source, source_label

Node = dict[str, Any]

TYPES: dict[str, dict[str, str | list[str]]] = {
    "actor": {
        Actor.Kind.STATE: ["Country", "Organization"],
        Actor.Kind.GOVERNMENT: "GovernmentOrganization",
        Actor.Kind.PERSON: "Person",
        Actor.Kind.MILITARY_FORCE: "Organization",
        Actor.Kind.ARMED_GROUP: "Organization",
        Actor.Kind.ORGANISATION: "Organization",
        Actor.Kind.MEDIA: "NewsMediaOrganization",
        Actor.Kind.PUBLIC: "Thing",  # people who are no body
    },
    "place": {
        Place.Kind.REGION_OF_THE_WORLD: "Place",
        Place.Kind.COUNTRY: "Country",
        Place.Kind.REGION: "AdministrativeArea",
        Place.Kind.CITY: "City",
        Place.Kind.VILLAGE: "Place",
        Place.Kind.SITE: "Place",
    },
    "source": {
        Source.Kind.NEWS: "NewsArticle",
        Source.Kind.REPORT: "Report",
        Source.Kind.STATEMENT: "CreativeWork",
        Source.Kind.ENCYCLOPEDIA: "Article",
        Source.Kind.WEBSITE: "WebPage",
    },
}
CLAIMS = (Quotation.Stance.CLAIMS, Quotation.Stance.DENIES, Quotation.Stance.ASSESSES)


def dates(when: EDTF) -> Node:
    """Give `startDate` and `endDate` in ISO 8601: days, months or years that hold all it may be.

    Neither, where a date is approximate, uncertain or open, or of more than a year: they would say
    more than is known. The date itself is the `temporalCoverage` of its page.
    """
    start, end = when.start, when.end
    if start is None or end is None or when.approximate or when.uncertain:
        return {}
    found = {"startDate": _iso(start)}
    if end is not start:
        found["endDate"] = _iso(end)
    return found if all(found.values()) else {}


def _iso(point: Point) -> str:
    first, last = point.earliest.isoformat(), point.latest.isoformat()
    for length in (10, 7, 4):
        if first[:length] == last[:length]:
            return first[:length]
    return ""


def kept(node: Node) -> Node:
    """Give a node without what is not known."""
    return {name: value for name, value in node.items() if value not in (None, "", [], {})}


@dataclass(frozen=True)
class Here:
    """Where things are told of: on this site, in the language of a page."""

    request: HttpRequest

    @cached_property
    def home(self) -> str:
        """The scheme and host of the site."""
        return f"{self.request.scheme}://{self.request.get_host()}"

    @cached_property
    def language(self) -> str:
        """The code of the language in which they are told of."""
        return readers_language()

    @cached_property
    def record(self) -> Index:
        """The index, at the state of the record that the page itself is of."""
        return index.current(getattr(self.request, "state", None))

    def it(self, kind: str, slug: str, what: str = "it") -> str:
        """Give the identity of a thing, or of something of it."""
        return f"{self.home}/{kind}s/{slug}/#{what}"

    def page(self, page: str, slug: str = "") -> str:
        """Give the whole address of a page."""
        return f"{self.home}{address(page, slug, self.language)}"

    def said(self, text: str, language: str = "") -> str | Node:
        """Give a text with its language: that given, else a `Text`'s own, else the page's."""
        language = language or getattr(text, "lang", self.language)
        return {"@language": language, "@value": text} if language and text else text

    def word(self, name: str, choices: type[TextChoices], value: str) -> Node:
        """Give a word of one of our vocabularies."""
        return {
            "@type": "DefinedTerm",
            "@id": f"{self.home}/#{name}-{value}",
            "inDefinedTermSet": f"{self.home}/#{name}",
            "termCode": value,
            "name": self.said(vocabulary(choices, self.language)[value]),
        }

    def named(self, kind: Literal["actor", "place"], slug: str, name: Text) -> Node:
        """Give an actor or a place by its name, a place with where it lies."""
        known = self.record.by_slug.get((kind, slug))  # None: a large index has yet to read it
        node = {
            "@type": TYPES[kind][known.kind] if known else "Thing",
            "@id": self.it(kind, slug),
            "name": self.said(name),
        }
        if kind == "place" and known and len(where := known.beside.split()) == 3:
            node |= self._lying(slug, *where)
        return node

    def _lying(self, slug: str, latitude: str, longitude: str, precision: str) -> Node:
        words = self.said(vocabulary(Place.Precision, self.language)[precision])
        return {
            "geo": {
                "@type": "GeoCoordinates",
                "@id": self.it("place", slug, "geo"),
                "latitude": float(latitude),
                "longitude": float(longitude),
                "description": words,
            },
            "additionalProperty": {
                "@type": "PropertyValue",
                "@id": self.it("place", slug, "precision"),
                "propertyID": f"{self.home}/#precision",
                "value": precision,
                "description": words,
            },
        }

    def source(self, slug: str) -> Node:
        """Give a source as the index knows it."""
        known = self.record.by_slug.get(("source", slug))
        if known is None:  # a large index has yet to read it
            return {"@type": "CreativeWork", "@id": self.it("source", slug)}
        title, publisher, date = known.en, known.fr, known.more
        published = dates(EDTF.parse(date)) if date else {}
        return kept(
            {
                "@type": TYPES["source"][known.kind],
                "@id": self.it("source", slug),
                "name": self.said(source_label(title, publisher, date, known.language)),
                "inLanguage": known.language,
                "publisher": {"@type": "Organization", "name": publisher} if publisher else None,
                "datePublished": None if "endDate" in published else published.get("startDate"),
                "url": known.url,
                "archivedAt": known.beside,
            }
        )

    def quotation(self, quoted: Quoted) -> Node:
        """Give a quotation; a claim, a denial or an assessment with what is claimed in it."""
        source = {"@id": self.it("source", quoted.source_slug)}
        speaker = quoted.speaker and self.named("actor", quoted.speaker.slug, quoted.speaker.name)
        words = self.said(quoted.exact, quoted.language)
        claim = {
            "@type": "Claim",
            "@id": self.it("quotation", quoted.key, "claim"),
            "text": words,
            "author": speaker and {"@id": speaker["@id"]},
            "appearance": source,
        }
        return kept(
            {
                "@type": "Quotation",
                "@id": self.it("quotation", quoted.key),
                "url": self.page("quotation", quoted.key),
                "text": words,
                "inLanguage": quoted.language,
                "spokenByCharacter": speaker,  # to whom the source attributes it
                "isPartOf": source,
                "keywords": [
                    self.word("stance", Quotation.Stance, quoted.stance),
                    self.word("state", Quotation.State, quoted.state),
                ],
                "interpretedAsClaim": kept(claim) if quoted.stance in CLAIMS else None,
            }
        )

    def event(self, event: Card) -> Node:
        """Give an event with the quotations it rests on.

        None of schema.org's words for the status of an event says what ours do: its kind, its
        status and what its date rests on are keywords.
        """
        actors = dict.fromkeys((each.slug, each.name) for each in event.involvements)
        return kept(
            {
                "@type": "Event",
                "@id": self.it("event", event.slug),
                "url": self.page("event", event.slug),
                "name": self.said(event.title),
                "description": self.said(event.summary),
                **dates(event.date),
                "keywords": [
                    self.word("kind", Event.Kind, event.kind),
                    self.word("status", Event.Status, event.status),
                    self.word("basis", Event.DateBasis, event.date_basis),
                ],
                "location": [self.named("place", *place) for place in event.places],
                "about": [self.named("actor", *actor) for actor in actors],
                "subjectOf": [self.quotation(quoted) for quoted in event.quotations],
            }
        )

    def part(self, kind: Literal["actor", "place"], found: Any, whole: str) -> Node:
        """Give an actor or a place in full; `whole` is schema.org's word for what it is part of."""
        parent, node = found.parent, self.named(kind, found.slug, found.name)
        node |= {
            "url": self.page(kind, found.slug),
            "description": self.said(found.description),
            "alternateName": found.other_names,
            "sameAs": f"http://www.wikidata.org/entity/{found.wikidata}" if found.wikidata else "",
        }
        if parent and node["@type"] != "Thing":  # people who are no body are members of none
            node[whole] = self.named(kind, parent.slug, parent.name)
        return kept(node)
