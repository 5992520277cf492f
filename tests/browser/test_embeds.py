"""Frames on a page of another site, in a real browser."""

import json
import re
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Page, expect

from sahel import caching
from sahel.models import Quotation
from tests.factories import make_event

pytestmark = pytest.mark.one_database

LISTENS = """<!DOCTYPE html><html lang="en"><title>Elsewhere</title><script>
  const told = [];
  addEventListener("message", ({ data }) => told.push(data));
</script>"""


@pytest.fixture(autouse=True)
def strike(_database):
    make_event("Air strike", slug="strike", actors=("France",), words="It was said. " * 30)
    Quotation.objects.update(key="words")


@pytest.fixture
def elsewhere(live_server):
    """Give a function that puts frames of our addresses on a page of another site."""
    shown: list[str] = []

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(shown[0].encode() if self.path == "/page" else b"")

        def log_message(self, *words: object) -> None:
            pass

    # As another host: the live server's is "localhost".
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    Thread(target=server.serve_forever, daemon=True).start()

    def put(*paths: str, attributes: str = "") -> str:
        home = live_server.url
        frames = [
            f'<iframe id="f{number}" src="{home}{path}" title="{path}" {attributes}></iframe>'
            for number, path in enumerate(paths)
        ]
        shown[:] = [LISTENS + "".join(frames)]
        return f"http://127.0.0.1:{server.server_port}/page"

    yield put
    server.shutdown()
    server.server_close()


def title_in(page: Page, number: int):
    return page.frame_locator(f"#f{number}").get_by_role("heading", level=1)


def test_another_site_shows_a_frame_but_no_page(page: Page, elsewhere, faults):
    paths = [
        "/en/embed/events/strike/",
        "/en/events/strike/",
        "/en/embed/make/",
        "/en/admin/login/",
    ]
    page.goto(elsewhere(*paths))
    expect(title_in(page, 0)).to_have_text("Air strike")
    page.wait_for_load_state("networkidle")
    for number in (1, 2, 3):
        assert page.query_selector(f"#f{number}").content_frame().url.startswith("chrome-error")
    assert sum("frame-ancestors" in fault or "X-Frame-Options" in fault for fault in faults) >= 3
    faults.clear()


def test_a_frame_stands_when_it_is_asked_for_again(page: Page, elsewhere, faults, monkeypatch):
    """It has not changed: the browser keeps what it has, and the policy with it."""
    monkeypatch.setattr(caching, "PUBLIC", "no-cache")
    address = elsewhere("/en/embed/events/strike/")
    for _ in range(3):
        page.goto(address)
        expect(title_in(page, 0)).to_have_text("Air strike")
    assert not any("frame-ancestors" in fault for fault in faults)
    faults.clear()


def test_a_frame_speaks_the_readers_language_where_none_is_given(new_context, elsewhere, faults):
    page = new_context(locale="fr").new_page()
    page.goto(elsewhere("/embed/events/strike/"))
    footer = page.frame_locator("#f0").locator("footer")
    expect(footer).to_contain_text("Chronologie du Sahel")
    assert not any("frame-ancestors" in fault for fault in faults)
    faults.clear()


def test_a_frame_stands_in_a_sandbox(page: Page, elsewhere, faults):
    """That is where blogs put the frames of sites they do not know."""
    page.goto(elsewhere("/en/embed/events/strike/", attributes='sandbox="allow-scripts"'))
    expect(title_in(page, 0)).to_have_css("font-weight", "600")
    page.wait_for_function("told.length > 0")
    faults.clear()


def test_a_frame_tells_how_high_it_is(page: Page, elsewhere, faults, live_server):
    page.goto(elsewhere("/en/embed/events/strike/"))
    page.wait_for_function("told.length > 0")
    told = json.loads(page.evaluate("told.at(-1)"))
    assert told["context"] == "iframe.resize"
    assert told["src"] == f"{live_server.url}/en/embed/events/strike/"
    frame = page.query_selector("#f0").content_frame()
    assert told["height"] == frame.evaluate("document.documentElement.scrollHeight") > 150
    page.frame_locator("#f0").locator("summary").click()
    page.wait_for_function(f"JSON.parse(told.at(-1)).height > {told['height']}")
    faults.clear()


def test_what_a_frame_links_to_opens_outside_of_it(page: Page, elsewhere, faults, live_server):
    page.goto(elsewhere("/en/embed/events/strike/"))
    with page.expect_popup() as opened:
        title_in(page, 0).get_by_role("link").press("Enter")
    expect(opened.value).to_have_url(f"{live_server.url}/en/events/strike/")
    assert opened.value.evaluate("opener") is None
    faults.clear()


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("width", [320, 1280])
def test_frames_and_their_maker_are_accessible(page: Page, axe: Callable, language, width):
    page.set_viewport_size({"width": width, "height": 600})
    frames = ["events/strike/", "quotations/words/", "actors/france/", "?actor=france"]
    for path in [*frames, f"make/?url=/{language}/events/strike/", "make/?url=nowhere"]:
        page.goto(f"/{language}/embed/{path}")
        page.emulate_media(color_scheme="light")
        assert axe(page) == [], path
        page.emulate_media(color_scheme="dark")
        assert axe(page, "color-contrast") == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


@pytest.mark.parametrize(("theme", "paper"), [("light", (251, 247, 239)), ("dark", (21, 19, 15))])
def test_the_chosen_colours_win_over_the_devices(page: Page, theme, paper):
    page.emulate_media(color_scheme="dark" if theme == "light" else "light")
    page.goto(f"/en/embed/events/strike/?theme={theme}")
    expect(page.locator("html")).to_have_css("background-color", "rgb({}, {}, {})".format(*paper))


def test_a_frame_reads_without_javascript(no_js_page: Page, elsewhere, faults):
    no_js_page.goto(elsewhere("/en/embed/actors/france/"))
    expect(title_in(no_js_page, 0)).to_have_text("France")
    faults.clear()


def test_the_code_is_chosen_seen_and_copied(page: Page, live_server):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/en/events/strike/")
    page.get_by_role("link", name="Show this on another site").click()
    page.get_by_role("radio", name="dark").check()
    page.get_by_role("button", name="Show").click()
    shown = page.frame_locator("#shown")
    expect(shown.get_by_role("heading", level=1)).to_have_text("Air strike")
    expect(page.locator("#fits")).to_have_text(re.compile(r"\d{3}$"))
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f'<iframe src="{live_server.url}/en/embed/events/strike/?theme=dark"')


def test_the_code_is_chosen_without_javascript(no_js_page: Page):
    no_js_page.goto("/en/embed/make/?url=/en/%3Factor=france")
    no_js_page.get_by_role("radio", name="Français").check()
    no_js_page.get_by_role("button", name="Show").click()
    expect(no_js_page.locator("#snippet")).to_have_value(re.compile(r"/fr/embed/\?actor=france"))
    expect(no_js_page.get_by_role("button", name="Copy")).to_be_hidden()
