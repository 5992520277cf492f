"""An editor signs in, adds an event with a quotation, and finds it on the timeline."""

import re
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from sahel.models import Event
from tests.factories import make_editor
from tests.signin import code_for

pytestmark = pytest.mark.one_database

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(autouse=True)
def _article(article):
    make_editor()


def sign_in(page: Page, name: str = "fatou", language: str = "en") -> None:
    """Be signed in as whoever sent both forms is (those are tested by themselves)."""
    client = Client()
    client.force_login(User.objects.get(username=name))
    page.goto(f"/{language}/admin/login/")
    host, value = urlsplit(page.url).hostname, client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": value, "domain": host, "path": "/"}])


def fill_in(page: Page, name: str = "fatou") -> None:
    """Send the form that asks who one is."""
    page.locator("#id_username").fill(name)
    page.locator("#id_password").fill("a long pass phrase")
    page.locator("#login-form [type=submit]").click()
    page.locator("#id_code").fill(code_for(name))
    page.locator("#code-form [type=submit]").click()
    page.wait_for_url(lambda url: "/second-step/" not in url)


def save(page: Page) -> None:
    page.locator("[name=_save]").first.click()


def choose(page: Page, field: str, words: str, choice: str) -> None:
    """Pick an entry in one of the admin's search fields."""
    page.locator(f"#{field} + .select2").click()
    page.locator(".select2-search__field").last.fill(words)
    page.locator(".select2-results__option", has_text=choice).first.click()


def test_an_editor_adds_an_event_and_finds_it_on_the_timeline(page: Page):
    sign_in(page)

    page.goto("/en/admin/sahel/event/add/")
    page.get_by_label("title in English", exact=False).fill("Goïta receives a delegation")
    page.keyboard.press("Tab")
    expect(page.locator("#id_slug")).to_have_value("goita-receives-a-delegation")
    page.locator("#id_kind").select_option("diplomacy")
    page.locator("#id_status").select_option("happened")
    page.locator("#id_date").fill("last June")
    page.locator("#id_date_basis").select_option("inferred")
    page.locator("#id_date_words").fill("last June")
    page.locator("#quotations-group .add-row a").click()
    choose(page, "id_quotations-0-source", "announce the withdrawal", "France is preparing")
    page.locator("#id_quotations-0-exact").fill("a bitter rift")
    page.locator("#id_quotations-0-language").fill("en")
    page.locator("#id_quotations-0-why_uncheckable_en").fill("Its text is not at hand here.")
    page.locator("#involvements-group .add-row a").click()
    choose(page, "id_involvements-0-actor", "goita", "Goïta")
    page.locator("#id_involvements-0-role").select_option("participant")
    page.get_by_role("button", name="Publish").first.click()

    expect(page.locator(".errorlist").first).to_contain_text("was read as: June 2021 (2021-06)")
    expect(page.locator("#id_quotations-0-exact")).to_have_value("a bitter rift")
    expect(page.locator("#id_date")).to_have_value("2021-06")
    page.get_by_role("button", name="Publish").first.click()
    expect(page.locator(".messagelist")).to_contain_text("June 2021, inferred from the source")

    page.goto("/en/?q=delegation&year=2021")
    expect(page.locator("article.event")).to_have_count(1)
    expect(page.locator("article.event h3")).to_have_text("Goïta receives a delegation")
    expect(page.locator("article.event .when")).to_contain_text("inferred from “last June”")
    page.goto("/en/actors/")
    page.get_by_role("link", name=re.compile("Goïta")).first.click()
    expect(page.locator("article.event h3", has_text="delegation")).to_have_count(1)


def test_an_editor_pastes_a_source_and_quotes_it_letter_by_letter(page: Page):
    sign_in(page)
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
    page.locator("#id_status").select_option("happened")
    page.locator("#id_date").fill("2021-06")
    page.locator("#id_date_basis").select_option("stated")
    page.locator("#quotations-group .add-row a").click()
    choose(page, "id_quotations-0-source", "a report", "A report")
    page.locator("#id_quotations-0-exact").fill('"There is no rift - none."')
    page.locator("#id_quotations-0-language").fill("en")
    expect(page.locator("#id_quotations-0-take")).to_be_hidden()
    page.get_by_role("button", name="Publish").first.click()
    told = page.locator("#quotations-group .errorlist")
    expect(told).to_contain_text("the source has “ (U+201C, curly quotation mark, opening)")
    expect(told).to_contain_text("you have - (U+002D, hyphen), the source has – (U+2013, en dash)")
    page.locator("#id_quotations-0-take").check()
    page.get_by_role("button", name="Publish").first.click()
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

    # Later the title is corrected: editors say why, readers are told.
    page.goto("/en/admin/sahel/event/?q=denial")
    page.get_by_role("link", name="Denial of a rift").click()
    page.locator("#id_title_en").fill("Denial of any rift")
    page.get_by_role("button", name="Save", exact=True).first.click()
    expect(page.locator(".errorlist").first).to_contain_text("why you change a published event")
    expect(page.locator("#id_title_en")).to_have_value("Denial of any rift")
    page.locator("#id_why").fill("She denied any.")
    page.get_by_role("button", name="Save", exact=True).first.click()
    expect(page.locator(".messagelist")).to_contain_text("was changed successfully")
    page.goto("/en/changes/?what=corrected")
    told = page.locator(".changes > li").first
    expect(told).to_contain_text("Denial of any rift")
    expect(told).to_contain_text("She denied any.")
    feed = ElementTree.fromstring(page.request.get("/en/changes.atom?what=corrected").text())  # noqa: S314
    titles = [entry.findtext(f"{ATOM}title") for entry in feed.iter(f"{ATOM}entry")]
    assert titles[0] == "Corrected: Denial of any rift"
    told.get_by_role("link", name="Denial of any rift").click()
    page.get_by_text("What differs").click()
    expect(page.locator(".differences ins")).to_have_text("any")


