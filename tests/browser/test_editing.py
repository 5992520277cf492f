"""An editor signs in, adds an event with a quotation, and finds it on the timeline."""

import re

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from playwright.sync_api import Page, expect


@pytest.fixture(autouse=True)
def _article(_database):
    call_command("load", verbosity=0)
    editor = User.objects.create_user("fatou", password="a long pass phrase", is_staff=True)
    editor.groups.add(Group.objects.get(name="Editors"))


def choose(page: Page, field: str, words: str, choice: str) -> None:
    """Pick an entry in one of the admin's search fields."""
    page.locator(f"#{field} + .select2").click()
    page.locator(".select2-search__field").last.fill(words)
    page.locator(".select2-results__option", has_text=choice).first.click()


def test_an_editor_adds_an_event_and_finds_it_on_the_timeline(page: Page):
    page.goto("/en/admin/")
    page.get_by_label("Username").fill("fatou")
    page.get_by_label("Password").fill("a long pass phrase")
    page.get_by_role("button", name="Log in").click()

    page.goto("/en/admin/sahel/event/add/")
    page.get_by_label("title in English", exact=False).fill("Goïta receives a delegation")
    page.keyboard.press("Tab")
    expect(page.locator("#id_slug")).to_have_value("goita-receives-a-delegation")
    page.locator("#id_kind").select_option("diplomacy")
    page.locator("#id_date").fill("last June")
    page.locator("#id_date_basis").select_option("inferred")
    page.locator("#id_date_words").fill("last June")
    page.locator("#id_publication").select_option("published")
    page.locator("#quotations-group .add-row a").click()
    choose(page, "id_quotations-0-source", "announce the withdrawal", "France is preparing")
    page.locator("#id_quotations-0-exact").fill("a bitter rift")
    page.locator("#id_quotations-0-language").fill("en")
    page.locator("#id_quotations-0-why_uncheckable_en").fill("Its text is not at hand here.")
    page.locator("#involvements-group .add-row a").click()
    choose(page, "id_involvements-0-actor", "goita", "Goïta")
    page.locator("#id_involvements-0-role").select_option("participant")
    page.get_by_role("button", name="Save and view").or_(
        page.get_by_role("button", name="Save", exact=True)
    ).first.click()

    expect(page.locator(".errorlist").first).to_contain_text("was read as: June 2021 (2021-06)")
    expect(page.locator("#id_quotations-0-exact")).to_have_value("a bitter rift")
    expect(page.locator("#id_date")).to_have_value("2021-06")
    page.get_by_role("button", name="Save", exact=True).first.click()
    expect(page.locator(".messagelist")).to_contain_text("June 2021, inferred from the source")

    page.goto("/en/?q=delegation&year=2021")
    expect(page.locator("article.event")).to_have_count(1)
    expect(page.locator("article.event h3")).to_have_text("Goïta receives a delegation")
    expect(page.locator("article.event .when")).to_contain_text("inferred from “last June”")
    page.goto("/en/actors/")
    page.get_by_role("link", name=re.compile("Goïta")).first.click()
    expect(page.locator("article.event h3", has_text="delegation")).to_have_count(1)


def test_an_editor_pastes_a_source_and_quotes_it_letter_by_letter(page: Page):
    page.goto("/en/admin/")
    page.get_by_label("Username").fill("fatou")
    page.get_by_label("Password").fill("a long pass phrase")
    page.get_by_role("button", name="Log in").click()
    page.goto("/en/admin/sahel/source/add/")
    page.locator("#id_title").fill("A report")
    page.locator("#id_publisher").fill("Gazette")
    page.locator("#id_language").fill("en")
    page.locator("#id_url").fill("https://example.org/report")
    page.locator("#texts-group .add-row a").click()
    page.locator("#id_texts-0-text").fill(
        "First. She said: “There is no rift – none.” Then she left."
    )
    page.get_by_role("button", name="Save", exact=True).first.click()
    expect(page.locator(".messagelist")).to_contain_text("was added successfully")

    page.goto("/en/admin/sahel/event/add/")
    page.locator("#id_title_en").fill("Denial of a rift")
    page.locator("#id_kind").select_option("statement")
    page.locator("#id_date").fill("2021-06")
    page.locator("#id_date_basis").select_option("stated")
    page.locator("#id_publication").select_option("published")
    page.locator("#quotations-group .add-row a").click()
    choose(page, "id_quotations-0-source", "a report", "A report")
    page.locator("#id_quotations-0-exact").fill('"There is no rift - none."')
    page.locator("#id_quotations-0-language").fill("en")
    expect(page.locator("#id_quotations-0-take")).to_be_hidden()
    page.get_by_role("button", name="Save", exact=True).first.click()
    told = page.locator("#quotations-group .errorlist")
    expect(told).to_contain_text("the source has “ (U+201C, curly quotation mark, opening)")
    expect(told).to_contain_text("you have - (U+002D, hyphen), the source has – (U+2013, en dash)")
    page.locator("#id_quotations-0-take").check()
    page.get_by_role("button", name="Save", exact=True).first.click()
    expect(page.locator(".messagelist")).to_contain_text("was added successfully")

    page.goto("/en/?q=rift&year=2021&kind=statement")
    article = page.locator("article.event", has_text="Denial of a rift")
    expect(article.locator("blockquote")).to_have_text("“There is no rift – none.”")
    passage = article.get_by_role("link", name="open at the passage").get_attribute("href")
    assert passage == (
        "https://example.org/report#:~:text="
        "%E2%80%9CThere%20is%20no%20rift%20%E2%80%93%20none.%E2%80%9D"
    )
    article.get_by_role("link", name="verbatim").click()
    expect(page.locator("h1")).to_have_text("Quotation")
    expect(page.locator(".facts")).to_contain_text("characters 17 to 43")
