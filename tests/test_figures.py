"""The histogram: when the selected events lie, for sure or perhaps."""

from datetime import date, timedelta

import pytest
from django.http import QueryDict
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sahel import figures, index
from sahel.facets import Selection
from sahel.filters import Filters
from tests.factories import make_actor, make_event
from tests.plain import matching

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def drawn(**filters):
    return figures.histogram(Selection(index.current(), Filters(**filters), Filters()))


def numbers(histogram):
    return {bar.label: (bar.sure, bar.perhaps) for bar in histogram.bars if bar.sure or bar.perhaps}


def test_bars_are_in_calendar_order_with_the_empty_ones():
    make_event("First", "2021-01-03", slug="first")
    make_event("Second", "2021-03-04", slug="second")
    histogram = drawn()
    assert [bar.label for bar in histogram.bars[:3]] == [
        "January 2021",
        "February 2021",
        "March 2021",
    ]
    assert [bar.sure for bar in histogram.bars] == [1, 0, 1, *[0] * 9]
    assert (histogram.first, histogram.last, histogram.most) == (2021, 2021, 1)


def test_an_imprecise_event_may_lie_in_each_bar_that_its_date_touches():
    make_event("Day", "2021-02-01", slug="day")
    make_event("Range", "2021-02/2021-04", slug="range")
    make_event("By", "../2021-01", slug="by")
    assert numbers(drawn()) == {
        "January 2021": (0, 1),
        "February 2021": (1, 1),
        "March 2021": (0, 1),
        "April 2021": (0, 1),
    }


def test_a_bar_stands_for_more_time_the_longer_the_record(client):
    for year in ("2020", "1990", "1200", "0004"):
        make_event(year, f"{year}-05-01", slug=f"e{year}")
        make_event(year, f"{int(year) + 1:04}-05-01", slug=f"f{year}")
        found = drawn()
        assert 2 <= len(found.bars) <= figures.BARS
        assert sum(bar.sure for bar in found.bars) == len(index.current().events)
        assert client.get("/fr/").status_code == 200


def test_a_bar_narrows_the_selection_and_opens_it_again():
    make_event("First", "2021-01-03", slug="first")
    make_event("Second", "2021-03-04", slug="second")
    january = drawn(q="first").bars[0]
    assert january.query == "?from=2021-01&to=2021-01&q=first"
    assert not january.selected
    again = drawn(q="first", since="2021-01", until="2021-01")
    selected = [bar for bar in again.bars if bar.selected]
    assert [bar.label for bar in selected] == ["January 2021"]
    assert selected[0].query == "?q=first"


def test_the_range_is_shown_in_its_own_time():
    for year in range(1960, 2022):
        make_event(str(year), f"{year}-05-01", slug=f"e{year}")
    whole, narrow = drawn(), drawn(since="1990", until="1990-06")
    assert (whole.title, whole.first, whole.last) == ("Events by year", 1960, 2021)
    assert (narrow.title, narrow.first, narrow.last) == ("Events by month", 1989, 1991)
    assert [bar.label for bar in narrow.bars if bar.selected] == [
        f"{month} 1990" for month in ("January", "February", "March", "April", "May", "June")
    ]


def test_what_is_ahead_is_marked():
    ahead = date.today() + timedelta(days=800)
    make_event("Now", f"{date.today():%Y-%m-%d}", slug="now")
    make_event("Then", f"{ahead:%Y-%m-%d}", slug="then")
    histogram = drawn()
    assert [bar.future for bar in histogram.bars if bar.sure] == [False, True]


def test_a_record_of_one_day_has_no_figure(client):
    make_event("Alone", "2021-01-03", slug="alone")
    assert drawn() is None
    assert 'class="histogram"' not in client.get("/en/").text


dates = st.one_of(
    st.dates(date(2019, 1, 1), date(2023, 12, 31)).map(str),
    st.sampled_from(
        ["2020", "2021-03", "2019/2021", "2020-06/..", "../2021-05", "2021-21", "/2020"]
    ),
)
bounds = st.sampled_from(["", "2020", "2020-06", "2021-03-04"])


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(dates, min_size=2, max_size=8), bounds, bounds)
def test_each_bar_counts_what_its_link_finds(db, texts, since, until):
    from sahel.models import Event

    Event.objects.all().delete()
    index.forget()
    for number, text in enumerate(texts):
        make_event(str(number), text, slug=f"e{number}")
    histogram = drawn(since=since, until=until)
    for bar in histogram.bars if histogram else ():
        narrowed = Filters.from_query(QueryDict(bar.query[1:]))
        if narrowed.since:
            assert len(matching(narrowed)) == bar.sure + bar.perhaps
    assert sum(bar.sure for bar in drawn().bars) <= len(texts) if drawn() else True


def test_an_actors_companions_are_those_it_shares_events_with(client):
    france = make_actor("France")
    army = make_actor("Army", parent=france)
    for day, others in ((1, ("Mali", "Niger")), (2, ("Mali",)), (3, ())):
        make_event(str(day), f"2021-05-0{day}", slug=f"e{day}", actors=(france, army, *others))
    make_event("Apart", "2021-06", slug="apart", actors=("Chad",))
    found = figures.companions(
        Selection(index.current(), Filters(), Filters(actor=("france",))), "france"
    )
    assert [(one.slug, one.number, one.share) for one in found] == [
        ("mali", 2, 100),
        ("niger", 1, 50),
    ]
    page = client.get("/en/actors/france/").text
    assert 'href="?actor=mali"' in page
    assert "With whom" not in client.get("/en/actors/chad/").text
