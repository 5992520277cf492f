"""What our own exports say comes back whole through our own import."""

import json
from typing import Any, get_type_hints

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from sahel import caching, index
from sahel.admin.imports import UploadForm
from sahel.exports.shapes import Figure, Quoted, Referred
from sahel.imports import Plan, check, make
from sahel.listed import FIGURE, MOST_ITEMS, NOT_TAKEN, QUOTATION, REFERENCE
from sahel.models import (
    Actor,
    Estimate,
    Event,
    Involvement,
    Place,
    Quotation,
    Reference,
    SourceText,
)
from tests.downloads import get, rows
from tests.factories import make_actor, make_event, make_place, make_source
from tests.importing import imported, table, tried

pytestmark = pytest.mark.django_db

TABLES = "events.csv", "events.excel.csv", "events.xlsx"


def taken_in(name: str, content: bytes) -> Plan:
    """Try a file as an editor does, who changes nothing of what was recognised."""
    form = UploadForm(files={"file": SimpleUploadedFile(name, content)})
    assert form.is_valid(), form.errors
    batch = form.cleaned_data["file"]
    batch.save()
    assert batch.layout == "own"
    return check(batch)


def said() -> dict[str, Any]:
    """Give what the record says of its events; not whether, and since when, they are public."""
    return {event.slug: of_one(event) for event in Event.objects.all()}


def of_one(event: Event) -> Any:
    texts = "title_en title_fr summary_en summary_fr kind status date date_basis date_words"
    texts += " date_note_en date_note_fr note_en note_fr"
    figures = "words measure low best high of_whom_en of_whom_fr unit_en unit_fr"
    words = "exact language stance speaker__slug speaker_role_en speaker_role_fr source__slug page"
    words += " start why_uncheckable_en why_uncheckable_fr"
    return (
        {name: getattr(event, name) for name in texts.split()},
        list(event.involvements.values_list("actor__slug", "role")),
        {place.slug for place in event.places.all()},
        list(event.quotations.values_list(*words.split())),
        [list(q.estimates.values_list(*figures.split())) for q in event.quotations.all()],
        list(event.references.values_list("source__slug", "supports", "note_en", "note_fr")),
    )


# The whole way ------------------------------------------------------------------------------------


def test_the_curated_record_comes_back_as_it_left(client: Client):
    call_command("load", verbosity=0)
    before = said()
    files = {name: get(client, f"/en/{name}").body for name in TABLES}
    for name, content in files.items():
        Event.objects.all().delete()
        plan = taken_in(name, content)
        assert (len(plan.drafts), plan.faults, plan.names) == (len(before), [], [])
        make(plan, None)
        assert said() == before
        assert set(Event.objects.values_list("publication", flat=True)) == {"draft"}


AWKWARD = st.text(st.sampled_from("=+-@'＝＋\"«;:,.\n\t|[]{}\\é’x 1"), max_size=30).map(str.strip)
SAID = AWKWARD.filter(bool)
DATES = st.sampled_from(
    ["2021-01-03", "2021-01", "2021", "2013~", "2021-11-05?", "../2026", "2022-02-17/..",
     "2013-01-11/2022-02~", "2021-21", "201X"]
)  # fmt: skip
WORDS_OF_A_FIGURE = "19 men"


@st.composite
def figures(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.sets(st.sampled_from(["low", "best", "high"]), min_size=1))
    some = sorted(draw(st.integers(0, 10**12)) for _name in names)
    numbers = dict(zip([n for n in ("low", "best", "high") if n in names], some, strict=True))
    measure = draw(st.sampled_from(Estimate.Measure.values))
    unit = {"unit_fr": draw(SAID)} if measure == "other" else {}
    return {"words": WORDS_OF_A_FIGURE, "measure": measure, "of_whom_en": draw(AWKWARD)} | (
        numbers | unit
    )


@st.composite
def quotations(draw: st.DrawFn) -> tuple[dict[str, Any], bool, list[dict[str, Any]]]:
    columns = {
        "exact": draw(SAID) + f"\n{WORDS_OF_A_FIGURE}",
        "language": draw(st.sampled_from(["en", "fr", "ar"])),
        "stance": draw(st.sampled_from(Quotation.Stance.values)),
        "speaker_role_en": draw(AWKWARD),
        "page": draw(st.none() | st.integers(1, 900)),
        "why_uncheckable_fr": draw(AWKWARD),
    }
    counted = st.lists(figures(), max_size=2, unique_by=lambda figure: figure["measure"])
    return columns, draw(st.booleans()), draw(counted)


