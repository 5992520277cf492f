"""Turn Natural Earth's outlines into the small map that `sahel/outlines.json` holds.

Natural Earth is in the public domain (https://www.naturalearthdata.com/); npm's `world-atlas` holds
it as TopoJSON. `npm pack world-atlas`, unpack it, and give the path of its `countries-50m.json`.
"""

import json
import sys
from itertools import accumulate, pairwise
from math import cos, radians
from pathlib import Path
from typing import Any

WEST, SOUTH, EAST, NORTH = -19.0, 2.5, 26.0, 28.0  # degrees: what the map shows
UNITS = 20  # of the drawing, for each degree of latitude
SMALLEST = 12  # square units; islands smaller than that are left out
SQUEEZE = cos(radians((SOUTH + NORTH) / 2))  # a degree of longitude is shorter than one of latitude
TARGET = Path(__file__).resolve().parent.parent / "sahel" / "outlines.json"

Point = tuple[int, int]


def main(path: str) -> None:
    """Read the TopoJSON, write the outlines of what lies in view."""
    topology = json.loads(Path(path).read_text())
    arcs = [decoded(arc, topology["transform"]) for arc in topology["arcs"]]
    countries = {}
    for country in topology["objects"]["countries"]["geometries"]:
        polygons = country["arcs"] if country["type"] == "MultiPolygon" else [country["arcs"]]
        rings = [ring(numbers, arcs) for polygon in polygons for numbers in polygon]
        if drawn := "".join(path_of(points) for points in rings if seen(points)):
            countries[country["properties"]["name"]] = drawn
    width, height = placed(EAST, SOUTH)
    outlines = {
        "west": WEST,
        "north": NORTH,
        "units": UNITS,
        "squeeze": round(SQUEEZE, 6),
        "width": width,
        "height": height,
        "countries": dict(sorted(countries.items())),
    }
    TARGET.write_text(json.dumps(outlines, ensure_ascii=False, indent=1) + "\n")


def placed(longitude: float, latitude: float) -> Point:
    """Give the place of a point in the drawing."""
    return round((longitude - WEST) * SQUEEZE * UNITS), round((NORTH - latitude) * UNITS)


def decoded(arc: list[list[int]], transform: dict[str, Any]) -> list[Point]:
    """Give the points of an arc, which TopoJSON keeps as differences of whole numbers."""
    (scale_x, scale_y), (move_x, move_y) = transform["scale"], transform["translate"]
    xs, ys = (accumulate(part) for part in zip(*arc, strict=True))
    return [placed(x * scale_x + move_x, y * scale_y + move_y) for x, y in zip(xs, ys, strict=True)]


def ring(numbers: list[int], arcs: list[list[Point]]) -> list[Point]:
    """Join arcs to a ring; ~n is the n-th arc, backwards. Points that fall together are one."""
    points: list[Point] = []
    for number in numbers:
        points += arcs[number] if number >= 0 else arcs[~number][::-1]
    return [point for before, point in pairwise([(-1, -1), *points]) if point != before]


def seen(points: list[Point]) -> bool:
    """Say whether a ring is large enough to be seen, and in view at all."""
    width, height = placed(EAST, SOUTH)
    xs, ys = zip(*points, strict=True)
    if max(xs) < 0 or max(ys) < 0 or min(xs) > width or min(ys) > height:
        return False
    area = sum(x * b - a * y for (x, y), (a, b) in pairwise([*points, points[0]])) / 2
    return abs(area) >= SMALLEST


def path_of(points: list[Point]) -> str:
    """Write a ring as SVG's path, by differences: that is the shortest."""
    steps = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points)]
    written = "".join(f"{x}{y}" if y < 0 else f"{x} {y}" for x, y in steps[:1])
    for x, y in steps[1:]:
        written += (f"{x}" if x < 0 else f" {x}") + (f"{y}" if y < 0 else f" {y}")
    return f"M{points[0][0]} {points[0][1]}l{written}z"


if __name__ == "__main__":
    main(sys.argv[1])
