"""Events as they leave the site: plain values in both languages, read in batches.

What pages show of an event, and only of published ones, whatever format it then takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from itertools import batched
from typing import Any, cast

from django.db.models import Min
from django.utils.translation import override

from sahel.corroboration import corroboration
from sahel.dates import EDTF
from sahel.exports.shapes import (
    Cited,
    Dated,
    EventDate,
    EventNamed,
    EventRecord,
    Figure,
    Involved,
    Located,
    Named,
    QuotationRecord,
    Quoted,
    Referred,
    Words,
)
from sahel.filters import Facet
from sahel.index import Index
from sahel.models import (
    Change,
    Estimate,
    Event,
    Involvement,
    Place,
    Quotation,
    Reference,
    Source,
)

# What a copy is a copy of: its slug, and what is said of it also where it has no page.
ORIGINAL = "original__slug", "original__title", "original__author", "original__publisher"
AT_ONCE = 250  # records that are read in one go
Rows = Iterator[tuple[Any, ...]]


class Events:
    """Reads records of one version of the record for one file.

    `page` gives the address of a page by its name and slug, as the file is to name it.
    """

    def __init__(self, index: Index, page: Callable[[str, str], str]) -> None:
        """Take what names things, and how addresses are written."""
        self.index, self.page = index, page
        self._named = cache(self._name)
        self._sources: dict[int, Cited] = {}
        self._places: dict[int, Located] = {}

    def events(self, keys: Iterable[int]) -> Iterator[EventRecord]:
        """Give the published events with these primary keys, in their order."""
        return (event for _key, event in self.events_by_key(keys))

    def events_by_key(self, keys: Iterable[int]) -> Iterator[tuple[int, EventRecord]]:
        """Give the same, each with its key."""
        for batch in batched(keys, AT_ONCE):
            yield from self._events(batch)

    def quotations(self, keys: Iterable[int]) -> Iterator[QuotationRecord]:
        """Give the quotations of these events, as they stand on their pages."""
        for event in self.events(keys):
            about: EventNamed = {
                "slug": event["slug"],
                "title": event["title"],
                "status": event["status"],
                "date": event["date"],
                "page": event["page"],
            }
            for quoted in event["quotations"]:
                yield {"type": "quotation", **quoted, "event": about}

    def _is_public(self, facet: Facet, slug: str) -> bool:
        return slug in self.index.values[facet]

    def _events(self, keys: Sequence[int]) -> Iterator[tuple[int, EventRecord]]:
        columns = "pk slug kind status date date_basis date_words updated"
        columns += " title_en title_fr summary_en summary_fr note_en note_fr"
        columns += " date_note_en date_note_fr"
        rows = Event.objects.published().filter(pk__in=keys).order_by()
        found: dict[int, EventRecord] = {}
        for key, *row in rows.values_list(*columns.split()):
            found[key] = self._event(*row)
        entries = Change.objects.filter(event__in=keys, what=Change.What.PUBLISHED).order_by()
        for key, at in entries.values_list("event").annotate(Min("at")):
            if key in found:
                found[key]["published"] = _moment(at)
        for key, actor, role in _parts(Involvement, keys, "actor_id", "role"):
            if key in found and (named := self._named("actor", actor)):
                found[key]["actors"].append(cast(Involved, {**named, "role": role}))
        self._locate(keys, found)
        self._quote(keys, found)
        for key in keys:
            if event := found.get(key):
                event["independent_sources"] = self._independent(event)
                yield key, event

    def _event(self, *row: Any) -> EventRecord:
        slug, kind, status, when, basis, words, updated, *texts = row
        title, summary, note, date_note = (
            Words(en=en, fr=fr) for en, fr in zip(texts[::2], texts[1::2], strict=True)
        )
        on: EventDate = {
            **dated(when),
            "basis": basis,
            "words": words,
            "note": date_note,
        }
        return {
            "type": "event",
            "slug": slug,
            "title": title,
            "summary": summary,
            "kind": kind,
            "status": status,
            "date": on,
            "actors": [],
            "places": [],
            "quotations": [],
            "references": [],
            "independent_sources": {"quoted": 0, "named": 0},
            "note": note,
            "published": None,
            "updated": _moment(updated) or "",
            "page": self.page("event", slug),
        }

    def _locate(self, keys: Sequence[int], found: Mapping[int, EventRecord]) -> None:
        ties = Event.places.through.objects.filter(event_id__in=keys).order_by()
        pairs = list(ties.values_list("event_id", "place_id"))
        unread = {place for _event, place in pairs} - self._places.keys()
        columns = "pk", "latitude", "longitude", "precision"
        for place, latitude, longitude, precision in Place.objects.filter(
            pk__in=unread
        ).values_list(*columns):
            if named := self._named("place", place):
                self._places[place] = {
                    **named,
                    "latitude": degrees(latitude),
                    "longitude": degrees(longitude),
                    "precision": precision or None,
                }
        for key, place in pairs:
            if key in found and (located := self._places.get(place)):
                found[key]["places"].append(located)
        for event in found.values():
            event["places"].sort(key=lambda each: each["slug"])

    def _quote(self, keys: Sequence[int], found: Mapping[int, EventRecord]) -> None:
        figures: dict[int, list[Figure]] = {}
        columns = "words measure low best high of_whom_en of_whom_fr unit_en unit_fr"
        given = Estimate.objects.filter(quotation__event__in=keys).order_by("order", "pk")
        for key, *figure in given.values_list("quotation_id", *columns.split()):
            figures.setdefault(key, []).append(_figure(*figure))
        columns = "pk key exact language stance speaker_id speaker_role_en speaker_role_fr state"
        columns += " checked_on checked_sha256 why_uncheckable_en why_uncheckable_fr start end"
        columns += " prefix suffix page source_id"
        rows = list(_parts(Quotation, keys, *columns.split()))
        referred = list(_parts(Reference, keys, "supports", "note_en", "note_fr", "source_id"))
        self._read_sources({row[-1] for row in (*rows, *referred)})
        self._refer(referred, found)
        for event, key, *row in rows:
            if event in found and (quoted := self._quoted(figures.get(key, []), *row)):
                found[event]["quotations"].append(quoted)

    def _quoted(self, figures: list[Figure], *row: Any) -> Quoted | None:
        key, exact, language, stance, speaker_key, role_en, role_fr, state, checked = row[:9]
        sha256, why_en, why_fr, start, end, prefix, suffix, page, source_key = row[9:]
        speaker = self._named("actor", speaker_key) if speaker_key else None
        source = self._sources.get(source_key)
        if source is None or (speaker_key and speaker is None):
            return None  # never is somebody's word given as another's
        return {
            "key": key,
            "exact": exact,
            "language": language,
            "stance": stance,
            "speaker": speaker,
            "speaker_role": {"en": role_en, "fr": role_fr},
            "state": state,
            "checked_on": day(checked),
            "checked_sha256": sha256,
            "why_uncheckable": {"en": why_en, "fr": why_fr},
            "start": start,
            "end": end,
            "prefix": prefix,
            "suffix": suffix,
            "pdf_page": page,
            "figures": figures,
            "source": source,
            "page": self.page("quotation", key),
        }

    def _refer(self, rows: Iterable[Any], found: Mapping[int, EventRecord]) -> None:
        for event, supports, note_en, note_fr, key in rows:
            if event in found and (source := self._sources.get(key)):
                referred: Referred = {
                    "supports": supports,
                    "note": {"en": note_en, "fr": note_fr},
                    "source": source,
                }
                found[event]["references"].append(referred)

    def _read_sources(self, keys: set[int]) -> None:
        columns = "pk slug title author publisher date language url archived_url wording"
        rows = Source.objects.filter(pk__in=keys - self._sources.keys()).order_by()
        for row in rows.values_list(*columns.split(), *ORIGINAL):
            key, slug, title, author, publisher, when, language, url, archived = row[:9]
            wording, original, *described = row[9:]
            self._sources[key] = {
                "slug": slug,
                "title": title,
                "author": author,
                "publisher": publisher,
                "date": str(when),
                "language": language,
                "url": url,
                "archived_url": archived,
                "wording": wording,
                "copy_of": original if original and self._is_public("source", original) else None,
                "original": ", ".join(filter(None, described)),
                "page": self.page("source", slug),
            }

    def _independent(self, event: EventRecord) -> Any:
        counted = corroboration(
            self.index,
            (quoted["source"]["slug"] for quoted in event["quotations"]),
            (reference["source"]["slug"] for reference in event["references"]),
        )
        return {"quoted": counted.quoted, "named": counted.named}

    def _name(self, facet: Facet, key: int) -> Named | None:
        if (name := self.index.name(facet, key)) is None:
            return None
        words: Words = {"en": name.en, "fr": name.fr}
        return {"slug": name.slug, "name": words, "page": self.page(facet, name.slug)}


def _parts(model: Any, keys: Sequence[int], *columns: str) -> Rows:
    """Give the rows of what belongs to events, with the event's key, in the order of a page."""
    rows = model.objects.filter(event_id__in=keys).order_by("order", "pk")
    return cast(Rows, rows.values_list("event_id", *columns).iterator(chunk_size=2000))


