"""`make screenshots`: how the pages look, in both languages, light and dark, wide, narrow, printed.

Some are also taken as a script that runs from right to left would have them, and in the colours
that a reader forces on all pages.

They are written to var/screenshots/, to be looked at; what is wider than its window is named. Those
of the editors' guide are written to static/editing/, of which the guide shows them.
"""

import base64
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

from django_otp.oath import totp
from playwright.sync_api import Browser, sync_playwright

from benchmarks.bench import collect, environment, stop_cleanly
from benchmarks.served import ROOT, ours, serving
from tests.machine import chromium

FOLDER = ROOT / "var" / "screenshots"
PAGES = {  # by the name of the picture
    "timeline": "",
    "newest": "?order=newest",
    "filtered": "?actor=france&year=2021&status=-planned",
    "disputed": "?status=disputed",
    "empty": "?actor=france&kind=nothing",
    "event": "events/bounti-strike/",
    "actor": "actors/france/",
    "actors": "actors/",
    "place": "places/mali/",
    "source": "sources/guardian-retranslated-2022/",
    "quotation": "quotations/fa26f2510208ad31/",
    "changes": "changes/",
    "histogram": "histogram/?actor=france",
    "lanes": "lanes/?year=2021",
    "lanes-of-one": "lanes/?actor=jnim",
    "map": "map/",
    "map-of-mali": "map/?place=mali",
    "about": "about/",
    "data": "data/?actor=france",
    "api": "api/",
    "offline": "offline/",
    "missing": "no/such/page/",
}
ALSO_TURNED = "timeline", "event", "lanes", "map"
WIDTHS = 360, 768, 1280
SCHEMES = "light", "dark"
GUIDE = ROOT / "static" / "editing"
PASS = "a long pass phrase"  # noqa: S105 - of an account that is gone with its folder
# An event as somebody would begin it; the quotation has an apostrophe that the source has not.
TITLES = {"en": "Support for a withdrawal grows", "fr": "Le soutien à un retrait grandit"}
WORDED = {"en": "about 2021", "fr": "vers 2021"}
TYPED = "popular support in the Sahel for the withdrawal of France's Barkhane military force"
# A spreadsheet of which one date is none.
SHEET = """title_en;title_fr;kind;date;places;actors
Coup in Bamako;Coup d’État à Bamako;coup;2020-08-18;Bamako;
A second coup;Un second coup d’État;coup;2021-13;Bamako;Assimi Goïta
Protests in Bamako;Manifestations à Bamako;protest;about 2021;Bamako;
"""
# What can be checked needs a text: all that is quoted of the article.
QUOTED_TEXT = """
from sahel.models import Quotation, Source, SourceText
source = Source.objects.get(title__startswith="France is preparing")
quoted = Quotation.objects.filter(source=source).order_by("start").values_list("exact", flat=True)
SourceText.objects.create(source=source, text="\\n\\n".join(dict.fromkeys(quoted)))
"""
LANGUAGES = "en", "fr"
BLURRED = """document.querySelectorAll(".qr, .key")
.forEach(each => { each.style.filter = "blur(4px)" })"""


def main() -> None:
    """Take all pictures of the record that the fixtures hold."""
    if not (program := chromium()):
        sys.exit("No Chromium was found; name it: CHROMIUM=/path/to/chromium make screenshots")
    stop_cleanly()
    FOLDER.mkdir(parents=True, exist_ok=True)
    with serving_the_fixtures() as base, browsing(program) as browser:
        illustrate(browser, base)
        take(browser, base)


@contextmanager
def serving_the_fixtures() -> Iterator[str]:
    """Serve the record that the fixtures hold, as `make run` does; give its address."""
    with tempfile.TemporaryDirectory(prefix="sahel-fixtures-") as data:
        folder = Path(data)
        collect(folder)
        settings = environment(folder, DATABASE_URL=f"sqlite:///{folder / 'sahel.sqlite3'}")
        for command in (["migrate", "--verbosity=0"], ["load"]):
            command = [sys.executable, "manage.py", *command]
            subprocess.run(command, cwd=ROOT, env=settings, check=True)
        editor = [sys.executable, "manage.py", "editor", "amina"]
        subprocess.run(editor, cwd=ROOT, env=settings, input=f"{PASS}\n", text=True, check=True)
        shell = [sys.executable, "manage.py", "shell", "--verbosity=0", "--command", QUOTED_TEXT]
        subprocess.run(shell, cwd=ROOT, env=settings, check=True)
        with serving(ours(), settings) as server:
            yield f"http://127.0.0.1:{server.port}"


