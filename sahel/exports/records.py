"""Records of all kinds: events and quotations, and the actors, places and sources they name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import batched
from typing import Any, cast

from sahel.exports.events import AT_ONCE, ORIGINAL, Events, dated, day, degrees
from sahel.exports.shapes import ActorRecord, PlaceRecord, SourceRecord
from sahel.filters import Facet
from sahel.models import Actor, Place, Source


class Records(Events):
    """Reads records of one version of the record for one file."""

    def actors(self, counts: Mapping[str, int]) -> Iterator[ActorRecord]:
        """Give actors by their slugs, in that order, with the number of events of each."""
        columns = (*_NAMED, "parent__slug")
        for slug, row in _by_slug(Actor.objects, columns, counts):
            *named, parent = row
            record = self._named_record("actor", slug, named, counts[slug])
            yield cast(ActorRecord, {"type": "actor", **record, "belongs_to": parent})

    def places(self, counts: Mapping[str, int]) -> Iterator[PlaceRecord]:
        """Give places by their slugs, in that order, with the number of events of each."""
        columns = (*_NAMED, "parent__slug", "country", "latitude", "longitude", "precision")
        for slug, row in _by_slug(Place.objects, columns, counts):
            named = row[: len(_NAMED)]
            parent, country, latitude, longitude, precision = row[len(_NAMED) :]
            record = self._named_record("place", slug, named, counts[slug])
            located = {
                "within": parent,
                "country": country,
                "latitude": degrees(latitude),
                "longitude": degrees(longitude),
                "precision": precision or None,
            }
            yield cast(PlaceRecord, {"type": "place", **record, **located})

    def sources(self, counts: Mapping[str, int]) -> Iterator[SourceRecord]:
        """Give sources by their slugs, in that order, with the number of events of each."""
        columns = "title author publisher no_publisher_en no_publisher_fr date language kind"
        columns += " wording url archived_url date_read text_sha256 text_length"
        columns += " note_en note_fr"
        for slug, row in _by_slug(Source.objects, [*columns.split(), *ORIGINAL], counts):
            title, author, publisher, why_en, why_fr, when, language, kind, wording = row[:9]
            url, archived, read, sha256, length, note_en, note_fr, original, *described = row[9:]
            yield {
                "type": "source",
                "slug": slug,
                "title": title,
                "author": author,
                "publisher": publisher,
                "no_publisher": {"en": why_en, "fr": why_fr},
                "date": dated(when) if when else None,
                "language": language,
                "kind": kind,
                "wording": wording,
                "copy_of": original if original and self._is_public("source", original) else None,
                "original": ", ".join(filter(None, described)),
                "url": url,
                "archived_url": archived,
                "date_read": day(read),
                "text_sha256": sha256,
                "text_length": length,
                "note": {"en": note_en, "fr": note_fr},
                "events": counts[slug],
                "page": self.page("source", slug),
            }

    def _named_record(
        self, facet: Facet, slug: str, row: Sequence[Any], events: int
    ) -> dict[str, Any]:
        name_en, name_fr, aliases, about_en, about_fr, wikidata, kind = row
        return {
            "slug": slug,
            "name": {"en": name_en, "fr": name_fr},
            "kind": kind,
            "other_names": [line.strip() for line in aliases.splitlines() if line.strip()],
            "description": {"en": about_en, "fr": about_fr},
            "wikidata": wikidata,
            "events": events,
            "page": self.page(facet, slug),
        }


_NAMED = (
    "name_en",
    "name_fr",
    "aliases",
    "description_en",
    "description_fr",
    "wikidata",
    "kind",
)


def _by_slug(
    manager: Any, columns: Iterable[str], counts: Mapping[str, int]
) -> Iterator[tuple[str, Sequence[Any]]]:
    for batch in batched(counts, AT_ONCE):
        rows = manager.filter(slug__in=batch).order_by().values_list("slug", *columns)
        found = {slug: row for slug, *row in rows}
        yield from ((slug, found[slug]) for slug in batch if slug in found)
