"""The same words find the same events on both databases, whatever their accents and case."""

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sahel import index, search
from sahel.filters import Filters, spaced, words
from sahel.models import Actor, Event, Place, Quotation
from sahel.search import keys_saying
from tests.factories import CHECKED, make_actor, make_event, make_place, make_source
from tests.plain import answered, matching

pytestmark = pytest.mark.django_db

GOLDEN = {  # what a reader types, and the events that hold it
    "goita": {"coup"},
    "GOÏTA": {"coup"},
    "goïta": {"coup"},
    "go\u0308ita": {"coup"},
    "goi\u0308ta": {"coup"},
    "goit": {"coup"},
    "oita": set(),
    "assimi": {"coup"},
    "goita assimi": {"coup"},
    "colonel": {"coup"},
    "d'etat": {"coup"},
    "d’État": {"coup"},
    "etat": {"coup"},
    "état au mali": {"coup"},
    "coup-d'état": {"coup"},
    "frappe bounti": {"strike"},
    "bounty": {"strike"},
    "aerienne": {"strike"},
    "aériennes": set(),
    "wedding": {"strike"},
    "wed": {"strike"},
    "19": {"strike"},
    "1": set(),
    "19 people": {"strike"},
    "mali": {"coup", "strike"},
    "MALI": {"coup", "strike"},
    "mali wedding": {"strike"},
    "mali cotton": set(),
    "l'armée": {"strike"},
    "l": {"strike"},
    "armee dement": {"strike"},
    "œuvre": {"strike"},
    "oeuvre": {"strike"},
    "ＭＩＮＵＳＭＡ": {"strike"},
    "minusma": {"strike"},
    "مالي": {"coup"},
    "straße": {"coup"},
    "strasse": {"coup"},
    "100%": set(),
    "cessez-le-feu": {"coup"},
    "feu": {"coup"},
    "NEAR(goita": set(),
    '"goita': {"coup"},
    "goita*": {"coup"},
    "goita OR wedding": set(),
    "-goita": {"coup"},
}


@pytest.fixture
def golden():
    mali = make_place("Mali")
    bounti = make_place("Bounti", parent=mali, aliases="Bounty")
    goita = make_actor("Assimi Goïta", slug="goita", aliases="Colonel Goita")
    nations = make_actor("United Nations", aliases="MINUSMA\nUN")
    make_event(
        slug="coup",
        title_en="Coup in Mali",
        title_fr="Coup d’État au Mali",
        summary_fr="Un cessez-le-feu.",
        words="Straße. مالي",
        actors=(goita,),
    )
    make_event(
        slug="strike",
        title_en="Air strike",
        title_fr="Frappe aérienne",
        summary_en="In Mali.",
        summary_fr="L’armée dément ; mise en œuvre.",
        places=(bounti,),
        words="19 people at a wedding",
        speaker=nations,
    )


@pytest.mark.parametrize(("typed", "slugs"), GOLDEN.items())
def test_words_find_the_same_on_both_databases(golden, typed, slugs):
    assert set(answered(q=typed)) == slugs
    assert set(matching(Filters(q=typed)).values_list("slug", flat=True)) == slugs


def test_the_page_says_by_which_other_name_a_word_found_something(golden, client):
    page = client.get("/en/?q=bounty").text
    assert "“Bounty” is another name of Bounti." in page
    assert "another name" not in client.get("/en/?q=bounti").text
    assert "« Bounty » est un autre nom de" in client.get("/fr/?q=bounty").text.replace("\xa0", " ")


def test_the_other_name_of_a_draft_is_not_told(client):
    make_event(publication="draft", actors=(make_actor("Secret Cell", aliases="Nightfall"),))
    assert "Secret" not in client.get("/en/?q=nightfall").text


