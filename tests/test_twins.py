"""An event that is here already is not entered a second time without a question."""

import pytest

from sahel.dates import EDTF
from sahel.models import Event
from sahel.twins import perhaps_the_same
from tests.factories import make_event, make_place
from tests.test_admin import form

pytestmark = pytest.mark.django_db


def found(date="2021-01-03", kind="attack", places=(), titles=("Something else", "")):
    return {event.slug for event in perhaps_the_same(EDTF.parse(date), kind, places, titles)}


def test_the_same_days_kind_and_place_or_the_same_words_are_suspected():
    gao = make_place("Gao")
    make_event("Ambush near Gao", slug="here", date="2021-01-03", kind="attack", places=(gao,))
    make_event("Coup", slug="coup", date="2021-01-03", kind="coup", places=(gao,))
    make_event("Ambush near Gao", slug="later", date="2021-02-03", kind="attack", places=(gao,))
    make_event(
        "Ambush", slug="gone", date="2021-01-03", kind="attack", places=(gao,),
        publication="withdrawn", withdrawal_en="No.",
    )  # fmt: skip
    assert found(places=[gao]) == {"here"}
    assert found(date="2021-01", places=[gao]) == {"here"}
    assert found(places=[make_place("Mopti")]) == set()
    assert found(titles=("An ambush near Gao", "")) == {"here"}
    assert found(titles=("", "Ambush near GAO")) == {"here"}
    assert found(date="2021", titles=("Ambush near Gao", "")) == {"here", "later"}
    assert found(date="2021", places=[gao]) == set()


def test_an_editor_is_asked_before_a_twin_is_made(editor):
    place = make_place("Gao")
    twin = make_event("Statement", date="2021-06", kind="statement", places=(place,))
    sent = form(places=[place.pk], summary_en="Typed at length")
    page = editor.post("/en/admin/sahel/event/add/", sent).text
    assert "Is it one of these, which are here already?" in page
    assert f'/en/admin/sahel/event/{twin.pk}/change/">Statement</a>' in page
    assert 'type="checkbox" name="another"' in page
    assert "Typed at length" in page
    assert Event.objects.count() == 1
    answer = editor.post("/en/admin/sahel/event/add/", sent | {"another": "on"})
    assert answer.status_code == 302
    assert Event.objects.count() == 2
