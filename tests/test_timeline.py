"""The timeline as a reader meets it."""

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from sahel import index
from sahel.models import Event, Quotation
from tests.factories import make_actor, make_event, make_place, make_source

pytestmark = pytest.mark.django_db


def titles(response):
    return re.findall(r"<h3><a[^>]*>([^<]*)", response.text)


@pytest.fixture
def strike():
    """The Bounti strike with both sides of it."""
    event = make_event(
        "Air strike at Bounti",
        "2021-01-03",
        slug="bounti",
        kind="strike",
        status="disputed",
        actors=(make_actor("French army", parent=make_actor("France")),),
        places=(make_place("Bounti", parent=make_place("Mali")),),
        words="killed 19 people",
        speaker=make_actor("United Nations"),
        date_basis="inferred",
        date_words="in January",
        date_note_en="A reason.",
    )
    Quotation.objects.create(
        event=event,
        source=make_source(),
        exact="France disputed the findings",
        language="en",
        speaker=make_actor("France"),
        stance="denies",
        order=1,
    )
    return event


def test_events_stand_in_the_order_of_time_under_their_years(client):
    make_event("Third", "2022-02")
    make_event("First", "2020")
    make_event("Second", "2021-05-24")
    make_event("Last", "../2026")
    page = client.get("/en/")
    assert titles(page) == ["First", "Second", "Third", "Last"]
    assert re.findall(r"<h2 id=\"y\d+\">(\d+)", page.text) == ["2020", "2021", "2022", "2026"]
    assert titles(client.get("/en/?order=newest")) == ["Last", "Third", "Second", "First"]


def test_an_event_shows_its_words_both_sides_its_date_and_its_basis(client, strike):
    page = client.get("/en/").text
    assert "killed 19 people" in page
    assert "France disputed the findings" in page
    assert "Denied or disputed by:" in page
    assert '<time class="date" datetime="2021-01-03">3 January 2021</time>' in page
    assert "inferred from “in January”" in page
    assert "Disputed" in page
    assert "#:~:text=killed%2019%20people" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("actor=france", {"Air strike at Bounti"}),
        ("actor=united-nations", {"Air strike at Bounti"}),
        ("year=2021", {"Air strike at Bounti", "Second coup"}),
        ("actor=mali&year=2021", {"Second coup"}),
        ("actor=mali&actor=france", {"Air strike at Bounti", "First coup", "Second coup"}),
        ("actor=-mali", {"Air strike at Bounti"}),
        ("kind=coup&year=-2020", {"Second coup"}),
        ("place=mali", {"Air strike at Bounti"}),
        ("status=disputed", {"Air strike at Bounti"}),
        ("source=wire", {"First coup"}),
        ("from=2020-01&to=2020-12-31", {"First coup"}),
        ("q=COUP", {"First coup", "Second coup"}),
        ("q=19 people", {"Air strike at Bounti"}),
        ("actor=framce", set()),
        ("year=1999", set()),
        ("year=²&actor=%00&from=soon", {"Air strike at Bounti", "First coup", "Second coup"}),
    ],
)
def test_filters(client, strike, query, found):
    make_event("First coup", "2020-08", kind="coup", actors=("Mali",), source="wire")
    make_event("Second coup", "2021-05-24", kind="coup", actors=("Mali",))
    page = client.get(f"/en/?{query}")
    assert set(titles(page)) == found
    count = re.search(r'role="status">\s*(\d+) event', page.text)
    assert int(count[1]) == len(found)


def test_the_title_and_the_chips_say_the_selection_in_words(client, strike):
    page = client.get("/en/?actor=france&year=-2020&q=wedding&from=2019-01").text
    title = re.search("<title>(.*?)</title>", page, re.DOTALL)[1]
    assert title.startswith("France · not 2020 · from January 2019 on · “wedding”")
    assert 'href="/en/?actor=france&amp;year=-2020&amp;from=2019-01"' in page
    assert 'href="/en/?year=-2020&amp;from=2019-01&amp;q=wedding"' in page


def test_a_selection_that_finds_nothing_says_so_and_keeps_its_chips(client, strike):
    page = client.get("/en/?actor=framce").text
    assert "No event matches this selection." in page
    assert "framce" in page


def test_drafts_are_shown_nowhere(client):
    hidden = make_event(
        "Secret",
        slug="secret",
        publication="draft",
        actors=("Secretive",),
        places=("Hideout",),
        source="leak",
    )
    make_event("In review", slug="reviewed", publication="review")
    assert hidden.published is None
    for path in ["/en/", "/en/?q=secret", "/en/actors/", "/en/places/", "/en/sources/"]:
        page = client.get(path).text
        assert not re.search("Secret(?!s)|Hideout|In review|[Ll]eak", page), path
    for path in [
        "events/secret",
        "events/reviewed",
        "actors/secretive",
        "places/hideout",
        "sources/leak",
    ]:
        assert client.get(f"/en/{path}/").status_code == 404


def test_not_even_a_guessed_address_tells_of_a_draft(client):
    make_event("Shown", "2021-01-03")
    make_event(
        "Secret", "2020-01-01", slug="secret", publication="draft", actors=("Covert Cell",),
        places=("Hideout",), source=make_source("leak", title="Leaked"),
    )  # fmt: skip
    for query in ["actor=covert-cell", "actor=-covert-cell", "place=hideout", "source=leak"]:
        assert not re.search("Covert Cell|Hideout|Leaked", client.get(f"/en/?{query}").text), query
    unknown, draft = client.get("/en/?after=framce"), client.get("/en/?after=secret")
    assert titles(unknown) == titles(draft) == []


