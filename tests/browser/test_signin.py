"""The second step of signing in, by an editor with a keyboard, on any screen, in both languages."""

import re
import shutil
import subprocess
from base64 import b32decode
from typing import Any

import pytest
from django_otp.oath import totp
from playwright.sync_api import Page, expect

from sahel.models import Refusal
from tests.browser.test_desk import scrolls, serious
from tests.factories import make_editor

pytestmark = pytest.mark.one_database


@pytest.fixture(autouse=True)
def _editor():
    make_editor()


def type_password(page: Page, address: str) -> None:
    """Ask for a page of the desk, and send the form at its door without a mouse."""
    page.goto(address)
    expect(page.locator("#id_username")).to_be_focused()
    page.keyboard.type("fatou")
    page.keyboard.press("Tab")
    page.keyboard.type("a long pass phrase")
    page.keyboard.press("Enter")


def give_password(page: Page, language: str) -> None:
    type_password(page, f"/{language}/admin/sahel/event/add/")
    expect(page.get_by_label("Code")).to_be_focused()


def give_code(page: Page, code: str) -> None:
    expect(page.get_by_label("Code")).to_be_focused()
    page.keyboard.type(code)
    page.keyboard.press("Enter")


def shown(page: Page) -> str:
    """Give what the app shows to which the key was added."""
    key = page.locator(".key").inner_text()
    return f"{totp(b32decode(re.sub(r'\s', '', key))):06}"


@pytest.mark.parametrize(("language", "width"), [("fr", 360), ("en", 1280)])
def test_an_editor_signs_in_for_the_first_time_and_loses_the_device(
    page: Page, language: str, width: int
):
    page.set_viewport_size({"width": width, "height": 800})
    found = {}

    def look(at: str) -> None:
        found[at] = serious(page) + scrolls(page)

    give_password(page, language)
    look("setting up")
    page.keyboard.type("12345")
    page.keyboard.press("Enter")
    expect(page.locator("#id_code")).to_have_attribute("aria-invalid", "true")
    expect(page).to_have_title(re.compile("^(Error|Erreur)"))
    look("a wrong code")
    page.locator("#id_code").fill(shown(page))
    page.keyboard.press("Enter")
    expect(page.locator(".codes code")).to_have_count(10)
    codes = page.locator(".codes code").all_inner_texts()
    look("the codes")
    page.locator(".second-step .button").press("Enter")
    expect(page).to_have_url(re.compile("/event/add/$"))

    page.context.clear_cookies()
    give_password(page, language)
    look("second step")
    give_code(page, codes[0])
    expect(page).to_have_url(re.compile("/event/add/$"))
    page.goto(f"/{language}/admin/sign-in/")
    look("your sign-in")
    page.locator("#id_code").fill(codes[1])
    page.keyboard.press("Enter")
    page.locator("a[href$='/sign-in/app/']").press("Enter")
    expect(page.locator(".key")).to_be_visible()
    look("setting up another")
    give_code(page, shown(page))
    expect(page.locator(".codes code")).to_have_count(10)
    assert {at: faults for at, faults in found.items() if faults} == {}


@pytest.mark.skipif(not shutil.which("zbarimg"), reason="no zbarimg (Debian’s zbar-tools)")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_a_camera_reads_the_key_from_the_screen(page: Page, tmp_path, scheme, width):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    give_password(page, "fr")
    page.screenshot(path=tmp_path / "seen.png", full_page=True)
    read = subprocess.run(
        ["zbarimg", "--quiet", "--raw", tmp_path / "seen.png"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    link = page.locator("a[href^='otpauth:']").get_attribute("href")
    assert read.strip() == link
    assert re.search("secret=([A-Z2-7]+)", read)[1] == re.sub(
        r"\s", "", page.locator(".key").inner_text()
    )


def with_a_key(page: Page, **other: Any) -> None:
    """Give the browser a security key that its owner touches and unlocks at once."""
    key = {"protocol": "ctap2", "transport": "usb", "hasUserVerification": True, **other}
    key |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    cdp.send("WebAuthn.addVirtualAuthenticator", {"options": key})


@pytest.mark.parametrize(("language", "width"), [("fr", 360), ("en", 1280)])
def test_an_editor_signs_in_with_a_passkey(page: Page, axe: Any, language: str, width: int):
    page.set_viewport_size({"width": width, "height": 800})
    found = {}

    def look(at: str) -> None:
        found[at] = axe(page) + scrolls(page)

    with_a_key(page)
    give_password(page, language)
    make, name = page.locator(".passkey [type=submit]"), page.locator("#id_name")
    expect(name).to_have_value(re.compile("Linux"))
    look("setting up")
    make.press("Enter")
    expect(page.locator(".codes code")).to_have_count(10)
    codes = page.locator(".codes code").all_inner_texts()
    page.locator(".second-step .button").press("Enter")
    expect(page).to_have_url(re.compile("/event/add/$"))

    page.locator("#logout-form button").press("Enter")
    give_password(page, language)
    look("second step")
    page.locator(".passkey [type=submit]").press("Enter")
    expect(page).to_have_url(re.compile("/event/add/$"))

    page.goto(f"/{language}/admin/sign-in/")
    look("your sign-in")
    page.locator(".passkey [type=submit]").press("Enter")
    expect(name).to_be_visible()
    look("what may be changed")
    make.press("Enter")  # where there is one already
    expect(page.locator(".passkey [role=alert]")).to_be_visible()
    look("no second one on this device")
    assert codes
    assert {at: faults for at, faults in found.items() if faults} == {}


def test_without_javascript_a_code_opens_the_door(no_js_page: Page):
    give_password(no_js_page, "en")
    expect(no_js_page.locator(".passkey")).to_be_hidden()
    expect(no_js_page.locator("[data-without-passkeys]")).to_be_visible()
    give_code(no_js_page, shown(no_js_page))
    expect(no_js_page.locator(".codes code")).to_have_count(10)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_who_has_to_wait_is_told_how_long(page: Page, faults: list[str], language: str):
    for who in ("name fatou", "at 127.0.0.1 fatou"):
        for _ in range(5):
            Refusal.count(who)
    page.set_viewport_size({"width": 360, "height": 800})
    type_password(page, f"/{language}/admin/")
    expect(page.locator("#content-main")).to_contain_text(re.compile(r"\b(1[5-9]|2\d|30) minutes"))
    assert serious(page) == []
    assert not scrolls(page)
    assert len(faults) == 1
    assert "429" in faults.pop()
