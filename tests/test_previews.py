"""What is not public yet, as readers would see it: for colleagues, and never kept."""

import pytest
from django.urls import reverse
from django.utils import timezone

from sahel.models import Event
from tests.factories import CHECKED, make_event

pytestmark = pytest.mark.django_db
LIST = "/en/admin/sahel/event/"


def page_of(event: Event) -> str:
    return reverse("admin:sahel_event_change", args=[event.pk])


def test_a_draft_is_previewed_by_who_is_signed_in_and_never_kept(editor, client):
    event = make_event("Strike", publication="draft", actors=("France",), words="Not public yet.")
    page = editor.get(f"{LIST}{event.pk}/preview/")
    assert page.status_code == 200
    assert "Not public yet." in page.text
    assert "France" in page.text
    assert '<meta name="robots" content="noindex, nofollow">' in page.text
    assert "no-store" in page["Cache-Control"]
    assert page["X-Robots-Tag"] == "noindex, nofollow"
    client.logout()
    assert client.get(f"{LIST}{event.pk}/preview/").status_code == 302


def shared(client, event: Event) -> str:
    page = client.get(page_of(event)).text
    return page.partition('readonly value="http://testserver')[2].partition('"')[0]


def test_a_link_shows_a_draft_to_a_colleague_without_an_account(editor, client, monkeypatch):
    event = make_event("Strike", publication="draft", words="Not public yet.")
    address = shared(editor, event)
    client.logout()
    page = client.get(address)
    assert "Not public yet." in page.text
    assert (page["Cache-Control"], page["Referrer-Policy"]) == ("private, no-store", "no-referrer")
    assert "aperçu" in client.get(address.replace("/en/", "/fr/")).text.lower()
    assert client.get(f"{address[:-2]}x/").status_code == 404
    now = timezone.now().timestamp()
    monkeypatch.setattr("time.time", lambda: now + 8 * 24 * 60 * 60)
    late = client.get(address)
    assert late.status_code == 410
    assert "This link is no longer good" in late.text
    assert "Not public yet." not in late.text


def test_a_link_leads_to_the_page_once_there_is_one(editor, client):
    event = make_event("Strike", slug="strike", publication="draft")
    address = shared(editor, event)
    event.quotations.update(**CHECKED, start=0, end=19)
    Event.objects.update(publication="published")
    client.logout()
    assert client.get(address)["Location"] == "/en/events/strike/"
    Event.objects.all().delete()
    assert client.get(address).status_code == 404


def test_what_others_terms_keep_in_has_no_link_for_strangers(editor, client):
    event = make_event("Strike", publication="draft")
    address = shared(editor, event)
    Event.objects.update(restricted="ACLED")
    assert "readonly value=" not in editor.get(page_of(event)).text
    assert client.get(address).status_code == 404
