"""What search engines and other sites are told of the pages."""

import re

import pytest

from tests.factories import make_event

pytestmark = pytest.mark.django_db


def test_the_sitemaps_list_every_public_page_in_both_languages(client):
    make_event("Strike", slug="strike", actors=("France",), places=("Mali",))
    make_event("Draft", slug="draft", publication="draft", actors=("Niger",))
    sections = re.findall("<loc>http://testserver(.*?)</loc>", client.get("/sitemap.xml").text)
    found = set()
    for section in sections:
        page = client.get(section)
        assert page["Content-Type"].startswith("application/xml")
        found |= set(re.findall("<loc>http://testserver(.*?)</loc>", page.text))
    assert {"/en/", "/fr/about/", "/en/events/strike/", "/fr/actors/france/"} <= found
    assert not any("draft" in path or "niger" in path for path in found)
    for path in found:
        assert client.get(path).status_code == 200, path


def test_robots_read_each_page_but_not_each_selection(client):
    robots = client.get("/robots.txt")
    assert robots["Content-Type"] == "text/plain; charset=utf-8"
    lines = robots.text.splitlines()
    assert {"User-agent: *", "Disallow: /en/admin/", "Disallow: /*?"} <= set(lines)
    assert "Sitemap: http://testserver/sitemap.xml" in lines


def test_a_page_says_how_it_is_shown_elsewhere(client):
    make_event('Strike "at" <Bounti>', slug="strike")
    page = client.get("/fr/events/strike/").text
    told = dict(re.findall(r'<meta property="og:(.*?)" content="(.*?)">', page))
    assert told["title"].startswith("Strike &#34;at&#34; &lt;Bounti&gt; (3 janvier 2021)")
    assert told["image"] == "http://testserver/fr/events/strike/card.png"
    assert (told["type"], told["locale"]) == ("article", "fr")
    timeline = client.get("/en/?year=2021").text
    assert 'content="http://testserver/en/card.png?year=2021"' in timeline
