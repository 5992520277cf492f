"""How many events each choice would leave: the record as one bitmap of events per value.

The index is a cache of the record in this process. It belongs to one version of the record, is
built whole and swapped whole, so that no answer mixes two versions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import F, IntegerField, Model, QuerySet, Value
from django.db.models.expressions import Combinable
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from pyroaring import BitMap

from sahel.fields import Text, in_readers_language
from sahel.filters import FACETS, Facet, Filters
from sahel.models import (
    Actor,
    Event,
    Involvement,
    Place,
    Quotation,
    Record,
    Reference,
    Source,
    source_label,
)

SHOWN = 8  # choices of a facet before "more"

TITLES = {
    "actor": _("Actor"),
    "year": _("Year"),
    "place": _("Country or place"),
    "kind": _("Kind of event"),
    "status": _("Status"),
    "source": _("Source"),
}


@dataclass(frozen=True)
class Choice:
    """A value of a facet, as the filter panel offers it."""

    facet: Facet
    value: str
    label: Text
    count: int
    state: str  # "", "on" or "excluded"


@dataclass(frozen=True)
class Panel:
    """A facet with its choices: those shown at once, and the rest."""

    facet: Facet
    title: str
    shown: list[Choice]
    rest: list[Choice]


@dataclass
class Index:
    """The published events of one version of the record, as sets of primary keys."""

    version: int
    events: BitMap = field(default_factory=BitMap)
    values: dict[Facet, dict[str, BitMap]] = field(
        default_factory=lambda: {facet: defaultdict(BitMap) for facet in FACETS}
    )
    names: dict[tuple[Facet, str], tuple[str, ...]] = field(default_factory=dict)
    spans: list[tuple[int, date | None, date | None]] = field(default_factory=list)

    @classmethod
    def build(cls, version: int) -> Index:
        """Read the record, in two queries whatever its size."""
        index = cls(version)
        index._read_events()
        index._read_links()
        return index

    def _read_events(self) -> None:
        rows = Event.objects.published().values_list("pk", "earliest", "latest", "kind", "status")
        for pk, earliest, latest, kind, status in rows.order_by():
            self.events.add(pk)
            self.spans.append((pk, earliest, latest))
            self.values["kind"][kind].add(pk)
            self.values["status"][status].add(pk)
        bounds = [day.year for _pk, *days in self.spans for day in days if day]
        for pk, earliest, latest in self.spans:
            # An open end reaches as far as the record does.
            first = earliest.year if earliest else min(bounds)
            last = latest.year if latest else max(bounds)
            for year in range(first, last + 1):
                self.values["year"][str(year)].add(pk)

    def _read_links(self) -> None:
        parents: dict[tuple[str, int], int | None] = {}
        slugs: dict[tuple[str, int], str] = {}
        linked: dict[tuple[str, int], BitMap] = defaultdict(BitMap)
        for what, is_name, a, b, slug, *names in _names_and_links():
            if is_name:
                parents[what, a], slugs[what, a] = b, slug
                self.names[what, slug] = tuple(names)
            elif b is not None:
                linked[what, b].add(a)
        for (what, key), events in linked.items():
            events &= self.events
            ancestor: int | None = key
            for _depth in range(10):  # deeper than any lineage; a circle in the data ends too
                if ancestor is None or not events:
                    break
                self.values[what][slugs[what, ancestor]] |= events  # type: ignore[index]
                ancestor = parents[what, ancestor]

    # What is asked of it --------------------------------------------------------------------------

    def selected(self, filters: Filters, *, but: Facet | None = None) -> BitMap:
        """Give the events that match; `but` leaves the wanted values of one facet aside."""
        events = self.events.copy()
        for facet in FACETS:
            if (included := filters.included(facet)) and facet != but:
                events &= BitMap.union(BitMap(), *(self._having(facet, v) for v in included))
            for value in filters.excluded(facet):
                events -= self._having(facet, value)
        first, last = filters.first_day, filters.last_day
        if first or last:
            events &= BitMap(
                pk
                for pk, earliest, latest in self.spans
                if (not first or not latest or latest >= first)
                and (not last or not earliest or earliest <= last)
            )
        return events

    def holding(self, terms: tuple[str, ...]) -> BitMap | None:
        """Give the events that hold all the words (one query); None where none are asked for."""
        if not terms:
            return None
        events = Event.objects.published().matching(Filters(q=" ".join(terms)))
        return BitMap(events.order_by().values_list("pk", flat=True))

    def _having(self, facet: Facet, value: str) -> BitMap:
        return self.values[facet].get(value) or self._open_ended(facet, value) or BitMap()

    def _open_ended(self, facet: Facet, year: str) -> BitMap | None:
        """Give what an open date lets reach a year beyond all that the record names."""
        if facet != "year":
            return None
        first, last = date(int(year), 1, 1), date(int(year), 12, 31)
        return BitMap(
            pk
            for pk, earliest, latest in self.spans
            if (latest is None or latest >= first) and (earliest is None or earliest <= last)
        )

    def label(self, facet: Facet, value: str) -> Text:
        """Give a value's name in the reader's language; the value itself where it is unknown."""
        # What has no published event is not named: its name may be a draft's.
        if (facet, value) in self.names and value in self.values[facet]:
            if facet == "source":
                return source_label(*self.names[facet, value])
            return in_readers_language(*self.names[facet, value][:2])
        vocabulary = {"kind": Event.Kind, "status": Event.Status}.get(facet)
        if vocabulary and value in vocabulary.values:
            return Text(str(vocabulary(value).label), get_language() or "en")
        return Text(value, "")

    def panels(
        self, filters: Filters, scope: Filters, matching_words: BitMap | None
    ) -> list[Panel]:
        """Give each facet with its choices and their exact counts.

        A choice is counted with the other facets as they are. `scope` is what the page itself is
        about; `matching_words` the events that hold the words asked for (None: no words).
        """
        within = self.selected(scope)
        if matching_words is not None:
            within &= matching_words
        panels = []
        for facet in FACETS:
            choices = [
                choice
                for choice in self._choices(facet, filters, within)
                if choice.value not in scope.included(facet)
            ]
            room = len(choices) if facet in ("year", "status") else SHOWN
            shown = [c for place, c in enumerate(choices) if place < room or c.state]
            rest = [c for place, c in enumerate(choices) if place >= room and not c.state]
            if choices:
                panels.append(Panel(facet, str(TITLES[facet]), shown, rest))
        return panels

    def _choices(self, facet: Facet, filters: Filters, within: BitMap) -> Iterator[Choice]:
        included, excluded = filters.included(facet), filters.excluded(facet)
        others = within & self.selected(filters, but=facet)
        counts = {
            value: others.intersection_cardinality(events)
            for value, events in self.values[facet].items()
        }
        for value in excluded:  # what it would leave if it were let in again
            let_in = within & self.selected(filters.removing(facet, f"-{value}"), but=facet)
            counts[value] = len(let_in & self._having(facet, value))
        for value in included:  # a year that no event names may yet be reached by an open date
            counts.setdefault(value, others.intersection_cardinality(self._having(facet, value)))
        for value in sorted(counts, key=lambda v: self._rank(facet, v, counts[v])):
            state = "on" if value in included else "excluded" if value in excluded else ""
            if counts[value] or state:
                yield Choice(facet, value, self.label(facet, value), counts[value], state)

    def _rank(self, facet: Facet, value: str, count: int) -> tuple[int, str]:
        if facet == "year":
            return int(value), ""
        if facet == "status":
            return [*Event.Status.values, value].index(value), ""
        return -count, self.label(facet, value)


def _names_and_links() -> QuerySet[Any, tuple[Any, ...]]:
    """Give one UNION of names (key, parent, slug, two names) and of links (event, key)."""
    no_parent = Value(None, output_field=IntegerField())

    def names(
        model: type[Model], what: Facet, parent: Combinable, *names: str | Combinable
    ) -> QuerySet[Any, Any]:
        return model._default_manager.order_by().values_list(
            Value(what), Value(True), "pk", parent, "slug", *names
        )

    def links(model: type[Model], what: Facet, key: str) -> QuerySet[Any, Any]:
        return model._default_manager.order_by().values_list(
            Value(what), Value(False), "event_id", key, *[Value("")] * 4
        )

    return names(Actor, "actor", F("parent_id"), "name_en", "name_fr", Value("")).union(
        names(Place, "place", F("parent_id"), "name_en", "name_fr", Value("")),
        names(Source, "source", no_parent, "title", "publisher", "date"),
        links(Involvement, "actor", "actor_id"),
        links(Quotation, "actor", "speaker_id"),
        links(Event.places.through, "place", "place_id"),
        links(Quotation, "source", "source_id"),
        links(Reference, "source", "source_id"),
        all=True,
    )


_current: Index | None = None


def current() -> Index:
    """Give the index of the record as it is now; one query if nothing has changed."""
    global _current
    version = Record.current_version()
    if _current is None or _current.version != version:
        _current = Index.build(version)
    return _current


def forget() -> None:
    """Drop the index, for a database that was put back to an earlier state."""
    global _current
    _current = None
