"""Figures of a selection: when its events lie, with whom an actor took part in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _
from pyroaring import BitMap

from sahel.blocks import Calendar
from sahel.dates import EDTF
from sahel.facets import COMMONEST, Selection, label
from sahel.fields import Text

BARS = 72  # at most; beyond, a bar stands for a longer time
HEIGHT = 40
STEPS = {  # months a bar stands for
    1: _("Events by month"),
    3: _("Events by quarter"),
    12: _("Events by year"),
    120: _("Events by decade"),
    1200: _("Events by century"),
}


class Bar(NamedTuple):
    """A stretch of time: how many events lie in it for sure, and how many others may.

    `low` and `high` are the heights of the first and of both. `query` selects both; everything
    again, if the stretch is what is selected.
    """

    label: str
    sure: int
    perhaps: int
    low: int
    high: int
    selected: bool
    future: bool
    query: str


@dataclass(frozen=True)
class Histogram:
    """When the selected events lie, in bars of equal time, the empty ones included.

    It follows all filters but the range of dates, which it shows instead. Drawn in a box of
    `len(bars)` by `HEIGHT` units, a unit wide a bar; `most` is what the tallest bar stands for;
    `first` and `last` are the years at the ends.
    """

    title: str
    bars: list[Bar]
    most: int
    first: int
    last: int

    @property
    def sure(self) -> str:
        """Give what surely lies in each bar, as SVG's path; what lies ahead is not in it."""
        return "".join(_rect(n, 0, bar.low) for n, bar in enumerate(self.bars) if not bar.future)

    @property
    def ahead(self) -> str:
        """Give what surely lies in the bars ahead, as SVG's path."""
        return "".join(_rect(n, 0, bar.low) for n, bar in enumerate(self.bars) if bar.future)

    @property
    def perhaps(self) -> str:
        """Give what else may lie in each bar, on top, as SVG's path."""
        return "".join(_rect(n, bar.low, bar.high) for n, bar in enumerate(self.bars))

    @property
    def unsure(self) -> bool:
        """Say whether any event may lie in several bars."""
        return any(bar.perhaps for bar in self.bars)


