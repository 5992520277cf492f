"""What a crawler comes upon that obeys what it is told: each page once, not each selection."""

import re
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
from django.test import Client

from tests.factories import make_event

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]
SITE = "http://testserver"


class Links(HTMLParser):
    """The addresses to which a page lets robots go, and whether they may list the page itself."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.robots = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = {name: value or "" for name, value in attrs}
        if tag == "meta" and own.get("name") == "robots":
            self.robots = own["content"]
        if tag == "a" and "nofollow" not in own.get("rel", ""):
            self.found.add(own.get("href", own.get("xlink:href", "")))


def allowed(path: str, rules: list[str]) -> bool:
    """Say whether robots.txt (RFC 9309, `*` means anything) lets robots ask for it."""
    return not any(re.match(re.escape(rule).replace(r"\*", ".*"), path) for rule in rules)


def crawled(client: Client, rules: list[str]) -> dict[str, str]:
    """Walk from the first page; give what each address said to robots."""
    waiting, seen = ["/en/"], {}
    while waiting:
        path = waiting.pop()
        if path in seen or not allowed(path, rules):
            continue
        page = client.get(path)
        seen[path] = ""
        if page.status_code in (301, 302):
            waiting.append(urljoin(path, page["Location"]))
        elif page["Content-Type"].startswith("text/html"):
            links = Links(page.text)
            seen[path] = links.robots + page.get("X-Robots-Tag", "")
            for href in links.found if "nofollow" not in seen[path] else ():
                there = urlsplit(urldefrag(urljoin(SITE + path, href)).url)
                if there.netloc == "testserver":
                    waiting.append(there.path + ("?" + there.query if there.query else ""))
    return seen


@pytest.fixture
def pages(client: Client) -> int:
    """Give how many pages the sitemaps have, of filters that combine in thousands of ways."""
    for number, actor in enumerate(("France", "Mali", "Niger", "Chad", "ECOWAS"), 2013):
        places = ("Bamako", "Gao") if number % 2 else ("Kidal",)
        make_event(f"Talks of {number}", str(number), actors=(actor, "MINUSMA"), places=places)
    sections = re.findall(f"<loc>{SITE}(.*?)</loc>", client.get("/sitemap.xml").text)
    return sum(client.get(section).text.count("<loc>") for section in sections)


def test_a_crawler_that_obeys_robots_txt_reads_each_page_once(client, pages):
    rules = re.findall("^Disallow: (.+)$", client.get("/robots.txt").text, re.M)
    seen = crawled(client, rules)
    assert not [path for path in seen if "?" in path]
    assert pages - 10 <= len(seen) <= pages + 20


def test_a_crawler_that_only_heeds_nofollow_does_not_walk_the_filters(client, pages):
    seen = crawled(client, [])
    assert pages - 10 <= len(seen) <= pages + 60


def test_no_selection_is_listed_and_every_page_is(client, pages):
    for page in ("/en/", "/en/actors/france/", "/fr/map/", "/fr/lanes/", "/en/histogram/"):
        assert Links(client.get(page).text).robots == ""
        selected = Links(client.get(f"{page}?year=2013&kind=coup").text)
        assert selected.robots == "noindex, nofollow"
