"""Formats one by one: what each makes of awkward texts, imprecise dates, what has no place."""

import csv
import gzip
import io
import json
import re
from datetime import date, timedelta
from typing import Any

import icalendar
import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from sahel.dates import EDTF
from sahel.exports.columns import columns
from sahel.exports.formats import FORMATS
from sahel.exports.plain import days_of
from sahel.exports.shapes import KINDS
from sahel.models import Change, Estimate, Quotation, record_changes
from sahel.spreadsheets import escaped, unescaped
from tests.downloads import get, rows, text
from tests.factories import CHECKED, make_actor, make_event, make_place, make_source

# What is in them ----------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    [
        "/en/events.doc",
        "/en/actors.ics",
        "/en/quotations.geojson",
        "/en/events/nothing.json",
        "/en/actors/nothing.csv",
        "/en/quotations/nothing.json",
    ],
)
def test_what_there_is_not_is_not_found(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.django_db
def test_drafts_and_what_only_they_name_stay(client: Client) -> None:
    make_event("Public", actors=("France",))
    make_event(
        "Hidden", actors=("Secret",), places=("Hideout",), publication="draft", source="memo"
    )
    for kind in KINDS:
        written = text(client, f"/en/{kind}.json")
        for word in ("Hidden", "Secret", "Hideout", "memo"):
            assert word not in written
    assert client.get("/en/actors/secret.json").status_code == 404


@pytest.mark.django_db
def test_a_file_asked_for_again_is_not_sent_again(client: Client) -> None:
    make_event()
    for ending in FORMATS:
        first = get(client, f"/en/events.{ending}")
        again = get(client, f"/en/events.{ending}", headers={"If-None-Match": first["ETag"]})
        assert (again.status_code, again.body) == (304, b"")
    make_event()
    assert get(client, "/en/events.csv", headers={"If-None-Match": first["ETag"]}).body


@pytest.mark.django_db
def test_a_file_comes_compressed_and_head_gives_none_of_it(client: Client) -> None:
    make_event("Compressed")
    answer = get(client, "/en/events.csv", headers={"Accept-Encoding": "gzip"})
    assert answer["Content-Encoding"] == "gzip"

    assert b"Compressed" in gzip.decompress(answer.body)
    head = client.head("/en/events.csv")
    assert head.status_code == 200
    assert b"".join(head.streaming_content) == b""


# CSV ----------------------------------------------------------------------------------------------

TRIGGERS = st.text(st.sampled_from("=+-@'\t\r\n;, ab\"＝"), max_size=12)


@given(TRIGGERS)
def test_no_cell_begins_a_formula_and_none_is_lost(typed: str) -> None:
    assert unescaped(escaped(typed)) == typed
    for cell in re.split("[,;\t\r\n]", escaped(typed)):
        assert not cell.startswith(("=", "+", "-", "@", "＝"))


@pytest.mark.django_db
def test_a_table_names_its_columns_as_the_import_does(client: Client) -> None:
    event = make_event(
        "=cmd|' /C calc'!A0", "2013~", actors=("France",), places=(make_place("Mali"),)
    )
    (row,) = rows(client, "/en/events.csv")
    assert row["title_en"] == "'=cmd|' /C calc'!A0"
    assert row["date"] == "2013~"
    assert (row["date_earliest"], row["date_latest"]) == ("2013-01-01", "2013-12-31")
    assert (row["date_text_en"], row["date_text_fr"]) == ("about 2013", "vers 2013")
    assert row["actors"] == "france:agent"
    assert row["page"] == f"http://testserver/en/events/{event.slug}/"
    assert json.loads(row["quotations"])[0]["exact"] == row["quotation"]


@pytest.mark.django_db
def test_excel_in_french_opens_a_table_with_accents_and_decimals(client: Client) -> None:
    place = make_place(
        "Ségou", slug="segou", latitude="13.45", longitude="-6.26", precision="point"
    )
    make_event("Émeute à Ségou", places=(place,))
    written = text(client, "/fr/events.excel.csv")
    assert written.startswith("\ufeffslug;title_en;")
    (row,) = csv.DictReader(io.StringIO(written.removeprefix("\ufeff")), delimiter=";")
    assert (row["title_fr"], row["latitude"]) == ("Émeute à Ségou", "13,45")


@pytest.mark.django_db
def test_a_workbook_has_a_sheet_of_quotations_and_one_that_says_what_it_is(client: Client) -> None:
    make_event("=1+1", words="-2 of them\x0b left.")
    book = load_workbook(io.BytesIO(get(client, "/en/events.xlsx").body))
    assert book.sheetnames == ["events", "quotations", "about"]
    header, event = book["events"].iter_rows()
    assert [cell.value for cell in header][:2] == ["slug", "title_en"]
    assert (event[1].value, event[1].data_type) == ("=1+1", "s")
    assert "-2 of them left." in [cell.value for cell in list(book["quotations"].rows)[1]]
    assert "CC BY 4.0" in str([[cell.value for cell in row] for row in book["about"].rows])


@pytest.mark.django_db
def test_no_figure_and_no_side_stands_without_who_says_so(client: Client) -> None:
    event = make_event("A strike", words="19 men died.", speaker=make_actor("UN"))
    claim = event.quotations.get()
    claim.stance, claim.speaker_role_en = "claims", "with local groups"
    claim.save()
    Estimate.objects.create(quotation=claim, words="19 men", measure="killed", best=19)
    denied = {"exact": "There was no wedding.", "start": 99, "end": 120, **CHECKED}
    Quotation.objects.create(
        event=event,
        source=claim.source,
        language="en",
        speaker=make_actor("France"),
        stance="denies",
        order=1,
        **denied,
    )
    (row,) = rows(client, "/en/events.csv")
    assert row["quotation_speaker"] == "UN, with local groups"
    assert row["figures"] == "killed: 19 (Claimed by: UN, with local groups)"
    assert "Denied or disputed by: France: “There was no wedding.”" in row["voices"]
    (slide,) = json.loads(text(client, "/en/events.timelinejs.json"))["events"]
    assert "There was no wedding." in slide["text"]["text"]
    assert "Denied or disputed by: France" in slide["text"]["text"]
    annotation = json.loads(text(client, f"/en/quotations/{claim.key}.jsonld"))
    assert annotation["body"][1]["schema:creditText"] == "claimed by: UN, with local groups"


@pytest.mark.django_db
def test_a_copy_is_told_from_its_original(client: Client) -> None:
    original = make_source("first", title="The first", author="A. Writer", publisher="Daily")
    make_event(source=make_source("again", original=original))
    (row,) = rows(client, "/en/sources.csv")
    assert (row["copy_of"], row["original"]) == ("", "The first, A. Writer, Daily")
    (event,) = json.loads(text(client, "/en/events.json"))["events"]
    assert event["quotations"][0]["source"]["original"] == "The first, A. Writer, Daily"


# GeoJSON, TimelineJS ------------------------------------------------------------------------------


@pytest.mark.django_db
def test_what_has_no_coordinates_has_no_geometry(client: Client) -> None:
    make_event("Nowhere")
    (feature,) = json.loads(text(client, "/en/events.geojson"))["features"]
    assert feature["geometry"] is None


@pytest.mark.django_db
def test_a_slide_stands_on_the_days_it_may_lie_in_and_says_no_day_that_is_not_known(
    client: Client,
) -> None:
    make_event("<b>Then</b>", "2021-01")
    make_event("By then", "../2026", words="<script>alert(1)</script>")
    make_event("That day", "2027-02-03")
    slides = json.loads(text(client, "/en/events.timelinejs.json"))["events"]
    first, last = {"year": 2021, "month": 1, "day": 1}, {"year": 2021, "month": 1, "day": 31}
    assert (slides[0]["start_date"], slides[0]["end_date"]) == (first, last)
    assert slides[0]["display_date"] == "January 2021"
    assert slides[0]["text"]["headline"] == "&lt;b&gt;Then&lt;/b&gt;"
    assert slides[1]["display_date"] == "by 2026"
    assert "end_date" not in slides[2]
    assert "<script" not in json.dumps(slides)


# Calendars ----------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("edtf", "first", "after", "said"),
    [
        ("2021-01", date(2021, 1, 1), date(2021, 2, 1), "[January 2021] "),
        ("2013~", date(2013, 1, 1), date(2014, 1, 1), "[about 2013] "),
        ("../2026", date(2026, 1, 1), date(2027, 1, 1), "[by 2026] "),
        ("2022-02-17/..", date(2022, 2, 17), date(2022, 2, 18), "[from 17 February 2022 on] "),
        ("2021-11-05?", date(2021, 11, 5), date(2021, 11, 6), "[5 November 2021 (uncertain)] "),
    ],
)
def test_a_calendar_says_of_what_it_knows_no_day(
    client: Client, edtf: str, first: date, after: date, said: str
) -> None:
    make_event("It began", edtf)
    calendar = icalendar.Calendar.from_ical(get(client, "/en/events.ics").body)
    (event,) = calendar.walk("VEVENT")
    assert event["SUMMARY"] == f"{said}It began"
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (first, after)


