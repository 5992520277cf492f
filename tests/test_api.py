"""The API as a program asks it."""

import json
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings

from sahel.exports.shapes import KINDS, SHAPES, fields
from sahel.models import Quotation
from sahel.openapi import MOST
from tests.downloads import get

pytestmark = pytest.mark.django_db
# Of each address, and as many that its description forbids: `make drill-fuzz` asks for more.
CASES = max(15, int(os.environ.get("FUZZ", "0")) // 100)


@pytest.fixture
def ask(client: Client, article: None) -> Callable[..., Any]:
    """Give a function that asks the API, and gives status and JSON."""

    def ask(path: str, **options: Any) -> tuple[int, Any]:
        answer = client.get(f"/api/v1/{path}", **options)
        return answer.status_code, json.loads(answer.content)

    return ask


@pytest.fixture
def api_schema(article: None) -> Iterator[Any]:
    """Give the API as schemathesis asks it, on the connection that holds the test's records."""
    signals = request_started, request_finished
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode))
def test_the_api_does_what_its_description_says(api_schema: Any, mode: Any) -> None:
    # The same cases each time: schemathesis does not know the letters beyond Unicode’s first plane.
    operations = [found.ok() for found in api_schema.get_all_operations()]
    assert len(operations) == 2 * len(KINDS)
    for operation in operations:

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=CASES,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        def asked(case: Any) -> None:
            case.call_and_validate(headers={"Accept-Encoding": "identity"})

        asked()


def test_pages_follow_one_another_until_there_are_no_more(ask: Callable[..., Any]) -> None:
    for kind in KINDS:
        whole = ask(f"{kind}?limit={MOST}")[1]
        following, found = f"{kind}?limit=3", []
        while following:
            _status, page = ask(following)
            assert len(page["results"]) <= 3
            found += page["results"]
            following = (page["next"] or "").partition("/api/v1/")[2]
        assert found[:MOST] == whole["results"]


def test_a_program_gets_the_fields_it_asks_for(ask: Callable[..., Any]) -> None:
    for kind in KINDS:
        name = "key" if kind == "quotations" else "slug"
        _status, page = ask(f"{kind}?fields={name},page&limit=2")
        assert all(record.keys() == {name, "page"} for record in page["results"])
        (one,) = (page["results"][0][name],)
        assert ask(f"{kind}/{one}?fields={name}") == (200, {name: one})
        assert ask(f"{kind}/{one}")[1].keys() == fields(SHAPES[kind]).keys()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("events?yaer=2021", "yaer"),
        ("events?year=20x1", "year"),
        ("events?from=2021-02-31", "from"),
        ("events?actor=Fr%C3%A9nce", "actor"),
        ("events?limit=0", "limit"),
        ("events?limit=101", "limit"),
        ("events?limit=%D9%A3", "limit"),
        ("events?kind=skirmish", "none of coup,"),
        ("events?status=-untrue", "none of happened,"),
        ("events?fields=slug,nothing", "fields"),
        ("events?fields=", "fields"),
        ("events?order=oldest", "order"),
        ("events?q=%21", "q"),
        ("events?q=" + "a" * 101, "q"),
        ("actors?order=newest", "order"),
        ("events/bounti-strike?year=2021", "year"),
        ("events?" + "&".join(f"actor=a{n}" for n in range(21)), "actor"),
    ],
)
def test_what_makes_no_sense_is_refused_and_named(
    ask: Callable[..., Any], path: str, said: str
) -> None:
    status, problem = ask(path)
    assert (status, problem["status"], problem["title"]) == (400, 400, "Bad Request")
    assert said in problem["detail"]


@pytest.mark.parametrize(
    "path",
    [
        "events/nothing",
        "actors/nothing",
        "quotations/0",
        "events?after=nothing",
        "nothing",
        "a/b/c",
    ],
)
def test_what_there_is_not_is_a_problem_in_json(ask: Callable[..., Any], path: str) -> None:
    assert ask(path)[0] == 404


def test_pages_of_other_sites_may_ask_it_without_credentials(client: Client, article: None) -> None:
    answer = client.get("/api/v1/events", headers={"Origin": "https://example.org"})
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer
    assert not answer.cookies
    preflight = client.options("/api/v1/events", headers={"Origin": "https://example.org"})
    assert preflight.status_code == 204
    assert "If-None-Match" in preflight["Access-Control-Allow-Headers"]
    for method in ("POST", "QUERY", "DELETE"):
        assert client.generic(method, "/api/v1/events").status_code == 405


def test_an_answer_is_sent_once(client: Client, article: None) -> None:
    first = client.get("/api/v1/events?year=2021")
    again = client.get("/api/v1/events?year=2021", headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    assert "max-age" in first["Cache-Control"]


def test_the_same_address_answers_the_same_whatever_the_readers_language(
    client: Client, article: None
) -> None:
    french = client.get("/api/v1/events?year=20x1", headers={"Accept-Language": "fr"})
    english = client.get("/api/v1/events?year=20x1", headers={"Accept-Language": "en"})
    assert french.content == english.content


def test_addresses_lead_to_the_page_in_the_readers_language(client: Client, article: None) -> None:
    key = Quotation.objects.values_list("key", flat=True)[0]
    for path in ("events/bounti-strike", "actors/france", "places/mali", f"quotations/{key}"):
        page = json.loads(client.get(f"/api/v1/{path}").content)["page"]
        led = client.get(page, headers={"Accept-Language": "fr"}, follow=True)
        assert led.status_code == 200
        assert led.redirect_chain[-1][0].startswith("/fr/")


def test_a_question_costs_few_queries(
    client: Client, article: None, django_assert_max_num_queries: Any
) -> None:
    client.get("/api/v1/events")  # the index is read
    with django_assert_max_num_queries(12):
        assert client.get("/api/v1/events?limit=100&actor=france").status_code == 200


def test_people_read_what_programs_read(client: Client) -> None:
    html = get(client, reverse("api")).body.decode()
    described = json.loads(client.get("/api/v1/openapi.json").content)
    assert described["openapi"].startswith("3.1")
    for path in described["paths"]:
        assert path in html
    for name in described["components"]["schemas"]:
        assert name in html
