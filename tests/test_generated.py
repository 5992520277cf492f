"""The generator's events: always the same ones, valid, and answered like any others."""

from collections import Counter

import pytest
from django.db.models import Count

from benchmarks.generate import fill
from benchmarks.generator import BLOCK, WORDS, drawn
from sahel import facets
from sahel.filters import Filters, fold
from sahel.models import Event, Quotation, Record

pytestmark = pytest.mark.django_db


def test_the_same_seed_gives_the_same_events():
    assert list(drawn(50)) == list(drawn(50))
    assert list(drawn(50)) != list(drawn(50, seed=1))
    assert list(drawn(50)) == list(drawn(100))[:50]
    assert list(drawn(BLOCK + 10)) == list(drawn(BLOCK + 20))[: BLOCK + 10]


def test_words_are_as_frequent_as_in_prose():
    events = 5000
    held = Counter()
    for each in drawn(events):
        texts = each.title, each.summary, *(words for _source, words, _speaker in each.quotations)
        held.update(set(fold(" ".join(texts)).replace(".", "").split()))
    commonest, tenth, last = (held[fold(WORDS[rank])] for rank in (0, 9, -1))
    assert commonest > 0.95 * events
    assert 0.25 * events < tenth < 0.45 * events
    assert last < 0.003 * events  # of so few events; about 0.0008 of very many
    assert len({fold(word) for word in WORDS}) == len(WORDS)


def test_generated_events_are_valid_and_come_on_top_of_what_is_there():
    before = Record.current_version()
    fill(60)
    fill(60)
    assert Event.objects.count() == 120
    assert Record.current_version() > before
    for event in Event.objects.all():
        event.full_clean()
        assert event.quotations.exists()
        assert event.involvements.exists()
        assert event.places.exists()
    stored = Event.objects.values_list("earliest", "latest", "sort_date", "folded")
    computed = [(e.earliest, e.latest, e.sort_date, e.folded) for e in Event.objects.all()]
    assert list(stored) == computed
    assert all(q.folded for q in Quotation.objects.all())


def test_an_event_added_by_hand_afterwards_gets_a_key_of_its_own():
    fill(20)
    event = Event.objects.create(
        slug="by-hand", title_en="By hand", date="2021", kind="coup", date_basis="stated"
    )
    assert event.pk > Event.objects.filter(slug__startswith="generated").latest("pk").pk


def test_who_takes_part_follows_zipfs_law():
    counts = [0] * 600
    for each in drawn(3000):
        for actor, _role in each.involvements:
            counts[actor] += 1
    assert counts[0] > 3 * counts[10] > 9 * counts[300]
    assert 0.15 < counts[0] / 3000 < 0.5


def test_the_counts_and_the_queries_hold_for_a_thousand(client, django_assert_max_num_queries):
    fill(1000)
    index = facets.current()
    published = Event.objects.published()
    for panel in index.panels(Filters(), Filters(), None):
        if panel.facet in ("kind", "status"):
            counts = dict(published.values_list(panel.facet).order_by().annotate(n=Count("pk")))
            assert {c.value: c.count for c in panel.shown + panel.rest} == counts
    with django_assert_max_num_queries(8):
        answer = client.get("/en/?actor=actor-0&year=2020&kind=-coup")
    found = published.matching(Filters(actor=("actor-0",), year=("2020",), kind=("-coup",)))
    assert f"{found.count()} events of" in answer.text
