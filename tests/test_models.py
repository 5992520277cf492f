"""The record keeps its own rules, on both databases, whichever way a row comes in."""

import json
from datetime import date

import pytest
from django.core import serializers
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import translation

from sahel.models import (
    Actor,
    Event,
    Involvement,
    Place,
    Quotation,
    Record,
    Reference,
    Source,
    SourceText,
    verify,
)
from sahel.quotations import sha256
from tests.factories import make_actor, make_event, make_place, make_source
from tests.plain import answered

pytestmark = pytest.mark.django_db


def refused(act):
    with pytest.raises(IntegrityError), transaction.atomic():
        act()


def test_the_bounds_of_a_date_are_stored_beside_it():
    event = make_event(date="2021-01")
    row = Event.objects.filter(pk=event.pk).values("date", "earliest", "latest", "sort_date").get()
    assert row["date"].text == "2021-01"
    assert (row["earliest"], row["latest"]) == (date(2021, 1, 1), date(2021, 1, 31))
    assert row["sort_date"] == date(2021, 1, 1)


def test_the_bounds_follow_the_date_in_bulk_and_in_fixtures():
    fields = {"kind": "coup", "date_basis": "stated"}
    Event.objects.bulk_create([Event(slug="bulk", title_en="Bulk", date="../2026", **fields)])
    written = '[{"model": "sahel.event", "fields": {"slug": "raw", "title_en": "Raw", '
    written += '"date": "2014/..", "kind": "coup", "date_basis": "stated"}}]'
    for loaded in serializers.deserialize("json", written):
        loaded.save()
    bounds = Event.objects.order_by("slug").values_list("slug", "earliest", "latest")
    assert list(bounds) == [("bulk", None, date(2026, 12, 31)), ("raw", date(2014, 1, 1), None)]


def test_what_is_no_date_is_refused_by_the_orm_too():
    with pytest.raises(ValidationError, match="Type for example"):
        make_event(date="some day")


def test_the_database_refuses_a_date_that_ends_before_it_begins():
    event = make_event()
    table = Event.objects.filter(pk=event.pk)
    refused(lambda: table.update(earliest=date(2022, 1, 1), latest=date(2021, 1, 1)))
    refused(lambda: table.update(earliest=None, latest=None))


def test_the_database_refuses_coordinates_out_of_range_or_in_part():
    for numbers in [(91, 0), (0, 181), (-90.1, 0), (None, 3)]:
        latitude, longitude = numbers
        refused(
            lambda latitude=latitude, longitude=longitude: Place.objects.create(
                slug="nowhere",
                name_en="Nowhere",
                kind="city",
                latitude=latitude,
                longitude=longitude,
                precision="point",
            )
        )
    refused(lambda: make_place("Bare", latitude=1, longitude=1, precision=""))


def test_the_database_refuses_a_quotation_not_as_long_as_its_words():
    event = make_event(words="été à Gao “oui”")
    words = Quotation.objects.filter(event=event)
    words.update(start=10, end=25)
    refused(lambda: words.update(end=26))
    refused(lambda: words.update(start=None))
    refused(lambda: words.update(exact=""))


def test_the_database_refuses_doubles():
    event = make_event(actors=("France",))
    france = Actor.objects.get(slug="france")
    refused(lambda: make_event(slug=event.slug))
    refused(lambda: Actor.objects.create(slug="france", name_en="France", kind="state"))
    refused(lambda: Involvement.objects.create(event=event, actor=france, role="agent"))
    Involvement.objects.create(event=event, actor=france, role="victim")
    source = make_source("other")
    Reference.objects.create(event=event, source=source, supports="date")
    refused(lambda: Reference.objects.create(event=event, source=source, supports="date"))


def by_orm(column: str, url: str) -> None:
    make_source("bad", **{column: url})


def by_bulk(column: str, url: str) -> None:
    Source.objects.filter(pk=make_source("good").pk).update(**{column: url})


def by_sql(column: str, url: str) -> None:
    key = make_source("good").pk
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE sahel_source SET {column} = %s WHERE id = %s", [url, key])  # noqa: S608


def by_fixture(column: str, url: str) -> None:
    fields = {"slug": "bad", "title": "Bad", "publisher": "Gazette", "language": "en", column: url}
    rows = json.dumps([{"model": "sahel.source", "fields": fields}])
    for loaded in serializers.deserialize("json", rows):
        loaded.save()