@given(
    st.dates(date(1, 1, 2), date(9997, 1, 1)),
    st.integers(0, 4000),
    st.sampled_from(
        ["{0}", "{0:.7}", "{0:.4}", "{0:.4}~", "{0}/{1}", "../{0}", "{0:.7}/..", "{0}?"]
    ),
)
def test_the_days_of_a_calendar_are_those_it_may_lie_in(first: date, days: int, form: str) -> None:
    last = first + timedelta(days=days)
    edtf = EDTF.parse(form.format(first.isoformat(), last.isoformat()))
    begin, end = days_of(edtf)
    assert begin <= end
    assert (edtf.earliest or begin) == begin or edtf.latest is None
    if edtf.earliest and edtf.latest:
        assert (begin, end) == (edtf.earliest, edtf.latest)


@pytest.mark.django_db
def test_a_calendar_keeps_awkward_texts_and_their_identity(client: Client) -> None:
    event = make_event(
        "Comma, semicolon; back\\slash\nline é" + "é" * 80, words="One;\\two,\nthree"
    )
    before = icalendar.Calendar.from_ical(get(client, "/en/events.ics").body).walk("VEVENT")[0]
    assert before["SUMMARY"] == event.title_en
    assert "One;\\two,\nthree" in before["DESCRIPTION"]
    event.title_en = "Another title"
    event.save()
    after = icalendar.Calendar.from_ical(get(client, "/en/events.ics").body).walk("VEVENT")[0]
    assert after["UID"] == before["UID"]
    assert after["LAST-MODIFIED"].dt >= before["LAST-MODIFIED"].dt


