"""A contributor drafts, an editor reviews, a publisher publishes, in either language."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from sahel.models import Event, Place, SourceText
from tests.browser.test_editing import choose, sign_in
from tests.factories import make_editor, make_source

WORDS = {
    "en": {
        "submit": "Send to review",
        "approve": "Approve",
        "publish": "Publish",
        "withdraw": "Withdraw",
        "title": "Attack on a convoy",
        "date": "about March 2012",
        "read": "about March 2012 (2012-03~)",
        "verbatim": "verbatim",
        "curly": "curly quotation mark, opening",
        "opened": "issa opened this",
        "preview": "This is not public",
        "waits": "It waits for review.",
        "public": "Readers see it now.",
        "gone": "This event was withdrawn",
    },
    "fr": {
        "submit": "Envoyer en relecture",
        "approve": "Approuver",
        "publish": "Publier",
        "withdraw": "Retirer",
        "title": "Attaque d’un convoi",
        "date": "vers mars 2012",
        "read": "vers mars 2012 (2012-03~)",
        "verbatim": "mot pour mot",
        "curly": "guillemet",
        "opened": "issa vient d’ouvrir ceci",
        "preview": "Ceci n’est pas public",
        "waits": "Il attend la relecture.",
        "public": "Les lecteurs le voient à présent.",
        "gone": "Cet événement a été retiré",
    },
}


@pytest.fixture(autouse=True)
def _people(article):
    for name, group in (("awa", "Contributor"), ("issa", "Editor"), ("fatou", "Publisher")):
        make_editor(name, group)
    report = make_source("report", title="A report", date="2012-04-01")
    SourceText.objects.create(source=report, text="First. She said: “There is no rift – none.”")


def signed_in(browser: Browser, server, language: str, name: str) -> Page:
    page = browser.new_page(base_url=server.url)
    page.set_default_timeout(10_000)
    sign_in(page, name, language)
    return page


def press(page: Page, name: str) -> None:
    page.locator(".submit-row").first.get_by_role("button", name=name, exact=True).click()


@pytest.mark.parametrize("language", ["en", "fr"])
def test_from_a_draft_to_readers_and_back(browser: Browser, live_server, language: str):
    say = WORDS[language]
    awa = signed_in(browser, live_server, language, "awa")
    awa.goto(f"/{language}/admin/sahel/event/add/")
    expect(awa.get_by_role("button", name=say["publish"], exact=True)).to_have_count(0)
    awa.locator(f"#id_title_{language}").fill(say["title"])
    awa.locator("#id_kind").select_option("attack")
    awa.locator("#id_status").select_option("happened")
    awa.locator("#id_date").fill(say["date"])
    expect(awa.locator(".field-reading .told")).to_have_text(say["read"])
    awa.locator("#id_date").fill("2012-03~")
    awa.locator("#id_date_basis").select_option("stated")
    awa.locator("#quotations-group .add-row a").click()
    choose(awa, "id_quotations-0-source", "a report", "A report")
    awa.locator("#id_quotations-0-exact").fill('"There is no rift – none."')
    expect(awa.locator("#quotations-0 .told")).to_contain_text(say["curly"])
    awa.locator("#id_quotations-0-exact").fill("“There is no rift – none.”")
    expect(awa.locator("#quotations-0 .told")).to_contain_text(say["verbatim"])
    awa.locator("#id_quotations-0-language").fill("en")
    press(awa, say["submit"])
    expect(awa.locator(".messagelist")).to_contain_text(say["waits"])

    event = Event.objects.get(kind="attack", **{f"title_{language}": say["title"]})
    address = f"/{language}/admin/sahel/event/{event.pk}/change/"
    issa = signed_in(browser, live_server, language, "issa")
    issa.goto(f"/{language}/admin/sahel/event/?todo=waiting")
    issa.get_by_role("link", name=say["title"]).click()
    shared = issa.locator("#shared").input_value()
    reader = browser.new_page()
    reader.goto(shared)
    expect(reader.locator(".preview")).to_contain_text(say["preview"])
    expect(reader.locator("blockquote")).to_have_text("“There is no rift – none.”")
    expect(issa.get_by_role("button", name=say["publish"], exact=True)).to_have_count(0)
    press(issa, say["approve"])
    event.refresh_from_db()
    assert event.approved_by.username == "issa"

    issa.goto(address)
    fatou = signed_in(browser, live_server, language, "fatou")
    fatou.goto(address)
    expect(fatou.locator(".others")).to_contain_text(say["opened"])
    press(fatou, say["publish"])
    expect(fatou.locator(".messagelist")).to_contain_text(say["public"])
    page = f"/{language}/events/{event.slug}/"
    reader.goto(f"{live_server.url}{page}")
    expect(reader.locator("h1")).to_contain_text(say["title"])
    issa.goto(address)  # who may look, and no more
    expect(issa.locator("#id_kind")).to_have_count(0)

    fatou.goto(address)
    fatou.locator("#id_why").fill("X.")
    press(fatou, say["withdraw"])
    reader.close()
    reader = browser.new_page()  # which has not kept the page for its ten seconds
    reader.goto(f"{live_server.url}{page}")
    expect(reader.locator("h1")).to_have_text(say["gone"])
    for each in (awa, issa, fatou, reader):
        each.close()


@pytest.mark.one_database
@pytest.mark.parametrize("language", ["en", "fr"])
def test_an_earlier_version_is_put_back_for_a_reason(browser: Browser, live_server, language: str):
    page = signed_in(browser, live_server, language, "fatou")
    event = Event.objects.get(slug="bounti-strike")
    address = f"/{language}/admin/sahel/event/{event.pk}"
    page.goto(f"{address}/change/")
    page.locator(f"#id_title_{language}").fill("X")
    page.locator("#id_why").fill("Y.")
    page.locator("[name=_save]").first.click()
    expect(page.locator(".messagelist .success")).to_have_count(1)
    page.goto(f"{address}/history/")
    expect(page.locator(".differences ins")).to_have_text("X")
    page.locator(".versions a").first.click()
    expect(page.locator(".differences del")).to_have_text("X")
    page.locator("#why").fill("Z.")
    page.locator("#content-main [type=submit]").click()
    expect(page.locator(".messagelist .success")).to_have_count(1)
    page.goto(f"/{language}/events/{event.slug}/")
    expect(page.locator("h1")).to_contain_text(
        event.title_fr if language == "fr" else event.title_en
    )
    expect(page.locator("#changes + .changes, .changes").first).to_contain_text("Z.")
    page.close()


@pytest.mark.one_database
def test_an_event_with_two_known_sources_and_a_new_one_takes_one_pop_up(
    browser: Browser, live_server
):
    page = signed_in(browser, live_server, "en", "fatou")
    page.goto("/en/admin/sahel/event/add/")
    opened = []
    page.context.on("page", lambda each: opened.append(each))
    page.locator("#id_title_en").fill("Three sources")
    page.locator("#id_kind").select_option("report")
    page.locator("#id_status").select_option("happened")
    page.locator("#id_date").fill("2022")
    page.locator("#id_date_basis").select_option("stated")
    known = (
        ("https://www.example.org/report/?utm_source=x", "A report"),
        (
            "andrewdoria.org, France is preparing to announce the withdrawal of military forces "
            "from Mali, 2022",
            "France is preparing",
        ),
    )
    for number in range(3):
        page.locator("#quotations-group .add-row a").click()
        row = f"id_quotations-{number}"
        page.locator(f"#{row}-language").fill("en")
        page.locator(f"#{row}-exact").fill("There is no rift – none." if number == 0 else "Words.")
        page.locator(f"#{row}-why_uncheckable_en").fill("Said on the radio." if number else "")
        if number < 2:
            choose(page, f"{row}-source", *known[number])
    with page.expect_popup() as waiting:
        page.locator("#add_id_quotations-2-source").click()
    popup = waiting.value
    popup.locator("#id_title").fill("A new source")
    popup.locator("#id_publisher").fill("Gazette")
    popup.locator("#id_language").fill("en")
    popup.locator("[name=_save]").click()
    expect(page.locator("#id_quotations-2-source + .select2")).to_contain_text("A new source")
    press(page, "Publish")
    expect(page.locator(".messagelist")).to_contain_text("Readers see it now.")
    event = Event.objects.get(title_en="Three sources")
    assert event.quotations.values("source").distinct().count() == 3
    assert len(opened) == 1
    page.close()


@pytest.mark.one_database
@pytest.mark.parametrize("language", ["en", "fr"])
def test_coordinates_are_taken_from_the_map_and_no_finer_than_a_click(
    browser: Browser, live_server, language: str
):
    page = signed_in(browser, live_server, language, "fatou")
    page.set_viewport_size({"width": 900, "height": 900})
    page.goto(f"/{language}/admin/sahel/place/add/")
    page.locator("#id_name_en").fill("Somewhere")
    page.locator("#id_kind").select_option("village")
    map_ = page.locator(".picker svg")
    map_.click()
    latitude = page.locator("#id_latitude")
    expect(latitude).to_have_value(re.compile(r"^15\.\d$"))
    expect(page.locator("#id_precision")).to_have_value("area")
    for _time in range(6):
        page.locator(".picker .zoom button").first.click()
    map_.focus()
    page.keyboard.press("ArrowUp")
    expect(latitude).to_have_value(re.compile(r"^15\.\d\d\d?$"))
    page.locator("[name=_save]").click()
    expect(page.locator(".messagelist .success")).to_have_count(1)
    place = Place.objects.get(name_en="Somewhere")
    assert (place.latitude > 15, place.precision) == (True, "area")
    page.close()