def test_an_editor_enters_a_figure_with_its_quotation(page: Page):
    sign_in(page)
    page.goto("/en/admin/sahel/event/add/")
    page.locator("#id_title_en").fill("Attack on a convoy")
    page.locator("#id_kind").select_option("attack")
    page.locator("#id_status").select_option("happened")
    page.locator("#id_date").fill("2021-06")
    page.locator("#id_date_basis").select_option("stated")
    page.locator("#quotations-group .add-row a").click()
    choose(page, "id_quotations-0-source", "announce the withdrawal", "France is preparing")
    page.locator("#id_quotations-0-exact").fill("At least 40 soldiers were hurt.")
    page.locator("#id_quotations-0-language").fill("en")
    page.locator("#id_quotations-0-why_uncheckable_en").fill("It was said on the radio.")
    figures = page.locator("#quotations-0 .estimates")
    figures.locator("summary").click()
    figures.get_by_label("its words").fill("At least 40 soldier")
    figures.get_by_label("what is counted").select_option("wounded")
    figures.get_by_label("number given").fill("40")
    figures.get_by_label("at most").fill("4")
    page.get_by_role("button", name="Publish").first.click()
    expect(figures.locator(".errorlist")).to_contain_text("leave this empty")
    expect(figures.get_by_label("its words")).to_have_value("At least 40 soldier")
    figures.get_by_label("number given").fill("")
    figures.get_by_label("at most").fill("")
    figures.get_by_label("at least").fill("40")
    page.get_by_role("button", name="Publish").first.click()
    expect(page.locator(".messagelist")).to_contain_text("was added successfully")
    page.goto("/fr/events/attack-on-a-convoy/")
    expect(page.locator(".facts .estimates")).to_contain_text("au moins 40")
    expect(page.locator(".facts .estimates q")).to_have_text("At least 40 soldier")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_was_typed_is_there_again_after_the_session_ran_out(page: Page, language: str):
    sign_in(page, language=language)
    add = f"/{language}/admin/sahel/event/add/"
    page.goto(add)
    page.locator("#id_title_en").fill("A long evening’s work")
    page.locator("#id_kind").select_option("attack")
    save(page)  # which is refused: there is no date
    expect(page.locator(".errornote")).to_be_visible()
    page.locator("#id_status").select_option("happened")
    page.locator("#quotations-group .add-row a").click()
    choose(page, "id_quotations-0-source", "announce the withdrawal", "France is preparing")
    page.locator("#id_quotations-0-exact").fill("One.\nTwo.")
    page.wait_for_timeout(700)
    page.context.clear_cookies(name="sessionid")
    save(page)
    fill_in(page)
    page.goto(add)
    page.locator("button[name=restore]").click()
    expect(page.locator("#id_title_en")).to_have_value("A long evening’s work")
    expect(page.locator("#id_kind")).to_have_value("attack")
    expect(page.locator("#id_quotations-0-exact")).to_have_value("One.\nTwo.")
    expect(page.locator("#id_quotations-0-source + .select2")).to_contain_text("France is")
    # Once it is saved, it is forgotten.
    page.locator("#id_date").fill("2021-06")
    page.locator("#id_date_basis").select_option("stated")
    page.locator("#id_quotations-0-language").fill("en")
    save(page)
    expect(page.locator(".messagelist .success")).to_have_count(1)
    page.wait_for_load_state()  # the words are there before the page's scripts ran
    page.goto(add)
    expect(page.locator("#id_title_en")).to_have_value("")
    expect(page.locator("button[name=restore]")).to_have_count(0)
    kept = page.evaluate("Object.keys(localStorage)")
    assert not [name for name in kept if name.startswith("draft ")]


def test_what_was_typed_in_a_pop_up_is_kept_too(page: Page):
    sign_in(page)
    page.goto("/en/admin/sahel/event/add/")
    page.locator("#quotations-group .add-row a").click()
    with page.expect_popup() as waiting:
        page.locator("#add_id_quotations-0-source").click()
    popup = waiting.value
    popup.locator("#id_title").fill("A long title")
    popup.wait_for_timeout(700)
    popup.reload()
    popup.locator("button[name=restore]").click()
    expect(popup.locator("#id_title")).to_have_value("A long title")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_two_people_edit_at_once(page: Page, browser: Browser, live_server, language: str):
    make_editor("issa")
    event = Event.objects.get(slug="bounti-strike")
    address = f"/{language}/admin/sahel/event/{event.pk}/change/"
    sign_in(page, language=language)
    page.goto(address)
    page.locator("#id_summary_en").fill("My own summary.")
    page.locator("#id_why").fill("Shorter.")
    other = browser.new_page(base_url=live_server.url)
    sign_in(other, "issa", language)
    other.goto(address)
    other.locator("#id_title_en").fill("Air strike at Bounti")
    other.locator("#id_why").fill("More exact.")
    save(other)
    expect(other.locator(".messagelist .success")).to_have_count(1)
    other.close()
    save(page)
    told = page.locator(".meanwhile")
    expect(told).to_contain_text("issa")
    expect(told.locator("ins")).to_have_text("Air")
    expect(page.locator("#id_summary_en")).to_have_value("My own summary.")
    save(page)
    expect(page.locator(".messagelist .success")).to_have_count(1)
    event.refresh_from_db()
    assert (event.title_en, event.summary_en) == ("Air strike at Bounti", "My own summary.")