def test_the_page_is_turned_by_the_last_event_in_both_directions(client):
    for number in range(95):
        make_event(f"Event {number:02}", f"2021-01-{number % 28 + 1:02}")
    for query in ["?", "?order=newest"]:
        seen, address = [], f"/en/{query}"
        while address:
            page = client.get(address)
            seen += titles(page)
            last = address
            link = re.search(r'rel="next" href="([^"]+)"', page.text)
            address = link and link[1].replace("&amp;", "&")
        assert len(seen) == len(set(seen)) == 95
        back, address = [], last
        while address:
            page = client.get(address)
            back = titles(page) + back
            link = re.search(r'rel="prev" href="([^"]+)"', page.text)
            address = link and link[1].replace("&amp;", "&")
        assert back == seen


def test_at_most_eight_queries_however_many_events(
    client, django_assert_max_num_queries, django_assert_num_queries
):
    def fill(number):
        for n in range(number):
            make_event(
                actors=(f"Actor {n}", "France"),
                places=(f"Place {n}",),
                source=f"source-{n}",
                date=f"20{n % 30:02}",
            )

    wanted = "year=-2029&kind=statement&q=happened"
    for number in (3, 60):
        fill(number)
        last = Event.objects.order_by("pk").last().slug
        with django_assert_max_num_queries(12):
            client.get(f"/en/?actor=france&{wanted}")  # the index takes in what is new
        for path in (
            "",
            "actors/france/",
            "places/place-1/",
            "sources/source-1/",
            f"events/{last}/",
        ):
            index.current().found.clear()
            with django_assert_max_num_queries(8):
                assert client.get(f"/en/{path}?{wanted}&after={last}").status_code == 200
            with django_assert_num_queries(1):
                client.get(f"/en/{path}?{wanted}&after={last}")


@pytest.mark.one_database
@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_first_view_of_the_article_weighs_at_most_30_kb(client, language):
    call_command("load", verbosity=0)
    html = client.get(f"/{language}/", headers={"accept-encoding": "gzip"}).content
    css = gzip.compress(Path(settings.BASE_DIR, "static", "sahel.css").read_bytes())
    assert gzip.decompress(html).startswith(b"<!DOCTYPE html>")
    assert len(html) + len(css) <= 30 * 1024


def test_readers_get_no_cookie_and_pages_do_not_depend_on_them(client, strike):
    for path in ["/en/", "/fr/?actor=france", "/en/events/bounti/", "/en/about/", "/en/nope/"]:
        page = client.get(path)
        assert not page.cookies, path
        assert "Cookie" not in page.headers.get("Vary", ""), path
        assert "Accept-Language" not in page.headers.get("Vary", ""), path


def test_htmx_gets_the_very_page_that_everybody_gets(client, strike):
    plain = client.get("/en/?actor=france")
    asked = client.get("/en/?actor=france", headers={"HX-Request": "true", "HX-Target": "results"})
    assert plain.content == asked.content


def test_an_address_without_a_language_goes_to_the_browsers_with_path_and_query(client):
    answer = client.get("/?actor=france&year=2021", headers={"accept-language": "fr-ML,fr;q=0.9"})
    assert (answer.status_code, answer["Location"]) == (302, "/fr/?actor=france&year=2021")
    answer = client.get("/events/bounti/", headers={"accept-language": "de,en;q=0.5"})
    assert answer["Location"] == "/en/events/bounti/"


def test_the_language_is_switched_without_losing_the_filters(client, strike):
    page = client.get("/fr/?actor=france&q=bounti").text
    assert '<html lang="fr"' in page
    assert re.search(r'<a href="/en/\?actor=france&amp;q=bounti" lang="en" hreflang="en">', page)
    assert (
        'rel="alternate" hreflang="en" href="http://testserver/en/?actor=france&amp;q=bounti"'
        in page
    )
    assert "3 janvier 2021" in page


def test_what_is_not_translated_is_marked_with_its_language(client):
    make_event(title_en="Untranslated", title_fr="")
    page = client.get("/fr/").text
    assert '<span lang="en">Untranslated</span> <small class="lang"' in page


def test_an_actors_page_keeps_to_the_actor_and_takes_the_same_filters(client, strike):
    make_event("Elsewhere", "2021-01", actors=("Niger",))
    make_event("Earlier", "2013", actors=("France",))
    assert titles(client.get("/en/actors/france/")) == ["Earlier", "Air strike at Bounti"]
    assert titles(client.get("/en/actors/france/?year=2021")) == ["Air strike at Bounti"]
    assert titles(client.get("/en/actors/france/?actor=niger")) == []


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "FOO"])
def test_no_page_takes_what_no_page_needs(method):
    client = Client(enforce_csrf_checks=True)  # as in real life: no question of forgery comes first
    for path in ("/", "/en/", "/en/nothing/", "/robots.txt", "/sitemap.xml", "/en/events/"):
        refused = client.generic(method, path)
        assert (refused.status_code, "FOO" in refused["Allow"]) == (405, False), path


def test_readers_pages_are_only_read(client):
    assert client.post("/en/").status_code == 405


anything = st.text(max_size=20) | st.sampled_from(
    ["\0", "²", "9" * 30, "france", "-france", "2021"]
)


@hypothesis_settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.dictionaries(
        st.sampled_from(
            [
                "actor",
                "year",
                "place",
                "kind",
                "status",
                "source",
                "from",
                "to",
                "q",
                "order",
                "after",
                "before",
                "x",
            ]
        ),
        st.lists(anything, max_size=3),
        max_size=6,
    )
)
def test_no_query_string_brings_the_page_down(client, query):
    if not Event.objects.exists():
        make_event("Event", actors=("France",))
    assert client.get("/en/", query).status_code == 200
