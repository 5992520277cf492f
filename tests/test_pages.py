"""The pages beside the timeline: events, actors, places, sources, about, errors."""

import re

import pytest
from django.template import engines
from jinja2 import UndefinedError

from sahel.models import Quotation, Reference
from tests.factories import make_actor, make_event, make_place, make_source

pytestmark = pytest.mark.django_db


def test_an_event_shows_all_that_is_known_of_it(client):
    page_of_another = make_source("wire", title="", publisher="Xinhua", date="2021-03-31")
    event = make_event(
        "Air strike",
        "2021-01-03",
        slug="strike",
        actors=("France",),
        places=("Mali",),
        words="killed 19 people",
        speaker=make_actor("United Nations"),
        note_en="Two meanings.",
        date_basis="corroborated",
        date_words="in January 2021",
        date_note_en="Another page.",
    )
    Reference.objects.create(
        event=event, source=page_of_another, supports="date", note_en="Gives the day."
    )
    make_event("Before", "2020", slug="before")
    make_event("After", "2022", slug="after")
    page = client.get("/en/events/strike/").text
    for words in [
        "<h1>Air strike</h1>",
        "3 January 2021",
        "corroborated by another page",
        '<q lang="en">in January 2021</q>',
        "Another page.",
        "killed 19 people",
        "United Nations",
        "Two meanings.",
        "Xinhua, page of unknown title (31 March 2021)",
        "Gives the day.",
    ]:
        assert words in page, words
    assert 'rel="prev" href="/en/events/before/"' in page
    assert 'rel="next" href="/en/events/after/"' in page


def test_actors_and_places_are_listed_by_kind_with_their_counts(client):
    army = make_actor("Army", parent=make_actor("France"), kind="military-force")
    make_event(
        actors=(army,), places=(make_place("Bounti", parent=make_place("Mali"), kind="village"),)
    )
    actors, places = client.get("/en/actors/").text, client.get("/en/places/").text
    assert re.search(r'/en/actors/france/">France</a> <small>1 event<', actors)
    assert actors.index(">States<") < actors.index(">Military forces<")
    assert re.search(r'/en/places/mali/">Mali</a> <small>1 event<', places)
    assert ">Villages<" in places


def test_an_actor_leads_to_its_members_and_its_parent(client):
    army = make_actor("Army", parent=make_actor("France"))
    make_event(actors=(army,))
    assert '/en/actors/army/">Army' in client.get("/en/actors/france/").text
    assert '/en/actors/france/">France' in client.get("/en/actors/army/").text


def test_a_source_gives_what_rests_on_it_in_the_order_of_its_text(client):
    source = make_source()
    late = make_event("Late in the text", "2013", slug="late")
    early = make_event("Early in the text", "2022", slug="early")
    Quotation.objects.filter(event=late).update(start=500, end=519, exact="Something happened.")
    Quotation.objects.filter(event=early).update(start=5, end=24, exact="Something happened.")
    Reference.objects.create(
        event=make_event("Referring", source="wire"), source=source, supports="place"
    )
    page = client.get("/en/sources/gazette/").text
    assert (
        page.index("Early in the text") < page.index("Late in the text") < page.index("Referring")
    )
    assert "Late in the text" not in client.get("/en/sources/gazette/?year=2022").text


@pytest.mark.parametrize(
    "path",
    [
        "/en/",
        "/en/events/strike/",
        "/en/actors/",
        "/en/actors/france/",
        "/en/places/",
        "/en/places/mali/",
        "/en/sources/",
        "/en/sources/gazette/",
        "/en/about/",
        "/en/embed/",
        "/en/embed/events/strike/",
        "/en/embed/make/?url=/en/events/strike/",
        "/en/cite/",
    ],
)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_page_has_one_heading_of_the_first_rank_and_a_title(client, path, language):
    make_event("Strike", slug="strike", actors=("France",), places=("Mali",))
    page = client.get(path.replace("/en/", f"/{language}/")).text
    assert len(re.findall("<h1", page)) == 1
    assert re.search("<title>[^<]+</title>", page)
    assert f'<html lang="{language}"' in page


def test_an_unknown_address_is_a_404_that_helps(client):
    answer = client.get("/fr/events/frappe-de-bounti/")
    assert answer.status_code == 404
    assert 'value="frappe de bounti"' in answer.text
    assert "Il n’y a rien à cette adresse" in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/en/events/%00/",
        "/en/events/" + "a" * 5000 + "/",
        "/en/x/y/z",
        "/en/actors/%E2%80%AE/",
        "/en/.env",
        "/.git/config",
    ],
)
def test_odd_addresses_are_404s(client, path):
    answer = client.get(path, follow=True)
    assert answer.status_code == 404
    assert "Traceback" not in answer.text


def test_every_answer_carries_the_security_headers(client):
    for path in ["/en/", "/en/nope/", "/en/admin/login/"]:
        headers = client.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"


def test_the_list_of_events_is_the_timeline(client):
    assert client.get("/en/events/?year=2021")["Location"] == "/en/?year=2021"


@pytest.mark.parametrize("path", ["/en/", "/en/events/x/", "/en/?q=%3Cb%3E", "/en/y/"])
def test_whatever_is_typed_arrives_as_text(client, path):
    nasty = "<script>alert('1' & \"2\")</script>"
    make_event(
        nasty, slug="x", summary_en=nasty, words=nasty, date_words=nasty, date_note_en=nasty,
        actors=(make_actor("a", name_en=nasty),), source=make_source("s", title=nasty),
    )  # fmt: skip
    page = client.get(path).text
    assert "<script>alert" not in page
    assert "<b>" not in page
    assert path == "/en/y/" or "&lt;" in page


def test_a_misspelt_name_in_a_template_fails():
    with pytest.raises(UndefinedError):
        engines["en"].from_string("{{ evnet }}").render({})


def test_a_value_that_a_vocabulary_does_not_know_stands_for_itself(client):
    event = make_event(slug="x")
    type(event).objects.update(kind="skirmish")
    assert ">skirmish<" in client.get("/en/events/x/").text
