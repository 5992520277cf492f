"""A reader at the timeline, in a real browser, with the article's own record."""

import re
from itertools import cycle

import pytest
from playwright.sync_api import Page, Route, expect

from sahel.filters import Filters
from sahel.models import Quotation
from sahel.views import PAGE
from tests.plain import matching

pytestmark = [pytest.mark.usefixtures("article"), pytest.mark.one_database]


def number(**filters) -> int:
    return matching(Filters(**filters)).count()


def expect_events(page: Page, count: int) -> None:
    """Expect that many events in all, and as many of them drawn as a page holds."""
    expect(page.locator("article.event")).to_have_count(min(count, PAGE))
    expect(page.locator("#count")).to_have_text(re.compile(rf"^{count} event"))


def test_the_bounti_strike_stands_with_both_sides_of_it(page: Page):
    page.goto("/en/events/bounti-strike/")
    expect(page.locator("h1")).to_contain_text("Bounti")
    words = page.locator(".quotation").all_inner_texts()
    assert any("killed 19 people and three gunmen" in text for text in words)
    assert any(
        "France disputed the findings" in text and "Denied or disputed by: France" in text
        for text in words
    )


def test_filter_by_actor_and_year_remove_a_chip_back_forward_reload(page: Page):
    everything = number()
    france, both = number(actor=("france",)), number(actor=("france",), year=("2021",))
    year = number(year=("2021",))
    assert len({everything, france, both, year}) == 4

    page.goto("/en/")
    expect_events(page, everything)
    page.get_by_role("checkbox", name=re.compile(r"^France \d+$")).check()
    expect_events(page, france)
    expect(page).to_have_url(re.compile(r"/en/\?actor=france$"))
    expect(page).to_have_title(re.compile("^France – "))

    page.get_by_role("checkbox", name=re.compile(r"^2021 \d+$")).check()
    expect_events(page, both)
    expect(page).to_have_url(re.compile(r"\?actor=france&year=2021$"))
    expect(page).to_have_title(re.compile("^France · 2021 – "))

    page.get_by_role("link", name="Actor France – remove this filter").click()
    expect_events(page, year)
    expect(page).to_have_url(re.compile(r"\?year=2021$"))
    expect(page.get_by_role("checkbox", name=re.compile(r"^France \d+$"))).not_to_be_checked()

    page.go_back()
    expect_events(page, both)
    expect(page.get_by_role("checkbox", name=re.compile(r"^France \d+$"))).to_be_checked()
    page.go_back()
    expect_events(page, france)
    page.go_forward()
    expect_events(page, both)
    page.reload()
    expect_events(page, both)
    expect(page.get_by_role("checkbox", name=re.compile(r"^2021 \d+$"))).to_be_checked()
    page.get_by_role("link", name="Clear").click()
    expect_events(page, everything)


def test_leaving_for_an_event_and_coming_back_keeps_the_selection(page: Page):
    page.goto("/en/?year=2021")
    count = number(year=("2021",))
    page.locator("article.event h3 a").first.click()
    expect(page.locator("h1")).to_be_visible()
    expect(page).to_have_url(re.compile("/en/events/"))
    page.go_back()
    expect_events(page, count)


def test_the_focus_stays_where_it_was(page: Page):
    page.goto("/en/")
    box = page.get_by_role("checkbox", name=re.compile(r"^France \d+$"))
    box.focus()
    page.keyboard.press("Space")
    expect_events(page, number(actor=("france",)))
    expect(page.get_by_role("checkbox", name=re.compile(r"^France \d+$"))).to_be_focused()
    page.get_by_role("link", name="Actor France – remove this filter").click()
    expect_events(page, number())
    expect(page.locator("#count")).to_be_focused()


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_moves_under_the_finger_when_a_filter_changes(page: Page, width):
    page.set_viewport_size({"width": width, "height": 740})
    page.goto("/en/")
    if width == 360:
        page.get_by_role("link", name="Filter", exact=True).click()
    for name, chosen in (("2021", {"year": ("2021",)}), ("Disputed", {"status": ("disputed",)})):
        box = page.get_by_role("checkbox", name=re.compile(rf"^{name} \d+$"))
        box.scroll_into_view_if_needed()
        box.hover()
        above = box.bounding_box()["y"]
        for state, count in (("check", number(**chosen)), ("uncheck", number())):
            getattr(box, state)()
            expect_events(page, count)
            assert abs(box.bounding_box()["y"] - above) <= 2, (name, state)


