"""A reader with the archive: a folder on a disk, or on any server of files."""

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core.management import call_command
from django.utils.translation import gettext, override
from playwright.sync_api import Browser, expect

from tests.test_archive import archived

pytestmark = pytest.mark.one_database


@pytest.fixture
def folder(shared):
    call_command("load", verbosity=0)
    return archived(shared)


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing of it."""

    def log_message(self, *_args):
        pass


def look_around(browser: Browser, base: str) -> None:
    """Go through both languages from the first page; nothing may fail or be complained of."""
    faults: list[str] = []
    page = browser.new_page()
    page.on("console", lambda message: faults.append(message.text))
    page.on("requestfailed", lambda request: faults.append(request.url))
    page.on("response", lambda answer: answer.status < 400 or faults.append(answer.url))
    page.on("request", lambda asked: asked.url.startswith(base) or faults.append(asked.url))
    page.goto(f"{base}/index.html")
    page.get_by_role("link", name="English").click()
    for language, following, actors in (
        ("en", "Following events", "Actors"),
        ("fr", "Événements suivants", "Acteurs"),
    ):
        expect(page.locator("article.event")).to_have_count(25)
        expect(page.locator("body")).to_have_css("display", "flex")  # the style sheet is there
        page.get_by_role("link", name=following).click()
        expect(page.locator("article.event")).to_have_count(25)
        page.locator(".event h3 a").last.click()
        expect(page.locator("h1")).to_be_visible()
        page.locator(".crumb a").click()
        expect(page.locator("article.event:target")).to_be_in_viewport()
        page.locator(".event h3 a").first.click()
        page.locator(".quotation .checked").first.click()
        expect(page.locator("dl.facts .hash")).to_be_visible()
        page.get_by_role("link", name=actors, exact=True).first.click()
        page.get_by_role("link", name="France", exact=True).click()
        expect(page.locator("article.event").first).to_be_visible()
        page.locator(".order a").click()
        with override(language):
            expect(page.locator("h1")).to_have_text(gettext("About this archive"))
        page.locator(".masthead .name a").click()
        page.locator(".shelves").get_by_role("link", name="2021").click()
        expect(page.locator("#count")).to_contain_text("26")
        page.locator(".masthead .name a").click()
        page.locator("#languages a").click()
    page.close()
    assert faults == []


def test_a_reader_finds_everything_in_the_folder_and_on_any_server_of_files(browser, folder):
    look_around(browser, folder.as_uri())
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        look_around(browser, f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
