"""An editor merges two actors that are one, follows the old address, and takes it all back."""

import pytest
from django.contrib.auth.models import Group, User
from playwright.sync_api import Page, expect

from sahel.models import Change, Event, changes
from tests.browser.test_editing import choose, sign_in
from tests.factories import make_event, make_place

pytestmark = pytest.mark.one_database


@pytest.fixture(autouse=True)
def _record(_database):
    editor = User.objects.create_user("fatou", password="a long pass phrase", is_staff=True)
    editor.groups.add(Group.objects.get(name="Publisher"))
    with changes(Change.Way.EDITOR):
        make_event("First", slug="first", actors=("Takuba",))
        make_event("Second", slug="second", actors=("Takuba force",))
        make_event("Third", slug="third", actors=("Takuba", "Takuba force"))


def pick(page: Page, address: str, action: str) -> None:
    """Choose all of a list by the keyboard, and ask for an action."""
    page.goto(address)
    page.locator("#action-toggle").press("Space")
    page.locator("select[name=action]").first.select_option(action)
    page.locator("select[name=action]").first.press("Tab")
    page.keyboard.press("Enter")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_two_actors_are_merged_and_taken_apart(page: Page, axe, language: str):
    sign_in(page)
    page.set_viewport_size({"width": 360, "height": 740})
    pick(page, f"/{language}/admin/sahel/actor/?q=takuba", "merge_selected")
    expect(page.locator("#merging .choices li")).to_have_count(2)
    expect(page.get_by_role("radio", name="Takuba takuba ·")).to_be_checked()
    assert not axe(page)
    page.locator("button[name=merge]").click()
    expect(page.locator(".errorlist")).to_be_visible()
    page.locator("#why").fill("One force.")
    page.locator("button[name=merge]").click()
    expect(page.locator(".messagelist .success")).to_contain_text("Takuba force")
    page.goto(f"/{language}/actors/takuba-force/?year=2021")
    expect(page).to_have_url(f"/{language}/actors/takuba/?year=2021")
    expect(page.locator("article.event")).to_have_count(3)

    page.goto(f"/{language}/admin/sahel/merge/")
    page.locator("a[href$='/undo/']").click()
    assert not axe(page)
    page.locator("#why").fill("Two of them.")
    page.locator("#why").press("Enter")
    expect(page.locator(".messagelist .success")).to_be_visible()
    page.goto(f"/{language}/actors/takuba-force/")
    expect(page).to_have_url(f"/{language}/actors/takuba-force/")
    expect(page.locator("article.event")).to_have_count(2)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_place_is_added_to_many_events(page: Page, axe, language: str):
    make_place("Gao")
    sign_in(page)
    pick(page, f"/{language}/admin/sahel/event/", "add_place")
    expect(page.locator("#bulk .choices li")).to_have_count(3)
    # But for the admin's own search field, which has no name of its own.
    assert not [fault for fault in axe(page) if "select2" not in fault]
    choose(page, "id_place", "gao", "Gao")
    page.locator("#id_why").fill("It was there.")
    page.locator("#id_why").press("Enter")
    expect(page.locator(".messagelist .success")).to_contain_text("3")
    assert Event.objects.filter(places__slug="gao").count() == 3