def test_the_keyboard_skips_the_filters(page: Page):
    page.goto("/en/")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="List", exact=True)).to_be_focused()


def test_a_day_that_does_not_exist_is_told_and_kept(page: Page):
    page.goto("/en/")
    page.locator("#from").fill("2021-06-31")
    page.keyboard.press("Enter")
    expect(page.locator(".refused")).to_contain_text("“2021-06-31” is no date")
    expect(page.locator("#from")).to_have_value("2021-06-31")
    expect_events(page, number())


def test_the_count_is_announced_in_a_region_that_stays(page: Page):
    page.goto("/en/")
    region = page.locator("#count").element_handle()
    for name in ("France", "Mali"):
        page.locator("#facets fieldset").first.get_by_role(
            "checkbox", name=re.compile(rf"^{name} \d+$")
        ).check()
        expect(page).to_have_url(re.compile(name.lower()))
    expect_events(page, number(actor=("france", "mali")))
    assert region.get_attribute("role") == "status"
    assert region.evaluate("node => node.isConnected")


def test_words_are_searched_as_they_are_typed(page: Page):
    page.goto("/en/")
    page.get_by_label("Words").press_sequentially("bounti", delay=30)
    expect_events(page, number(q="bounti"))
    expect(page).to_have_url(re.compile(r"\?q=bounti$"))
    expect(page.get_by_label("Words")).to_be_focused()
    page.get_by_role("link", name=re.compile("Words “bounti”")).click()
    expect(page.get_by_label("Words")).to_have_value("")


def test_a_choice_is_found_by_its_name_among_many(page: Page):
    page.goto("/en/")
    everything = number()
    choice = page.get_by_role("checkbox", name=re.compile(r"^Barkhane \d+$"))
    expect(choice).to_be_hidden()
    box = page.get_by_label("Find an actor, a place or a source among the filters")
    box.press_sequentially("barkh")
    expect(choice).to_be_visible()
    expect(page.get_by_role("checkbox", name=re.compile(r"^France \d+$"))).to_have_count(0)
    expect(box).to_be_focused()
    expect(page).to_have_url(re.compile(r"/en/\?find=barkh$"))
    expect_events(page, everything)
    choice.check()
    expect_events(page, number(actor=("barkhane",)))
    expect(box).to_have_value("barkh")
    page.get_by_role("link", name="Clear").click()
    expect(box).to_have_value("")
    expect_events(page, everything)


def test_a_choice_is_left_out_with_the_minus_beside_it(page: Page):
    page.goto("/en/")
    page.get_by_role("link", name="Leave out France", exact=True).click()
    expect_events(page, number(actor=("-france",)))
    expect(page).to_have_url(re.compile(r"\?actor=-france$"))
    expect(page.get_by_role("checkbox", name=re.compile(r"^not France \d+$"))).to_be_checked()


def test_the_order_is_kept_when_a_filter_changes_and_the_other_way_round(page: Page):
    page.goto("/en/")
    page.get_by_role("link", name="Newest first").click()
    expect(page).to_have_url(re.compile(r"\?order=newest$"))
    page.get_by_role("checkbox", name=re.compile(r"^France \d+$")).check()
    expect(page).to_have_url(re.compile(r"\?actor=france&order=newest$"))
    page.get_by_role("link", name="Oldest first").click()
    expect(page).to_have_url(re.compile(r"\?actor=france$"))
    page.get_by_role("checkbox", name=re.compile(r"^2021 \d+$")).check()
    expect(page).to_have_url(re.compile(r"\?actor=france&year=2021$"))


def test_quick_clicks_on_a_slow_line_add_up(page: Page):
    def late(route: Route) -> None:
        page.wait_for_timeout(700)
        route.continue_()

    page.goto("/en/?actor=france&year=2021")
    page.route("**/en/*", late)
    page.get_by_role("link", name="Actor France – remove this filter").click()
    page.get_by_role("link", name="Year 2021 – remove this filter").click()
    expect_events(page, number())
    expect(page).to_have_url(re.compile("/en/$"))


