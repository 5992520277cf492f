"""oEmbed 1.0: what other sites are told of a page, and that nothing is asked of others for it."""

import re
from html import unescape
from xml.etree import ElementTree

import pytest

from sahel.models import Event, Quotation
from tests.factories import make_event

pytestmark = pytest.mark.django_db

NASTY = 'Strike "at" <Bounti> & ]]> \x01'


@pytest.fixture(autouse=True)
def strike():
    make_event("Strike", slug="strike", actors=("France",), places=("Mali",))
    Quotation.objects.update(key="words")


def elements(answer):
    """Give what an answer in XML says, by name."""
    tree = ElementTree.fromstring(answer.content)  # noqa: S314 - it is our own
    return {each.tag: each.text for each in tree}


def told(client, url, **asked):
    return client.get("/oembed", {"url": url, **asked}).json()


def test_another_site_is_told_how_to_show_an_event(client):
    answer = client.get("/oembed", {"url": "http://testserver/fr/events/strike/"})
    assert answer["Content-Type"] == "application/json"
    assert answer.json() == {
        "version": "1.0",
        "type": "rich",
        "title": "Strike (3 janvier 2021)",
        "provider_name": "Chronologie du Sahel",
        "provider_url": "http://testserver/fr/",
        "cache_age": 3600,
        "html": '<iframe src="http://testserver/fr/embed/events/strike/" title="Strike '
        '(3 janvier 2021) – Chronologie du Sahel" width="600" height="540" loading="lazy"'
        ' style="border:0"></iframe>',
        "width": 600,
        "height": 540,
        "thumbnail_url": "http://testserver/fr/events/strike/card.png",
        "thumbnail_width": 1200,
        "thumbnail_height": 630,
    }


def test_xml_says_the_same_as_json(client):
    make_event(NASTY, slug="nasty")
    url = "http://testserver/en/events/nasty/"
    answer = client.get("/oembed", {"url": url, "format": "xml"})
    assert answer["Content-Type"] == "text/xml; charset=utf-8"
    json = told(client, url)
    assert elements(answer) == {
        name: str(value).replace("\x01", "") for name, value in json.items()
    }
    assert "<Bounti>" not in json["html"]


@pytest.mark.parametrize(
    "path",
    [
        "en/",
        "fr/?actor=france&year=2021",
        "en/events/strike/",
        "fr/quotations/words/",
        "en/actors/france/?order=newest",
        "fr/places/mali/",
    ],
)
def test_a_page_says_where_to_ask_and_the_answer_leads_to_its_frame(client, path):
    page = client.get(f"/{path}").text
    links = dict(re.findall(r'type="(\w+/\w+\+oembed)" href="http://testserver(.*?)"', page))
    answer = client.get(unescape(links["application/json+oembed"])).json()
    xml = elements(client.get(unescape(links["text/xml+oembed"])))
    assert xml["html"] == answer["html"]
    [source] = re.findall(r'src="http://testserver(.*?)"', answer["html"])
    assert client.get(unescape(source)).status_code == 200
    assert source.startswith(f"/{path[:3]}embed/{unescape(path[3:]).split('&')[0]}")
    assert client.get(answer["thumbnail_url"]).status_code == 200


@pytest.mark.parametrize("path", ["en/about/", "en/actors/", "en/sources/gazette/", "en/nowhere/"])
def test_a_page_without_a_frame_says_nothing_of_one(client, path):
    assert "+oembed" not in client.get(f"/{path}").text


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://other.example/en/events/strike/",
        "http://testserver@other.example/en/events/strike/",
        "//other.example/en/",
        "http://testserver.other.example/en/",
        "http://testserver:81/en/",
        "ftp://testserver/en/",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "http://169.254.169.254/latest/",
        "http://testserver/en/events/nowhere/",
        "http://testserver/en/admin/",
        "http://testserver/en/embed/make/",
        "http://testserver/en/about/",
        "http://testserver/oembed",
        "http://[",
    ],
)
def test_what_we_do_not_have_is_a_404(client, url):
    answer = client.get("/oembed", {"url": url})
    assert answer.status_code == 404
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer.text.startswith("url: ")


def test_a_draft_is_a_404(client):
    make_event(slug="draft", publication="draft")
    assert client.get("/oembed", {"url": "http://testserver/en/events/draft/"}).status_code == 404


@pytest.mark.parametrize("frame", ["", "embed/"])
def test_an_address_that_was_given_out_is_answered_for_ever(client, frame):
    Event.objects.update(slug="bounti")
    answer = told(client, f"http://testserver/fr/{frame}events/strike/")
    assert 'src="http://testserver/fr/embed/events/bounti/"' in answer["html"]


def test_a_title_alone_is_no_surer_than_the_event(client):
    make_event("Withdrawal", "2022-06", slug="plan", status="planned")
    for page in ("fr/events/plan/", "fr/embed/events/plan/"):
        title = told(client, f"http://testserver/{page}")["title"]
        assert title == "Withdrawal (juin 2022, prévu ou attendu)"


def test_another_format_is_not_implemented(client):
    asked = {"url": "http://testserver/en/events/strike/", "format": "yaml"}
    answer = client.get("/oembed", asked)
    assert answer.status_code == 501
    assert answer["Access-Control-Allow-Origin"] == "*"


def test_any_site_may_read_the_answer_for_an_hour(client):
    answer = client.get("/oembed", {"url": "http://testserver/en/"})
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Cache-Control"] == "public, max-age=3600"
    assert answer["Content-Language"] == "en"


def test_a_frame_is_no_larger_than_asked_for_nor_is_the_thumbnail(client):
    url = "http://testserver/en/events/strike/"
    small = told(client, url, maxwidth="320", maxheight="200")
    assert (small["width"], small["height"]) == (320, 200)
    assert 'width="320" height="200"' in small["html"]
    assert "thumbnail_url" not in small
    large = told(client, url, maxwidth="1200", maxheight="9000")
    assert (large["width"], large["height"], large["thumbnail_width"]) == (600, 540, 1200)
    for junk in ("²", "-1", "0", "1e9", "99999999"):
        assert told(client, url, maxwidth=junk)["width"] == 600


@pytest.mark.parametrize("path", ["", "/", "events/strike/", "en/embed/events/strike/?theme=dark"])
def test_addresses_that_lead_to_a_page_stand_for_it(client, path):
    assert told(client, f"HTTP://TestServer/{path.lstrip('/')}")["provider_url"].endswith("/en/")