@pytest.mark.parametrize("way", [by_orm, by_bulk, by_sql, by_fixture])
@pytest.mark.parametrize("column", ["url", "archived_url"])
@pytest.mark.parametrize(
    "url",
    [
        *("javascript:alert(1)", "data:text/html,x", "ftp://example.org", "//example.org", "x"),
        *("https://me:secret@example.org/", "HTTP://me@example.org", "https://a\\@example.org/"),
    ],
)
def test_the_database_refuses_addresses_that_are_not_of_the_web(way, column, url):
    refused(lambda: way(column, url))
    way(column, "https://example.org/@me?to=a@b")  # which is a good one


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://me:secret@example.org/"])
def test_the_form_says_what_is_wrong_with_an_address(editor, url):
    filled = {"title": "A", "publisher": "B", "language": "en", "texts-TOTAL_FORMS": "0"}
    filled |= {"texts-INITIAL_FORMS": "0", "kind": "news", "wording": "original"}
    page = editor.post("/en/admin/sahel/source/add/", filled | {"url": url})
    assert page.status_code == 200
    assert "errorlist" in page.text
    assert "Enter a valid URL." in page.text or "no user name or password" in page.text
    assert not Source.objects.exists()


def test_a_title_is_needed_in_one_language_only():
    make_event(title_en="", title_fr="Coup d’État")
    refused(lambda: make_event(title_en="", title_fr=""))


def test_a_text_falls_back_to_the_other_language_and_says_so():
    event = make_event(title_en="Coup", title_fr="")
    with translation.override("fr"):
        assert (event.title, event.title.lang) == ("Coup", "en")
    event.title_fr = "Coup d’État"
    with translation.override("fr"):
        assert (event.title, event.title.lang) == ("Coup d’État", "fr")


def test_an_actor_cannot_stand_under_itself_nor_too_deep():
    top = make_actor("Top")
    deepest = top
    for name in ("Second", "Third", "Fourth"):
        deepest = make_actor(name, parent=deepest)
        deepest.full_clean()
    with pytest.raises(ValidationError, match="four levels"):
        Actor(slug="fifth", name_en="Fifth", kind="person", parent=deepest).full_clean()
    top.parent = deepest
    with pytest.raises(ValidationError, match="under itself"):
        top.full_clean()


@pytest.mark.parametrize(
    "change",
    [
        lambda event: Event.objects.filter(pk=event.pk).update(kind="coup"),
        lambda event: Quotation.objects.bulk_create(
            [Quotation(event=event, source=make_source(), exact="More.", language="en")]
        ),
        lambda event: event.places.clear(),
        lambda event: event.involvements.all().delete(),
        lambda event: Actor.objects.update(name_fr="Autre"),
        lambda event: connection.cursor().execute("UPDATE sahel_source SET title = 'X'"),
    ],
)
def test_every_change_raises_the_version_of_the_record(change):
    event = make_event(actors=("France",), places=("Mali",))
    before = Record.state().version
    change(event)
    assert Record.state().version > before


def test_a_text_read_is_kept_with_plain_line_ends_and_its_hash_is_public():
    source = make_source()
    SourceText.objects.create(source=source, text="One.\r\nTwo.")
    source.refresh_from_db()
    assert source.texts.get().text == "One.\nTwo."
    assert source.text_length == 9
    assert source.text_sha256.startswith("d9613c")


def test_a_quotation_is_placed_in_the_text_of_its_source():
    source = make_source()
    SourceText.objects.create(source=source, text="He said “no dialogue” in June. No dialogue.")
    event = make_event()
    words = Quotation(event=event, source=source, exact="“no dialogue”", language="en")
    words.full_clean()
    assert (words.start, words.end, words.prefix, words.suffix) == (
        8,
        21,
        "He said ",
        " in June. No dialogue.",
    )


def test_straight_quotes_are_told_from_curly_ones():
    source = make_source()
    SourceText.objects.create(source=source, text="He said “no dialogue” in June.")
    words = Quotation(
        event=make_event(source="other"), source=source, exact='"no dialogue"', language="en"
    )
    with pytest.raises(ValidationError) as error:
        words.full_clean()
    assert "curly quotation mark, opening" in error.value.message_dict["exact"][0]


def test_words_that_stand_twice_ask_which_is_meant():
    source = make_source()
    SourceText.objects.create(source=source, text="No dialogue. No dialogue.")
    words = Quotation(
        event=make_event(source="other"), source=source, exact="No dialogue.", language="en"
    )
    with pytest.raises(
        ValidationError, match=r"more than once\. Give one of: 0 \(…\[…\] No.*; 13 \(…"
    ):
        words.full_clean()
    words.start = 13
    words.full_clean()
    assert words.end == 25


def read(source, text):
    """Give a source another text, as an editor who pastes it; then verify its quotations."""
    SourceText.objects.create(source=source, text=text)
    list(verify([source.pk]))
    return Quotation.objects.get()


