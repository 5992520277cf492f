"""A map of where the selected events took place, as geometry that a template draws.

Countries are outlines of Natural Earth's (see `bin/outlines.py`), in a cylindrical projection that
is true to distances in the middle of the Sahel.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sahel.facets import Selection, label
from sahel.fields import Text
from sahel.filters import Filters, fold
from sahel.models import Place

PLACES = 200  # that are drawn, those with most events first
NAMED = 8  # of them, by name
SMALLEST, LARGEST = 4.0, 16.0  # radius of a place with one event, and with the most
CLOSEST = 160  # units of the outlines across a map that is drawn as large as can be


@dataclass(frozen=True)
class Spot:
    """A place with its events; `x`, `y` and `radius` are units of the outlines."""

    slug: str
    name: Text
    number: int
    precision: str
    x: float
    y: float
    radius: float
    named: bool
    on: bool
    narrowed: Filters
    apart: bool = False


@dataclass(frozen=True)
class Country:
    """A country: its outline, and its events if it has any; `shade` is of five, 0 for none."""

    path: str
    slug: str
    name: Text
    number: int
    shade: int
    on: bool
    narrowed: Filters | None
    apart: bool = False


@dataclass(frozen=True)
class Elsewhere:
    """A place that lies on no point of the map, with its events."""

    name: Text
    number: int
    on: bool
    narrowed: Filters
    apart: bool = True


@dataclass(frozen=True)
class Atlas:
    """Countries and places with their events, and those that lie on no point of the map."""

    view: tuple[float, float, float, float]  # left, top, width, height, in units of the outlines
    countries: list[Country]
    spots: list[Spot]
    elsewhere: list[Elsewhere]

    @property
    def ranked(self) -> list[Country | Spot | Elsewhere]:
        """Give all that has events, the most first: the figure as a list."""
        countries = [country for country in self.countries if country.number]
        every: list[Country | Spot | Elsewhere] = [*countries, *self.spots, *self.elsewhere]
        return sorted(every, key=lambda each: (-each.number, each.name))


@cache
def _outlines() -> Any:
    return json.loads(Path(__file__).with_name("outlines.json").read_text())


def draw_map(selection: Selection) -> Atlas | None:
    """Draw the places of a selection; None where it has no event."""
    counts = selection.commonest("place", PLACES)
    if not counts:
        return None
    filters, outlines = selection.filters, _outlines()
    rows = {row.slug: row for row in Place.objects.filter(slug__in=counts)}
    known = {fold(row.name_en): row for row in rows.values() if row.kind == Place.Kind.COUNTRY}
    chosen = filters.included("place")

    def narrowed(slug: str) -> Filters:
        on = slug in chosen
        return (
            filters.removing("place", slug)
            if on
            else filters.without("place").adding("place", slug)
        )

    def name(slug: str) -> Text:
        return label(selection.index, "place", slug, selection.language)

    countries: list[Country] = []
    drawn = [known[fold(title)] for title in outlines["countries"] if fold(title) in known]
    most = max((counts[row.slug] for row in known.values()), default=1)
    for title, path in outlines["countries"].items():
        row = known.get(fold(title))
        number = counts[row.slug] if row else 0
        shade = -(-5 * number // most) if number else 0
        slug = row.slug if row else ""
        countries.append(
            Country(
                path,
                slug,
                name(slug) if row else Text(title, "en"),
                number,
                shade,
                slug in chosen,
                narrowed(slug) if row else None,
            )
        )
    spots: list[Spot] = []
    elsewhere: list[Elsewhere] = []
    most = max((counts[slug] for slug, row in rows.items() if row.precision), default=1)
    for slug, number in counts.items():
        row = rows.get(slug)
        if row is None or (row.kind == Place.Kind.COUNTRY and row in drawn):
            continue
        at = _placed(row)
        if at is None:
            on = slug in chosen
            elsewhere.append(Elsewhere(name(slug), number, on, narrowed(slug)))
            continue
        radius = SMALLEST + (LARGEST - SMALLEST) * (number / most) ** 0.5
        named = len(spots) < NAMED
        spots.append(
            Spot(
                slug,
                name(slug),
                number,
                row.precision,
                *at,
                round(radius, 1),
                named,
                slug in chosen,
                narrowed(slug),
            )
        )
    return Atlas(_view(spots, [c for c in countries if c.on]), countries, spots, elsewhere)


def _placed(place: Place) -> tuple[float, float] | None:
    """Give the point of a place; None where it has none, is larger than one, or is out of view."""
    outlines = _outlines()
    if place.longitude is None or place.latitude is None:
        return None
    if place.kind in (Place.Kind.COUNTRY, Place.Kind.REGION_OF_THE_WORLD):
        return None
    x = (float(place.longitude) - outlines["west"]) * outlines["squeeze"] * outlines["units"]
    y = (outlines["north"] - float(place.latitude)) * outlines["units"]
    if not (0 <= x <= outlines["width"] and 0 <= y <= outlines["height"]):
        return None
    return round(x, 1), round(y, 1)


def _view(spots: list[Spot], chosen: list[Country]) -> tuple[float, float, float, float]:
    """Zoom to what is selected: the countries chosen, else the places that are on; else all."""
    outlines = _outlines()
    width, height = float(outlines["width"]), float(outlines["height"])
    points = [point for country in chosen for point in _corners(country.path)]
    points += [(spot.x, spot.y) for spot in spots if spot.on]
    if not points:
        return 0.0, 0.0, width, height
    xs, ys = zip(*points, strict=True)
    shape = height / width
    wide = max(max(xs) - min(xs), (max(ys) - min(ys)) / shape, CLOSEST) * 1.15
    wide = min(wide, width)
    left = min(max((min(xs) + max(xs) - wide) / 2, 0), width - wide)
    top = min(max((min(ys) + max(ys) - wide * shape) / 2, 0), height - wide * shape)
    return round(left, 1), round(top, 1), round(wide, 1), round(wide * shape, 1)


def _corners(path: str) -> list[tuple[float, float]]:
    """Give the points of an outline: `M` a point, `l` the differences to the next ones, `z`."""
    points = []
    for ring in path.split("M")[1:]:
        start, steps = ring.rstrip("z").split("l")
        x, y = map(int, start.split())
        numbers = [int(n) for n in steps.replace("-", " -").split()]
        points.append((float(x), float(y)))
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + dx, y + dy
            points.append((float(x), float(y)))
    return points
