"""The figures of a page, as geometry that a template draws."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext_lazy as _
from pyroaring import BitMap

from sahel.index import Index

BARS = 240  # at most; beyond, a bar stands for a longer time
HEIGHT = 40
STEPS = {  # months a bar stands for
    1: _("Events by month"),
    12: _("Events by year"),
    120: _("Events by decade"),
    1200: _("Events by century"),
}


@dataclass(frozen=True)
class Histogram:
    """How many events stand in each month (or year, or decade) of the record, as bars.

    `path` is SVG's, in a box of `width` by `height` units, a unit wide a bar; `most` is what the
    tallest bar stands for; `first` and `last` are the years at the ends.
    """

    title: str
    path: str
    width: int
    height: int
    most: int
    first: int
    last: int


def histogram(index: Index, events: BitMap) -> Histogram | None:
    """Draw a set of events along the whole record's time, each where the timeline shows it."""
    days = index.block.days
    if not events or len(days) < 2:
        return None
    first, last = date.fromordinal(days[0]), date.fromordinal(days[-1])
    months = 12 * (last.year - first.year) + 12
    step = next(step for step in STEPS if months <= BARS * step or step == max(STEPS))
    starts = index.starts(step)
    counts = [
        events.range_cardinality(start, stop)
        for start, stop in zip(starts, [*starts[1:], len(days)], strict=True)
    ]
    most = max(counts)
    bars = []
    for place, count in enumerate(counts):
        if count:
            # What is not nothing is never drawn as nothing.
            height = max(1, round(HEIGHT * count / most))
            bars.append(f"M{place} {HEIGHT}v-{height}h1v{height}")
    return Histogram(
        str(STEPS[step]), "".join(bars), len(counts), HEIGHT, most, first.year, last.year
    )
