"""Linked data under our own policy: a browser neither runs it nor complains of it."""

import pytest
from playwright.sync_api import Page

from tests.factories import make_event

pytestmark = pytest.mark.one_database

TITLE = "</script><script>document.title = 'run'</script><!--"
READ = "JSON.parse(document.querySelector('script[type=\"application/ld+json\"]').textContent)"


def test_a_reader_sees_nothing_of_it_and_a_machine_all(page: Page) -> None:
    make_event(TITLE, slug="hostile", actors=("France",), places=("Mali",))
    for path in ("/en/", "/fr/events/hostile/", "/en/actors/france/", "/fr/about/"):
        page.goto(path)
        assert page.evaluate(READ)["@context"] == "https://schema.org/"
    page.goto("/fr/events/hostile/")
    assert page.evaluate(READ)["mainEntity"]["name"]["@value"] == TITLE
    assert page.title().startswith(TITLE)
    assert "schema.org" not in page.inner_text("body")
