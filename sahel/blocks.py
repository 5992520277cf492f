"""A run of the timeline in memory: its events in order, and which of them have what.

What is new comes in day by day: a block is never changed, but gives another in which the events of
some days are replaced.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Model, QuerySet, Value
from pyroaring import BitMap

from sahel.filters import Facet
from sahel.models import Event, Involvement, Quotation, Reference

OPEN = date.max.toordinal() + 1  # the last day of what has no end

Key = tuple[Facet, Any]  # a facet with a primary key, or with a word of its vocabulary


class Places:
    """The places of events by their primary keys."""

    def __init__(self, keys: array[int]) -> None:
        """Take the keys in the order of the places."""
        self.nowhere = len(keys)
        last = max(keys, default=0)
        self.by_key: array[int] | dict[int, int]
        if last > 8 * len(keys) + 1_000_000:  # keys far apart, from elsewhere
            self.by_key = {key: place for place, key in enumerate(keys)}
        else:
            self.by_key = array("i", [self.nowhere]) * (last + 1)
            for place, key in enumerate(keys):
                self.by_key[key] = place

    def of(self, key: int) -> int | None:
        """Give the place of an event; None where it is not published."""
        try:
            place = self.by_key[key]
        except LookupError:
            return None
        return place if place < self.nowhere else None

    def of_all(self, keys: Sequence[int]) -> BitMap:
        """Give the places of the published events among these, of which there may be a million."""
        try:
            places = array("I", map(self.by_key.__getitem__, keys))
        except LookupError:  # a draft newer than all that is published
            places = array("I", (place for key in keys if (place := self.of(key)) is not None))
        found = BitMap(places)
        found.discard(self.nowhere)
        return found


@dataclass(frozen=True)
class Block:
    """A run of the timeline: its events in order, and which of them have what."""

    keys: array[int] = field(default_factory=lambda: array("q"))  # primary keys, by place
    days: array[int] = field(default_factory=lambda: array("i"))  # days they are sorted by, ordinal
    having: dict[Key, BitMap] = field(default_factory=dict)  # only what is said of them itself
    until: dict[int, BitMap] = field(default_factory=dict)  # by last day, where it is another one
    since_ever: BitMap = field(default_factory=BitMap)  # what has no first day

    @classmethod
    def read(cls, days: list[date] | None = None) -> Block:
        """Read the events of these days, or all: in two queries, whatever their number."""
        keys, ordinals = array("q"), array("i")
        having: dict[Key, array[int]] = defaultdict(lambda: array("I"))
        until: dict[int, array[int]] = defaultdict(lambda: array("I"))
        since_ever = array("I")
        events = Event.objects.published().in_order()
        if days is not None:
            events = events.filter(sort_date__in=days)
        columns = "pk", "sort_date", "earliest", "latest", "kind", "status"
        rows = events.values_list(*columns).iterator(chunk_size=10_000)
        for place, (pk, day, earliest, latest, kind, status) in enumerate(rows):
            keys.append(pk)
            ordinals.append(day.toordinal())
            having["kind", kind].append(place)
            having["status", status].append(place)
            if earliest is None:
                since_ever.append(place)
            elif latest != day:
                until[latest.toordinal() if latest else OPEN].append(place)
        places = Places(keys)
        for what, event, key in _links(days):
            if (at := places.of(event)) is not None:
                having[what, key].append(at)
        return cls(
            keys,
            ordinals,
            {key: BitMap(found) for key, found in having.items()},
            {day: BitMap(found) for day, found in until.items()},
            BitMap(since_ever),
        )

    def replacing(self, days: list[date], news: Block) -> Block:
        """Give this block with the events of some days replaced by those of another block."""
        # What is kept, and what comes in, as runs of places with the distance each moves.
        kept: list[tuple[int, int, int]] = []
        come: list[tuple[int, int, int]] = []
        keys, ordinals, begin = array("q"), array("i"), 0
        for day in sorted(day.toordinal() for day in days):
            start, stop = bisect_left(self.days, day), bisect_right(self.days, day)
            first, last = bisect_left(news.days, day), bisect_right(news.days, day)
            kept.append((begin, start, len(keys) - begin))
            keys += self.keys[begin:start]
            ordinals += self.days[begin:start]
            come.append((first, last, len(keys) - first))
            keys += news.keys[first:last]
            ordinals += news.days[first:last]
            begin = stop
        kept.append((begin, len(self.keys), len(keys) - begin))
        keys += self.keys[begin:]
        ordinals += self.days[begin:]

        def merged(ours: BitMap | None, theirs: BitMap | None) -> BitMap:
            moved = [_moved(ours, runs) for runs in kept_runs] if ours else []
            moved += [_moved(theirs, runs) for runs in come_runs] if theirs else []
            return BitMap.union(BitMap(), *moved)

        def both(ours: dict[Any, BitMap], theirs: dict[Any, BitMap]) -> dict[Any, BitMap]:
            result = {key: merged(ours.get(key), theirs.get(key)) for key in {**ours, **theirs}}
            return {key: places for key, places in result.items() if places}

        kept_runs, come_runs = _by_distance(kept), _by_distance(come)
        return Block(
            keys,
            ordinals,
            both(self.having, news.having),
            both(self.until, news.until),
            merged(self.since_ever, news.since_ever),
        )


def _moved(places: BitMap, runs: tuple[int, BitMap]) -> BitMap:
    distance, within = runs
    moved = places & within
    return moved.shift(distance) if distance else moved


def _by_distance(runs: list[tuple[int, int, int]]) -> list[tuple[int, BitMap]]:
    together: dict[int, BitMap] = defaultdict(BitMap)
    for start, stop, distance in runs:
        if stop > start:
            together[distance].add_range(start, stop)
    return list(together.items())


def _links(days: list[date] | None) -> Iterable[tuple[Facet, int, int]]:
    """Give what each event is tied to, as facet, event and key, in one query."""

    def links(model: type[Model], what: Facet, key: str) -> QuerySet[Any, Any]:
        rows = model._default_manager.order_by().exclude(**{key: None})
        if days is not None:
            rows = rows.filter(event__sort_date__in=days)
        return rows.values_list(Value(what), "event_id", key)

    return (
        links(Involvement, "actor", "actor_id")
        .union(
            links(Quotation, "actor", "speaker_id"),
            links(Event.places.through, "place", "place_id"),
            links(Quotation, "source", "source_id"),
            links(Reference, "source", "source_id"),
            all=True,
        )
        .order_by()
        .iterator(chunk_size=10_000)
    )


@dataclass(frozen=True)
class Calendar:
    """The record's time in stretches of so many months, and which events reach over several.

    An event stands in one stretch, but may have happened in any of those that its date touches.
    Months are numbered: 12 times the year, from 0 in January.
    """

    first: int  # month
    step: int  # months
    starts: list[int]  # the place at which each stretch begins, and the end of the last
    # What stands in one stretch and may lie in all to another one, that included. What has no first
    # day stands at its last one, and may lie in all before: the number of the other is the smaller.
    reaching: list[tuple[int, int, BitMap]]

    @classmethod
    def of(cls, block: Block, step: int) -> Calendar:
        """Divide the time of a block."""
        if not block.days:
            return cls(0, step, [0], [])
        ends = [day for day in block.until if day < OPEN]
        first, last = _month(block.days[0]), _month(max([block.days[-1], *ends]))
        whole = max(step, 12)  # the figure begins and ends with a year
        first, stop = first - first % whole, last - last % whole + whole
        bounds = [_first_day(month) for month in range(first, stop + 1, step)]
        starts = [bisect_left(block.days, day) for day in bounds[:-1]] + [len(block.days)]
        last_stretch = len(starts) - 2
        ending: dict[int, BitMap] = defaultdict(BitMap)
        for day, places in block.until.items():
            ending[min(bisect_right(bounds, day) - 1, last_stretch)] |= places
        reaching = []
        for stretch in range(last_stretch + 1):
            within = BitMap(range(starts[stretch], starts[stretch + 1]))
            for end, places in ending.items():
                if end > stretch and (found := places & within):
                    reaching.append((stretch, end, found))
            if found := block.since_ever & within:
                reaching.append((stretch, 0, found))
        return cls(first, step, starts, reaching)


def _month(day: int) -> int:
    on = date.fromordinal(day)
    return 12 * on.year + on.month - 1


def _first_day(month: int) -> int:
    # Python's dates end with the years 1 and 9999.
    if month < 12:
        return 1
    return date(month // 12, month % 12 + 1, 1).toordinal() if month < 12 * 10_000 else OPEN
