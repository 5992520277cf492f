"""No page, of readers or of editors, does what its Content-Security-Policy forbids."""

import re
from collections.abc import Iterator
from contextlib import suppress

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import Resolver404, get_resolver, resolve
from playwright.sync_api import Page

from sahel.models import Change, Event, Quotation, SavedView, Signature, changes
from tests.browser.test_editing import fill_in
from tests.factories import make_event
from tests.importing import A_GED_ROW, table, upload
from tests.test_attacks import desk

pytestmark = [pytest.mark.usefixtures("article"), pytest.mark.one_database]

# Before the page's own scripts, and beside what the console says of itself.
LISTEN = """addEventListener("securitypolicyviolation", (violation) => console.error(
    `policy: ${violation.effectiveDirective} ${violation.blockedURI} ${violation.sourceFile}`))"""
# What a page says of no page: it is an answer all the same.
NO_PAGE = "Failed to load resource: the server responded with a status of 4"
# Rows added to every form within a form, lists of choices, columns and windows that open.
OPEN = (".add-row a", "details:not([open]) > summary", ".select2-selection", ".datetimeshortcuts a")


# What is no page, and what one template draws for every model.
SAME = re.compile(
    "/(opened|preview|views|read)/|/(actor|place|source|quotation|group)/.*/(delete|history)/"
)
# What the resolver does not name.
OTHERS = (
    "/en/admin/sahel/actor/add/?_popup=1",
    "/en/admin/sahel/event/?_facets=True&todo=waiting",
    "/en/admin/sahel/event/?q=nothing+at+all",
    "/en/admin/second-step/another/",
    "/en/admin/nowhere/",
    "/en/admin/sahel/event/?kind__regex=(((",
)


@pytest.fixture
def watched(page: Page, faults: list[str]) -> Iterator[Page]:
    """Give a page whose violations are faults, and whose errors 404 and 410 are none."""
    page.add_init_script(LISTEN)
    yield page
    faults[:] = [fault for fault in faults if NO_PAGE not in fault]


def test_a_violation_would_be_seen(watched: Page, faults: list[str]):
    watched.goto("/en/about/")
    watched.evaluate("document.body.setAttribute('style', 'color: red')")
    watched.wait_for_timeout(100)
    assert any("policy: style-src-attr" in fault for fault in faults)
    faults.clear()


def readers_pages() -> list[str]:
    """Give an address of each kind of readers' pages, without its language."""
    with changes(Change.Way.EDITOR):
        make_event("Gone", slug="gone")
    with changes(Change.Way.EDITOR):
        Event.objects.filter(slug="gone").update(
            publication="withdrawn", withdrawal_en="A mistake."
        )
    key = Quotation.objects.filter(event__slug="bounti-strike").first().key
    return [
        "", "?q=goita&actor=-france&year=2021", "histogram/", "lanes/?rows=48", "map/?place=mali",
        "dossier.html?status=disputed", "events/bounti-strike/", "events/gone/", "events/gone/1/",
        "events/nowhere/", "events/", "actors/", "actors/france/", "places/", "places/mali/",
        "sources/", "sources/guardian-retranslated-2022/", f"quotations/{key}/", "api/", "record/",
        "data/?actor=france", "cite/?actor=france", "record/2022-02-16/", "changes/", "alerts/",
        "embed/?theme=dark", "embed/make/?url=/en/", "embed/events/bounti-strike/", "about/",
        "embed/events/gone/", f"embed/quotations/{key}/", "embed/actors/france/", "offline/",
        "embed/places/mali/", "alerts/confirm/x/", "alerts/leave/x/", "preview/x/", "nowhere/",
    ]  # fmt: skip


def test_no_page_of_readers_breaks_the_policy(watched: Page):
    kinds = {
        pattern.name
        for pattern in get_resolver().url_patterns[-1].url_patterns
        if getattr(pattern, "name", "") and str(pattern.pattern).endswith(("/", ".html"))
    }
    for number, path in enumerate(readers_pages()):
        watched.goto(f"/{('en', 'fr')[number % 2]}/{path}")
        with suppress(Resolver404):
            kinds.discard(resolve(f"/en/{path.partition('?')[0]}").url_name)
    assert kinds == {"guide"}  # which is the desk's


@pytest.fixture
def _desk(article: None) -> None:
    """Have an account that may do everything, and something in each list."""
    user = User.objects.create_superuser("fatou", password="a long pass phrase")
    SavedView.objects.create(user=user, of="event", name="Coups", query="kind__exact=coup")
    Signature.objects.create(user=user, name="Fatou")
    make_event("A draft", publication="draft")
    client = Client()
    client.force_login(user)
    upload(client, table(list(A_GED_ROW), A_GED_ROW))


@pytest.mark.usefixtures("_desk")
def test_no_page_of_the_desk_breaks_the_policy(watched: Page):
    watched.goto("/fr/admin/")
    fill_in(watched)
    pages = [page for page in desk() if not SAME.search(page)]
    assert len(pages) > 35
    for page in [*pages, *OTHERS]:
        watched.goto(page)
        for kind in () if page.endswith("/add/") else OPEN:
            for control in watched.locator(kind).all()[:4]:
                if control.is_visible():
                    control.click()
                    watched.keyboard.press("Escape")
        if page.endswith(("/add/", "/password/")):  # an empty form comes back with its errors
            for button in watched.locator("#content-main form [type=submit]").all()[:1]:
                button.click()
