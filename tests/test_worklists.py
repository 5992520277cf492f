"""An editor sees at once what is left to do, and goes to it."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse
from django.utils import timezone

from sahel.models import Event, LinkCheck, Quotation, Source
from tests.factories import make_actor, make_event, make_place, make_source

pytestmark = pytest.mark.django_db


def numbers(client) -> dict[str, int]:
    """Give the lists of the start page, by the words of their addresses, with their counts."""
    page = client.get("/en/admin/").text
    found = re.findall(r'todo=(\w+)">[^<]+</a> <span>(\d+)</span>', page)
    return {word: int(number) for word, number in found}


def listed(client, model: str, word: str) -> set[str]:
    page = client.get(reverse(f"admin:sahel_{model}_changelist") + f"?todo={word}")
    return {getattr(row, "slug", str(row)) for row in page.context["cl"].result_list}


def test_what_needs_work_is_counted_and_listed(editor):
    fatou = User.objects.get()
    make_event(slug="mine", publication="draft", edited_by=fatou)
    make_event(slug="theirs", publication="draft")
    make_event(slug="waiting", publication="review")
    for slug in ("approved", "scheduled"):
        make_event(slug=slug, publication="review")
    Event.objects.filter(slug="approved").update(approved_by=fatou)
    Event.objects.filter(slug="scheduled").update(publish_at=timezone.now() + timedelta(days=1))
    make_event(slug="english", title_fr="")
    make_event(slug="year", date="2021", places=(make_place("Gao"),))
    twin = {"date": "2020-01-01", "kind": "attack"}
    make_event(slug="twin", places=("Mali",), **twin)
    make_event(slug="other-twin", places=("Mali", "Bounti"), **twin)
    make_event(slug="elsewhere", places=("Niger",), **twin)
    make_event(slug="withdrawn", publication="withdrawn", withdrawal_en="No.", title_fr="")
    two = make_event(slug="two-sources")
    two.quotations.create(source=make_source("wire"), exact="So.", language="en", start=5, end=8)
    copy = make_event(slug="a-copy", source=make_source("copy", original=make_source("gazette")))
    copy.quotations.create(source=make_source(), exact="So.", language="en", start=5, end=8)
    lost = make_event(slug="lost").quotations.get()
    Quotation.objects.filter(pk=lost.pk).update(state="missing")
    source = make_source("gone", archived_url="https://archive.example.org/")
    LinkCheck.objects.create(source=source, archived=False, url=source.url, outcome="gone")

    assert listed(editor, "event", "mine") == {"mine"}
    assert listed(editor, "event", "waiting") == {"waiting"}
    assert listed(editor, "event", "approved") == {"approved"}
    assert listed(editor, "event", "scheduled") == {"scheduled"}
    assert listed(editor, "event", "untranslated") == {"english"}
    assert listed(editor, "event", "imprecise") == {"year"}
    assert listed(editor, "event", "twins") == {"twin", "other-twin"}
    single = listed(editor, "event", "single")
    assert {"a-copy", "english", "lost"} <= single
    assert not {"two-sources", "mine"} & single
    assert listed(editor, "place", "unplaced") == {"gao", "mali", "bounti", "niger"}
    assert listed(editor, "quotation", "missing") == {str(lost)}
    assert listed(editor, "source", "lost") == {"gone"}
    assert listed(editor, "source", "uncopied") == set(
        Source.objects.exclude(slug="gone").values_list("slug", flat=True)
    )
    for word, number in numbers(editor).items():
        model = "event" if word in EVENTS else OTHERS[word]
        assert len(listed(editor, model, word)) == number or word in ("unchecked",), word


EVENTS = {
    "mine",
    "waiting",
    "approved",
    "scheduled",
    "single",
    "untranslated",
    "imprecise",
    "twins",
}
OTHERS = {
    "unplaced": "place",
    "missing": "quotation",
    "unchecked": "quotation",
    "lost": "source",
    "uncopied": "source",
}


def test_the_start_page_asks_little_whatever_the_record_holds(
    editor, django_assert_max_num_queries
):
    for number in range(30):
        make_event(f"Event {number}", actors=(make_actor(),), places=("Mali",))
    with django_assert_max_num_queries(10):
        assert "To do" in editor.get("/en/admin/").text
    assert set(numbers(editor)) == (EVENTS - {"twins"}) | set(OTHERS)
    assert "todo=twins" in editor.get("/en/admin/").text  # which takes longer than a start page may


def test_what_one_may_not_see_is_not_counted(editor):
    make_event()
    Group.objects.get(name="Publisher").permissions.clear()
    assert numbers(editor) == {}


def test_an_unknown_list_is_no_filter(editor):
    make_event(slug="one")
    assert listed(editor, "event", "nothing") == {"one"}
    assert listed(editor, "event", "lost") == {"one"}
    assert Event.objects.count() == 1
