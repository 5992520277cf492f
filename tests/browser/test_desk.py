"""The admin on any screen, in both languages, for whoever cannot see it or only a narrow one."""

import re
from itertools import cycle

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import Group, User
from playwright.sync_api import Page, expect

from sahel.models import Actor, Event, SavedView, Source
from tests.browser.test_editing import sign_in
from tests.factories import make_event

LISTS = "event", "quotation", "source", "actor", "place", "change", "signature"


@pytest.fixture(autouse=True)
def _article(article):
    fatou = User.objects.create_user("fatou", password="a long pass phrase", is_staff=True)
    fatou.groups.add(Group.objects.get(name="Publisher"))
    SavedView.objects.create(user=fatou, of="event", name="Coups", query="kind__exact=coup")
    make_event("A draft", publication="draft")


def addresses() -> list[str]:
    """Give the pages, after the sign-in page."""
    event, draft = Event.objects.order_by("pk").first(), Event.objects.get(publication="draft")
    source, actor = Source.objects.order_by("pk").first(), Actor.objects.get(slug="france")
    forms = [
        "event/add/",
        f"event/{event.pk}/change/",
        f"event/{event.pk}/history/",
        f"event/{draft.pk}/delete/",
        f"source/{source.pk}/change/",
        f"actor/{actor.pk}/change/",
    ]
    return ["", *(f"sahel/{path}" for path in [*(f"{name}/" for name in LISTS), *forms])]


def serious(page: Page) -> list[str]:
    """Give what axe-core calls serious or critical."""
    return [
        f"{violation['id']}: {node['html']}"
        for violation in Axe()
        .run(page, options={"resultTypes": ["violations"]})
        .response["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]


def scrolls(page: Page) -> list[str]:
    """Say at which widths a page is wider than its window."""
    found, before = [], page.viewport_size
    for width in (360, 768, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        has, sees = page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        found += [f"{page.url} at {width}: {has}"] if has > sees else []
    if before:
        page.set_viewport_size(before)
    return found


@pytest.mark.one_database
def test_nothing_stands_in_anybodys_way(page: Page):
    found = {}
    page.goto("/en/admin/login/")
    found["login"] = serious(page)
    sign_in(page)
    # Both languages have the same templates: each page is looked at in one of them.
    for path, (language, width) in zip(
        addresses(), cycle([("en", 360), ("fr", 1280)]), strict=False
    ):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"/{language}/admin/{path}")
        found[path] = serious(page)
    assert {path: faults for path, faults in found.items() if faults} == {}


@pytest.mark.one_database
def test_no_page_scrolls_sideways(page: Page):
    page.goto("/fr/admin/login/")
    wide = scrolls(page)
    sign_in(page)
    for path in addresses():
        page.goto(f"/fr/admin/{path}")
        wide += scrolls(page)
    assert wide == []


@pytest.mark.one_database
def test_an_editor_changes_the_language_and_stays_where_they_are(page: Page):
    sign_in(page)
    page.goto("/en/admin/sahel/event/?kind__exact=coup")
    page.get_by_role("link", name="Français").click()
    expect(page).to_have_url(re.compile(r"/fr/admin/sahel/event/\?kind__exact=coup$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Événements")


def test_an_editor_keeps_a_view_and_deletes_it(page: Page):
    sign_in(page)
    page.goto("/en/admin/sahel/event/?kind__exact=protest")
    page.get_by_text("Save this view as…").click()
    page.get_by_label("Its name:").fill("Protests")
    page.get_by_role("button", name="Save the view").click()
    expect(page.get_by_role("link", name="Protests")).to_have_attribute("aria-current", "page")
    page.get_by_role("button", name="Delete the view Protests").click()
    expect(page.locator(".messagelist")).to_contain_text("was deleted")
    expect(page.get_by_role("link", name="Protests")).to_have_count(0)
