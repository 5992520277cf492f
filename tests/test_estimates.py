"""Figures belong to the quotations that give them, and none is shown as surer than it is."""

import json
import re

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from sahel.models import Change, Estimate, Event, Quotation, changes, spreads
from sahel.versions import restore
from tests.factories import make_actor, make_event, make_source
from tests.test_admin import form

WORDS = "Nineteen died, the mayor said; others spoke of several thousand people."
NUMBERS = st.none() | st.integers(0, 10**6)


def an_estimate(quotation: Quotation | None = None, **fields) -> Estimate:
    fields = {"words": "Nineteen", "measure": "killed", "best": 19, **fields}
    if quotation is None:
        return Estimate(**fields)
    return Estimate.objects.create(quotation=quotation, **fields)


@st.composite
def estimates(draw) -> Estimate:
    low, best, high = draw(st.tuples(NUMBERS, NUMBERS, NUMBERS).filter(any))
    given_ = iter(sorted(each for each in (low, best, high) if each is not None))
    low, best, high = (each if each is None else next(given_) for each in (low, best, high))
    return an_estimate(low=low, best=best, high=high)


@pytest.mark.parametrize(
    ("numbers", "english", "french"),
    [
        ({"best": 19}, "19", "19"),
        ({"best": None, "low": 2000}, "at least 2,000", "au moins 2\u00a0000"),
        ({"best": None, "high": 30}, "at most 30", "au plus 30"),
        ({"best": None, "low": 16, "high": 22}, "16 to 22", "de 16 à 22"),
        ({"best": 19, "low": 16, "high": 22}, "19 (16 to 22)", "19 (de 16 à 22)"),
        ({"best": 19, "low": 16}, "19 (at least 16)", "19 (au moins 16)"),
        ({"best": 19, "low": 19, "high": 19}, "19", "19"),
        ({"best": 0}, "0", "0"),
    ],
)
def test_a_figure_is_said_as_exactly_as_it_is_known(numbers, english, french):
    estimate = an_estimate(**numbers)
    assert estimate.in_words() == english
    with override("fr"):
        assert estimate.in_words().replace("\u202f", "\u00a0") == french


@given(st.lists(estimates(), min_size=1, max_size=5))
def test_a_spread_leaves_out_no_figure_and_adds_none(some):
    (spread,) = spreads(some)
    numbers = {n for each in some for n in (each.low, each.best, each.high) if n is not None}
    assert spread.estimates == some
    if spread.low is not None:
        assert spread.low == min(numbers)
    if spread.high is not None:
        assert spread.high == max(numbers)
    # An end that one of them leaves open is open.
    assert (spread.low is None) == any(each.low is None and each.best is None for each in some)
    assert (spread.high is None) == any(each.high is None and each.best is None for each in some)
    said = {int(number.replace(",", "")) for number in re.findall(r"[\d,]+", spread.in_words())}
    assert said <= numbers


def test_only_what_counts_the_same_is_put_side_by_side():
    some = [
        an_estimate(),
        an_estimate(best=22),
        an_estimate(best=3, of_whom_en="gunmen"),
        an_estimate(best=2, measure="other", unit_en="vehicles"),
    ]
    assert [(len(each.estimates), each.in_words()) for each in spreads(some)] == [
        (2, "19 to 22"),
        (1, ""),
        (1, ""),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "fields",
    [
        {"best": None},
        {"low": 20},
        {"high": 18},
        {"best": None, "low": 3, "high": 2},
        {"words": ""},
        {"measure": "other"},
    ],
)
def test_the_database_refuses_figures_that_make_no_sense(fields):
    quotation = make_event(words=WORDS).quotations.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        an_estimate(quotation, **fields)


@pytest.mark.django_db
def test_a_figure_has_to_stand_in_the_quotation():
    quotation = make_event(words=WORDS).quotations.get()
    with pytest.raises(ValidationError, match="do not stand in the quotation"):
        Estimate(quotation=quotation, words="nineteen", measure="killed", best=19).full_clean()
    Estimate(quotation=quotation, words="Nineteen", measure="killed", best=19).full_clean()


@pytest.mark.django_db
def test_readers_see_what_the_sides_say_and_between_which_numbers_it_lies(client):
    event = make_event(words=WORDS, speaker=make_actor("Mayor"))
    an_estimate(event.quotations.get())
    other = event.quotations.create(
        source=make_source(), exact="At least 22 died.", language="en", start=100, end=117
    )
    an_estimate(other, words="At least 22", best=None, low=22)
    page = client.get(event.get_absolute_url())
    said = re.sub(r"<[^>]+>|\s+", " ", page.text[page.text.index("<dt>Figures") :])
    said = re.sub(r"\s+", " ", said)
    assert "Killed: at least 19 , depending on who says so" in said
    assert "19 Nineteen – reported by: Mayor" in said
    assert "at least 22 At least 22 – reported by: the source itself" in said
    french = client.get(event.get_absolute_url().replace("/en/", "/fr/")).text
    assert "au moins 19" in french
    assert '<q lang="en">At least 22</q>' in french
    quotation = client.get(f"/en/quotations/{other.key}/").text
    assert "Killed: <b>at least 22</b>" in re.sub(r"\s+", " ", quotation)


