"""Lanes: who took part in the selected events, in time."""

import re

import pytest
from django.utils import translation

from sahel import index
from sahel.facets import Selection
from sahel.filters import Filters
from sahel.lanes import ROWS, draw_lanes
from tests.factories import make_actor, make_event

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def lanes(rows=ROWS, **filters):
    return draw_lanes(Selection(index.current(), Filters(**filters), Filters()), rows)


def test_a_lane_shows_its_actors_events_and_those_of_its_members():
    france = make_actor("France")
    army = make_actor("Army", parent=france)
    strike = make_event("Strike", "2021-01-03", slug="strike")
    strike.involvements.create(actor=army, role="agent")
    make_event("Talks", "2021-06", slug="talks", actors=("France",))
    found = {lane.slug: lane for lane in lanes().lanes}
    assert list(found) == ["france", "army"]
    assert [mark.title for mark in found["france"].marks] == [
        "3 January 2021 – Strike",
        "June 2021 – Talks",
    ]
    assert [mark.role for mark in found["army"].marks] == ["agent"]
    assert found["army"].marks[0].href == "/en/events/strike/"


def test_a_point_is_a_short_time_a_bar_a_long_one_and_open_ends_stay_open():
    make_event("Day", "2020-07-01", slug="day", actors=("France",))
    make_event("Year", "2021", slug="year", actors=("France",))
    make_event("Since", "2021-06/..", slug="since", actors=("France",))
    make_event("By", "../2020-02", slug="by", actors=("France",))
    marks = {mark.title.split(" – ")[-1]: mark for mark in lanes().lanes[0].marks}
    assert marks["Day"].start == marks["Day"].stop == pytest.approx(25, abs=0.5)
    assert (marks["Year"].start, marks["Year"].stop) == (pytest.approx(50, abs=0.5), 100)
    assert (marks["Since"].open_stop, marks["Since"].stop) == (True, 100)
    assert (marks["By"].open_start, marks["By"].start) == (True, 0)
    assert marks["By"].at == marks["By"].stop


def test_what_lies_beyond_the_frame_is_marked_and_its_shape_stands_at_a_known_end():
    make_event("Mission", "2013/2022", slug="mission", actors=("France",))
    make_event("Crisis", "2020-07/2021-06", slug="crisis", actors=("France",))
    make_event("Year", "2021", slug="year", actors=("France",))
    marks = {mark.title.split(" – ")[-1]: mark for mark in lanes(year=("2021",)).lanes[0].marks}
    assert (marks["Mission"].before, marks["Mission"].after, marks["Mission"].at) == (
        True,
        True,
        50,
    )
    assert (marks["Crisis"].before, marks["Crisis"].after) == (True, False)
    assert marks["Crisis"].at == marks["Crisis"].stop == pytest.approx(50, abs=0.5)
    assert (marks["Year"].before, marks["Year"].after, marks["Year"].at) == (False, False, 0)


def test_the_axis_reaches_the_end_of_what_lasts_longest():
    make_event("Presence", "2021-12/2022-02", slug="presence", actors=("France",))
    mark = lanes().lanes[0].marks[0]
    assert not mark.after
    assert mark.stop < 100


def test_no_mark_hides_another():
    for number in range(9):
        make_event(f"E{number}", "2021-05-01", slug=f"e{number}", actors=("France",))
    make_event("Other", "2022-05-01", slug="other", actors=("France",))
    lane = lanes().lanes[0]
    assert lane.lines == 9
    assert len({(mark.line, mark.start) for mark in lane.marks}) == 10


def test_too_many_events_are_drawn_together_and_lead_to_all(monkeypatch, client):
    monkeypatch.setattr("sahel.lanes.MARKS", 3)
    for day in (1, 2, 3, 9):
        make_event(f"E{day}", f"2021-05-0{day}", slug=f"e{day}", actors=("France",))
    make_event("Later", "2021-07-01", slug="later", actors=("France",))
    found = lanes()
    assert not found.single
    assert [(mark.title, mark.number) for mark in found.lanes[0].marks] == [
        ("May 2021", 4),
        ("July 2021", 1),
    ]
    page = client.get(found.lanes[0].marks[0].href).text
    assert len(re.findall(r'<article class="event', page)) == 4


def test_more_actors_can_be_asked_for(client):
    for number in range(15):
        make_event(f"E{number}", "2021-05-01", slug=f"e{number}", actors=(f"Actor {number}",))
    page = client.get("/en/lanes/?year=2021")
    assert page.text.count('role="group"') == ROWS
    assert "3 more actors" in page.text
    more = re.search(r'href="(/en/lanes/\?[^"]*rows=[^"]*)"', page.text)[1].replace("&amp;", "&")
    page = client.get(more).text
    assert page.count('role="group"') == 15
    kept = re.search(r'href="(/en/lanes\.svg\?[^"]*)"', page)[1].replace("&amp;", "&")
    assert "Actor 14 (1)" in client.get(kept).text
    few = client.get("/en/lanes.svg?year=2021").text
    assert "3 more actors are not drawn" in few


def test_lanes_follow_the_filters_and_say_when_there_is_nothing(client):
    make_event("Strike", "2021-01-03", slug="strike", actors=("France",))
    assert "/en/events/strike/" in client.get("/en/lanes/?actor=france").text
    page = client.get("/en/lanes/?actor=mali")
    assert page.status_code == 200
    assert "/en/events/strike/" not in page.text
    assert client.get("/fr/lanes/").status_code == 200
