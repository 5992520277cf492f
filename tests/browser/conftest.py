"""A real browser in front of a live server; it must neither complain nor talk to anybody else."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Playwright, Request, WebError
from pytest_django.live_server_helper import LiveServer

from tests.conftest import put_back_article
from tests.copies import Copies
from tests.machine import chromium

# Chromium heeds the last list alone: what Playwright puts off by itself is in it, too. Ours are
# the pages of its address bar, which nobody sees, and which it draws anew for each context, at
# 0.7 seconds of a processor.
PUT_OFF = (
    "AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,HttpsUpgrades,"
    "HttpsFirstBalancedModeAutoEnable,LensOverlay,MediaRouter,PaintHolding,"
    "ThirdPartyStoragePartitioning,AvoidCorsURLLoaderRestartOnRedirect,OptimizationHints,"
    "NetworkTimeServiceQuerying,AimEnabled,PreconnectToSearch,"
    "WebUIOmniboxPopup,WebUIOmniboxAimPopup"
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the tests of this folder where there is no browser."""
    if chromium():
        return
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.skip(reason="no Chromium found"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Start the machine's own Chromium, and keep it from calling home."""
    return {
        **browser_type_launch_args,
        "executable_path": chromium(),
        "args": [
            "--no-sandbox",  # refuses to start as root otherwise; it only ever sees our own pages
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            f"--disable-features={PUT_OFF}",
        ],
    }


@pytest.fixture(scope="session")
def browser_context_args(
    browser_context_args: dict[str, Any], live_server: LiveServer
) -> dict[str, Any]:
    """Let `page.goto("/en/")` mean the live server."""
    return {**browser_context_args, "base_url": live_server.url}


@pytest.fixture(scope="session")
def playwright(playwright: Playwright) -> Iterator[Playwright]:
    """Let Django work beside the driver's event loop, which from now on runs in this thread.

    Django refuses to query the database beside one unless told that this is meant.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield playwright


@pytest.fixture(autouse=True)
def _database(transactional_db: None) -> None:
    """Give each test the database as the migrations left it, with the groups of the editors."""


@pytest.fixture
def article(_database: None, copies: Copies) -> None:
    """Give the test the curated record; what it writes is gone afterwards."""
    put_back_article(copies)


@pytest.fixture
def faults() -> Iterator[list[str]]:
    """List what the browser complained of, and fail the test if there is anything in the end.

    That is: an error on the console (a violation of the content security policy is one, and a
    failed request), an uncaught exception, and a request to another host. A test that provokes one
    says so: it asserts what it expects and calls `faults.clear()`.
    """
    found: list[str] = []
    yield found
    assert not found, "the browser complains:\n" + "\n".join(found)


@pytest.fixture
def new_context(
    new_context: Callable[..., BrowserContext], faults: list[str], live_server: LiveServer
) -> Callable[..., BrowserContext]:
    """Make contexts, all of which are watched."""

    def console(message: ConsoleMessage) -> None:
        # htmx reports a request that it gave up for a newer one as an error; it is none.
        given_up = message.text.startswith(("htmx:sendAbort", "htmx:afterRequest"))
        if message.type == "error" and not given_up:
            faults.append(f"console: {message.text}")

    def exception(error: WebError) -> None:
        # Chromium says so where it leaves out the transition to another page; it is no fault.
        if "ViewTransition" not in str(error.error):
            faults.append(f"exception: {error.error}")

    def request(request: Request) -> None:
        if not request.url.startswith((f"{live_server.url}/", "data:", "blob:")):
            faults.append(f"request to another host: {request.url}")

    def watched(**options: Any) -> BrowserContext:
        context = new_context(**options)
        context.set_default_timeout(10_000)  # milliseconds: what has not come by then will not
        context.on("console", console)
        context.on("request", request)
        context.on("weberror", exception)
        return context

    return watched


@pytest.fixture
def no_js_page(new_context: Callable[..., BrowserContext]) -> Page:
    """Give a page in a browser that runs no JavaScript."""
    return new_context(java_script_enabled=False).new_page()


@pytest.fixture
def axe() -> Callable[..., list[str]]:
    """Give a function that lists what axe-core finds wrong with a page's accessibility.

    By all its rules, or by some: when only the colours have changed, those of colours.
    """

    def violations(page: Page, *rules: str) -> list[str]:
        options = {"resultTypes": ["violations"]}
        only = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else {}
        return [
            f"{violation['id']}: {violation['help']}: {node['html']}"
            for violation in Axe().run(page, options=options | only).response["violations"]
            for node in violation["nodes"]
        ]

    return violations
