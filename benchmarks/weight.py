"""`make weight`: what pages weigh, how soon they stand on a slow phone, what Lighthouse says.

It measures the record that the fixtures hold, as `make run` serves it, in Chromium, and writes
benchmarks/WEIGHT.md. Lighthouse is asked where LIGHTHOUSE names its program (npm's `lighthouse`).
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from benchmarks.bench import stop_cleanly
from benchmarks.report import machine, table
from benchmarks.screenshots import browsing, serving_the_fixtures
from tests.machine import chromium

RESULTS = Path(__file__).with_name("WEIGHT.md")
PAGES = {
    "timeline": "",
    "event": "events/bounti-strike/",
    "actor": "actors/france/",
    "place": "places/mali/",
    "source": "sources/guardian-retranslated-2022/",
    "quotation": "quotations/fa26f2510208ad31/",
    "changes": "changes/",
    "lanes": "lanes/",
    "map": "map/",
    "about": "about/",
}
LANGUAGES = "en", "fr"
FIRST_VIEW, EVERYTHING = 30, 60  # kilobytes of 1,024, compressed: at most
SECONDS = 2.0  # until the first view stands, at most
# Chromium's own "slow 3G", and a processor four times slower than this one.
SLOW = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
SLOWER = 4
SHIFT = """
    window.shift = 0;
    new PerformanceObserver((list) => {
      for (const each of list.getEntries()) if (!each.hadRecentInput) window.shift += each.value;
    }).observe({ type: "layout-shift", buffered: true });
"""
SCORES = "performance", "accessibility", "best-practices", "seo"


def main() -> None:
    """Measure all pages in both languages, print and write the tables."""
    if not (program := chromium()):
        sys.exit("No Chromium was found; name it: CHROMIUM=/path/to/chromium make weight")
    stop_cleanly()
    with serving_the_fixtures() as base:
        with browsing(program) as browser:
            weighed = {
                (name, language): weigh(browser, f"{base}/{language}/{path}")
                for name, path in PAGES.items()
                for language in LANGUAGES
            }
        scores = {name: lighthouse(f"{base}/en/{path}", program) for name, path in PAGES.items()}
    text = "\n".join([*heading(), *weights(weighed), *lighthouses(scores)])
    RESULTS.write_text(text)
    print(text)


def weigh(browser: Browser, address: str) -> dict[str, float]:
    """Load a page on a slow phone: kilobytes by kind, seconds to the first view, layout shift."""
    context = browser.new_context(viewport={"width": 360, "height": 740}, device_scale_factor=2)
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Network.emulateNetworkConditions", SLOW)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    kinds: dict[str, str] = {}
    sizes: dict[str, float] = {}

    def received(event: dict[str, Any]) -> None:
        kinds[event["requestId"]] = event["type"]

    def finished(event: dict[str, Any]) -> None:
        kind = kinds.get(event["requestId"], "Other")
        sizes[kind] = sizes.get(kind, 0) + event["encodedDataLength"] / 1024

    devtools.on("Network.responseReceived", received)
    devtools.on("Network.loadingFinished", finished)
    page.add_init_script(SHIFT)
    page.goto(address, wait_until="networkidle")
    paint = page.evaluate(
        "performance.getEntriesByName('first-contentful-paint')[0].startTime / 1000"
    )
    found = {
        "first": sizes.get("Document", 0) + sizes.get("Stylesheet", 0),
        "all": sum(sizes.values()),
        "seconds": paint,
        "shift": page.evaluate("window.shift"),
    }
    context.close()
    return found


def lighthouse(address: str, program: str) -> dict[str, float] | None:
    """Ask Lighthouse for its scores of a page on a phone; None where it is not at hand."""
    if not (command := os.environ.get("LIGHTHOUSE")):
        return None
    flags = "--headless=new --no-sandbox --disable-gpu"
    done = subprocess.run(
        [command, address, "--quiet", "--output=json", f"--chrome-flags={flags}"],
        env={**os.environ, "CHROME_PATH": program},
        capture_output=True,
        text=True,
        check=True,
    )
    categories = json.loads(done.stdout)["categories"]
    return {score: 100 * categories[score]["score"] for score in SCORES}


def heading() -> list[str]:
    """Say what was measured, when, and on what machine."""
    return [
        "# What a page weighs",
        "",
        "`make weight` wrote this, of the record that the fixtures hold. ✗ marks what is too much.",
        "",
        *machine(),
        "",
    ]


def weights(weighed: dict[tuple[str, str], dict[str, float]]) -> Iterator[str]:
    """Give the table of the weights."""
    yield (
        f"Kilobytes on the wire, of HTML and style (≤ {FIRST_VIEW}) and with everything "
        f"(≤ {EVERYTHING}); seconds until the page is drawn on a slow phone (400 kbit/s, 400 ms, a "
        f"processor {SLOWER} times slower; ≤ {SECONDS}); how far it shifts (0)."
    )
    yield ""
    rows = [
        [
            f"{name}, {language}",
            _held(found["first"], FIRST_VIEW),
            _held(found["all"], EVERYTHING),
            _held(found["seconds"], SECONDS),
            _held(found["shift"], 0, 3),
        ]
        for (name, language), found in weighed.items()
    ]
    yield from table(["", "first view", "everything", "seconds", "shift"], rows, "")


def lighthouses(scores: dict[str, dict[str, float] | None]) -> Iterator[str]:
    """Give the table of what Lighthouse says."""
    yield from ["Lighthouse, on a phone (100):", ""]
    rows = [
        [name, *(f"{found[score]:.0f}{' ✗' if found[score] < 100 else ''}" for score in SCORES)]
        for name, found in scores.items()
        if found
    ]
    yield from table(["", *SCORES], rows, "Left out: LIGHTHOUSE names no program.")


def _held(value: float, most: float, digits: int = 1) -> str:
    return f"{value:.{digits}f}{' ✗' if round(value, digits) > most else ''}"


if __name__ == "__main__":
    main()
