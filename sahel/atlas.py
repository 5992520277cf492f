"""A map of where the selected events took place, as geometry that a template draws.

Countries are outlines of Natural Earth's (see `bin/outlines.py`), in a cylindrical projection that
is true to distances in the middle of the Sahel.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from sahel.facets import Selection, label
from sahel.fields import Text
from sahel.filters import Filters, fold
from sahel.models import Place

PLACES = 200  # that are drawn, those with most events first
NAMED = 8  # of them, by name
SMALLEST, LARGEST = 4.0, 16.0  # radius of a place with one event, and with the most
CLOSEST = 160  # units of the outlines across a map that is drawn as large as can be


@dataclass(frozen=True, kw_only=True)
class Site:
    """A country or place with its events; alone, it lies on no point of the map."""

    slug: str  # of a country that the record does not have: empty
    name: Text
    number: int
    on: bool
    narrowed: Filters  # the selection, to it alone; to all again where it is on
    apart: bool = True


@dataclass(frozen=True, kw_only=True)
class Spot(Site):
    """A site that is a point of the map; `x`, `y` and `radius` are units of the outlines."""

    precision: str
    x: float
    y: float
    radius: float
    named: bool
    apart: bool = False


@dataclass(frozen=True, kw_only=True)
class Country(Site):
    """A site that is an outline of the map; `shade` is of five, 0 for no event."""

    path: str
    shade: int
    apart: bool = False


@dataclass(frozen=True)
class Atlas:
    """Countries and places with their events, and those that lie on no point of the map."""

    view: tuple[float, float, float, float]  # left, top, width, height, in units of the outlines
    countries: list[Country]
    spots: list[Spot]
    elsewhere: list[Site]

    @property
    def ranked(self) -> list[Site]:
        """Give all that has events, the most first: the figure as a list."""
        countries = [country for country in self.countries if country.number]
        return sorted(
            [*countries, *self.spots, *self.elsewhere], key=lambda each: (-each.number, each.name)
        )

    @property
    def in_words(self) -> str:
        """Give the same as one line, what is not on the map last."""
        on = [f"{each.name} {each.number}" for each in self.ranked if not each.apart]
        off = [f"{each.name} {each.number}" for each in self.ranked if each.apart]
        words = " · ".join(on)
        colon = pgettext("before a quotation", ":")
        return f"{words} – {_('not on the map')}{colon} {' · '.join(off)}" if off else words


@cache
def outlines() -> Any:
    """Give the outlines of countries as SVG paths, with what leads from degrees to their units."""
    return json.loads(Path(__file__).with_name("outlines.json").read_text())


def draw_map(selection: Selection) -> Atlas | None:
    """Draw the places of a selection; None where it has no event."""
    counts = selection.commonest("place", PLACES)
    if not counts:
        return None
    rows = {row.slug: row for row in Place.objects.filter(slug__in=counts)}
    countries = _countries(selection, rows.values(), counts)
    drawn = {country.slug for country in countries}
    spots: list[Spot] = []
    elsewhere: list[Site] = []
    placed = {slug: at for slug, row in rows.items() if slug not in drawn and (at := _placed(row))}
    most = max((counts[slug] for slug in placed), default=1)
    for slug in counts:
        if slug not in rows or slug in drawn:
            continue
        about = _about(selection, slug, counts[slug])
        if slug not in placed:
            elsewhere.append(Site(**about))
            continue
        x, y = placed[slug]
        radius = SMALLEST + (LARGEST - SMALLEST) * (counts[slug] / most) ** 0.5
        spots.append(
            Spot(
                **about,
                precision=rows[slug].precision,
                x=x,
                y=y,
                radius=round(radius, 1),
                named=len(spots) < NAMED,
            )
        )
    return Atlas(_view(spots, [c for c in countries if c.on]), countries, spots, elsewhere)


def _countries(
    selection: Selection, places: Iterable[Place], counts: dict[str, int]
) -> list[Country]:
    """Give all outlines, those of countries with events with what they have."""
    slugs = {fold(row.name_en): row.slug for row in places if row.kind == Place.Kind.COUNTRY}
    most = max((counts[slug] for slug in slugs.values()), default=1)
    found = []
    for title, path in outlines()["countries"].items():
        slug = slugs.get(fold(title), "")
        number = counts.get(slug, 0)
        about = _about(selection, slug, number)
        if not slug:
            about["name"] = Text(title, "en")
        found.append(Country(**about, path=path, shade=-(-5 * number // most)))
    return found


def _about(selection: Selection, slug: str, number: int) -> dict[str, Any]:
    """Give what is said of every site."""
    filters = selection.filters
    on = slug in filters.included("place")
    return {
        "slug": slug,
        "name": label(selection.index, "place", slug, selection.language),
        "number": number,
        "on": on,
        "narrowed": filters.removing("place", slug)
        if on
        else filters.without("place").adding("place", slug),
    }


def _placed(place: Place) -> tuple[float, float] | None:
    """Give the point of a place; None where it has none, is larger than one, or is out of view."""
    shapes = outlines()
    if place.longitude is None or place.latitude is None:
        return None
    if place.kind in (Place.Kind.COUNTRY, Place.Kind.REGION_OF_THE_WORLD):
        return None
    x = (float(place.longitude) - shapes["west"]) * shapes["squeeze"] * shapes["units"]
    y = (shapes["north"] - float(place.latitude)) * shapes["units"]
    if not (0 <= x <= shapes["width"] and 0 <= y <= shapes["height"]):
        return None
    return round(x, 1), round(y, 1)


def _view(spots: list[Spot], chosen: list[Country]) -> tuple[float, float, float, float]:
    """Zoom to what is selected: the countries chosen, else the places that are on; else all."""
    shapes = outlines()
    width, height = float(shapes["width"]), float(shapes["height"])
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
