"""What `make bench` measures is answered rightly, and in few queries; no time is judged here."""

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import NamedTuple
from urllib.parse import parse_qs

import pytest
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoDbBlocker

from benchmarks import measure, report
from benchmarks.generate import fill
from benchmarks.generator import COUNTRIES, Drawn, drawn
from sahel.filters import fold

pytestmark = pytest.mark.django_db

QUERIES = 8


def parent_of_actor(number: int) -> int | None:
    """Give the actor that generate.py puts another one under."""
    return (number - 30) % 18 // 3 if number >= 30 and number % 3 == 0 else None


def parent_of_place(number: int) -> int | None:
    """Give the country that generate.py puts a place in."""
    return number % len(COUNTRIES) if number >= len(COUNTRIES) else None


def names(what: str, numbers: set[int], parent: Callable[[int], int | None]) -> set[str]:
    """Give the slugs of those numbers and of what they stand under."""
    above = {up for number in numbers if (up := parent(number)) is not None}
    return {f"{what}-{number}" for number in numbers | above}


def values(event: Drawn) -> dict[str, set[str]]:
    """Give what an event has of each facet."""
    speakers = {speaker for _source, _words, speaker in event.quotations if speaker is not None}
    first, last = event.earliest or date(1, 1, 1), event.latest or date(2100, 1, 1)
    return {
        "actor": names("actor", speakers | {a for a, _ in event.involvements}, parent_of_actor),
        "place": names("place", set(event.places), parent_of_place),
        "source": {f"source-{source}" for source, _words, _speaker in event.quotations},
        "kind": {event.kind},
        "status": {event.status},
        "year": {str(year) for year in range(first.year, last.year + 1)},
    }


def words(event: Drawn) -> str:
    """Give the words of an event, folded, between spaces."""
    texts = event.title, event.summary, *(words for _source, words, _speaker in event.quotations)
    return " " + re.sub(r"[^a-z0-9]+", " ", fold(" ".join(texts)))


class Known(NamedTuple):
    """What the tests look for in an event."""

    values: dict[str, set[str]]
    words: str


class Given(NamedTuple):
    """What the application said to a question, and the queries that it took."""

    question: str
    address: str
    answer: measure.Answer
    queries: int


@pytest.fixture(scope="module", params=[30, 10_000], ids="{} events".format)
def events(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[list[Known]]:
    """Give the published events of the database, as they were drawn."""
    # No request may close the connection: its transaction is the whole module's.
    signals = request_started, request_finished
    for signal in signals:
        signal.disconnect(close_old_connections)
    with django_db_blocker.unblock(), transaction.atomic():
        fill(request.param)
        published = (event for event in drawn(request.param) if event.published)
        yield [Known(values(event), words(event)) for event in published]
        transaction.set_rollback(True)
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture(scope="module")
def given(events: list[Known]) -> list[Given]:
    """Give the answers to every question of the benchmarks, asked in both languages."""
    application = get_wsgi_application()
    measure.index().forget()
    measure.index().current()
    answers = []
    for question in measure.questions():
        for address in (question.address(0), question.address(3)):
            measure.cold()
            with CaptureQueriesContext(connection) as captured:
                answer = measure.get(application, address)
            answers.append(Given(question.name, address, answer, len(captured)))
    return answers


def matches(event: Known, query: dict[str, list[str]]) -> bool:
    """Say whether an event is among those that the query string asks for."""
    for name, wanted in query.items():
        if name == "q":
            if f" {wanted[0]}" not in event.words:
                return False
        elif name not in ("order", "after"):
            included = {value for value in wanted if value[0] != "-"}
            excluded = {value[1:] for value in wanted if value[0] == "-"}
            has = event.values[name]
            if (included and not included & has) or excluded & has:
                return False
    return True


def expected(events: list[Known], address: str) -> int | None:
    """Count the events that a page is about, without the application; None where it counts none."""
    path, _, string = address.partition("?")
    query = parse_qs(string)
    _language, *page = path.strip("/").split("/")
    if page and page[0] == "events":
        return None
    if page:
        query[page[0].removesuffix("s")] = [page[1]]
    return sum(matches(event, query) for event in events)


def shown(page: str) -> int:
    """Give the number of events that a page says it found."""
    found = re.search(r'id="count"[^>]*>\s*([\d.,\s\u202f\xa0]*\d)', page)
    assert found
    return int(re.sub(r"\D", "", found[1]))


def test_every_question_is_answered_rightly(events: list[Known], given: list[Given]) -> None:
    for each in given:
        assert each.answer.status == 200, each.address
        count = expected(events, each.address)
        if count is not None:
            assert shown(each.answer.body.decode()) == count, each.address


def test_every_question_takes_at_most_eight_queries(given: list[Given]) -> None:
    assert {each.question: each.queries for each in given if not 0 < each.queries <= QUERIES} == {}


def test_random_questions_are_the_same_each_time_and_have_answers(events: list[Known]) -> None:
    asked = list(measure.random_questions(10))
    assert asked == list(measure.random_questions(10))
    application = get_wsgi_application()
    assert {measure.get(application, address).status for address in asked} == {200}


def test_a_figure_stands_beside_what_it_is_held_to() -> None:
    assert report.against(5.25, 6) == "5.25 (≤ 6)"
    assert report.against(12.34, 6) == "12.3 (≤ 6) ✗"
    assert report.against(1234.5, None) == "1,234"
    assert report.against(61, 60, at_least=True) == "61 (≥ 60)"
    assert report.against(3.9, 4, at_least=True) == "3.90 (≥ 4) ✗"