# Feeds --------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_what_was_changed_last_comes_first_under_the_same_id(client: Client) -> None:
    first, _second = make_event("First", actors=("France",)), make_event("Second")
    _recorded()
    assert _titles(client, "/en/events.feed.json") == ["Second", "First"]
    before = {item["id"] for item in _items(client, "/en/events.feed.json")}
    first.title_en = "First, corrected"
    first.save()
    _recorded()
    assert _titles(client, "/en/events.feed.json") == ["First, corrected", "Second"]
    assert {item["id"] for item in _items(client, "/en/events.feed.json")} == before
    assert _titles(client, "/en/events.feed.json?what=new") == ["Second", "First, corrected"]
    assert _titles(client, "/en/events.feed.json?what=corrected") == ["First, corrected"]
    assert _titles(client, "/en/events.feed.json?actor=-france") == ["Second"]


def _recorded() -> None:

    record_changes(Change.Way.EDITOR)


def _items(client: Client, path: str) -> list[dict[str, Any]]:
    feed = json.loads(text(client, path))
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["_about"]["licence"]["url"].startswith("https://creativecommons.org/")
    return list(feed["items"])


def _titles(client: Client, path: str) -> list[str]:
    return [item["title"].rpartition(" (")[0] for item in _items(client, path)]


# The table of formats -----------------------------------------------------------------------------


def test_no_column_stands_twice() -> None:
    for kind in KINDS:
        names = [column.name for column in columns(kind, "en")]
        assert len(names) == len(set(names))
        assert all(str(column.about) for column in columns(kind, "en"))


# What pages say of it -----------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["", "map/", "histogram/", "lanes/", "actors/", "places/"])
def test_a_page_names_its_other_formats_and_each_is_there(client: Client, path: str) -> None:
    make_event(actors=("France",), places=("Mali",))
    answer = client.get(f"/fr/{path}?year=2021")
    named = re.findall(r'<([^>]+)>; rel="alternate"; type="([^"]+)"', answer["Link"])
    linked = re.findall(
        r'<link rel="alternate" type="([^"]+)" title="[^"]*" href="([^"]+)">', answer.text
    )
    assert named == [(address, media_type) for media_type, address in linked]
    assert len(named) >= 5
    for address, media_type in named:
        found = get(client, address)
        assert found.status_code == 200
        assert found["Content-Type"].startswith(media_type)


@pytest.mark.django_db
def test_a_list_of_actors_follows_the_selection(client: Client) -> None:
    make_event(date="2021-01", actors=("France",))
    make_event(date="2013-01", actors=("France", "Chad"))
    html = text(client, "/en/actors/?year=2021")
    assert "In 1 selected event: 2021." in html
    assert "Chad" not in html
    assert [row["slug"] for row in rows(client, "/en/actors.csv?year=2021")] == ["france"]
    assert "Chad" in text(client, "/en/actors/")


@pytest.mark.django_db
def test_a_file_holds_all_that_is_selected_not_the_page_that_is_read(client: Client) -> None:
    slugs = [make_event(date=f"2021-01-{day:02}").slug for day in range(1, 29)]
    page = client.get(f"/en/?after={slugs[24]}")
    assert slugs[0] not in page.text
    assert "</en/events.csv>;" in page["Link"]
    assert [row["slug"] for row in rows(client, f"/en/events.csv?after={slugs[24]}")] == slugs
    assert (
        json.loads(text(client, f"/en/events.json?after={slugs[24]}"))["about"]["selection"][
            "query"
        ]
        == ""
    )
