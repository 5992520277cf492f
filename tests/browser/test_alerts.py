"""A reader asks for mail and ends it again, in a browser that runs no JavaScript."""

import re

import pytest
from django.core import mail
from playwright.sync_api import Page, expect

from sahel.models import Change, Subscription, changes
from tests.factories import make_event

pytestmark = pytest.mark.one_database


@pytest.fixture(autouse=True)
def _mail_is_set_up(settings):
    settings.ALERTS, settings.EMAIL_FROM = True, "news@example.org"
    backend = "django.core.mail.backends.locmem.EmailBackend"
    settings.MAILERS = {"default": {"BACKEND": backend}}
    mail.outbox = []


def test_a_reader_asks_confirms_and_ends_it_without_javascript(
    no_js_page: Page, page: Page, axe, faults
):
    with changes(Change.Way.EDITOR):
        make_event(actors=("France",))
    no_js_page.goto("/en/actors/france/")
    no_js_page.get_by_role("link", name="Be told of news by e-mail").click()
    expect(no_js_page.locator(".terms")).to_have_text(re.compile("Actor France"))
    no_js_page.get_by_label("Your e-mail address").fill("amina@")
    no_js_page.get_by_label("Once a day").check()
    no_js_page.get_by_role("button").click()
    expect(no_js_page.locator("#email-fault")).to_be_visible()
    expect(no_js_page.get_by_label("Once a day")).to_be_checked()
    assert ["400" in fault for fault in faults] == [True]
    faults.clear()
    no_js_page.get_by_label("Your e-mail address").fill("amina@example.org")
    no_js_page.get_by_role("button").click()
    expect(no_js_page.get_by_text("A mail is on its way to amina@example.org")).to_be_visible()
    confirm, leave = re.findall(r"http\S+", mail.outbox[0].body)
    for address in ("/en/alerts/?actor=france", confirm, leave):
        page.goto(address)
        assert axe(page) == []
    no_js_page.goto(confirm)
    no_js_page.get_by_role("button", name="Yes, send them").click()
    expect(no_js_page.locator("h1")).to_have_text("You will be told of news")
    assert Subscription.objects.confirmed().count() == 1
    no_js_page.goto(leave)
    no_js_page.get_by_role("button", name="Yes, send no more of them").click()
    expect(no_js_page.locator("h1")).to_have_text("You get no more of these mails")
    assert not no_js_page.context.cookies()
    assert not Subscription.objects.exists()
