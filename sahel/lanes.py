"""Lanes: who took part in what, in time, as geometry that a template draws."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from itertools import accumulate, pairwise

from django.utils.formats import date_format
from pyroaring import BitMap

from sahel.blocks import OPEN
from sahel.cards import Card, cards
from sahel.facets import Selection, label
from sahel.fields import Text, address, readers_language, vocabulary
from sahel.figures import Stretch, step_for
from sahel.index import Index
from sahel.models import Involvement

ROWS = 12  # actors shown, unless more are asked for
MOST_ROWS = 48
MARKS = 240  # events that are shown one by one; of more, a mark stands for several
TICKS = 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000  # years
WIDTH = 100.0  # in which times are given: percent
POINT = 1.5  # of it that a point takes; what is shorter is a point
ROOM = 4.0  # of it that a mark has to itself: on a phone, about a finger's breadth
SHAPES = {  # of an actor's role in an event
    "agent": "circle",
    "leader": "circle",
    "speaker": "triangle",
    "participant": "square",
    "supporter": "square",
    "opponent": "cross",
    "target": "diamond",
    "victim": "diamond",
    "concerned": "ring",
}


@dataclass(frozen=True)
class Mark:
    """An event in a lane, or several; `start` and `stop` are percents of the width.

    An event that is shorter than a point is one, in the middle of its time (`start` is `stop`).
    """

    start: float
    stop: float
    shape: str
    role: str
    title: str
    href: str
    number: int = 1
    open_start: bool = False
    open_stop: bool = False
    before: bool = False  # whether it begins before what is drawn
    after: bool = False  # whether it ends after that
    line: int = 0  # which of the lane's lines it stands on, so that none hides another

    @property
    def at(self) -> float:
        """Give where its shape stands: at the end that is known and drawn, else in the middle."""
        if not (self.open_start or self.before):
            return self.start
        return (self.start + self.stop) / 2 if self.open_stop or self.after else self.stop


@dataclass(frozen=True)
class Lane:
    """What an actor, or who belongs to it, took part in."""

    slug: str
    name: Text
    number: int
    lines: int
    marks: list[Mark]


@dataclass(frozen=True)
class Lanes:
    """Actors by time; `ticks` are dates in words with their percents of the width."""

    lanes: list[Lane]
    ticks: list[tuple[str, float]]
    single: bool  # whether each mark is one event
    others: int  # actors that are not shown

    @property
    def tops(self) -> list[int]:
        """Give where each lane begins in a picture, in pixels; last, where all end."""
        return list(accumulate((22 * lane.lines + 14 for lane in self.lanes), initial=0))

    @property
    def legend(self) -> list[tuple[str, str]]:
        """Give each shape that is drawn with the roles, in words, that it stands for."""
        roles = {mark.role for lane in self.lanes for mark in lane.marks}
        words = vocabulary(Involvement.Role, readers_language())
        meant: dict[str, list[str]] = {}
        for role, shape in SHAPES.items():
            if role in roles:
                meant.setdefault(shape, []).append(words[role])
        return [(shape, ", ".join(words)) for shape, words in meant.items()]


class _Axis:
    """The time of a figure, as percents of its width."""

    def __init__(self, first: int, last: int) -> None:
        """Take the years at both ends."""
        self.first, self.last = first, last
        self.begin = date(first, 1, 1).toordinal()
        self.days = date(last, 12, 31).toordinal() + 1 - self.begin

    def at(self, day: float) -> float:
        """Give the place of a day (an ordinal), within the figure."""
        return round(WIDTH * min(max((day - self.begin) / self.days, 0), 1), 2)

    def ticks(self) -> list[tuple[str, float]]:
        """Give some dates, evenly spaced, and where they begin: a year, or a month within it."""
        years = self.last + 1 - self.first
        months = next(step for step in (3, 6, *(12 * n for n in TICKS)) if 12 * years <= 7 * step)
        first = 12 * self.first + -(12 * self.first) % months
        days = [
            date(month // 12, month % 12 + 1, 1)
            for month in range(first, 12 * (self.last + 1), months)
        ]
        return [
            (str(day.year) if day.month == 1 else date_format(day, "N"), self.at(day.toordinal()))
            for day in days
        ]


def draw_lanes(selection: Selection, rows: int) -> Lanes | None:
    """Draw the commonest actors of a selection in time; None where there is nothing to see."""
    index, events = selection.index, selection.events
    counts = selection.commonest("actor", rows)
    if not events or not counts:
        return None
    axis = _Axis(*_years(selection))
    shown = {}
    if len(events) <= MARKS:
        places = list(events)
        found = {card.pk: card for card in cards(index, index.keys(places))}
        shown = {
            place: found[key]
            for place, key in zip(places, index.keys(places), strict=True)
            if key in found
        }
    drawn = []
    for slug, number in counts.items():
        having = index.having("actor", slug)
        if shown:
            marks = [_mark(index, axis, slug, card) for at, card in shown.items() if at in having]
        else:
            marks = _clusters(selection, axis, slug, having & events)
        marks = _on_lines(marks)
        lines = 1 + max((mark.line for mark in marks), default=0)
        drawn.append(
            Lane(slug, label(index, "actor", slug, selection.language), number, lines, marks)
        )
    everyone = sum(1 for _slug, having in index.by_size["actor"] if not having.isdisjoint(events))
    return Lanes(drawn, axis.ticks(), bool(shown), everyone - len(drawn))


def _years(selection: Selection) -> tuple[int, int]:
    """Give the first and the last year to draw: of the events, within what the reader asked for."""
    events, days, filters = selection.events, selection.index.block.days, selection.filters
    ends = [
        day
        for day, places in selection.index.block.until.items()
        if day < OPEN and not places.isdisjoint(events)
    ]
    first = date.fromordinal(days[events[0]]).year
    last = date.fromordinal(max([days[events[-1]], *ends])).year
    asked = [int(year) for year in filters.included("year")]
    since = [filters.first_day.year if filters.first_day else first, min(asked, default=first)]
    until = [filters.last_day.year if filters.last_day else last, max(asked, default=last)]
    first = max(first, *since)
    return first, max(first, min(last, *until))


def _mark(index: Index, axis: _Axis, slug: str, card: Card) -> Mark:
    first, last = card.date.earliest, card.date.latest
    start = axis.at(first.toordinal()) if first else 0.0
    stop = axis.at(last.toordinal() + 1) if last else WIDTH
    if stop - start < POINT:
        start = stop = round((start + stop) / 2, 2)
    roles = [one.role for one in card.involvements if slug in index.lineage("actor", one.slug)]
    role = roles[0] if roles else "speaker"  # who is quoted takes part by that
    title = f"{card.date.in_words()} – {card.title}"
    href = address("event", card.slug)
    shape = SHAPES.get(role, "circle")
    return Mark(
        start,
        stop,
        shape,
        role,
        title,
        href,
        open_start=first is None,
        open_stop=last is None,
        before=first is not None and first.year < axis.first,
        after=last is not None and last.year > axis.last,
    )


def _clusters(selection: Selection, axis: _Axis, slug: str, events: BitMap) -> list[Mark]:
    filters = selection.filters
    of_actor = filters if slug in filters.included("actor") else filters.adding("actor", slug)
    step = step_for(12 * (axis.last + 1 - axis.first))
    calendar = selection.index.calendar(step)
    marks = []
    for stretch, (start, stop) in enumerate(pairwise(calendar.starts)):
        if number := events.range_cardinality(start, stop):
            time = Stretch.of(calendar.first + stretch * step, step)
            middle = axis.at(time.middle)
            href = address("timeline") + of_actor.within(time.since, time.until).query
            marks.append(Mark(middle, middle, "circle", "", time.date.in_words(), href, number))
    return marks


def _on_lines(marks: list[Mark]) -> list[Mark]:
    """Put each mark on the first line on which it hides no other."""
    free: list[float] = []  # where each line is free again
    placed = []
    for mark in sorted(marks, key=lambda mark: (mark.start, mark.stop)):
        line = next((n for n, until in enumerate(free) if until <= mark.start), len(free))
        free[line : line + 1] = [max(mark.stop, mark.start) + ROOM]
        placed.append(replace(mark, line=line))
    return placed
