"""TimelineJS itself, on a page of another site, draws the file that we give."""

import json
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import quote

import pytest
from django.core.management import call_command
from playwright.sync_api import Browser, Page, expect

from sahel.models import Event, Quotation
from tests.factories import make_actor, make_event, make_source
from tests.machine import timelinejs

pytestmark = [
    pytest.mark.one_database,
    pytest.mark.skipif(not timelinejs(), reason="TIMELINEJS names no folder of it"),
]

# Left to itself it would ask its makers' server for fonts and languages.
PAGE = """<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Elsewhere</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="/css/timeline.css">
<style>html, body, #timeline {{ margin: 0; height: 100% }}</style>
<div id="timeline"></div><script src="/js/timeline.js"></script><script>
  const options = {{ font: null, language: "{language}", script_path: location.origin + "/js/" }};
  const timeline = new TL.Timeline("timeline", {address}, options);
</script></html>"""


@pytest.fixture
def draw(browser: Browser, live_server):
    """Give a function that lets TimelineJS draw what an address gives, and watches it."""
    shown: list[str] = []
    faults: list[str] = []

    class Elsewhere(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/page":
                self.send_response(200)
                self.end_headers()
                self.wfile.write(shown[0].encode())
            else:
                super().do_GET()

        def log_message(self, *words: object) -> None:
            pass

    # As another host: the live server's is "localhost".
    handler = partial(Elsewhere, directory=str(timelinejs()))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    home = f"http://127.0.0.1:{server.server_port}"
    known = f"{home}/", f"{live_server.url}/", "data:"
    context = browser.new_context()
    context.on("console", lambda said: said.type == "error" and faults.append(said.text))
    context.on("weberror", lambda error: faults.append(str(error.error)))
    context.on("dialog", lambda dialog: (faults.append(dialog.message), dialog.dismiss()))
    context.on(
        "request", lambda asked: asked.url.startswith(known) or faults.append(f"asks {asked.url}")
    )

    def drawn(path: str) -> Page:
        address = json.dumps(f"{live_server.url}{path}")
        shown[:] = [PAGE.format(language=path[1:3], address=address)]
        page = context.new_page()
        page.goto(f"{home}/page")
        expect(page.locator(".tl-slide-titleslide .tl-headline")).to_be_visible()
        return page

    yield drawn
    context.close()
    server.shutdown()
    server.server_close()
    assert faults == []


def slide(page: Page, event: Event):
    """Go to an event's slide, and give it."""
    page.evaluate("slug => timeline.goToId(slug)", event.slug)
    return page.locator(f"[id={event.slug}]")


def test_every_selected_event_has_a_slide_in_the_readers_language(draw):
    call_command("load", verbosity=0)
    strike, events = Event.objects.get(slug="bounti-strike"), Event.objects.published().count()
    said = {
        "en": ("3 January 2021 – Disputed", "Claimed by: United Nations, with local"),
        "fr": ("3 janvier 2021 – Contesté", "Affirmé par : Organisation des Nations unies, avec"),
    }
    for language, (date, caption) in said.items():
        page = draw(f"/{language}/events.timelinejs.json")
        expect(page.locator(".tl-slide")).to_have_count(events + 1)
        expect(page.locator(".tl-timemarker")).to_have_count(events)
        shown = slide(page, strike)
        expect(shown.locator(".tl-headline-date")).to_have_text(date)
        expect(shown.locator(".tl-caption")).to_contain_text(caption)
        denied, claimed = shown.locator("blockquote").all()
        expect(claimed).to_contain_text("An airstrike on the village of Bounti")
        expect(denied).to_contain_text("Still, France disputed the findings")
    page = draw("/en/events.timelinejs.json?kind=strike")
    expect(page.locator(".tl-slide")).to_have_count(2)


def test_a_date_is_drawn_over_the_days_it_may_lie_in_and_said_in_words(draw):
    dates = {
        "2013~": ("about 2013", True),
        "2021": ("2021", True),
        "2021-01": ("January 2021", True),
        "2021-01-03~": ("about 3 January 2021", False),
        "2021-01-03": ("3 January 2021", False),
        "2021/2022-02": ("2021 – February 2022", True),
        "2022-02-17/..": ("from 17 February 2022 on", False),
        "../2026": ("by 2026", True),
    }
    events = {date: make_event(f"It was {date}", date) for date in dates}
    page = draw("/en/events.timelinejs.json")
    for date, (words, lasts) in dates.items():
        slug = events[date].slug
        assert page.locator(f"[id={slug}] .tl-headline-date").text_content() == words
        marker = page.locator(f"[id={slug}-marker]")
        assert ("tl-timemarker-with-end" in marker.get_attribute("class")) is lasts


def test_a_quotation_leads_to_where_it_is_checked(draw, live_server):
    event = make_event(words="Les « forces » l’ont dit.", speaker=make_actor("France"))
    shown = slide(draw("/en/events.timelinejs.json"), event)
    expect(shown.locator("blockquote")).to_have_text("Les « forces » l’ont dit.")
    expect(shown.locator(".tl-caption")).to_have_text("Reported by: France")
    expect(shown.locator(".tl-credit")).to_have_text("Gazette, verbatim")
    key = Quotation.objects.get().key
    link = shown.get_by_role("link", name="verbatim")
    assert link.get_attribute("href") == f"{live_server.url}/en/quotations/{key}/"


HOSTILE = (
    "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> "
    "www.x'onmouseover='alert(3)'style='position:fixed;inset:0 &lt;svg onload=alert(4)&gt;"
)


def test_what_somebody_typed_runs_nothing(draw):
    source = make_source(title=HOSTILE)
    event = make_event(HOSTILE, words=HOSTILE, summary_en=HOSTILE, source=source, slug="hostile")
    page = draw(f"/en/events.timelinejs.json?q={quote(HOSTILE[28:56])}")
    expect(page.locator(".tl-headline-title")).to_contain_text("<img src=x onerror=alert(2)>")
    shown = slide(page, event)
    expect(shown.locator("blockquote")).to_have_text(HOSTILE)
    expect(shown.locator(".tl-credit cite")).to_have_text(HOSTILE)
    assert shown.locator(".tl-headline").text_content() == HOSTILE
    assert page.locator("[id=hostile-marker] .tl-headline").text_content() == HOSTILE
    expect(shown.locator("script, img, svg, [onmouseover], [style*=fixed]")).to_have_count(0)


def test_a_quotation_that_names_other_sites_stays_a_quotation(draw):
    words = [
        "It is at youtu.be/a and Youtube",
        "in documentcloud.org/a and report.pdf",
        "said imgur.com/a of that",
        "on spotify, in an iframe",
        "see google.com/maps/@1,2 of google.com/maps/@1,2",
        "Was it a.jpg? or b.webp? or c.gif?",
    ]
    events = [make_event(words=each) for each in words]
    page = draw("/en/events.timelinejs.json")
    for event, each in zip(events, words, strict=True):
        expect(slide(page, event).locator("blockquote")).to_have_text(each)
