"""Frames for other sites: as honest as the page, small, and alone in being let into a frame."""

import gzip
import re
from html import escape, unescape
from pathlib import Path
from random import Random

import pytest
from django.conf import settings
from django.core.management import call_command
from hypothesis import given
from hypothesis import settings as run
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from sahel.index import current
from sahel.models import Actor, Event, FormerSlug, Quotation
from tests.factories import CHECKED, make_actor, make_event, make_source

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

MOST = 10 * 1024  # bytes of HTML and style together, compressed


def quote(event, words, at, **fields):
    """Let an event rest on more words, which stand at some place of its source."""
    source = event.quotations.first().source
    where = {"start": at, "end": at + len(words), "order": 1, **CHECKED}
    Quotation.objects.create(
        event=event, source=source, exact=words, language="en", **where, **fields
    )


@pytest.fixture
def strike():
    """An event of which one side denies what the other claims."""
    source = make_source(wording="retranslated", title="The strike")
    event = make_event(
        "Air strike",
        "2021-01?",
        slug="strike",
        status="disputed",
        source=source,
        date_basis="inferred",
        date_words="after New Year",
        actors=("France",),
        places=("Mali",),
        words="killed 19 people",
        speaker=make_actor("United Nations"),
    )
    Quotation.objects.update(stance="claims", key="claim")
    denial = {"speaker": make_actor("France"), "stance": "denies", "key": "denial"}
    quote(event, "France denies it.", 900, **denial)
    return event


def test_a_frame_says_what_the_page_says(client, strike):
    frame, page = client.get("/en/embed/events/strike/").text, client.get("/en/").text
    [article] = re.findall(r'<article class="event.*?</article>', page, re.S)
    for words in [
        "January 2021 (uncertain)",
        "inferred from “after New Year”",
        '<span class="status disputed">Disputed</span>',
        "killed 19 people",
        '<span class="stance">Claimed by:</span>',
        "United Nations",
        '<span class="stance">Denied or disputed by:</span>',
        "translated and back again",
        '<a class="checked verbatim" href="/en/quotations/denial/">verbatim</a>',
    ]:
        assert words in article, words
        assert words in frame, words


def test_a_frame_says_where_it_comes_from_and_leads_there(client, strike):
    frame = client.get("/fr/embed/quotations/claim/").text
    assert (
        '<a class="address" href="/fr/quotations/claim/">testserver/fr/quotations/claim/' in frame
    )
    assert '<a href="/fr/">Chronologie du Sahel</a>' in frame
    assert 'href="https://creativecommons.org/licenses/by/4.0/" rel="license noopener"' in frame
    assert re.search(r"</a>, \d\d? \w+ 20\d\d\. ", frame)
    assert '<base target="_blank">' in frame
    assert '<meta name="robots" content="noindex">' in frame
    assert '<link rel="canonical" href="http://testserver/fr/quotations/claim/">' in frame


def test_a_selection_shows_its_first_events_and_leads_to_all(client):
    for year in range(2010, 2020):
        make_event(f"Of {year}", str(year), actors=("France",))
    make_event("Of Mali", "2009", actors=("Mali",))
    for path, page in (
        ("?actor=france&order=newest", "/en/?actor=france&amp;order=newest"),
        ("actors/france/?order=newest", "/en/actors/france/?order=newest"),
    ):
        frame = client.get(f"/en/embed/{path}").text
        assert re.findall(r">Of (\d+)</a>", frame) == ["2019", "2018", "2017", "2016", "2015"]
        assert f'<a href="{page}">All 10 events</a>' in frame
    assert "No event matches" in client.get("/en/embed/?actor=framce").text


def test_both_sides_stand_in_a_frame_however_many_speak(client, strike):
    for number in range(30):
        quote(strike, f"No. {number}", 20 * number + 20, speaker=make_actor(f"Speaker {number}"))
    frame = client.get("/en/embed/events/strike/").text
    assert frame.count("<blockquote") == 3
    assert "France denies it." in frame
    assert '/en/events/strike/#words">All 32 quotations' in frame
    assert "Denied or disputed by:" in client.get("/en/embed/").text


def test_what_is_cut_is_marked_and_leads_to_the_whole(client):
    make_event(slug="long", words="word " * 300 + "end")
    frame = client.get("/en/embed/events/long/").text
    assert "word […]</p>" in frame
    assert "/en/quotations/" in frame