@contextmanager
def browsing(program: str) -> Iterator[Browser]:
    """Give the browser of that program."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


def illustrate(browser: Browser, base: str) -> None:
    """Take the pictures of the editors' guide, as an editor goes through it."""
    GUIDE.mkdir(exist_ok=True)
    codes: list[str] = []
    for language in LANGUAGES:
        page = browser.new_page(viewport={"width": 1000, "height": 640}, color_scheme="light")
        admin = f"{base}/{language}/admin"

        def keep(name: str, of: Any = None, page: Any = page, language: str = language) -> None:
            (of or page).screenshot(path=GUIDE / f"{name}-{language}.png")

        page.goto(f"{admin}/")
        page.fill("#id_username", "amina")
        page.fill("#id_password", PASS)
        page.click("#login-form [type=submit]")
        page.wait_for_selector("#id_code")
        if not codes:  # the second step is set up first; its page is the same in each language
            for other in LANGUAGES:
                page.goto(page.url.replace(f"/{language}/admin/", f"/{other}/admin/"))
                page.evaluate(BLURRED)  # nobody is to scan a picture of a picture
                keep("second-step", page.locator("#content"), language=other)
            page.goto(page.url.replace(f"/{other}/admin/", f"/{language}/admin/"))
            key = page.locator(".key code").inner_text().replace(" ", "")
            page.fill("#id_code", f"{totp(base64.b32decode(key)):06}")
            page.click("#code-form [type=submit]")
            codes += page.locator(".codes code").all_inner_texts()
            page.click(".button.default")
        else:
            page.fill("#id_code", codes.pop())
            page.click("#code-form [type=submit]")
        page.wait_for_url(f"{admin}/")
        keep("start")
        page.goto(f"{admin}/sahel/event/add/")
        if page.is_visible("#toggle-nav-sidebar"):
            page.click("#toggle-nav-sidebar")
        page.fill(f"#id_title_{language}", TITLES[language])
        page.select_option("#id_kind", "statement")
        page.fill("#id_date", WORDED[language])
        page.wait_for_selector(".told[data-right]")
        keep("event")
        page.click("#quotations-group .add-row a")
        page.click("#id_quotations-0-source + .select2")
        page.locator(".select2-search__field").last.fill("France is preparing")
        page.locator(".select2-results__option", has_text="France is preparing").first.click()
        page.fill("#id_quotations-0-exact", TYPED)
        page.wait_for_selector("#quotations-0 .told[data-right]")
        keep("quotation", page.locator("#quotations-0 .field-exact"))
        keep("steps", page.locator(".submit-row").last)
        page.goto(f"{admin}/sahel/importbatch/add/")
        page.set_input_files(
            "#id_file", {"name": "events.csv", "mimeType": "text/csv", "buffer": SHEET.encode()}
        )
        page.click("#import-upload [type=submit]")
        page.select_option("#id_date_basis", "stated")
        page.click("#import-columns [type=submit]")
        page.wait_for_selector("tr.fault")
        keep("import")
        page.close()


def take(browser: Browser, base: str) -> None:
    """Take every page in every way, whole; and the timeline and an event as they are printed."""
    for language, width, scheme in product(LANGUAGES, WIDTHS, SCHEMES):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page = context.new_page()
        for name, path in PAGES.items():
            page.goto(f"{base}/{language}/{path}")
            if page.evaluate("document.documentElement.scrollWidth") > width:
                print(f"wider than {width}: /{language}/{path}")
            page.screenshot(path=FOLDER / f"{name}-{language}-{width}-{scheme}.png", full_page=True)
        context.close()
    for width in WIDTHS[::2]:
        page = browser.new_page(viewport={"width": width, "height": 900})
        for name in ALSO_TURNED:
            page.goto(f"{base}/en/{PAGES[name]}")
            page.emulate_media(forced_colors="active")
            page.screenshot(path=FOLDER / f"{name}-{width}-forced.png", full_page=True)
            page.emulate_media(forced_colors="none")
            page.evaluate("document.documentElement.dir = 'rtl'")
            page.screenshot(path=FOLDER / f"{name}-{width}-rtl.png", full_page=True)
        page.close()
    page = browser.new_page()
    for language, name in product(LANGUAGES, ("timeline", "event")):
        page.goto(f"{base}/{language}/{PAGES[name]}")
        page.pdf(path=FOLDER / f"{name}-{language}.pdf", format="A4")
    print(f"The pictures are in {FOLDER}.")


if __name__ == "__main__":
    main()