@st.composite
def events(draw: st.DrawFn) -> Event:
    """Make a published event of which a spreadsheet might lose something."""
    names = draw(st.lists(st.sampled_from(["France", "Chad", "Mali"]), unique=True))
    places = [
        make_place("Ségou", slug="segou", latitude="13.45", longitude="-6.26", precision="point"),
        make_place("Nowhere"),
    ]
    event = make_event(
        draw(SAID),
        draw(DATES),
        words=draw(SAID),
        places=tuple(draw(st.lists(st.sampled_from(places), unique=True))),
        summary_en=draw(AWKWARD),
        note_fr=draw(AWKWARD),
        date_words=draw(AWKWARD),
        kind=draw(st.sampled_from(Event.Kind.values)),
        status=draw(st.sampled_from(Event.Status.values)),
        date_basis=draw(st.sampled_from(Event.DateBasis.values)),
    )
    for order, name in enumerate(names):
        role = draw(st.sampled_from(Involvement.Role.values))
        tie = {"event": event, "actor": make_actor(name)}
        Involvement.objects.create(**tie, role=role, order=order)
    listed = draw(st.lists(quotations(), max_size=2))
    for order, (columns, speaks, counted) in enumerate(listed, 1):
        quotation = Quotation(event=event, source=make_source("memo"), order=order, **columns)
        quotation.speaker = make_actor("Minister") if speaks else None
        quotation.save()
        for at, figure in enumerate(counted):
            Estimate.objects.create(quotation=quotation, order=at, **figure)
    if draw(st.booleans()):
        tie = {"event": event, "source": make_source("atlas"), "supports": "place"}
        Reference.objects.create(**tie, note_en=draw(AWKWARD))
    return event


@settings(max_examples=25, deadline=None)
@given(st.data(), st.sampled_from(TABLES), st.sampled_from(["en", "fr"]))
def test_events_come_back_as_they_left(data: st.DataObject, name: str, language: str):
    index.forget(), caching.forget()
    with transaction.atomic():
        for _number in range(data.draw(st.integers(1, 2))):
            data.draw(events())
        before, content = said(), get(Client(), f"/{language}/{name}").body
        Event.objects.all().delete()
        plan = taken_in(name, content)
        assert plan.faults == []
        make(plan, None)
        assert said() == before
        transaction.set_rollback(True)


def test_what_only_readers_need_is_not_taken_and_disturbs_nothing(client: Client):
    make_event("A", actors=("France",), places=("Mali",))
    (row,) = rows(client, "/en/events.csv")
    Event.objects.all().delete()
    row |= {"quotation": "Other words.", "source": "lost", "date_latest": "never", "page": "x"}
    plan = taken_in("events.csv", table(list(row), row).encode())
    assert plan.faults == []
    assert plan.drafts[0].quotations[0].exact == "Something happened."
    assert not plan.batch.mapping.keys() & {"date_latest", "page", "licence", "cite_as"}


def test_every_key_that_leaves_is_known_when_it_comes_back():
    assert set(get_type_hints(Quoted)) == {*QUOTATION, *NOT_TAKEN}
    assert set(get_type_hints(Figure)) == set(FIGURE)
    assert set(get_type_hints(Referred)) == set(REFERENCE)


def test_apostrophes_are_taken_from_our_own_columns_alone(editor: Client):
    imported(editor, "title_en,kind,date\n'=1+1,report,2022\n")
    imported(editor, "Year,Headline\n2022,'=1+1\n", kind="report")
    titles = set(Event.objects.values_list("title_en", flat=True))
    assert titles == {"=1+1", "'=1+1"}


# Lists that an editor writes ----------------------------------------------------------------------

HEADER = ["title_en", "kind", "date", "date_basis", "quotations", "references"]


def one(quotations: Any = "", references: Any = "") -> str:
    cells = ["A", "report", "2022", "stated", quotations, references]
    texts = [each if isinstance(each, str) else json.dumps(each) for each in cells]
    return table(HEADER, dict(zip(HEADER, texts, strict=True)))


def test_an_editor_writes_two_quotations_and_what_they_count(editor: Client):
    make_source("gazette"), make_source("radio", language="fr"), make_actor("Goïta", slug="goita")
    counted = {"words": "19 men", "measure": "killed", "best": 19}
    written = [
        {"exact": "19 men died.", "source": "gazette", "figures": [counted], "speaker": "goita"},
        {"exact": "Nul n’est mort.", "source": "https://example.org/radio", "stance": "denies"},
    ]
    imported(editor, one(written, [{"source": "radio", "supports": "fact"}]))
    first, second = Event.objects.get().quotations.all()
    assert (first.speaker, first.estimates.get().best) == (Actor.objects.get(), 19)
    assert (second.source.slug, second.language, second.stance) == ("radio", "fr", "denies")
    assert Reference.objects.get().source.slug == "radio"


