"""Pictures: what other sites show beside a link to a page."""

import re
import struct
from datetime import date
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sahel.dates import EDTF
from sahel.pages import _ems, wrapped
from tests.factories import make_actor, make_event

pytestmark = pytest.mark.django_db

SVG = "{http://www.w3.org/2000/svg}"


def size(png):
    """Give the width and height that a PNG declares (PNG specification, 11.2.1)."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", png[16:24])


@pytest.mark.parametrize(
    "path",
    [
        "/en/card.png",
        "/fr/card.png?actor=france&q=<&year=2021",
        "/en/events/strike/card.png",
        "/fr/events/strike/card.png",
        "/en/actors/france/card.png",
        "/fr/places/mali/card.png",
    ],
)
def test_every_page_has_a_card(client, path):
    actor = make_actor("France", description_en="A <state> & more.")
    make_event(
        "Strike at <Bounti> & “after”, " * 6,
        slug="strike",
        actors=(actor,),
        places=("Mali",),
        words="Killed 19 people, " * 30,
    )
    zipped = {"accept-encoding": "gzip"}
    card = client.get(path, headers=zipped)
    assert card["Content-Type"] == "image/png"
    assert size(card.content) == (1200, 630)
    assert len(card.content) < 100_000
    assert card["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Content-Encoding" not in card
    again = client.get(path, headers={**zipped, "if-none-match": card["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path", ["/en/events/draft/card.png", "/en/actors/nobody/card.png", "/en/places/x/card.png"]
)
def test_what_is_not_public_has_no_card(client, path):
    make_event("Draft", slug="draft", publication="draft")
    assert client.get(path).status_code == 404


def test_a_card_says_whose_words_they_are_and_how_sure_it_is(client, monkeypatch):
    drawn = []
    monkeypatch.setattr(
        "sahel.pictures.svg_to_bytes", lambda svg_string, **_: drawn.append(svg_string) or b""
    )
    make_event("Strike", slug="strike", status="disputed", words="Killed 19 people. " * 30)
    client.get("/en/events/strike/card.png")
    assert "Disputed" in drawn[0]
    assert "Reported by: the source itself" in drawn[0]
    assert re.search("…”", drawn[0])


def test_two_cards_differ_by_their_words(client):
    for slug, title in (("one", "One"), ("two", "Two")):
        make_event(title, slug=slug)
    one, two = (client.get(f"/en/events/{slug}/card.png").content for slug in ("one", "two"))
    assert one != two


@given(st.text(max_size=300), st.floats(5, 30), st.integers(1, 4))
def test_wrapped_lines_fit_and_lose_only_the_end(text, width, most):
    lines = wrapped(text, width, most)
    assert 1 <= len(lines) <= most
    for line in lines:
        assert _ems(line) <= width or " " not in line
    kept = " ".join(lines).removesuffix("…").rstrip(" ,;:")
    assert " ".join(text.split()).startswith(kept)


@pytest.mark.parametrize("figure", ["histogram", "lanes", "map"])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_figure_is_kept_with_its_selection_date_and_terms(client, figure, language):
    make_event("Strike", "2021-01-03", slug="strike", actors=("France",), places=("Mali",))
    make_event("Coup", "2020-08", slug="coup", actors=("France",), places=("Mali",))
    path = f"/{language}/{figure}"
    svg = client.get(f"{path}.svg?actor=france&q=<")
    assert svg["Content-Type"] == "image/svg+xml"
    drawn = ElementTree.fromstring(svg.content)  # noqa: S314 - our own
    texts = "\n".join(element.text or "" for element in drawn.iter(f"{SVG}text"))
    assert "France" in texts
    assert f"testserver, {EDTF.parse(f'{date.today()}').in_words()[:2].strip()}" in texts
    assert "CC BY 4.0" in texts
    assert ("Natural Earth" in texts) == (figure == "map")
    png = client.get(f"{path}.png?actor=france")
    assert png["Content-Type"] == "image/png"
    assert size(png.content)[0] == 1200
    assert f'href="{path}.png?actor=france"' in client.get(f"{path}/?actor=france").text
    assert client.get(f"{path}.svg?actor=nobody").status_code == 404


def test_a_figure_has_a_table_with_the_same_numbers(client):
    make_event("Strike", "2021-01-03", slug="strike", actors=("France",))
    make_event("Year", "2021", slug="year", actors=("France",))
    page = client.get("/en/histogram/").text
    rows = re.findall(r">([A-Z]\w+ 2021)</a></th><td>(\d+)</td><td>(\d+)</td>", page)
    assert rows[:2] == [("January 2021", "1", "1"), ("February 2021", "0", "1")]
    assert len(rows) == 12
    lanes = client.get("/en/lanes/").text
    assert re.search(r'<td><a href="/en/events/strike/">3 January 2021 – Strike</a></td>', lanes)


def test_what_no_picture_can_show_is_left_out(client):
    make_event("A\x01B\x0bC", slug="odd", places=("Mali",))
    assert client.get("/en/events/odd/card.png").status_code == 200
    ElementTree.fromstring(client.get("/en/map.svg").text)  # noqa: S314