def histogram(selection: Selection) -> Histogram | None:
    """Draw a selection in time; None where there is nothing to see."""
    places, filters = selection.undated, selection.filters
    if not places or len(selection.index.block.days) < 2:
        return None
    calendar, low, high = _stretches(selection)
    counts = _counted(calendar, places, low, high)
    if len(counts) < 2:
        return None
    now = datetime.now(UTC)
    current = (12 * now.year + now.month - 1 - calendar.first) // calendar.step
    first, last = filters.first_day, filters.last_day
    most = max(map(sum, counts))
    # Written once, with words that stand for the dates: it is most of the work.
    narrowed, opened = filters.within("SINCE", "UNTIL").query, filters.without("since", "until")
    bars = []
    for stretch, (sure, perhaps) in enumerate(counts, low):
        time = Stretch.of(calendar.first + stretch * calendar.step, calendar.step)
        before = last and time.date.earliest and time.date.earliest > last
        after = first and time.date.latest and time.date.latest < first
        query = narrowed.replace("SINCE", time.since).replace("UNTIL", time.until)
        if (time.since, time.until) == (filters.since, filters.until):
            query = opened.query
        bars.append(
            Bar(
                time.date.in_words(),
                sure,
                perhaps,
                _height(sure, most),
                _height(sure + perhaps, most),
                bool(first or last) and not (before or after),
                stretch > current,
                query,
            )
        )
    years = [(calendar.first + stretch * calendar.step) // 12 for stretch in (low, high)]
    years[1] = (calendar.first + (high + 1) * calendar.step - 1) // 12
    return Histogram(str(STEPS[calendar.step]), bars, most, *years)


def _rect(number: int, low: int, high: int) -> str:
    return f"M{number} {HEIGHT - low}V{HEIGHT - high}h.9V{HEIGHT - low}z" if high > low else ""


def _height(number: int, most: int) -> int:
    # What is not nothing is never drawn as nothing.
    return max(1, round(HEIGHT * number / most)) if number else 0


def step_for(months: int) -> int:
    """Give the months that a stretch of so long a time takes, for there to be not too many."""
    return next(step for step in STEPS if months <= BARS * step or step == max(STEPS))


def _stretches(selection: Selection) -> tuple[Calendar, int, int]:
    """Give the stretches to draw: the record's, or those of a range and a year on either side."""
    index, filters = selection.index, selection.filters
    whole = index.calendar(1)
    first, last = whole.first, whole.first + len(whole.starts) - 2
    if filters.first_day:
        first = min(max(first, 12 * (filters.first_day.year - 1)), last - 11)
    if filters.last_day:
        last = max(min(last, 12 * (filters.last_day.year + 1) + 11), first + 11)
    step = step_for(last + 1 - first)
    calendar = index.calendar(step)
    low = max(0, (first - calendar.first) // step)
    return calendar, low, min(len(calendar.starts) - 2, (last - calendar.first) // step)


def _counted(calendar: Calendar, places: BitMap, low: int, high: int) -> list[tuple[int, int]]:
    """Count for each stretch what lies in it for sure, and what else may."""
    sure = [
        places.range_cardinality(start, stop)
        for start, stop in pairwise(calendar.starts[low : high + 2])
    ]
    change = [0] * (len(sure) + 1)
    for stretch, other, reaching in calendar.reaching:
        begin, end = max(min(stretch, other), low), min(max(stretch, other), high)
        if begin <= end and (count := reaching.intersection_cardinality(places)):
            change[begin - low] += count
            change[end + 1 - low] -= count
            if low <= stretch <= high:
                sure[stretch - low] -= count
    return list(zip(sure, accumulate(change[:-1]), strict=True))


class Stretch(NamedTuple):
    """Some months, as a reader's range of dates and as one date."""

    since: str
    until: str
    date: EDTF

    @classmethod
    @lru_cache(maxsize=4096)
    def of(cls, month: int, months: int) -> Stretch:
        """Give the months from one on (12 times its year, from 0 in January).

        Its ends are months, or years where it is of whole years.
        """
        years = months % 12 == 0
        ends = max(month, 12), min(month + months, 12 * 10_000) - 1  # Python's first and last years
        since, until = (
            f"{each // 12:04}" if years else f"{each // 12:04}-{each % 12 + 1:02}" for each in ends
        )
        return cls(since, until, EDTF.parse(since if since == until else f"{since}/{until}"))

    @property
    def middle(self) -> float:
        """Give its middle, as a day's ordinal."""
        assert self.date.earliest  # noqa: S101 - it is not open
        assert self.date.latest  # noqa: S101
        return (self.date.earliest.toordinal() + self.date.latest.toordinal() + 1) / 2


# With whom an actor took part ---------------------------------------------------------------------

COMPANIONS = 10


@dataclass(frozen=True)
class Companion:
    """An actor that shares events with another; `share` is in percent of who shares most."""

    slug: str
    name: Text
    number: int
    share: float


def companions(selection: Selection, slug: str) -> list[Companion]:
    """Give the actors with most events of a selection, but for kin of the one that it is about.

    Who belongs to an actor shares its events by that alone; so does to whom it belongs.
    """
    index = selection.index
    kin = set(index.lineage("actor", slug))
    counts = {
        other: number
        for other, number in selection.commonest("actor", COMMONEST).items()
        if other not in kin and slug not in index.lineage("actor", other)
    }
    most = max(counts.values(), default=1)
    return [
        Companion(
            other,
            label(index, "actor", other, selection.language),
            number,
            round(100 * number / most, 1),
        )
        for other, number in list(counts.items())[:COMPANIONS]
    ]