def test_a_source_that_has_another_slug_here_is_found_by_its_address(editor: Client):
    make_source("gazette")
    source = {"slug": "elsewhere", "url": "https://example.org/gazette", "title": "Gazette"}
    imported(editor, one([{"exact": "Words.", "source": source}]))
    assert Quotation.objects.get().source.slug == "gazette"


def test_a_speaker_that_is_not_known_is_made_and_goes_with_the_import(editor: Client):
    make_source("gazette")
    batch = imported(
        editor,
        one([{"exact": "Words.", "source": "gazette", "speaker": "A Voice"}]),
        makes_names="on",
    )
    assert Quotation.objects.get().speaker == Actor.objects.get(slug="a-voice")
    assert list(batch.made["actor"]) == [str(Actor.objects.get().pk)]


def test_a_place_that_is_made_is_no_surer_than_the_file_says(editor: Client):
    text = "title_en,kind,date,places,latitude,longitude,coordinates\nA,report,2022,X,1,1,centre"
    imported(editor, text, makes_names="on")
    assert Place.objects.get().precision == "centre"


def test_words_that_stand_twice_come_back_to_where_they_stood(editor: Client):
    SourceText.objects.create(source=make_source("read"), text="Yes. No. Yes.")
    quoted = {"exact": "Yes.", "source": "read"}
    (told,) = taken_in("events.csv", one([quoted]).encode()).faults
    assert "Item 1, start: These words stand more than once" in told.reason
    imported(editor, one([quoted | {"start": 9}, quoted | {"start": 0}]))
    assert list(Quotation.objects.values_list("start", "state")) == [
        (9, "verbatim"),
        (0, "verbatim"),
    ]


GOOD = {"exact": "Words, 2 of them.", "source": "read"}
COUNTED = {"words": "2 of", "measure": "killed", "best": 2}


def counting(**changed: Any) -> list[Any]:
    return [GOOD | {"figures": [COUNTED | changed]}]


@pytest.mark.parametrize(
    ("quotations", "reason"),
    [
        ('[{"exact": "Words', "no JSON from character 12 on"),
        ("[" * 30_000, "no JSON"),
        ("9" * 5_000, "no JSON"),
        ("null", "Give a list"),
        (GOOD, "Give a list, in square brackets."),
        (["Words."], "Item 1: Give an object in braces, with the keys exact, language"),
        ([GOOD | {"words": "x"}], "Item 1: “words” is not known. Give one of: exact"),
        ([GOOD | {"\ud800": "x"}], "is not known"),
        ([GOOD, {"source": "read"}], "Item 2, exact: Give the words, letter by letter."),
        ([GOOD | {"exact": 3}], "Item 1, exact: Give a text"),
        ([GOOD | {"exact": "Nothing like it"}], "Item 1, exact: These words do not stand"),
        ([GOOD | {"source": "lost"}], "Item 1, source: There is no source “lost”"),
        ([GOOD | {"source": {"title": "Read"}}], "Item 1, source: Nothing is given"),
        ([GOOD | {"": "x"}], "Item 1: Nothing is given. Give one of: exact"),
        ([GOOD | {"speaker": False}], "Item 1, speaker: Give a text"),
        ([GOOD | {"source": [1]}], "Item 1, source: Give a text"),
        ([{"exact": "Words"}], "Item 1, source: Whose words are these?"),
        ([GOOD | {"speaker": "nobody"}], "Item 1, speaker: “nobody” is not known"),
        ([GOOD | {"speaker": {"name": {"en": "X"}}}], "Item 1, speaker: Nothing is given"),
        ([GOOD | {"stance": "shouts"}], "Item 1, stance: “shouts” is not known"),
        ([GOOD | {"language": "?"}], "Item 1, language"),
        ([GOOD | {"pdf_page": True}], "Item 1, pdf_page: “True” is not a whole number."),
        ([GOOD | {"speaker_role": {"de": "x"}}], "Item 1, speaker_role: “de” is not known"),
        ([GOOD | {"speaker_role": {"en": "x" * 201}}], "Item 1, speaker_role_en: Ensure"),
        ([GOOD, GOOD], "Item 2, exact: This event quotes that passage already."),
        ([GOOD] * (MOST_ITEMS + 1), "At most 100 items fit in a list."),
        (counting(best="2"), "Item 1, figures 1, best: “2” is not a whole number."),
        (counting(best=-2), "figures 1, best: “-2” is not a whole number."),
        (counting(best=10**30), "is not a whole number."),
        (counting(best=None), "Item 1, figures 1, best: Give a figure"),
        (counting(low=3), "Item 1, figures 1, best: The least must not be more"),
        (counting(words="3 of"), "Item 1, figures 1, words: These words do not stand in the quot"),
        (counting(measure=""), "Item 1, figures 1, measure: Nothing is given"),
        (counting(measure="other"), "Item 1, figures 1, unit: Say what is counted"),
        ([GOOD | {"figures": [COUNTED] * 2}], "figures 2, words: The quotation has that figure"),
        ([GOOD | {"figures": {}}], "Item 1, figures: Give a list"),
    ],
)
def test_what_is_wrong_with_an_item_is_said(quotations: Any, reason: str):
    SourceText.objects.create(source=make_source("read"), text="Words, 2 of them.")
    (told,) = taken_in("events.csv", one(quotations).encode()).faults
    assert (told.row, told.column) == (2, "quotations")
    assert reason in told.reason


