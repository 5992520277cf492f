"""What was published and is withdrawn says so, and why."""

from importlib import import_module

import pytest
from django.db import IntegrityError, connection, transaction

from sahel.models import Event
from tests.factories import make_event

pytestmark = pytest.mark.django_db

TABLES = import_module("sahel.migrations.0004_changes_and_words").TABLES


@pytest.mark.parametrize(("language", "said"), [("en", "A mistake."), ("fr", "Une erreur.")])
def test_a_withdrawn_event_is_gone_for_a_reason(client, language, said):
    event = make_event("Strike", slug="strike", actors=("France",))
    assert client.get(f"/{language}/events/strike/").status_code == 200
    event.publication = "withdrawn"
    event.withdrawal_en, event.withdrawal_fr = "A mistake.", "Une erreur."
    event.save()
    answer = client.get(f"/{language}/events/strike/")
    assert answer.status_code == 410
    assert said in answer.text
    key = event.quotations.get().key
    for rest in ("/", ".jsonld"):
        answer = client.get(f"/{language}/quotations/{key}{rest}")
        assert answer.status_code == 410
        assert said in answer.text
    assert "Strike" not in client.get(f"/{language}/").text
    assert client.get(f"/{language}/actors/france/").status_code == 404
    Event.objects.update(slug="renamed")
    moved = client.get(f"/{language}/events/strike/")
    assert client.get(moved["Location"]).status_code == 410


def test_nothing_is_withdrawn_without_a_reason():
    make_event()
    with pytest.raises(IntegrityError), transaction.atomic():
        Event.objects.update(publication="withdrawn")


def test_all_triggers_stand_after_all_migrations():
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite drops triggers when Django makes a table anew")
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        names = {name for (name,) in cursor.fetchall()}
    wanted = {f"{table}_{done}" for table in TABLES for done in ("insertd", "updated", "deleted")}
    wanted |= {f"sahel_{t}_renamed" for t in ("actor", "place", "source", "event")}
    words = ("event", "quotation")
    wanted |= {f"sahel_{t}_words_{d}" for t in words for d in ("insertd", "updated", "deleted")}
    assert names >= wanted


def test_what_was_never_public_is_as_if_it_did_not_exist(client):
    make_event(slug="rumour", publication="draft")
    Event.objects.update(publication="withdrawn", withdrawal_en="DRAFT REASON")
    answer = client.get("/en/events/rumour/")
    assert answer.status_code == 404
    assert "DRAFT REASON" not in answer.text