FRAMES = ["", "?actor=france", "events/strike/", "quotations/claim/", "actors/france/"]
FRAMES += ["places/mali/", "events/nowhere/", "actors/nobody/"]


@pytest.mark.parametrize("path", FRAMES)
def test_other_sites_may_frame_frames(client, strike, path):
    for _ in ("drawn", "from memory"):
        answer = client.get(f"/en/embed/{path}")
        policy = answer["Content-Security-Policy"]
        assert policy.endswith("frame-ancestors *")
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
        assert "X-Frame-Options" not in answer
        assert not answer.cookies


@pytest.mark.parametrize(
    "path",
    [
        "en/",
        "fr/events/strike/",
        "en/quotations/claim/",
        "en/embed/make/?url=/en/",
        "oembed?url=/en/",
        "en/admin/login/",
        "en/nowhere/",
        "en/embed/nowhere/",
        "en/events/strike/card.png",
    ],
)
def test_other_sites_may_frame_nothing_else(client, strike, path):
    for _ in ("drawn", "from memory"):
        answer = client.get(f"/{path}")
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
        assert answer["X-Frame-Options"] == "DENY"


def test_an_unchanged_frame_keeps_its_policy(client, strike):
    """A browser would put a header of this answer in the place of the one it has."""
    tag = client.get("/en/embed/events/strike/")["ETag"]
    answer = client.get("/en/embed/events/strike/", headers={"if-none-match": tag})
    assert answer.status_code == 304
    assert "Content-Security-Policy" not in answer
    assert "X-Frame-Options" not in answer


@pytest.mark.parametrize(
    ("theme", "scheme"),
    [("light", "light"), ("dark", "dark"), ("", "light dark"), ("x", "light dark")],
)
def test_the_colours_can_be_chosen(client, strike, theme, scheme):
    frame = client.get(f"/en/embed/events/strike/?theme={theme}").text
    assert f'<meta name="color-scheme" content="{scheme}">' in frame


def test_a_frame_without_a_language_takes_the_readers(client, strike):
    answer = client.get("/embed/events/strike/?theme=dark", headers={"accept-language": "fr"})
    assert answer["Location"] == "/fr/embed/events/strike/?theme=dark"


def test_a_frame_outlives_a_new_slug_and_says_what_was_withdrawn(client, strike):
    Event.objects.filter(pk=strike.pk).update(slug="bounti")
    FormerSlug.objects.get_or_create(kind="event", slug="strike", key=strike.pk)
    answer = client.get("/en/embed/events/strike/?theme=dark")
    assert answer["Location"] == "/en/embed/events/bounti/?theme=dark"
    Event.objects.filter(pk=strike.pk).update(publication="withdrawn", withdrawal_en="Wrong.")
    gone = client.get("/en/embed/events/bounti/")
    assert gone.status_code == 410
    assert "What stood here was withdrawn" in gone.text
    assert '<a href="/en/events/bounti/">Why it was withdrawn</a>' in gone.text
    assert gone["Cache-Control"] == "no-cache"
    assert "Air strike" not in gone.text


def test_a_draft_has_no_frame(client):
    make_event("Secret", slug="secret", publication="draft")
    answer = client.get("/en/embed/events/secret/")
    assert answer.status_code == 404
    assert "Secret" not in answer.text


def test_search_engines_are_told_of_pages_alone(client, strike):
    """They have to read a frame to see that it is not to be listed."""
    assert "embed" not in client.get("/robots.txt").text
    for section in re.findall("<loc>(.*?)</loc>", client.get("/sitemap.xml").text):
        assert "/embed/" not in client.get(section).text


def weights(client, paths):
    """Give what each frame weighs with its style, in both languages, compressed."""
    style = len(gzip.compress(Path(settings.BASE_DIR, "static", "embed.css").read_bytes(), 6))
    for path in paths:
        for language in ("en", "fr"):
            answer = client.get(f"/{language}/embed/{path}", headers={"accept-encoding": "gzip"})
            assert (answer.status_code, answer["Content-Encoding"]) == (200, "gzip")
            yield len(answer.content) + style