def test_going_back_while_an_answer_is_awaited_gives_the_page_of_the_address(page: Page):
    waiting: list[Route] = []
    page.goto("/en/")
    page.get_by_role("checkbox", name=re.compile(r"^France \d+$")).check()
    expect_events(page, number(actor=("france",)))
    page.route("**/en/?actor=france&year=2021", lambda route: waiting.append(route))
    page.get_by_role("checkbox", name=re.compile(r"^2021 \d+$")).check()
    expect(page.locator("#loading")).to_be_visible()
    page.go_back()
    expect_events(page, number())
    expect(page).to_have_url(re.compile("/en/$"))


def test_a_date_that_cannot_be_read_is_told(page: Page):
    page.goto("/en/")
    page.locator("#to").fill("August 2020")
    page.get_by_role("checkbox", name=re.compile(r"^France \d+$")).check()
    expect(page.locator("#to")).to_be_focused()
    assert page.evaluate("document.querySelector('#to').matches(':invalid')")
    page.locator("#to").fill("2020-08")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"\?actor=france&to=2020-08$"))


def test_a_range_that_was_turned_round_is_shown_as_it_was_read(page: Page):
    page.goto("/en/")
    page.locator("#from").fill("2021")
    page.locator("#to").fill("2020")
    page.keyboard.press("Enter")
    expect(page.locator("#from")).to_have_value("2020")
    page.locator("#q").focus()


def test_without_javascript_everything_works_through_links_and_the_form(no_js_page: Page):
    page = no_js_page
    page.goto("/en/")
    page.get_by_role("checkbox", name=re.compile(r"^France \d+$")).check()
    page.get_by_role("checkbox", name=re.compile(r"^2021 \d+$")).check()
    page.get_by_role("button", name="Show").click()
    both = number(actor=("france",), year=("2021",))
    expect_events(page, both)
    page.get_by_role("link", name="Actor France – remove this filter").click()
    expect_events(page, number(year=("2021",)))
    page.go_back()
    expect_events(page, both)
    page.get_by_role("link", name="Newest first").click()
    expect_events(page, both)
    page.get_by_role("link", name="Français").click()
    expect(page).to_have_url(re.compile(r"/fr/\?actor=france&year=2021&order=newest$"))
    expect(page.locator("article.event")).to_have_count(both)


def test_without_javascript_the_figures_lead_on(no_js_page: Page):
    page = no_js_page
    page.goto("/en/actors/france/?year=2021")
    page.get_by_role("link", name="By actor").click()
    expect(page).to_have_url(re.compile(r"/en/lanes/\?actor=france&year=2021$"))
    page.get_by_text("As a table").click()
    page.get_by_role("row").get_by_role(
        "link", name=re.compile("air strike at Bounti")
    ).first.click()
    expect(page.locator("h1")).to_contain_text("Bounti")
    page.goto("/en/map/")
    page.locator(".map a").filter(has_text="Bounti").click()
    expect(page).to_have_url(re.compile(r"/en/map/\?place=bounti#selection$"))
    page.get_by_role("link", name="By period").click()
    page.get_by_role("row").get_by_role("link", name=re.compile("^January.* 2021")).click()
    expect_events(page, number(place=("bounti",), since="2021-01", until="2021-03"))


def test_the_keyboard_reaches_every_mark_and_every_place(page: Page):
    page.goto("/en/lanes/?year=2021")
    marks = page.locator(".lanes svg[role=group]").first.locator("a")
    marks.first.focus()
    for place in range(1, marks.count()):
        page.keyboard.press("Tab")
        expect(marks.nth(place)).to_be_focused()
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/en/events/"))
    page.goto("/en/map/")
    page.locator(".map a").filter(has_text="Bounti").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/en/map/\?place=bounti#selection$"))


def test_a_page_asks_for_nothing_that_a_reader_can_do_without(page: Page):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.rpartition(".")[2]))
    page.set_extra_http_headers({"Save-Data": "on"})
    page.goto("/en/")
    page.wait_for_load_state("networkidle")
    assert sorted(asked[1:]) == ["css", "js", "js", "svg"]  # the svg is the site's icon