@pytest.mark.django_db
def test_a_figure_changed_by_sql_is_seen_at_once_and_goes_on_record(client):
    with changes(Change.Way.EDITOR):
        event = make_event(words=WORDS)
        an_estimate(event.quotations.get())
    before = client.get(event.get_absolute_url())
    with changes(Change.Way.EDITOR, why="Read again.", language="en"), connection.cursor() as sql:
        sql.execute("UPDATE sahel_estimate SET best = 90")
    after = client.get(event.get_absolute_url(), headers={"if-none-match": before["ETag"]})
    assert after.status_code == 200
    assert "<b>90</b>" in after.text
    assert "figure: number given" in after.text.lower()
    assert "<del>19</del><ins>90</ins>" in after.text
    assert [entry.what for entry in Change.objects.all()] == ["published", "corrected"]
    with changes(Change.Way.EDITOR):
        restore(Change.objects.get(number=1))
    assert Estimate.objects.get().best == 19


@pytest.mark.django_db
def test_an_entry_written_before_there_were_figures_needs_no_other():
    with changes(Change.Way.EDITOR):
        event = make_event(words=WORDS)
    entry = Change.objects.get()
    older = {name: part for name, part in entry.snapshot.items() if name != "estimates"}
    assert "estimates" in entry.snapshot
    copy = Change(**{f.attname: getattr(entry, f.attname) for f in Change._meta.concrete_fields})
    copy.number, copy.after = 2, json.dumps(older)
    copy.save(force_insert=True)
    with changes(Change.Way.EDITOR):
        Event.objects.filter(pk=event.pk).update(position=0)
    assert Change.objects.count() == 2


def with_figure(**fields):
    figure = {"words": "Nineteen", "measure": "killed", "best": "19", **fields}
    return form(
        **{
            "quotations-0-exact": WORDS,
            "quotations-0-figures-TOTAL_FORMS": "1",
            "quotations-0-figures-INITIAL_FORMS": "0",
            **{f"quotations-0-figures-0-{name}": value for name, value in figure.items()},
        }
    )


@pytest.mark.django_db
def test_an_editor_types_a_figure_with_its_quotation(editor):
    answer = editor.post("/en/admin/sahel/event/add/", with_figure())
    assert answer.status_code == 302
    estimate = Estimate.objects.get()
    assert (estimate.words, estimate.best, estimate.quotation.exact) == ("Nineteen", 19, WORDS)
    page = editor.get(f"/en/admin/sahel/event/{estimate.quotation.event_id}/change/").text
    assert 'value="Nineteen"' in page
    # Taken away again.
    sent = with_figure(id=estimate.pk, quotation=estimate.quotation_id, DELETE="on") | {
        "quotations-INITIAL_FORMS": "1",
        "quotations-0-id": estimate.quotation_id,
        "quotations-0-event": estimate.quotation.event_id,
        "quotations-0-figures-INITIAL_FORMS": "1",
        "why": "Not what it says.",
        "_step": "",
        "slug": "a-new-event",
    }
    answer = editor.post(f"/en/admin/sahel/event/{estimate.quotation.event_id}/change/", sent)
    assert answer.status_code == 302
    assert not Estimate.objects.exists()
    assert Quotation.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"words": "Twenty"}, "These words do not stand in the quotation, letter by letter."),
        ({"best": ""}, "Give a figure, or the least or the most it may be."),
        ({"low": "20"}, "The least must not be more than the figure"),
        ({"measure": "other"}, "Say what is counted: give the unit."),
        ({"best": "99999999999999999999"}, "less than or equal to"),
        ({"best": "-1"}, "greater than or equal to 0"),
    ],
)
def test_what_is_wrong_with_a_figure_is_said_beside_it(editor, fields, sentence):
    answer = editor.post("/en/admin/sahel/event/add/", with_figure(**fields))
    assert answer.status_code == 200
    assert sentence in answer.text
    assert not Event.objects.exists()
    assert 'name="quotations-0-figures-0-words"' in answer.text
    assert f'value="{fields.get("words", "Nineteen")}"' in answer.text


@pytest.mark.django_db
@pytest.mark.parametrize(
    "words", ["At least 17 people", "Au moins 17", "Jusqu’à 17", "fewer than 17"]
)
def test_a_bound_is_not_given_as_a_number(words):
    quotation = make_event(words=f"{words} were seen.", publication="draft").quotations.get()
    estimate = Estimate(quotation=quotation, words=words, measure="killed", best=17)
    with pytest.raises(ValidationError, match="write the number there, and leave this empty"):
        estimate.full_clean()