def test_every_frame_of_the_record_is_small(client):
    call_command("load", verbosity=0)
    values = current().values
    paths = ["", "?actor=france&year=2021", "?order=newest"]
    paths += [f"events/{slug}/" for slug in Event.objects.values_list("slug", flat=True)]
    paths += [f"quotations/{key}/" for key in Quotation.objects.values_list("key", flat=True)]
    paths += [f"{facet}s/{slug}/" for facet in ("actor", "place") for slug in values[facet]]
    assert len(paths) > 150
    assert max(weights(client, paths)) <= MOST


def test_the_longest_texts_make_no_large_frame(client):
    random = Random(1)  # noqa: S311 - text that does not compress

    def text(letters):
        words = "".join(random.choices("abcdefghijklmnopqrstuvwxyzéèà     ", k=letters))
        return " ".join(words.split())

    for number in range(6):
        event = make_event(
            text(200), f"200{number}", slug=f"e{number}", words=text(5000), date_words=text(200),
            summary_en=text(5000), summary_fr=text(5000), date_basis="inferred",
            date_note_en=text(500), actors=("France",),
            source=make_source(f"s{number}", title=text(300)),
        )  # fmt: skip
        for order in range(1, 10):
            speaker = make_actor(text(200), slug=f"a{number}-{order}")
            quote(event, text(5000), order * 9000, speaker=speaker, speaker_role_en=text(200))
    assert Actor.objects.count() > 50
    assert max(weights(client, ["", "events/e1/", "actors/france/"])) <= MOST


# The page that makes the code ---------------------------------------------------------------------


def code_on(page):
    """Give what a reader copies from the page."""
    [code] = re.findall(r"<textarea[^>]*>\n(.*?)</textarea>", page, re.S)
    return unescape(code)


def test_a_reader_gets_the_code_and_sees_what_comes_of_it(client, strike):
    asked = "url=http://testserver/en/events/strike/&lang=fr&theme=dark&height=400"
    page = client.get(f"/en/embed/make/?{asked}").text
    frame = "/fr/embed/events/strike/?theme=dark"
    title, site = "Air strike (janvier 2021 (date incertaine), contesté)", "Chronologie du Sahel"
    assert code_on(page) == (
        f'<iframe src="http://testserver{frame}" title="{title} – {site}" width="100%"'
        ' height="400" loading="lazy" style="border:0"></iframe>\n'
        f'<p><a href="http://testserver/fr/events/strike/">{title}</a></p>'
    )
    assert f'src="{frame}"' in page
    assert client.get(frame).status_code == 200


def test_only_that_page_may_hold_a_frame_of_ours(client):
    assert "frame-src 'self'" in client.get("/en/embed/make/")["Content-Security-Policy"]
    assert "frame-src" not in client.get("/en/")["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["", "?actor=france&year=2021", "events/strike/"])
def test_pages_lead_to_their_code(client, strike, path):
    [link] = re.findall(r'href="(/en/embed/make/\?url=.*?)"', client.get(f"/en/{path}").text)
    code = code_on(client.get(unescape(link)).text)
    assert code.startswith(f'<iframe src="http://testserver/en/embed/{escape(path)}"')


@pytest.mark.parametrize(
    "url", ["/en/about/", "events", "https://other.example/en/", "http://[", "<"]
)
def test_an_address_without_a_frame_is_told_and_kept(client, url):
    page = client.get("/en/embed/make/", {"url": url}).text
    assert "No page of this site" in page
    assert f'value="{url.replace("<", "&lt;")}"' in page
    assert "<iframe" not in page


@pytest.mark.parametrize(
    ("asked", "given"), [("1", 120), ("99999", 2000), ("-5", 540), ("²", 540), ("", 540)]
)
def test_a_height_is_never_absurd(client, strike, asked, given):
    page = client.get("/en/embed/make/", {"url": "/en/events/strike/", "height": asked}).text
    assert f'width="600" height="{given}"' in page


class Anything(TestCase):
    """Whatever is asked for is answered."""

    @run(deadline=None)
    @given(url=st.text() | st.from_regex(r"\A(https?://testserver)?/(en|fr)?/?[ -~]*\Z"))
    def test_any_address_gets_an_answer(self, url):
        assert self.client.get("/en/embed/make/", {"url": url}).status_code == 200
        assert self.client.get("/oembed", {"url": url}).status_code in (200, 404)
