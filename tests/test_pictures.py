"""Pictures: what other sites show beside a link to a page."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sahel.pictures import _ems, wrapped
from tests.factories import make_actor, make_event

pytestmark = pytest.mark.django_db


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
        "Strike at <Bounti> & “after”, " * 9,
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
