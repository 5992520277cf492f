"""An event says on how many independent sources it rests, and if it is contested."""

import pytest

from sahel import index
from sahel.corroboration import Corroboration, corroboration
from sahel.models import Reference
from tests.factories import make_event, make_source

pytestmark = pytest.mark.django_db


def of(event):
    quoted = event.quotations.values_list("source__slug", flat=True)
    named = event.references.values_list("source__slug", flat=True)
    return corroboration(index.current(), quoted, named)


def refer(event, source):
    Reference.objects.create(event=event, source=source, supports="fact")


def test_a_republished_copy_counts_as_its_original(client):
    original = make_source("original")
    copy = make_source("copy", original=original)
    event = make_event(slug="told", source=copy)
    assert of(event) == Corroboration(1, 0)
    assert "One source is quoted." in client.get("/en/events/told/").text
    refer(event, original)
    refer(event, make_source("copy-of-copy", original=copy))
    assert of(event) == Corroboration(1, 0)
    refer(event, make_source("other"))
    refer(event, make_source("third"))
    assert of(event) == Corroboration(1, 2)
    page = " ".join(client.get("/en/events/told/").text.split())
    assert "One source is quoted. 2 other independent sources are named." in page


def test_several_quoted_sources_are_counted(client):
    event = make_event(slug="told", source="first")
    quoted = event.quotations.get()
    quoted.pk, quoted.key, quoted.source = None, "0" * 16, make_source("second")
    quoted.save()
    assert of(event) == Corroboration(2, 0)
    assert "2 independent sources are quoted." in client.get("/en/events/told/").text


def test_what_is_contested_is_said_to_be(client):
    event = make_event(slug="told", status="disputed")
    assert "Contested" in client.get("/en/events/told/").text
    assert of(event) == Corroboration(1, 0)
    make_event(slug="plain")
    assert "Contested" not in client.get("/en/events/plain/").text