@pytest.mark.parametrize(
    ("references", "reason"),
    [
        ([{"source": "memo"}], "Item 1, supports: Nothing is given"),
        ([{"supports": "date"}], "Item 1, source: Whose words are these?"),
        ([{"source": "memo", "supports": "date"}] * 2, "Item 2, source: This event refers"),
    ],
)
def test_what_is_wrong_with_a_reference_is_said(references: Any, reason: str):
    make_source("memo")
    (told,) = taken_in("events.csv", one("", references).encode()).faults
    assert (told.row, told.column) == (2, "references")
    assert reason in told.reason


def test_an_editor_is_shown_where_in_the_list_a_fault_is(editor: Client):
    make_source("gazette")
    quoted = {"exact": "Words.", "source": "gazette", "\ud800": "of no alphabet"}
    batch = tried(editor, one([quoted]))
    page = editor.get(f"/en/admin/sahel/importbatch/{batch.pk}/change/").text
    assert "<td>2</td><td>quotations</td><td>Item 1: “” is not known." in page


def test_a_newer_export_shows_what_changed_and_nothing_else(client: Client):
    make_event("A"), make_event("B")
    made, newer = rows(client, "/en/events.csv"), rows(client, "/en/events.csv?year=2021")
    Event.objects.all().delete()
    make(taken_in("events.csv", table(list(made[0]), *made).encode()), None)
    newer[0] |= {"title_en": "C", "retrieved": "2030-01-01", "updated": "2030-01-01T00:00:00Z"}
    (changed,) = taken_in("events.csv", table(list(newer[0]), *newer).encode()).changed
    assert changed.cells == [("title_en", "A", "C")]


KEYS = [*QUOTATION, *NOT_TAKEN, *FIGURE, *REFERENCE, "en", "fr", "slug", "url", "x"]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers()
    | st.text(max_size=9)
    | st.sampled_from(["gazette", "Words.", "killed", "date", "en", "\ud800", "\0"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
    ),
    max_leaves=8,
)
ITEMS = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=4)
ODD = st.dictionaries(st.sampled_from(FIGURE), VALUES, max_size=2)
NUMBERS = st.integers(0, 2**33)
NEARLY_RIGHT = st.fixed_dictionaries(
    {"exact": st.just("Words, 2 of them."), "source": st.just("gazette")},
    optional={
        "start": NUMBERS,
        "pdf_page": NUMBERS,
        "figures": st.lists(ODD.map(lambda odd: COUNTED | odd), max_size=2),
        "speaker_role": st.fixed_dictionaries({}, optional={"en": VALUES, "fr": VALUES}),
    },
)


@settings(max_examples=150, deadline=None)
@given(st.lists(NEARLY_RIGHT | ITEMS, max_size=3), st.lists(ITEMS | VALUES, max_size=2))
def test_whatever_stands_in_a_list_is_a_draft_or_a_fault(quotations: Any, references: Any):
    with transaction.atomic():
        make_source("gazette")
        plan = taken_in("events.csv", one(quotations, references).encode())
        assert len(plan.drafts) == (not plan.faults)
        make(plan, None)
        transaction.set_rollback(True)
