"""The index gives the events, the order and the counts that the database itself would give."""

import random
import re
import threading
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sahel import index, views
from sahel.facets import COMMONEST, Selection
from sahel.filters import FACETS, Filters
from sahel.models import Actor, ChangedDay, Event, Involvement, Record, Reference, State
from tests.factories import make_actor, make_event, make_place, make_source
from tests.plain import answered, matching

pytestmark = pytest.mark.django_db

ACTORS = ["france", "army", "barkhane", "mali", "goita"]
PLACES = ["mali", "bamako", "niger"]
SOURCES = ["gazette", "wire"]
DATES = ["2020", "2021-01-03", "2021~", "../2021", "2022/..", "2020-06/2022-02", "2019-XX", "202X"]
KINDS = ["coup", "strike", "statement"]
STATUSES = ["happened", "planned"]

events = st.lists(
    st.fixed_dictionaries(
        {
            "date": st.sampled_from(DATES),
            "kind": st.sampled_from(KINDS),
            "status": st.sampled_from(STATUSES),
            "actors": st.sets(st.sampled_from(ACTORS)),
            "places": st.sets(st.sampled_from(PLACES)),
            "source": st.sampled_from(SOURCES),
            "speaker": st.none() | st.sampled_from(ACTORS),
            "publication": st.sampled_from(["published", "published", "draft"]),
            "position": st.integers(0, 2),
            "words": st.sampled_from(["L’armée dément.", "Une junte à Ménaka", "cessez-le-feu"]),
        }
    ),
    min_size=1,
    max_size=8,
)


def values(choices):
    signed = st.tuples(st.sampled_from(["", "-"]), st.sampled_from(choices)).map("".join)
    return st.lists(signed, max_size=2, unique_by=lambda v: v.lstrip("-")).map(tuple)


selections = st.builds(
    Filters,
    actor=values([*ACTORS, "framce"]),
    year=values(["2018", "2019", "2020", "2021", "2022", "2035"]),
    place=values(PLACES),
    kind=values(KINDS),
    status=values(STATUSES),
    source=values(SOURCES),
    since=st.sampled_from(["", "", "2020", "2021-01-03", "2022-03"]),
    until=st.sampled_from(["", "", "2020-05", "2021", "2030"]),
    q=st.sampled_from(["", "", "", "armee", "l", "JUNT mena", "feu", "mali", "oper serval", "x"]),
    order=st.sampled_from(["", "newest"]),
)


def names():
    france = make_actor("France")
    army = make_actor("Army", parent=france)
    people = {
        "france": france,
        "army": army,
        "barkhane": make_actor("Barkhane", parent=army, aliases="Opération Barkhane\nServal"),
        "mali": make_actor("Mali"),
        "goita": make_actor("Goita"),
    }
    mali = make_place("Mali")
    where = {
        "mali": mali,
        "bamako": make_place("Bamako", parent=mali),
        "niger": make_place("Niger"),
    }
    return people, where


def fill(drawn):
    people, where = names()
    for fields in drawn:
        event = make_event(
            **{
                **fields,
                "actors": tuple(people[name] for name in sorted(fields["actors"])),
                "places": tuple(where[name] for name in fields["places"]),
                "speaker": people.get(fields["speaker"]),
            }
        )
        if fields["kind"] == "coup":
            Reference.objects.create(event=event, source=make_source("wire"), supports="date")


def change(chance):
    """Change something of the record, as an editor or a program might."""
    events = list(Event.objects.order_by("pk"))
    event = chance.choice(events) if events else None
    what = chance.randrange(9)
    if what == 0 or event is None:
        people, where = names()
        make_event(
            date=chance.choice(DATES), actors=(people["barkhane"],), places=(where["niger"],)
        )
    elif what == 1:
        event.date = chance.choice(DATES)
        event.save()
    elif what == 2:
        event.delete()
    elif what == 3:
        Event.objects.filter(pk=event.pk).update(kind=chance.choice(KINDS), position=1)
    elif what == 4:
        unchecked = event.quotations.filter(state="unchecked")  # on which nothing public may rest
        unchecked.update(state="uncheckable", why_uncheckable_en="It was said on the radio.")
        event.publication = chance.choice(["published", "draft"])
        event.save()
    elif what == 5:
        Involvement.objects.filter(event=event).delete()
    elif what == 6:
        army = Actor.objects.filter(slug="army").first()
        Actor.objects.filter(slug="goita").update(parent=army)
    elif what == 7:
        event.quotations.update(speaker=Actor.objects.first())
    else:
        event.places.clear()