def test_a_quotation_says_whether_it_stands_in_its_source():
    make_event(words="No dialogue.", publication="draft")
    source, words = Source.objects.get(), Quotation.objects.get()
    assert (words.state, words.checked_on) == ("unchecked", None)
    first = "He said: No dialogue."
    words = read(source, first)
    assert (words.state, words.start, words.checked_sha256) == ("verbatim", 9, sha256(first))
    assert words.checked_on == date.today()
    longer = "Later he said: No dialogue."
    words = read(source, longer)
    assert (words.state, words.start, words.checked_sha256) == (
        "verbatim-still",
        15,
        sha256(longer),
    )
    words = read(source, "He said: A dialogue.")
    assert (words.state, words.start) == ("missing", 15)
    assert read(source, longer).state == "verbatim-still"


def test_words_that_stand_twice_are_known_again_by_what_stands_around_them():
    make_event(words="No dialogue.", publication="draft")
    source = Source.objects.get()
    Quotation.objects.update(start=21, end=33, prefix="Then she said: ", suffix="")
    text = "Then he said: No dialogue. Then he left.\nThen she said: No dialogue."
    words = read(source, text)
    assert words.start == text.rindex("No dialogue.")
    assert words.repeated


def test_nothing_is_moved_to_words_that_are_merely_alike():
    make_event(words="No dialogue.", publication="draft")
    words = read(Source.objects.get(), "He said: no dialogue.")
    assert (words.state, words.start) == ("unchecked", None)


@pytest.mark.parametrize(
    "fields",
    [
        {"state": "verbatim"},
        {"state": "verbatim", "checked_sha256": "0" * 64, "checked_on": date(2026, 1, 1)},
        {"state": "missing", "start": 1, "end": 13},
        {"state": "uncheckable"},
    ],
)
def test_the_database_refuses_a_state_that_nothing_bears_out(fields):
    make_event(words="No dialogue.", publication="draft")
    with pytest.raises(IntegrityError), transaction.atomic():
        Quotation.objects.update(**fields)


def test_what_cannot_be_checked_says_why():
    make_event(words="No dialogue.", publication="draft")
    words = Quotation.objects.get()
    words.why_uncheckable_en = "A broadcast."
    words.full_clean()
    assert words.state == "uncheckable"
    words.why_uncheckable_en = ""
    words.full_clean()
    assert words.state == "unchecked"


def test_a_slug_left_empty_is_made_from_the_title():
    make_event(slug="coup-detat-au-mali")
    event = Event(
        title_fr="Coup d’État au Mali",
        date="2021-05",
        kind="coup",
        date_basis="stated",
    )
    event.full_clean()
    assert event.slug == "coup-detat-au-mali-2"


def test_a_name_in_french_alone_makes_a_slug_too():
    actor = Actor(name_fr="Armée de l’air", kind="military-force")
    actor.full_clean()
    assert actor.slug == "armee-de-lair"


def test_a_text_that_is_taken_away_takes_its_hash_with_it():
    source = make_source()
    first = SourceText.objects.create(source=source, text="One.")
    SourceText.objects.create(source=source, text="Two!!").delete()
    source.refresh_from_db()
    assert source.text_length == 4
    first.delete()
    source.refresh_from_db()
    assert (source.text_sha256, source.text_length) == ("", None)


def test_words_on_record_stay_when_the_source_has_changed():
    source = make_source()
    SourceText.objects.create(source=source, text="No dialogue.")
    words = Quotation(
        event=make_event(source="other"), source=source, exact="No dialogue.", language="en"
    )
    words.full_clean()
    words.save()
    SourceText.objects.create(source=source, text="Some dialogue.")
    words.full_clean()
    words.exact = "No dialog."
    with pytest.raises(ValidationError):
        words.full_clean()


@pytest.mark.parametrize("code", ["français", "EN", "e", "en fr", '"><script>'])
def test_a_language_is_a_code(code):
    with pytest.raises(ValidationError, match="language"):
        Source(slug="x", title="X", language=code).full_clean()


def test_an_edited_event_takes_its_new_place_and_its_new_words():
    make_event("Silver", "2021-01-03", slug="edited")
    event = Event.objects.get(slug="edited")
    event.date, event.title_en, event.title_fr = "2022-02~", "Gold", "Or"
    event.save()
    stored = Event.objects.values("sort_date", "earliest", "latest", "folded").get(slug="edited")
    assert stored["sort_date"] == stored["earliest"] == date(2022, 2, 1)
    assert stored["latest"] == date(2022, 2, 28)
    assert " gold " in stored["folded"]
    assert " silver " not in stored["folded"]


def test_an_edited_actor_is_found_by_its_new_name():
    make_event(actors=("France",), slug="here")
    actor = Actor.objects.get(slug="france")
    actor.name_en = "Gaul"
    actor.save()
    assert answered(q="gaul") == ["here"]