@pytest.mark.parametrize("change", [
    lambda event: event.delete(),
    lambda event: event.quotations.last().delete(),
    lambda event: Quotation.objects.filter(exact="Copper coins").update(
        exact="Other words", end=31, folded=spaced("Other words")
    ),
    lambda event: Event.objects.update(title_en="Gold", folded=spaced("Gold")),
    lambda event: event.quotations.filter(exact="Copper coins").update(event=make_event("Another")),
    lambda event: Event.objects.bulk_create([Event(
        slug="bulk", title_en="Gold", date="2021", kind="coup", date_basis="stated",
    )]),
])  # fmt: skip
def test_the_words_follow_every_change(change):
    event = make_event("Silver mine", words="Tin")
    copper = {**CHECKED, "exact": "Copper coins", "start": 20, "end": 32, "language": "en"}
    Quotation.objects.create(event=event, source=make_source("other"), order=1, **copper)
    change(event)
    for word in ("silver", "copper", "other", "gold", "another"):
        expected = matching(Filters(q=word)).values_list("slug", flat=True)
        assert answered(q=word) == list(expected), word


texts = st.text(max_size=30) | st.lists(
    st.sampled_from(["l’armée", "Ménaka", "N’Djamena", "10 000", "feu.", "مالي", "ǅ", "İstanbul"]),
    max_size=15,  # a title has room for no more
).map(" ".join)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(texts, texts, st.data())
def test_a_text_is_found_by_the_beginning_of_any_of_its_words(db, title, quoted, data):
    Event.objects.all().delete()
    event = make_event(f"T {title}".replace("\0", " "), words=f"Q {quoted}".replace("\0", " "))
    make_event("Else")
    word = data.draw(st.sampled_from(words(f"T {title} Q {quoted}")))
    typed = word[: data.draw(st.integers(2, 60))] if len(word) > 1 else word
    assert event.slug in answered(q=typed)
    expected = matching(Filters(q=typed)).values_list("slug", flat=True)
    assert answered(q=typed) == list(expected)


def test_many_words_are_asked_in_one_query(golden, django_assert_num_queries):
    record = index.current()
    with django_assert_num_queries(1):
        record.saying(["mali", "goita", "coup", "wedding"])
    with django_assert_num_queries(0):
        record.saying(["mali", "goita", "coup", "wedding"])


def test_words_remembered_are_bounded(monkeypatch):
    monkeypatch.setattr(index, "WORDS", 3)
    make_event("One two three four five six")
    record = index.current()
    for word in ["one", "two", "three", "four", "five", "six"]:
        assert len(record.saying([word])) == 1
    assert len(record.found) <= 4


def test_a_word_has_nothing_to_escape():
    for typed in ("' OR 1=1 --", '"; DROP TABLE sahel_event', "a:*", "\\", "N'Djamena"):
        if terms := Filters(q=typed).terms:
            keys_saying([terms])
    assert connection.introspection.table_names()


def test_who_and_where_are_found_by_all_their_names():
    actor = make_actor("Barkhane", aliases="Opération Barkhane\nForce antidjihadiste")
    place = make_place("Tombouctou", aliases="Timbuktu")
    make_event(slug="here", actors=(actor,), places=(place,), source=make_source("wire"))
    for typed in ("barkhane", "antidjihad", "timbuktu", "tombouctou operation"):
        assert answered(q=typed) == ["here"]
    Actor.objects.update(aliases="", folded=spaced("Barkhane"))
    Place.objects.update(aliases="", folded=spaced("Tombouctou"))
    assert answered(q="timbuktu") == answered(q="antidjihad") == []


@pytest.mark.parametrize("number", [1, search.FEW, search.FEW + 1, 40])
def test_a_beginning_finds_all_words_however_many_begin_so(number):
    letters = [chr(ord("a") + n % 26) * (1 + n // 26) for n in range(number)]
    found = {
        make_event(f"Koulou{ending} ko\U000105d0ulou", slug=f"e{n}").pk
        for n, ending in enumerate(letters)
    }
    others = [make_event(word, slug=word) for word in ("koul", "koulo-u", "kould")]
    assert set(keys_saying([["koulou"]])[0]) == found
    assert len(keys_saying([["koul"]])[0]) == number + len(others)
    assert set(keys_saying([["kould"], ["koul", "kould"], ["koulou", "koulo"]])[2]) == found
