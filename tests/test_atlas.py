"""The map: where the selected events took place, and how exactly that is known."""

import re
from decimal import Decimal

import pytest
from django.utils import translation

from sahel import index
from sahel.atlas import _corners, draw_map, outlines
from sahel.facets import Selection
from sahel.filters import Filters
from sahel.models import Place
from tests.factories import make_event, make_place

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.fixture
def places():
    mali = make_place("Mali", kind=Place.Kind.COUNTRY)
    make_place(
        "Bounti",
        kind=Place.Kind.VILLAGE,
        parent=mali,
        latitude=Decimal("14.9"),
        longitude=Decimal("-3.1"),
        precision="point",
    )
    make_place(
        "Paris",
        kind=Place.Kind.CITY,
        latitude=Decimal("48.9"),
        longitude=Decimal("2.35"),
        precision="point",
    )
    make_event("Strike", "2021-01-03", slug="strike", places=("Bounti",))
    make_event("Coup", "2020-08-18", slug="coup", places=("Mali",))
    make_event("Summit", "2020-01", slug="summit", places=("Paris",))


def drawn(**filters):
    return draw_map(Selection(index.current(), Filters(**filters), Filters()))


def test_a_country_is_shaded_and_a_village_is_a_point(places):
    atlas = drawn()
    shaded = {country.slug: country.number for country in atlas.countries if country.number}
    assert shaded == {"mali": 2}
    assert [(spot.slug, spot.number) for spot in atlas.spots] == [("bounti", 1)]
    assert [(str(one.name), one.apart) for one in atlas.elsewhere] == [("Paris", True)]
    assert [str(one.name) for one in atlas.ranked] == ["Mali", "Bounti", "Paris"]


def test_a_point_lies_within_its_country(places):
    atlas = drawn()
    mali = next(country for country in atlas.countries if country.slug == "mali")
    xs, ys = zip(*_corners(mali.path), strict=True)
    bounti = atlas.spots[0]
    assert min(xs) < bounti.x < max(xs)
    assert min(ys) < bounti.y < max(ys)


def test_the_map_zooms_to_what_is_selected_and_back(places):
    shapes, whole, mali = outlines(), drawn(), drawn(place=("mali",))
    assert whole.view == (0, 0, shapes["width"], shapes["height"])
    left, top, width, height = mali.view
    country = next(country for country in mali.countries if country.on)
    assert all(
        left <= x <= left + width and top <= y <= top + height for x, y in _corners(country.path)
    )
    assert width < shapes["width"]
    assert country.narrowed == Filters()
    assert mali.spots[0].narrowed == Filters(place=("bounti",))


def test_an_outline_is_closed_and_in_whole_units():
    for path in outlines()["countries"].values():
        for ring in re.findall("M[^M]*", path):
            assert re.fullmatch(r"M-?\d+ -?\d+l(-?\d+ ?-?\d+ ?)+z", ring)
            corners = _corners(ring)
            assert corners[0] == corners[-1]


def test_the_page_leads_to_the_places_without_javascript(client, places):
    page = client.get("/fr/map/?year=2021").text
    assert 'href="/fr/map/?year=2021&amp;place=bounti#selection"' in page
    assert client.get("/en/map/?place=bounti").status_code == 200
    assert "<svg viewBox" not in client.get("/en/map/?actor=nobody").text