def assert_equal_to_the_plain_answer(record, filters, scope):
    within = matching(scope)
    keys = set(within.values_list("pk", flat=True))
    selection = Selection(record, filters, scope)
    found = matching(filters).filter(pk__in=keys)
    places = list(selection.events)
    expected = list(found.values_list("pk", flat=True))
    assert record.keys(places[::-1] if filters.order else places) == expected
    assert len(selection.everything) == len(keys)
    for panel in selection.panels():
        for choice in (*panel.shown, *panel.rest):
            alone = filters.without(panel.facet)
            for value in filters.excluded(panel.facet):
                if value != choice.value:
                    alone = alone.adding(panel.facet, f"-{value}")
            alone = alone.adding(panel.facet, choice.value)
            count = matching(alone).filter(pk__in=keys).count()
            assert choice.count == count, (choice, filters)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(events, selections, selections)
def test_the_index_and_the_database_give_the_same_events_and_counts(db, drawn, filters, scope):
    Event.objects.all().delete()
    fill(drawn)
    assert_equal_to_the_plain_answer(index.current(), filters, replace(scope, order="", q=""))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(events, selections, st.integers(0, 10**6))
def test_an_index_that_took_in_changes_is_the_one_that_would_be_built(db, drawn, filters, seed):
    Event.objects.all().delete()
    fill(drawn)
    chance = random.Random(seed)  # noqa: S311 - not a secret
    for _round in range(4):
        index.current()
        for _change in range(chance.randrange(1, 4)):
            change(chance)
        taken_in = index.current()
        built = index.Index.build(Record.state())
        assert taken_in.block == built.block
        assert taken_in.values == built.values
        assert taken_in.names == built.names
    assert_equal_to_the_plain_answer(taken_in, filters, Filters())


def test_an_index_is_kept_until_the_record_changes(django_assert_num_queries):
    event = make_event(actors=("France",))
    first = index.current()
    with django_assert_num_queries(1):
        assert index.current() is first
    event.kind = "coup"
    event.save()
    with django_assert_num_queries(5):  # the state twice, the days changed, their events and ties
        second = index.current()
    assert second is not first
    assert second.names is first.names


def test_only_the_days_that_changed_are_read_again():
    for day in range(1, 10):
        make_event(date=f"2021-01-{day:02}")
    index.current()
    seen = Record.state().version
    Event.objects.filter(sort_date="2021-01-04").update(kind="coup")
    changed = ChangedDay.objects.filter(version__gt=seen).values_list("day", flat=True)
    assert [str(day) for day in changed] == ["2021-01-04"]


def test_many_changed_days_are_read_all_together(monkeypatch):
    monkeypatch.setattr(index, "DAYS", 3)
    make_event()
    index.current()
    for day in range(1, 10):
        make_event(date=f"2021-02-{day:02}")
    assert len(index.current().events) == 10


def test_a_record_put_back_to_an_earlier_state_is_read_anew():
    make_event()
    later = replace(index.current(), state=State(version=10**6))
    assert index.Index.build(Record.state(), later).state == Record.state()


def test_keys_far_apart_are_found_too():
    Event.objects.all().delete()
    make_event("Far", pk=5_000_000_000)
    make_event("Near", pk=7, publication="draft")
    record = index.current()
    assert record.places.of(5_000_000_000) == 0
    assert record.places.of(7) is None
    assert list(record.places.of_all([7, 5_000_000_000])) == [0]


def test_searching_while_a_newer_draft_holds_the_word():
    make_event("Shown gold")
    make_event("Hidden gold", publication="draft")
    assert len(index.current().saying(["gold"])) == 1


@pytest.mark.django_db(transaction=True)
def test_a_large_index_catches_up_aside_while_the_old_one_answers(monkeypatch):
    make_event("First")
    first = index.current()
    monkeypatch.setattr(index, "ASIDE", 1)
    go_on = threading.Event()
    build = index.Index.build

    def slowly(state, old):
        assert go_on.wait(10)
        return build(state, old)

    monkeypatch.setattr(index.Index, "build", slowly)
    make_event("Second", "2022")
    assert index.current() is first
    assert index.current() is first  # nor does a second question wait
    go_on.set()
    index._aside.join(10)
    assert len(index.current().events) == 2


@pytest.mark.django_db(transaction=True)
def test_an_index_that_fails_to_catch_up_tries_again(monkeypatch, caplog):
    make_event("First")
    first = index.current()
    monkeypatch.setattr(index, "ASIDE", 1)
    with monkeypatch.context() as broken:
        broken.setattr(index.Index, "build", lambda state, old: 1 / 0)
        make_event("Second", "2022")
        assert index.current() is first
        index._aside.join(10)
        assert "did not take in" in caplog.text
    assert index.current() is first
    index._aside.join(10)
    assert len(index.current().events) == 2


def panels_of(filters):
    return Selection(index.current(), filters, Filters()).panels()


def fill_with_actors(number):
    event = make_event()
    for n in range(number):
        actor = make_actor(f"Actor {n:03}", aliases=f"Nom de guerre {n:03}")
        Involvement.objects.create(event=event, actor=actor, role="agent")
    make_event(actors=("Actor 099",))


