"""What leaves the site: the same events as on the page, in files that other tools read."""

import json
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import feedparser
import geojson
import icalendar
import pytest
from django.test import Client
from django.utils import translation
from hypothesis import strategies as st

from sahel.dates import EDTF
from sahel.exports.formats import FORMATS, formats_of
from sahel.exports.shapes import KINDS
from sahel.models import Event, Quotation, Record
from tests.downloads import get, rows, text

EXPECTED = Path(__file__).parent / "expected"
HANDFUL = "kind=strike&kind=politics&status=-happened"


def settled(written: str) -> str:
    """Give a file without what differs from day to day and from one loading to the next."""
    written = written.replace("\r\n ", "")  # folds of a calendar, as long as its keys are
    today = datetime.now(UTC).date()
    written = written.replace(today.isoformat(), "2022-02-28")
    for language, then in (("en", "28 February 2022"), ("fr", "28 février 2022")):
        with translation.override(language):
            written = written.replace(EDTF.parse(today.isoformat()).in_words(), then)
    record = Record.objects.get()
    written = written.replace(record.head, "0" * 64)
    written = re.sub(rf"\b{record.entries}\b", "50", written)
    for number, key in enumerate(Quotation.objects.values_list("key", flat=True), 1):
        written = written.replace(key, f"key-{number:03}")
    written = re.sub(r"\d{4}-\d\d-\d\dT[0-9:.]+(Z|\+00:00)", "2022-02-28T12:00:00Z", written)
    return re.sub(r"\d{8}T\d{6}Z", "20220228T120000Z", written)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "name"),
    [
        *((f"/en/events.{ending}?{HANDFUL}", f"events.{ending}") for ending in FORMATS),
        (f"/fr/events.ics?{HANDFUL}", "evenements.ics"),
        (f"/en/quotations.csv?{HANDFUL}", "quotations.csv"),
        (f"/en/actors.json?{HANDFUL}", "actors.json"),
        (f"/en/places.geojson?{HANDFUL}", "places.geojson"),
        (f"/en/sources.csv?{HANDFUL}", "sources.csv"),
    ],
)
def test_a_handful_of_events_in_each_format(
    client: Client, article: None, path: str, name: str
) -> None:
    if name.endswith(".xlsx"):
        return  # not a text: see below
    written = settled(text(client, path))
    expected = EXPECTED / name
    if not expected.exists():  # to be looked at, and kept
        expected.write_bytes(written.encode())
    assert written.encode() == expected.read_bytes()


# What is in them ----------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("kind", KINDS)
def test_every_format_answers_and_says_what_it_is(client: Client, article: None, kind: Any) -> None:
    for form in formats_of(kind):
        answer = get(client, f"/fr/{kind}.{form.ending}?actor=france")
        assert answer.status_code == 200
        assert answer["Content-Type"] == form.media_type
        assert answer["Access-Control-Allow-Origin"] == "*"
        assert 'rel="license"' in answer["Link"]
        assert answer["ETag"]
        if form.ending != "xlsx":
            assert (
                "creativecommons.org" in answer.body.decode() or "CC BY 4.0" in answer.body.decode()
            )
            assert "France" in answer.body.decode()  # the filter, in words


@pytest.mark.django_db
def test_one_record_is_to_be_had_alone(client: Client, article: None) -> None:
    key = Quotation.objects.filter(event__slug="bounti-strike").values_list("key", flat=True)[0]
    for path, slug in (
        ("events/bounti-strike", "bounti-strike"),
        ("actors/france", "france"),
        ("places/bounti", "bounti"),
    ):
        kind = path.partition("/")[0]
        assert [each["slug"] for each in json.loads(text(client, f"/en/{path}.json"))[kind]] == [
            slug
        ]
    assert [row["key"] for row in rows(client, f"/en/quotations/{key}.csv")] == [key]
    assert text(client, "/en/events/bounti-strike.ics").count("BEGIN:VEVENT") == 1


@pytest.mark.django_db
def test_an_address_without_a_language_leads_to_the_readers(client: Client, article: None) -> None:
    answer = client.get("/events.csv?actor=france&year=2021", headers={"Accept-Language": "fr"})
    assert answer.status_code == 302
    assert answer["Location"] == "/fr/events.csv?actor=france&year=2021"


# CSV ----------------------------------------------------------------------------------------------

TRIGGERS = st.text(st.sampled_from("=+-@'\t\r\n; ab,\"＝"), max_size=12)


# GeoJSON, TimelineJS ------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/en/events.geojson", "/en/places.geojson"])
def test_a_map_is_valid_and_holds_what_has_no_place(
    client: Client, article: None, path: str
) -> None:
    written = text(client, path)
    found = geojson.loads(written)
    assert found.is_valid, found.errors()
    assert "crs" not in json.loads(written)
    for feature in found["features"]:
        assert feature["id"]
        if feature["geometry"] is not None:
            assert feature["properties"]["precision"]
    if path == "/en/events.geojson":
        assert len(found["features"]) == Event.objects.published().count()


# Calendars ----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_calendar_is_read_with_whole_days_and_ends_that_are_not_of_it(
    client: Client, article: None
) -> None:
    body = get(client, "/en/events.ics").body
    assert all(len(line) <= 75 for line in body.split(b"\r\n"))
    calendar = icalendar.Calendar.from_ical(body)
    events = {event["SUMMARY"]: event for event in calendar.walk("VEVENT")}
    assert len({event["UID"] for event in events.values()}) == Event.objects.published().count()
    strike = events["French air strike at Bounti (Disputed)"]
    assert (strike["DTSTART"].dt, strike["DTEND"].dt) == (date(2021, 1, 3), date(2021, 1, 4))
    for event in events.values():
        assert isinstance(event["DTSTART"].dt, date)
        assert event["DTSTART"].dt < event["DTEND"].dt
        assert "«" not in event["SUMMARY"]


# Feeds --------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_feed_is_read_without_a_fault(client: Client, article: None) -> None:
    feed = feedparser.parse(get(client, "/en/events.atom?actor=france").body)
    assert not feed.bozo
    assert feed.feed.title == "Sahel timeline: France"
    assert "CC BY 4.0" in feed.feed.rights
    entry = next(each for each in feed.entries if "air strike at Bounti" in each.title)
    assert "(3 January 2021)" in entry.title
    assert "blockquote" in entry.summary
    assert entry.id == entry.link


# The table of formats -----------------------------------------------------------------------------