def dated(when: EDTF | str) -> Dated:
    """Give a date with its bounds, its precision and its words in both languages."""
    edtf = when if isinstance(when, EDTF) else EDTF.parse(when)
    with override("en"):
        english = edtf.in_words()
    with override("fr"):
        french = edtf.in_words()
    return {
        "edtf": edtf.text,
        "earliest": day(edtf.earliest),
        "latest": day(edtf.latest),
        "precision": edtf.precision,
        "approximate": edtf.approximate,
        "uncertain": edtf.uncertain,
        "text": {"en": english, "fr": french},
    }


def _figure(
    words: str,
    measure: str,
    low: int | None,
    best: int | None,
    high: int | None,
    whom_en: str,
    whom_fr: str,
    unit_en: str,
    unit_fr: str,
) -> Figure:
    return {
        "words": words,
        "measure": measure,
        "low": low,
        "best": best,
        "high": high,
        "of_whom": {"en": whom_en, "fr": whom_fr},
        "unit": {"en": unit_en, "fr": unit_fr},
    }


def day(of: date | None) -> str | None:
    """Give a day in ISO 8601."""
    return of.isoformat() if of else None


def _moment(moment: datetime | None) -> str | None:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else None  # the site's time is UTC


def degrees(of: Any) -> float | None:
    """Give degrees as JSON has numbers."""
    return None if of is None else float(of)