def test_a_facet_of_many_values_shows_the_commonest_and_finds_the_others(client):
    fill_with_actors(100)
    [panel] = [p for p in panels_of(Filters(actor=("actor-050",))) if p.facet == "actor"]
    choices = [choice.value for choice in (*panel.shown, *panel.rest)]
    assert panel.beyond
    assert choices[0] == "actor-099"
    assert "actor-050" in choices
    assert len(choices) == COMMONEST + 1
    [panel] = [p for p in panels_of(Filters(find="guerre 07")) if p.facet == "actor"]
    assert [choice.value for choice in (*panel.shown, *panel.rest)] == [
        f"actor-07{n}" for n in range(10)
    ]
    assert not panel.beyond
    page = client.get("/en/?find=guerre+077&year=2021").text
    assert 'id="actor-actor-077"' in page
    assert 'id="actor-actor-078"' not in page
    assert "2 events of 2" in page


def test_a_list_of_many_actors_is_cut_and_searched(client, monkeypatch):
    monkeypatch.setattr(views, "LISTED", 5)
    fill_with_actors(12)
    page = client.get("/en/actors/").text
    assert page.count("/en/actors/actor-") == 5
    assert "8 more, with fewer events, are not listed." in page
    found = client.get("/en/actors/?find=guerre+011").text
    assert page.count("/en/actors/actor-011/") == 0
    assert found.count("/en/actors/actor-011/") == 1
    assert "Nothing of that name" in client.get("/en/actors/?find=nobody").text


def test_pages_stay_where_they_are_while_events_are_added(client):
    for day in range(1, 29):
        for _ in range(4):
            make_event(date=f"2021-03-{day:02}")
    first = client.get("/en/")
    link = re.search(r'rel="next" href="([^"]+)"', first.text)[1]
    second = client.get(link).text
    make_event("Earlier", "2021-03-01")
    make_event("Later", "2021-03-28")
    events = r'<article class="event[^"]*" id="([^"]+)"'
    assert re.findall(events, client.get(link).text) == re.findall(events, second)


def test_drafts_are_counted_nowhere():
    make_event(actors=("France",), publication="draft")
    assert Selection(index.current(), Filters(), Filters()).panels() == []


def test_years_stand_in_calendar_order_and_actors_by_frequency():
    for date, actor in [("2022", "Mali"), ("2020", "Mali"), ("2021", "France")]:
        make_event(date=date, actors=(actor,))
    panels = {panel.facet: panel for panel in panels_of(Filters())}
    assert [choice.value for choice in panels["year"].shown] == ["2020", "2021", "2022"]
    assert [choice.value for choice in panels["actor"].shown] == ["mali", "france"]
    assert list(panels) == [facet for facet in FACETS if facet in panels]


def test_a_choice_that_is_on_is_shown_even_if_it_is_rare():
    for number in range(30):
        make_event(actors=("France", f"Actor {number}"))
    filters = Filters(actor=("actor-29", "framce"))
    [panel] = [p for p in panels_of(filters) if p.facet == "actor"]
    assert {"actor-29", "framce"} <= {choice.value for choice in panel.shown}
    assert len(panel.shown) + len(panel.rest) == 32


def test_a_year_matches_what_may_lie_in_it():
    for slug, when in [
        ("day", "2021-01-03"),
        ("year", "2020"),
        ("by", "../2021"),
        ("from", "2021/.."),
        ("span", "2019/2022"),
        ("about", "2013~"),
        ("later", "2022-02"),
    ]:
        make_event(slug=slug, date=when)

    def found(**fields):
        return set(answered(**fields))

    assert found(year=("2021",)) == {"day", "by", "from", "span"}
    assert found(year=("2013", "2020")) == {"about", "year", "span", "by"}
    assert found(year=("-2021",)) == {"year", "about", "later"}
    assert found(since="2021-12") == {"from", "span", "later", "by"}
    assert found(until="2013") == {"about", "by"}
    assert found(since="2020-06-01", until="2020-06-30") == {"year", "span", "by"}


def test_a_state_stands_for_those_who_belong_to_it_and_a_country_for_its_places():
    france = make_actor("France")
    army = make_actor("Army", parent=france)
    make_actor("Barkhane", parent=army)
    mali = make_place("Mali")
    make_event(slug="far", actors=("Barkhane",), places=(make_place("Bounti", parent=mali),))
    make_event(slug="other", actors=("Goita",))
    assert answered(actor=("france",)) == ["far"]
    assert answered(actor=("-army",)) == ["other"]
    assert answered(place=("mali",)) == ["far"]


def test_who_is_quoted_counts_as_an_actor_of_the_event():
    make_event(slug="said", speaker=make_actor("Le Drian", slug="le-drian"))
    assert answered(actor=("le-drian",)) == ["said"]
