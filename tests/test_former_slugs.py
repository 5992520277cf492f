"""An address that was once given out leads on for ever."""

import re

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from sahel.models import Actor, Change, Event, FormerSlug, changes
from tests.factories import CHECKED, make_event

pytestmark = pytest.mark.django_db


def rename_by_hand(model, old, new):
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE sahel_{model} SET slug = %s WHERE slug = %s", [new, old])  # noqa: S608


@pytest.fixture
def record():
    make_event(slug="strike", actors=("France",), places=("Mali",), source="gazette")


@pytest.mark.parametrize(
    ("model", "old", "rest"),
    [
        ("event", "strike", ""),
        ("event", "strike", "card.png"),
        ("actor", "france", "?year=2021"),
        ("place", "mali", ""),
        ("source", "gazette", ""),
    ],
)
def test_a_changed_slug_leads_on_whichever_way_it_was_changed(client, record, model, old, rest):
    assert client.get(f"/fr/{model}s/{old}/{rest}").status_code == 200
    rename_by_hand(model, old, "between")
    rename_by_hand(model, "between", "new")
    for slug in (old, "between"):
        answer = client.get(f"/fr/{model}s/{slug}/{rest}")
        assert answer.status_code == 301
        assert answer["Location"] == f"/fr/{model}s/new/{rest}"
        assert client.get(answer["Location"]).status_code == 200


@pytest.mark.parametrize(
    ("model", "old"), [("actor", "france"), ("place", "mali"), ("source", "gazette")]
)
def test_a_selection_by_a_former_slug_finds_the_same(client, record, model, old):
    make_event(slug="other", actors=("Niger",), source="wire")
    rename_by_hand(model, old, "new")
    for sign, found in (("", "strike"), ("-", "other")):
        page = client.get(f"/en/?{model}={sign}{old}&year=2021").text
        assert re.findall(r'<article class="event[^>]* id="([^"]+)"', page) == [found]
        assert f"{model}={sign}new" in page
    assert "No event" in client.get(f"/en/?{model}=never").text


def test_an_address_that_was_never_given_out_leads_nowhere(client, record):
    assert client.get("/fr/events/strikes/").status_code == 404
    Event.objects.update(slug="renamed", publication="draft")
    assert client.get("/fr/events/strike/").status_code == 404
    assert client.get("/fr/events/renamed/").status_code == 404


def test_a_slug_of_drafts_is_nobodys_to_know(client, record):
    other = make_event("Other", slug="secret", publication="draft")
    other.quotations.update(**CHECKED, start=0, end=19)
    for slug, publication in (("still-secret", "draft"), ("other", "published")):
        with changes(Change.Way.EDITOR):
            Event.objects.filter(pk=other.pk).update(slug=slug, publication=publication)
    assert FormerSlug.objects.filter(slug="secret").exists()
    assert client.get("/en/events/other/").status_code == 200
    assert client.get("/en/events/still-secret/").status_code == 404
    with changes(Change.Way.EDITOR):
        Event.objects.filter(pk=other.pk).update(publication="review")
        Event.objects.filter(pk=other.pk).update(slug="secret-again")
    assert client.get("/en/events/secret-again/").status_code == 404
    assert client.get("/en/events/other/").status_code == 404


@pytest.mark.parametrize("path", ["/en/events/strike/", "/en/embed/events/strike/"])
def test_withdrawn_events_that_exchanged_their_slugs_are_gone(client, record, path):
    make_event("Raid", slug="raid")
    for old, new in (("strike", "between"), ("raid", "strike"), ("between", "raid")):
        rename_by_hand("event", old, new)
    Event.objects.update(publication="withdrawn", withdrawal_en="Untrue.")
    assert client.get(path).status_code == 410
    assert client.get("/oembed?url=http://testserver/en/events/strike/").status_code == 404


def test_a_slug_that_is_changed_back_is_its_own_again(client, record):
    rename_by_hand("event", "strike", "other")
    rename_by_hand("event", "other", "strike")
    assert client.get("/en/events/strike/").status_code == 200
    assert client.get("/en/events/other/")["Location"] == "/en/events/strike/"


def test_what_led_to_one_thing_never_leads_to_another(record):
    Actor.objects.update(slug="french-republic")
    assert FormerSlug.objects.get().slug == "france"
    with pytest.raises(ValidationError, match="Another one had this slug"):
        Actor(slug="france", name_en="France", name_fr="France", kind="state").full_clean()
    unnamed = Actor(name_en="France", name_fr="France", kind="state")
    unnamed.full_clean()
    assert unnamed.slug == "france-2"
    back = Actor.objects.get()
    back.slug = "france"
    back.full_clean()
