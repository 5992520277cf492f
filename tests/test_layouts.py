"""Rows of ACLED, UCDP and TimelineJS become drafts that claim no more than the rows do."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sahel.datasets import GED, UCDP_DAYS, acled_date, ucdp_date
from sahel.dates import EDTF
from sahel.entries import length
from sahel.imports import check, make
from sahel.layouts import LAYOUTS
from sahel.models import Actor, Event, ImportBatch, Place
from sahel.models.history import last_number
from tests.factories import make_actor, make_place, make_source
from tests.forms import sent
from tests.importing import (
    A_BATTLE,
    A_GED_ROW,
    ACLED_NEW,
    ACLED_OLD,
    faults,
    imported,
    table,
    tried,
)

pytestmark = pytest.mark.django_db


def test_timelinejs_dates_stay_as_inexact_as_they_are(editor: Client):
    text = """Year,Month,Day,End Year,End Month,End Day,Display Date,Headline,Text,Type
,,,,,,,The title of it all,,title
2022,,,,,,,Year,<p>One &amp; <b>two</b></p>,
2022,2,,,,,,Month,,
2022,2,15,,,,,Day,,
2022,2,15,2022,2,17,,Days,,
2012,,,,,,about 2012,About,,
2022,2,15,,,,February 2022,Shown,,
2013,1,1,2014,1,1,,An era,,era
"""
    batch = imported(editor, text, kind="report", language="en")
    dates = dict(Event.objects.values_list("title_en", "date"))
    assert {title: str(day) for title, day in dates.items()} == {
        "Year": "2022",
        "Month": "2022-02",
        "Day": "2022-02-15",
        "Days": "2022-02-15/2022-02-17",
        "About": "2012~",
        "Shown": "2022-02",
    }
    assert Event.objects.get(title_en="Year").summary_en == "One & two"
    assert batch.layout == "timelinejs"


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("2022,2,30,,A", "Day"),
        ("2022,13,,,A", "Month"),
        ("2022,,4,,A", "Month"),
        ("-52,,,,A", "Year"),
        (",,,,A", "Year"),
        ("2022,,,2021,A", "End Year"),
        ("2022,,,,", "Headline"),
    ],
)
def test_faults_of_timelinejs_rows_name_their_columns(editor: Client, row, column):
    batch = tried(editor, f"Year,Month,Day,End Year,Headline\n{row}\n", kind="report")
    assert [(number, name) for number, name, _reason in faults(batch)] == [(2, column)]


@pytest.mark.parametrize("columns", [ACLED_NEW, ACLED_OLD], ids=["new", "old"])
@pytest.mark.parametrize("day", ["2022-02-15", "15 February 2022", "2022-02-15 00:00:00"])
def test_an_acled_row_becomes_a_draft_that_stays_one(editor: Client, columns, day):
    source = make_source("acled")
    row = {name: value for name, value in A_BATTLE.items() if name in columns}
    batch = imported(
        editor, table(columns, row | {"event_date": day}), source=source.pk, makes_names="on"
    )
    event = Event.objects.get()
    assert (batch.layout, event.restricted) == ("acled", "ACLED")
    assert (str(event.date), event.kind, event.status) == ("2022-02-15", "attack", "reported")
    assert event.title_en == "Armed clash: Sample Group – Sample Forces, Sample Town"
    quotation = event.quotations.get()
    assert quotation.exact == "notes: Sample words, of no event., fatalities: 3"
    assert (quotation.state, quotation.source) == ("uncheckable", source)
    figure = quotation.estimates.get()
    assert (figure.words, figure.best, figure.measure) == ("fatalities: 3", 3, "killed")
    assert set(Actor.objects.values_list("name_en", "kind")) == {
        ("Sample Group", "armed-group"),
        ("Sample Forces", "military-force"),
    }
    place = Place.objects.get()  # its coordinates are ACLED's, too
    assert (place.name_en, place.latitude, place.precision) == ("Sample Town", None, "")


@pytest.mark.parametrize(("code", "edtf"), [("2", "2022-02-09/2022-02-21"), ("3", "2022-02")])
def test_an_acled_row_of_an_inexact_day_claims_none(editor: Client, code, edtf):
    source = make_source("acled")
    text = table(ACLED_NEW, A_BATTLE | {"time_precision": code})
    imported(editor, text, source=source.pk, makes_names="on")
    assert str(Event.objects.get().date) == edtf


def test_what_must_not_be_published_again_is_kept_in_by_form_orm_and_sql(editor: Client):
    imported(editor, table(ACLED_NEW, A_BATTLE), source=make_source("a").pk, makes_names="on")
    event = Event.objects.get()
    address = f"/en/admin/sahel/event/{event.pk}/change/"
    page = editor.get(address).content.decode()
    answer = editor.post(address, sent(page, "event_form", _step="publish"))
    assert "terms do not let it be published again" in answer.content.decode()
    with pytest.raises(ValidationError):
        Event(restricted="ACLED", publication="published").validate_constraints()
    with pytest.raises(IntegrityError), transaction.atomic():
        Event.objects.update(publication="published")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE sahel_event SET publication = 'published'")
    event.refresh_from_db()
    assert event.publication == "draft"


def test_a_version_put_back_is_kept_in_as_it_was(editor: Client):
    batch = imported(
        editor, table(ACLED_NEW, A_BATTLE), source=make_source("a").pk, makes_names="on"
    )
    event = Event.objects.get()
    page = f"/en/admin/sahel/event/{event.pk}/history/{last_number(event.pk)}/"
    Event.objects.get().delete()
    assert editor.post(page, {"why": "Deleted by mistake."}).status_code == 302
    assert Event.objects.get().restricted == "ACLED"
    assert batch.rows.get().event is None


@pytest.mark.parametrize("header", [True, False], ids=["header", "no header"])
def test_a_ucdp_row_becomes_a_draft_with_its_figures(editor: Client, header):
    make_place("Sample Town"), make_actor("Sample Group"), make_actor("Civilians")
    source = make_source("ged")
    batch = imported(editor, table(GED, A_GED_ROW, header=header), source=source.pk)
    event = Event.objects.get()
    assert batch.layout == "ucdp"
    assert (str(event.date), event.restricted) == ("2022-02-01/2022-02-04", "")
    roles = event.involvements.values_list("actor__name_en", "role")
    assert list(roles) == [("Sample Group", "agent"), ("Civilians", "victim")]
    quotation = event.quotations.get()
    assert quotation.exact == "best: 4, high: 6, low: 3"
    assert quotation.state == "uncheckable"
    assert "412" in quotation.why_uncheckable_en
    assert "412" in quotation.why_uncheckable_fr
    figure = quotation.estimates.get()
    assert (figure.low, figure.best, figure.high) == (3, 4, 6)
    figure.full_clean()
    event.full_clean()


@pytest.mark.parametrize(("code", "precision"), [("1", "point"), ("3", "area"), ("", "area")])
def test_a_place_that_is_made_is_no_more_exact_than_its_code(editor: Client, code, precision):
    make_place("Mali", country="ML")
    row = A_GED_ROW | {"where_prec": code, "country": "Mali"}
    imported(editor, table(GED, row), source=make_source("ged").pk, makes_names="on")
    place = Place.objects.get(slug="sample-town")
    assert (float(place.latitude or 0), float(place.longitude or 0)) == (15.5, -1.25)
    assert (place.precision, place.country, str(place.parent)) == (precision, "ML", "Mali")
    place.full_clean()


def test_faults_of_ucdp_rows_name_their_columns(editor: Client):
    rows = [
        A_GED_ROW | {"id": "1", "best": "9"},
        A_GED_ROW | {"id": "2", "date_prec": "7"},
        A_GED_ROW | {"id": "3", "date_end": "2022-01-01"},
        A_GED_ROW | {"id": "4", "type_of_violence": "4"},
        A_GED_ROW | {"id": "5", "latitude": "95"},
        A_GED_ROW | {"id": "6", "low": "few"},
        A_GED_ROW | {"id": ""},
        A_GED_ROW | {"id": "7", "date_start": "02/01/2022"},
        A_GED_ROW | {"id": "8"},
        A_GED_ROW | {"id": "8"},
    ]
    text = table(GED, *rows)
    batch = tried(editor, text, source=make_source("ged").pk, makes_names="on")
    assert [(row, column) for row, column, _reason in faults(batch)] == [
        (2, "best"),
        (3, "date_prec"),
        (4, "date_end"),
        (5, "type_of_violence"),
        (6, "latitude"),
        (7, "low"),
        (8, "id"),
        (9, "date_start"),
        (11, "id"),
    ]


def test_a_place_is_made_in_the_smallest_place_that_may_hold_it(editor: Client):
    above = None
    for name in ("Mali", "Two", "Three", "Four"):
        above = make_place(name, parent=above)
    rows = [
        A_GED_ROW | {"id": "1", "adm_1": "Three", "where_coordinates": "In three"},
        A_GED_ROW | {"id": "2", "adm_1": "Four", "country": "Mali", "where_coordinates": "In Mali"},
    ]
    imported(editor, table(GED, *rows), source=make_source("ged").pk, makes_names="on")
    for slug, parent in (("in-three", "Three"), ("in-mali", "Mali")):
        place = Place.objects.get(slug=slug)
        assert str(place.parent) == parent
        place.full_clean()


GOOD = {
    **A_BATTLE,
    **A_GED_ROW,
    "year": "2022",
    "month": "2",
    "day": "15",
    "headline": "A",
    "kind": "report",
    "title_en": "A",
    "date": "2022-02",
    "slug": "a",
    "source": "gazette",
    "quotation": "Words.",
    "actors": "One:agent; Two",
    "places": "Here",
}

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=300)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(LAYOUTS)), st.data())
def test_whatever_stands_in_the_cells_is_a_draft_or_a_fault(layout: str, data: st.DataObject):
    source = make_source("gazette")
    fields = list(LAYOUTS[layout].fields)
    odd = st.dictionaries(st.sampled_from(fields), TEXTS, max_size=4)
    rows = data.draw(st.lists(odd, min_size=1, max_size=3))
    batch = ImportBatch(
        layout=layout,
        header=fields,
        source=source,
        makes_names=True,
        kind="report",
        date_basis="stated",
        sha256="0",
    )
    batch.mapping = {name: at for at, name in enumerate(fields)}
    good = {name: GOOD.get(name, "") for name in fields}
    batch.keep([(n, list((good | row).values())) for n, row in enumerate(rows, 2)])
    batch.save()
    plan = check(batch)
    read = {draft.row.number for draft in plan.drafts} | {fault.row for fault in plan.faults}
    assert len(read) + plan.skipped == len(rows)
    with transaction.atomic():
        make(plan, None)
        transaction.set_rollback(True)
    for draft in plan.drafts:
        draft.event.clean_fields(exclude=["edited_by", "approved_by"])


DAYS = st.dates(date(1989, 1, 1), date(2030, 12, 31))


@given(DAYS, st.integers(1, 3))
def test_acled_dates_claim_no_more_than_their_code(day: date, precision: int):
    read = EDTF.parse(acled_date(day, precision))
    assert read.earliest
    assert read.latest
    assert read.earliest <= day <= read.latest
    assert length(read) >= {1: 1, 2: 7, 3: 28}[precision]


@given(DAYS, st.integers(0, 400), st.sampled_from(sorted(UCDP_DAYS)))
def test_ucdp_dates_claim_no_more_than_their_code(first: date, days: int, precision: str):
    last = first + timedelta(days)
    read = EDTF.parse(ucdp_date(first, last, precision))
    assert read.earliest
    assert read.latest
    assert read.earliest <= first <= last <= read.latest
    assert length(read) >= max(days + 1, UCDP_DAYS[precision])
    if precision != "1":
        assert read.precision != "day"


@given(st.integers(1900, 2030), st.integers(1, 12) | st.none(), st.integers(1, 31) | st.none())
def test_timelinejs_dates_claim_no_more_than_their_columns(year, month, day):
    from sahel.entries import Cells
    from sahel.layouts import read_timelinejs

    assume(month or not day)
    values = [str(each or "") for each in (year, month, day)]
    mapping = {"year": 0, "month": 1, "day": 2, "headline": 3, "kind": 4}
    cells = Cells([*values, "A", "report"], mapping)
    entry = read_timelinejs(cells, ImportBatch(language="en"))
    assert entry is not None
    if not cells.faults:
        assert EDTF.parse(entry.date).precision == ("day" if day else "month" if month else "year")