def test_without_javascript_a_phone_opens_the_filters(no_js_page: Page):
    no_js_page.set_viewport_size({"width": 360, "height": 740})
    no_js_page.goto("/en/")
    box = no_js_page.get_by_role("checkbox", name=re.compile(r"^France \d+$"))
    expect(box).not_to_be_visible()
    no_js_page.get_by_role("link", name="Filter", exact=True).click()
    expect(box).to_be_visible()


def test_the_language_follows_the_filters(page: Page):
    page.goto("/en/")
    page.get_by_role("checkbox", name=re.compile(r"^France \d+$")).check()
    expect_events(page, number(actor=("france",)))
    page.get_by_role("link", name="Français").click()
    expect(page).to_have_url(re.compile(r"/fr/\?actor=france$"))
    expect(page.locator("html")).to_have_attribute("lang", "fr")


def test_a_failed_request_says_so_and_keeps_the_page(page: Page, faults: list[str]):
    page.goto("/en/")
    page.route("**/en/?*", lambda route: route.abort())
    page.get_by_role("checkbox", name=re.compile(r"^France \d+$")).check()
    expect(page.get_by_role("alert")).to_contain_text("The answer did not arrive")
    expect(page.locator("article.event")).to_have_count(PAGE)
    assert faults
    faults.clear()
    page.unroute("**/en/?*")
    page.get_by_role("link", name="try again").click()
    expect_events(page, number(actor=("france",)))


def test_a_slow_answer_shows_that_it_is_awaited(page: Page):
    waiting: list[Route] = []
    page.goto("/en/")
    page.route("**/en/?*", lambda route: waiting.append(route))
    page.get_by_role("checkbox", name=re.compile(r"^France \d+$")).check()
    expect(page.locator("#loading")).to_be_visible()
    expect(page.locator("#results")).to_have_attribute("aria-busy", "true")
    waiting[0].continue_()
    expect_events(page, number(actor=("france",)))
    expect(page.locator("#loading")).not_to_be_visible()


def test_nothing_is_left_in_the_browser(page: Page):
    page.goto("/en/")
    page.get_by_role("checkbox", name=re.compile(r"^France \d+$")).check()
    expect_events(page, number(actor=("france",)))
    assert page.context.cookies() == []
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]


def test_nothing_stands_in_the_way_of_assistive_technology(page: Page, axe, faults):
    paths = [
        "?year=2020",
        "?actor=france&year=-2021&q=bamako",
        "?actor=framce",
        "histogram/?actor=france",
        "lanes/?year=2021",
        "map/?place=mali",
        "events/bounti-strike/",
        "quotations/QUOTATION/",
        "actors/",
        "actors/assimi-goita/",
        "places/bounti/",
        "sources/",
        "sources/guardian-retranslated-2022/?year=2020",
        "about/",
        "changes/",
        "data/?actor=france",
        "api/",
        "cite/?actor=france",
        "quotations/fa26f2510208ad31/",
        "offline/",
        "nowhere/",
    ]
    # Both languages have the same templates: each page is looked at in one of them.
    for path, language in zip(paths, cycle(["en", "fr"]), strict=False):
        key = Quotation.objects.first().key
        page.goto(f"/{language}/{path.replace('QUOTATION', key)}")
        page.emulate_media(color_scheme="light")
        assert axe(page) == [], path
        page.emulate_media(color_scheme="dark")
        assert axe(page, "color-contrast") == [], path
    faults.clear()  # the browser reports the page that is not there


def test_a_bar_of_the_histogram_narrows_the_time_and_opens_it_again(page: Page):
    page.goto("/en/?actor=france")
    bar = page.locator(".histogram a").filter(has_text="January–March 2021")
    bar.click()
    expect(page).to_have_url(re.compile(r"actor=france&from=2021-01&to=2021-03$"))
    expect_events(page, number(actor=("france",), since="2021-01", until="2021-03"))
    expect(page.locator("#from")).to_have_value("2021-01")
    months = page.locator(".histogram a.selected")
    expect(months).to_have_count(3)


def test_a_bar_is_a_plain_link_without_javascript(no_js_page: Page):
    no_js_page.goto("/en/")
    no_js_page.locator(".histogram a").filter(has_text="January–March 2021").click()
    expect(no_js_page).to_have_url(re.compile(r"/en/\?from=2021-01&to=2021-03$"))


