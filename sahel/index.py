"""Where every published event stands: the record as bitmaps of places in the order of time.

The place of an event is its number in that order, from 0. A set of events is a bitmap of places: an
intersection is a filter, its cardinality a count, a slice a page, a range of it a range of days.

An index is a cache of one version of the record, never changed once it is made: what is new in the
record goes into a copy, day by day, and the copy takes its place at once.
"""

from __future__ import annotations

import logging
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from threading import Lock, Thread
from typing import Any, NamedTuple

from django.db.models import CharField, F, Model, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Concat
from pyroaring import BitMap

from sahel.blocks import OPEN, Block, Calendar, Key, Places
from sahel.databases import alias, read_from, reading
from sahel.filters import FACETS, Facet, Filters, beginning
from sahel.models import (
    Actor,
    ChangedDay,
    Event,
    Place,
    Record,
    Source,
    State,
    snapshot,
)
from sahel.models.names import LINEAGE
from sahel.search import keys_saying

ASIDE = 20_000  # events from which on a new index is made aside, while the old one answers
DAYS = 64  # changed days up to which they are taken in one by one
WORDS = 200  # that are remembered with the events that hold them

logger = logging.getLogger(__name__)


class Name(NamedTuple):
    """An actor, place or source as the index knows it."""

    slug: str
    parent: int | None  # of a source: what it is a copy of
    en: str  # of a source: title, publisher and date
    fr: str
    more: str  # other names, one a line
    words: str  # all its names, spaced
    language: str  # of a source, as what follows
    url: str
    wording: str
    kind: str  # of all of them
    beside: str  # of a place: latitude, longitude, precision; of a source: its archived address


