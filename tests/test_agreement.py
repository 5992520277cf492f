"""One answer everywhere: the same question gives the same events in every form."""

import csv
import io
import json
import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client, RequestFactory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sahel import index
from sahel.atlas import draw_map
from sahel.facets import Selection
from sahel.filters import Filters
from sahel.lanes import MOST_ROWS, draw_lanes
from sahel.models import Actor, Event, Place, Source
from sahel.views import EVERYTHING
from tests.downloads import get, text

WORDS = ["mali", "goïta", "sanct", "l'armée", "french", "bounty", "nothing at all"]


@st.composite
def questions(draw: Any) -> list[tuple[str, str]]:
    """Draw the words of a query string, such as the site itself would write."""
    asked: list[tuple[str, str]] = []
    for word, values in (
        ("actor", Actor.objects.values_list("slug", flat=True)),
        ("place", Place.objects.values_list("slug", flat=True)),
        ("source", Source.objects.values_list("slug", flat=True)),
        ("kind", Event.Kind.values),
        ("status", Event.Status.values),
        ("year", [str(year) for year in range(2012, 2028)]),
    ):
        chosen = draw(st.lists(st.sampled_from(sorted(values)), max_size=2, unique=True))
        if draw(st.integers(0, 3)) == 0:
            asked += [(word, f"{draw(st.sampled_from(['', '-']))}{value}") for value in chosen]
    if draw(st.integers(0, 3)) == 0:
        asked.append(
            (draw(st.sampled_from(["from", "to"])), draw(st.sampled_from(["2021", "2022-02"])))
        )
    if draw(st.integers(0, 3)) == 0:
        asked.append(("q", draw(st.sampled_from(WORDS))))
    if draw(st.booleans()):
        asked.append(("order", "newest"))
    return asked


@pytest.mark.django_db
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_pages_figures_files_feeds_and_api_agree(client: Client, article: None, data: Any) -> None:
    asked = data.draw(questions())
    query = f"?{urlencode(asked)}" if asked else ""
    request = RequestFactory().get(f"/en/{query}")
    selection = Selection(index.current(), Filters.from_query(request.GET), EVERYTHING, "en")
    keys = selection.index.keys(selection.events)
    slugs = list(Event.objects.filter(pk__in=keys).in_order().values_list("slug", flat=True))
    if ("order", "newest") in asked:
        slugs.reverse()

    assert _on_pages(client, query) == slugs
    assert [row["slug"] for row in _csv(client, f"/en/events.csv{query}")] == slugs
    excel = text(client, f"/fr/events.excel.csv{query}").removeprefix("\ufeff")
    assert [row["slug"] for row in csv.DictReader(io.StringIO(excel), delimiter=";")] == slugs
    told = json.loads(text(client, f"/en/events.json{query}"))
    assert [each["slug"] for each in told["events"]] == slugs
    assert told["about"]["selection"]["events"] == len(slugs)
    lines = [json.loads(line) for line in text(client, f"/en/events.jsonl{query}").splitlines()]
    assert [each["slug"] for each in lines[1:]] == slugs
    mapped = json.loads(text(client, f"/en/events.geojson{query}"))
    assert [each["id"] for each in mapped["features"]] == slugs
    slides = json.loads(text(client, f"/en/events.timelinejs.json{query}"))
    assert [each["unique_id"] for each in slides["events"]] == slugs
    assert text(client, f"/en/events.ics{query}").count("BEGIN:VEVENT") == len(slugs)
    feed = json.loads(text(client, f"/en/events.feed.json{query}"))
    assert {item["id"].split("/")[-2] for item in feed["items"]} == set(slugs)
    assert [each["slug"] for each in _of_api(client, "events", query)] == slugs

    # The counts beside the choices, the rows of the lists, the quotations, the figure in time.
    if "order" not in dict(asked):
        for kind, facet in (("actors", "actor"), ("places", "place"), ("sources", "source")):
            counted = {
                row["slug"]: int(row["events"]) for row in _csv(client, f"/en/{kind}.csv{query}")
            }
            assert counted == selection.every(facet)  # type: ignore[arg-type]
            assert counted == {
                each["slug"]: each["events"] for each in _of_api(client, kind, query)
            }
    quoted = [row["key"] for row in _csv(client, f"/en/quotations.csv{query}")]
    assert quoted == [q["key"] for each in told["events"] for q in each["quotations"]]
    assert quoted == [each["key"] for each in _of_api(client, "quotations", query)]
    # The figures count the same: each lane, each spot and country on the map.
    drawn, mapped_out = draw_lanes(selection, MOST_ROWS), draw_map(selection)
    by_actor, by_place = selection.every("actor"), selection.every("place")
    for lane in drawn.lanes if drawn else []:
        assert lane.number == by_actor[lane.slug]
    for site in [*mapped_out.spots, *mapped_out.elsewhere] if mapped_out else []:
        assert site.number == by_place[site.slug]


def _on_pages(client: Client, query: str) -> list[str]:
    """Give the slugs of all pages of the timeline, one after another."""
    found: list[str] = []
    page = f"/en/{query}"
    while page:
        html = text(client, page)
        found += re.findall(r'<article class="event [^"]*" id="([^"]+)">', html)
        following = re.search(r'rel="next" href="([^"]+)"', html)
        page = following[1].replace("&amp;", "&") if following else ""
    return found


def _csv(client: Client, path: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text(client, path))))


def _of_api(client: Client, kind: str, query: str) -> list[dict[str, Any]]:
    """Give the records of all pages of the API, one after another."""
    found: list[dict[str, Any]] = []
    address = f"/api/v1/{kind}{query}{'&' if query else '?'}limit=7"
    while address:
        page = json.loads(get(client, address).body)
        found += page["results"]
        address = (page["next"] or "").removeprefix("http://testserver")
    return found