def test_lanes_and_map_keep_the_selection_and_lead_on(page: Page):
    page.goto("/en/?year=2021")
    page.get_by_role("link", name="By actor").click()
    expect(page).to_have_url(re.compile(r"/en/lanes/\?year=2021$"))
    page.get_by_role("checkbox", name=re.compile(r"^France \d+$")).check()
    expect(page).to_have_url(re.compile(r"/en/lanes/\?actor=france&year=2021$"))
    page.get_by_role("link", name="Map", exact=True).click()
    expect(page).to_have_url(re.compile(r"/en/map/\?actor=france&year=2021$"))
    page.locator(".ranked").get_by_role("link", name="Mali", exact=True).click()
    expect(page.locator("#chips")).to_contain_text("Mali")
    page.get_by_role("link", name="List", exact=True).click()
    expect_events(page, number(actor=("france",), year=("2021",), place=("mali",)))


def test_the_keyboard_goes_from_event_to_event(page: Page):
    page.goto("/en/")
    titles = page.locator(".event h3 a")
    for key, place in (("ArrowDown", 0), ("ArrowDown", 1), ("ArrowDown", 2), ("ArrowUp", 1)):
        page.keyboard.press(f"Alt+{key}")
        expect(titles.nth(place)).to_be_focused()


def test_the_layout_mirrors_for_a_script_written_from_right_to_left(page: Page):
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        for path in ("/en/", "/en/events/bounti-strike/", "/en/lanes/", "/en/map/"):
            page.goto(path)
            page.evaluate("document.documentElement.dir = 'rtl'")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    page.goto("/en/")
    left = page.evaluate(
        """() => [".panel", ".found", ".languages"].map(
            (part) => document.querySelector(part).getBoundingClientRect().left)"""
    )
    page.evaluate("document.documentElement.dir = 'rtl'")
    panel, found, languages = page.evaluate(
        """() => [".panel", ".found", ".languages"].map(
            (part) => document.querySelector(part).getBoundingClientRect().left)"""
    )
    assert left[0] < left[1]
    assert panel > found
    assert languages < left[2]


def test_pages_are_kept_for_reading_offline_only_where_it_is_asked_for(page: Page, faults):
    page.goto("/en/actors/france/")
    page.goto("/en/offline/")
    expect(page.locator("#offline")).to_have_text("Nothing is kept on this device.")
    assert page.evaluate("caches.keys()") == []
    page.get_by_role("button", name="Keep the pages I read").click()
    expect(page.locator("#offline")).to_have_text("Pages that you read are kept on this device.")
    page.goto("/en/actors/mali/")
    expect(page.locator("#stored")).to_be_hidden()
    page.context.set_offline(True)
    page.goto("/en/actors/mali/")
    expect(page.locator("#stored")).to_contain_text("There is no connection")
    expect(page.locator("h1")).to_have_text("Mali")
    page.goto("/en/actors/france/")  # read before it was asked for that pages be kept
    expect(page.locator("h1")).to_have_text("Read offline")
    expect(page.locator("#kept-pages")).to_contain_text("/en/actors/mali/")
    page.context.set_offline(False)
    page.goto("/en/actors/mali/")
    expect(page.locator("#stored")).to_be_hidden()
    page.goto("/en/offline/")
    page.get_by_role("button", name="Keep nothing").click()
    expect(page.locator("#offline")).to_have_text("Nothing is kept on this device.")
    assert page.evaluate("caches.keys()") == []
    faults.clear()  # the browser reports what did not arrive


def test_no_page_scrolls_sideways(page: Page):
    for path in [
        "",
        "events/bounti-strike/",
        "actors/france/",
        "places/",
        "sources/",
        "sources/guardian-retranslated-2022/",
        "about/",
        "changes/",
        "data/?actor=france",
        "api/",
        "cite/?actor=france",
        "quotations/fa26f2510208ad31/",
        "histogram/",
        "lanes/",
        "map/",
    ]:
        for language in ("en", "fr"):
            page.goto(f"/{language}/{path}")
            for width in (320, 360, 768, 1280):
                page.set_viewport_size({"width": width, "height": 800})
                wide = page.evaluate("document.documentElement.scrollWidth")
                assert wide <= width, (path, language)
