"""A quotation's own page: whose words they are, how they were checked, as data."""

from datetime import date
from urllib.parse import unquote

import pytest

from sahel.models import Estimate, Quotation, Source, SourceText, verify
from tests.factories import make_actor, make_event, make_source

pytestmark = pytest.mark.django_db

TEXT = "He said: “No dialogue, no-one & nothing.” Then he left."


@pytest.fixture
def quotation():
    """A quotation that was checked, with an archived copy of its source."""
    source = make_source(archived_url="https://archive.example.org/a", date_read=date(2026, 1, 2))
    make_event(
        "Refusal",
        slug="refusal",
        source=source,
        words="“No dialogue, no-one & nothing.”",
        speaker=make_actor("France"),
    )
    SourceText.objects.create(source=source, text=TEXT)
    list(verify([source.pk]))
    return Quotation.objects.get()


def test_a_quotation_has_a_page_that_its_event_leads_to(client, quotation):
    address = f"/en/quotations/{quotation.key}/"
    assert f'href="{address}"' in client.get("/en/events/refusal/").text
    page = client.get(address).text
    for words in [
        "No dialogue, no-one &amp; nothing.",
        "Verbatim",
        quotation.checked_sha256,
        "characters 9 to 41",
        "/en/events/refusal/",
        "/en/actors/france/",
        "#:~:text=%E2%80%9CNo%20dialogue%2C%20no%2Done%20%26%20nothing.%E2%80%9D",
        "https://archive.example.org/a#:~:text=",
    ]:
        assert words in page, words
    assert "Then he left, and" not in page


@pytest.mark.parametrize("ending", ["/", ".jsonld"])
def test_a_drafts_quotation_is_not_public(client, ending):
    make_event(publication="draft")
    key = Quotation.objects.get().key
    assert client.get(f"/en/quotations/{key}{ending}").status_code == 404
    assert client.get(f"/en/quotations/0123456789abcdef{ending}").status_code == 404


def test_a_quotation_is_an_annotation_of_its_source(client, quotation):
    answer = client.get(f"/en/quotations/{quotation.key}.jsonld")
    assert answer["Content-Type"].startswith("application/ld+json")
    given = answer.json()
    assert given["@context"] == "http://www.w3.org/ns/anno.jsonld"
    assert given["type"] == "Annotation"
    assert given["id"].endswith(f"/en/quotations/{quotation.key}/")
    assert given["body"].endswith("/en/events/refusal/")
    target = given["target"]
    assert target["source"] == "https://example.org/gazette"
    quote, position = target["selector"]
    assert TEXT[position["start"] : position["end"]] == quote["exact"] == quotation.exact
    assert quote["prefix"] + quote["exact"] + quote["suffix"] in TEXT
    assert target["state"]["cached"] == "https://archive.example.org/a"


def test_an_annotation_carries_the_figures(client, quotation):
    Estimate.objects.create(quotation=quotation, words="No", measure="wounded", low=0, high=3)
    given = client.get(f"/en/quotations/{quotation.key}.jsonld").json()
    event, figure = given["body"]
    assert event.endswith("/en/events/refusal/")
    assert given["@context"][1] == {"schema": "https://schema.org/"}
    assert figure == {
        "type": "schema:QuantitativeValue",
        "schema:description": "No",
        "schema:name": "wounded",
        "schema:minValue": 0,
        "schema:maxValue": 3,
        "schema:creditText": "reported by: France",
    }


def test_words_that_stand_twice_are_opened_with_those_around_them(client, quotation):
    text = f"{TEXT} Later again: “No dialogue, no-one & nothing.” And so on."
    SourceText.objects.create(source=Source.objects.get(), text=text)
    list(verify([quotation.source_id]))
    page = unquote(client.get("/en/events/refusal/").text)
    assert "#:~:text=He said:-,“No dialogue, no-one & nothing.”,-Then he left." in page
    assert "verbatim, also after the source changed" in page


def test_a_pdf_opens_at_the_page(client, quotation):
    Source.objects.update(url="https://example.org/report.pdf")
    Quotation.objects.update(page=12)
    page = client.get("/en/events/refusal/").text
    assert 'href="https://example.org/report.pdf#page=12"' in page


def test_the_state_is_said_under_the_words(client):
    event = make_event(slug="spoken", words="On the air.")
    other = Quotation.objects.create(
        event=event, source=make_source("radio"), exact="So.", language="en"
    )
    assert "never checked" in client.get("/en/").text
    other.delete()
    Quotation.objects.update(state="uncheckable", why_uncheckable_en="A broadcast.")
    assert "cannot be checked" in client.get("/en/").text
    page = client.get(f"/en/quotations/{Quotation.objects.get().key}/").text
    assert "A broadcast." in page
    assert "jamais" not in page