@dataclass(frozen=True)
class Index:
    """The published events of one version of the record."""

    state: State
    block: Block
    names: dict[Key, Name]
    by_slug: dict[tuple[Facet, str], Name]
    places: Places
    events: BitMap  # all places
    values: dict[Facet, dict[str, BitMap]]  # by slug or word, members and parts with their parents
    by_size: dict[Facet, list[tuple[str, BitMap]]]  # the same, the commonest first
    # What was asked once and is asked again: the events that hold a word, the time in stretches.
    found: dict[str, BitMap] = field(default_factory=dict)
    calendars: dict[int, Calendar] = field(default_factory=dict)

    @classmethod
    def build(cls, state: State, old: Index | None = None) -> Index:
        """Read the record at a version, only what has changed since where an old index is given."""
        if old is None or old.state.version > state.version or old.state.version < state.emptied:
            return cls._of(state, Block.read(), _names())
        days = list(
            ChangedDay.objects.filter(version__gt=old.state.version).values_list("day", flat=True)
        )
        if len(days) > DAYS:
            return cls._of(state, Block.read(), _names())
        names = _names() if old.state.version < state.renamed else old.names
        block = old.block.replacing(days, Block.read(days)) if days else old.block
        return cls._of(state, block, names, old)

    @classmethod
    def _of(
        cls, state: State, block: Block, names: dict[Key, Name], old: Index | None = None
    ) -> Index:
        # The places of all the others stay where an event was only edited.
        same = old is not None and block.keys == old.block.keys
        index = cls(
            state=state,
            block=block,
            names=names,
            by_slug=old.by_slug
            if old and names is old.names
            else {(key[0], name.slug): name for key, name in names.items()},
            places=old.places if old and same else Places(block.keys),
            events=BitMap(range(len(block.keys))),
            values={facet: {} for facet in FACETS},
            by_size={facet: [] for facet in FACETS},
        )
        index._gather()
        index._span_years()
        index._lay_out()
        return index

    def _gather(self) -> None:
        """Give each value its events: an actor or a place also those of all that stand under it."""
        gathered: dict[tuple[Facet, str], list[BitMap]] = defaultdict(list)
        for (facet, key), places in self.block.having.items():
            if facet in ("kind", "status"):
                self.values[facet][key] = places
            ancestor = key
            for _depth in range(LINEAGE):  # a circle in the data ends, too
                if (name := self.names.get((facet, ancestor))) is None:
                    break
                gathered[facet, name.slug].append(places)
                if facet == "source":  # a copy is found by its own name alone
                    break
                ancestor = name.parent
        for (facet, slug), sets in gathered.items():
            self.values[facet][slug] = sets[0] if len(sets) == 1 else BitMap.union(*sets)

    def _span_years(self) -> None:
        """Give each year the events that may lie in it; an open end reaches to the record's."""
        days, until = self.block.days, self.block.until
        if not days:
            return
        last = max([days[-1], *(day for day in until if day < OPEN)])
        ends = sorted(until)
        reaching = BitMap()  # what begins earlier and may last into the year, from the last back
        for year in range(date.fromordinal(last).year, date.fromordinal(days[0]).year - 1, -1):
            first = date(year, 1, 1).toordinal()
            while ends and ends[-1] >= first:
                reaching |= until[ends.pop()]
            if places := self._within(first, date(year, 12, 31).toordinal(), reaching):
                self.values["year"][str(year)] = places

    def _lay_out(self) -> None:
        """Copy the sets in the order in which they are counted, which mostly waits for memory."""
        for facet, values in self.values.items():
            for value in sorted(values, key=lambda value: -len(values[value])):
                values[value] = copy = BitMap(values[value])
                copy.shrink_to_fit()
                self.by_size[facet].append((value, copy))

    # What is asked of it --------------------------------------------------------------------------

    def having(self, facet: Facet, value: str) -> BitMap:
        """Give the events that have a value."""
        found = self.values[facet].get(value)
        if found is None and facet == "year":  # what an open date lets reach beyond the record
            found = self.between(date(int(value), 1, 1), date(int(value), 12, 31))
        return BitMap() if found is None else found

    def between(self, first: date | None, last: date | None) -> BitMap:
        """Give the events that may have a day between the two, bounds included (None: no bound)."""
        if first is None and last is None:
            return self.events
        begin = first.toordinal() if first else 0
        ends = [places for day, places in self.block.until.items() if day >= begin] if first else []
        end = last.toordinal() if last else OPEN
        return self._within(begin, end, BitMap.union(BitMap(), *ends))

    def _within(self, first: int, last: int, reaching: BitMap) -> BitMap:
        start, stop = bisect_left(self.block.days, first), bisect_right(self.block.days, last)
        places = BitMap(range(start, stop))
        # An event stands at its first day, and one without a first day at its last.
        places |= reaching & BitMap(range(min(start, stop)))
        places |= self.block.since_ever - BitMap(range(max(start, stop)))
        return places

    def saying(self, terms: Sequence[str]) -> BitMap | None:
        """Give the events that hold all the words; None where there are none to hold.

        A word may stand in the event, in its quotations, or in a name of who is in it or where.
        """
        if not terms:
            return None
        named = {term: self._named_events(term) for term in terms}
        # Words that are in no name are asked for together: what holds them all is all that is read.
        groups = [[term] for term in terms if named[term]]
        if together := [term for term in terms if not named[term]]:
            groups.append(together)
        # Other threads ask too: what is remembered may be gone the moment after.
        remembered = {key: self.found.get(key) for key in map(" ".join, groups)}
        found = {key: places for key, places in remembered.items() if places is not None}
        missing = [group for group in groups if " ".join(group) not in found]
        for group, keys in zip(missing, keys_saying(missing), strict=True):
            found[" ".join(group)] = self.places.of_all(keys) | named[group[0]]
        if len(self.found) + len(missing) > WORDS:
            self.found.clear()
        self.found.update(found)
        return BitMap.intersection(self.events, *found.values())

    def _named_events(self, term: str) -> BitMap:
        having = self.block.having
        return BitMap.union(BitMap(), *(having.get(key, BitMap()) for key in self.named([term])))

    def named(self, terms: Iterable[str]) -> list[Key]:
        """Give the actors and places of which the names hold all the words."""
        wanted = [beginning(term) for term in terms]
        return [
            key
            for key, name in self.names.items()
            if key[0] != "source" and all(begin in name.words for begin in wanted)
        ]

    def selected(self, filters: Filters) -> BitMap:
        """Give the events that a reader's selection holds, its words left aside."""
        places = self.between(filters.first_day, filters.last_day)
        for facet in FACETS:
            if included := filters.included(facet):
                places = places & self.any_of(facet, included)
            if excluded := filters.excluded(facet):
                places = places - self.any_of(facet, excluded)
        return places

    def any_of(self, facet: Facet, values: Iterable[str]) -> BitMap:
        """Give the events that have one of the values."""
        return BitMap.union(BitMap(), *(self.having(facet, value) for value in values))

    def place_of_slug(self, slug: str) -> int | None:
        """Give the place of a published event; None where there is none (one query)."""
        key = key_of_slug(slug)
        if key is None or (place := self.places.of(key)) is not None:
            return None if key is None else place
        # An event so new that a large index has not taken it in yet: where its day begins.
        day = Event.objects.filter(pk=key).values_list("sort_date", flat=True).first()
        return bisect_left(self.block.days, day.toordinal()) if day else None

    def beside(self, key: int) -> tuple[int | None, int | None]:
        """Give the primary keys of the events before and after one; None at either end."""
        place, keys = self.places.of(key), self.block.keys
        if place is None:
            return None, None
        return (keys[place - 1] if place else None), (
            keys[place + 1] if place + 1 < len(keys) else None
        )

    def calendar(self, step: int) -> Calendar:
        """Give the record's time in stretches of so many months."""
        if step not in self.calendars:
            self.calendars[step] = Calendar.of(self.block, step)
        return self.calendars[step]

    def name(self, facet: Facet, key: int) -> Name | None:
        """Give the names of an actor, a place or a source; None where there is none any more."""
        # One so new that a large index has not taken it in yet is asked for.
        return self.names.get((facet, key)) or _names((facet, key)).get((facet, key))

    def lineage(self, facet: Facet, slug: str) -> list[str]:
        """Give the slugs of an actor or a place and of all under which it stands, itself first.

        Of a source those of which it is a copy.
        """
        found: list[str] = []
        name = self.by_slug.get((facet, slug))
        while name and name.slug not in found:
            found.append(name.slug)
            name = self.names.get((facet, name.parent))
        return found

    def keys(self, places: Iterable[int]) -> list[int]:
        """Give the primary keys of the events at some places."""
        return [self.block.keys[place] for place in places]


