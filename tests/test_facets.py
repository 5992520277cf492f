"""The counts beside the choices are those that the database would give."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sahel import facets
from sahel.filters import FACETS, Filters
from sahel.models import Event, Reference
from tests.factories import make_actor, make_event, make_place, make_source

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
)


def fill(drawn):
    Event.objects.all().delete()
    france = make_actor("France")
    army = make_actor("Army", parent=france)
    people = {
        "france": france,
        "army": army,
        "barkhane": make_actor("Barkhane", parent=army),
        "mali": make_actor("Mali"),
        "goita": make_actor("Goita"),
    }
    mali = make_place("Mali")
    where = {
        "mali": mali,
        "bamako": make_place("Bamako", parent=mali),
        "niger": make_place("Niger"),
    }
    for fields in drawn:
        event = make_event(
            **{
                **fields,
                "actors": tuple(people[name] for name in fields["actors"]),
                "places": tuple(where[name] for name in fields["places"]),
                "speaker": people.get(fields["speaker"]),
            }
        )
        if fields["kind"] == "coup":
            Reference.objects.create(event=event, source=make_source("wire"), supports="date")


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(events, selections, selections)
def test_the_index_and_the_database_give_the_same_events_and_counts(db, drawn, filters, scope):
    fill(drawn)
    index = facets.current()
    within = Event.objects.published().matching(scope)
    matching = within.matching(filters)
    selected = index.selected(scope) & index.selected(filters)
    assert set(selected) == set(matching.values_list("pk", flat=True))
    for panel in index.panels(filters, scope, None):
        for choice in (*panel.shown, *panel.rest):
            alone = filters.without(panel.facet)
            for value in filters.excluded(panel.facet):
                if value != choice.value:
                    alone = alone.adding(panel.facet, f"-{value}")
            alone = alone.adding(panel.facet, choice.value)
            assert choice.count == within.matching(alone).count(), (choice, filters)


def test_an_index_is_kept_until_the_record_changes(django_assert_num_queries):
    make_event(actors=("France",))
    first = facets.current()
    with django_assert_num_queries(1):
        assert facets.current() is first
    make_event()
    with django_assert_num_queries(3):
        assert facets.current() is not first


def test_drafts_are_counted_nowhere():
    make_event(actors=("France",), publication="draft")
    index = facets.current()
    assert index.panels(Filters(), Filters(), None) == []


def test_years_stand_in_calendar_order_and_actors_by_frequency():
    for date, actor in [("2022", "Mali"), ("2020", "Mali"), ("2021", "France")]:
        make_event(date=date, actors=(actor,))
    panels = {panel.facet: panel for panel in facets.current().panels(Filters(), Filters(), None)}
    assert [choice.value for choice in panels["year"].shown] == ["2020", "2021", "2022"]
    assert [choice.value for choice in panels["actor"].shown] == ["mali", "france"]
    assert list(panels) == [facet for facet in FACETS if facet in panels]


def test_a_choice_that_is_on_is_shown_even_if_it_is_rare():
    for number in range(30):
        make_event(actors=("France", f"Actor {number}"))
    filters = Filters(actor=("actor-29", "framce"))
    [panel] = [p for p in facets.current().panels(filters, Filters(), None) if p.facet == "actor"]
    assert {"actor-29", "framce"} <= {choice.value for choice in panel.shown}
    assert len(panel.shown) + len(panel.rest) == 32