def key_of_slug(slug: str) -> int | None:
    """Give the primary key of a published event; None where there is none."""
    # Without the ORM, which takes five times as long to write this query as to ask it.
    with reading().cursor() as cursor:
        cursor.execute(
            "SELECT id FROM sahel_event WHERE slug = %s AND publication = 'published'", [slug]
        )
        row = cursor.fetchone()
    return row[0] if row else None


def _names(of: Key | None = None) -> dict[Key, Name]:
    """Give all actors, places and sources, or one of them, in one query."""
    nothing = Value("")

    def names(model: type[Model], what: Facet, *columns: str | Combinable) -> QuerySet[Any, Any]:
        rows = model._default_manager.order_by()
        if of is not None:
            rows = rows.filter(pk=of[1]) if what == of[0] else rows.none()
        return rows.values_list(Value(what), "pk", "slug", *columns)

    of_both = F("parent_id"), "name_en", "name_fr", "aliases", "folded", nothing, nothing, nothing
    about_source = "title", "publisher", "date", "folded", "language", "url", "wording"
    blank = Value(" ")
    latitude, longitude = (Cast(name, CharField()) for name in ("latitude", "longitude"))
    where = Concat(latitude, blank, longitude, blank, "precision")
    rows = names(Actor, "actor", *of_both, "kind", nothing).union(
        names(Place, "place", *of_both, "kind", where),
        names(Source, "source", F("original_id"), *about_source, "kind", "archived_url"),
        all=True,
    )
    return {(what, key): Name(*name) for what, key, *name in rows}


# The index of this process ------------------------------------------------------------------------

_current: Index | None = None
_lock = Lock()
_starting = Lock()
_aside: Thread | None = None


def current(state: State | None = None) -> Index:
    """Give the index of the record as it is; while a large one catches up, as it just was."""
    state = state or Record.state()
    index = _current
    if index is not None and index.state == state:
        return index
    if index is None or len(index.events) < ASIDE:
        return _catch_up()
    _start_aside()
    return index


def is_at(state: State) -> bool:
    """Say whether the index answers for that very state of the record."""
    return _current is not None and _current.state == state


def behind(state: State) -> int | None:
    """Give how many versions the index is behind a state of the record; None without an index."""
    return None if _current is None else max(0, state.version - _current.state.version)


def is_ahead_of(state: State) -> bool:
    """Say whether the index has taken in what that state of the record has not yet."""
    return _current is not None and _current.state.version > state.version


def _catch_up() -> Index:
    global _current
    with _lock:
        with snapshot():
            state = Record.state()
            if _current is None or _current.state.version < state.version:
                _current = Index.build(state, _current)
        return _current


def _start_aside() -> None:
    global _aside
    with _starting:
        if _aside is None or not _aside.is_alive():
            _aside = Thread(target=_catch_up_aside, args=[alias()], name="index", daemon=True)
            _aside.start()


def _catch_up_aside(alias: str) -> None:
    read_from(alias)
    try:
        _catch_up()
    except Exception:  # the next request tries again; the old index goes on answering
        logger.exception("The index did not take in what has changed.")
    finally:
        reading().close()


def forget() -> None:
    """Drop the index, for a database that was put back to an earlier state."""
    global _current
    _current = None
