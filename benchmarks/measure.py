"""One measurement of the database that DATABASE_URL names, as JSON lines: bench.py runs it.

Each runs in a process of its own, so that none profits from what another left in memory. Pages are
asked of the WSGI application itself: their time is the server's, without network and queueing.
"""

import json
import os
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from importlib import import_module
from io import BytesIO
from statistics import median
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import django
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.db.models import Count, Max, Min
from django.test.utils import CaptureQueriesContext

EDITED = "zyxwvo"  # a word that no event holds before it is edited
BUDGET = 60.0  # seconds that one question may take of a measurement, however slow it is
LANGUAGES = "en", "fr"
GZIP = {"HTTP_ACCEPT_ENCODING": "gzip"}


class Answer(NamedTuple):
    """What the application said, and how long it took."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float


class Question(NamedTuple):
    """A kind of question with addresses that ask it, without their language."""

    name: str
    reach: str  # which of bench.py's times it is held to; empty for none
    addresses: list[str]
    headers: dict[str, str] = {}

    def address(self, number: int) -> str:
        """Give the address of the n-th time that it is asked: languages and equivalents in turn."""
        turn, language = divmod(number, len(LANGUAGES))
        return f"/{LANGUAGES[language]}/{self.addresses[turn % len(self.addresses)]}"


# The seams: all that this module knows of what the application keeps in memory --------------------


def index() -> Any:
    """Give the module that holds the record in memory: `current()`, `forget()`."""
    return import_module("sahel.index")


def cold() -> None:
    """Forget the answers that were given; what the record was read into stays."""
    import_module("sahel.caching").forget()
    index().current().found.clear()


def served() -> Callable[..., Any]:
    """Give the application as a server has it, once it is warm."""
    wsgi = import_module("sahel.wsgi")
    wsgi.warming.join()
    return wsgi.application


def get(application: Callable[..., Any], address: str, **headers: str) -> Answer:
    """Ask the WSGI application for a page."""
    path, _, query = address.partition("?")
    environ = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "localhost",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        **headers,
    }
    started: list[Any] = []
    began = time.perf_counter()
    response = application(environ, lambda *status_and_headers: started.extend(status_and_headers))
    body = b"".join(response)
    response.close()
    seconds = time.perf_counter() - began
    return Answer(int(started[0].split()[0]), dict(started[1]), body, seconds)


# What is asked ------------------------------------------------------------------------------------


def questions() -> list[Question]:
    """Choose what is asked by asking the data what there is."""
    from sahel.models import Event, Involvement, Quotation

    published = Event.objects.filter(publication="published")
    actors = _by_number(Involvement.objects, "actor__slug")
    places = _by_number(Event.places.through.objects, "place__slug")
    sources = _by_number(Quotation.objects, "source__slug")
    commonest = actors[0]
    some = published.filter(involvements__actor__slug=commonest, earliest__isnull=False)
    crossed = list(some.order_by("pk").values_list("earliest__year", "kind")[:40])
    years = sorted({year for year, _kind in crossed})
    kinds = sorted({kind for _year, kind in crossed})
    last = published.order_by("-sort_date", "-position", "-pk").values_list("slug", flat=True)
    count = published.count()
    keys = published.aggregate(first=Min("pk"), last=Max("pk"))
    # Some thirty, by key: all slugs at once would leave a hole in memory for the record to fill.
    some_keys = range(keys["first"], keys["last"] + 1, (keys["last"] - keys["first"]) // 30 or 1)
    event_pages = list(published.filter(pk__in=some_keys).values_list("slug", flat=True))
    words, events = frequencies()
    common = sorted(words, key=lambda word: abs(words[word] / events - 1 / 3))[:4]
    rarely = min(words.values())
    rare = [word for word in words if words[word] == rarely and len(word) > 5][:100]
    top = max(words, key=lambda word: words[word])
    of_actor = f"?actor={commonest}"
    return [
        Question("no filter", "timeline", ["", "?order=newest"]),
        Question("no filter, compressed", "", ["", "?order=newest"], GZIP),
        Question("commonest actor", "timeline", [of_actor, f"{of_actor}&order=newest"]),
        Question("a rare actor", "timeline", [f"?actor={slug}" for slug in actors[-20:]]),
        Question("a year", "timeline", [f"?year={year}" for year in years]),
        Question(
            "actor, year and kind",
            "timeline",
            [f"{of_actor}&year={year}&kind={kind}" for year, kind in crossed],
        ),
        Question("all but a kind", "timeline", [f"?kind=-{kind}" for kind in kinds]),
        Question("last page", "timeline", [f"?after={last[min(25, count - 2)]}"]),
        Question("a common word", "word", [f"?q={word}" for word in common]),
        Question("a rare word", "word", [f"?q={word}" for word in rare]),
        Question("the commonest word", "", [f"?q={top}"]),
        Question("an event’s page", "page", [f"events/{slug}/" for slug in event_pages]),
        Question("commonest actor’s page", "page", [f"actors/{commonest}/"]),
        Question("a place’s page", "page", [f"places/{slug}/" for slug in _spread(places)]),
        Question("a source’s page", "page", [f"sources/{slug}/" for slug in _spread(sources)]),
    ]


def _by_number(links: Any, slug: str) -> list[str]:
    """Give what events hang on, the commonest first."""
    counted = links.filter(event__publication="published").order_by().values_list(slug)
    return [found for found, _number in counted.annotate(n=Count("pk")).order_by("-n", slug)]


def _spread(slugs: list[str]) -> list[str]:
    """Give about twenty, from the commonest to the rarest."""
    return slugs[:: len(slugs) // 20 or 1]


def frequencies(sample: int = 2000) -> tuple[Counter[str], int]:
    """Count the events that hold each word, out of some; also give how many these are."""
    from sahel.models import Event, Quotation

    events = Event.objects.filter(publication="published").order_by("pk")
    texts = dict(events.values_list("pk", "folded")[:sample])
    spoken = Quotation.objects.filter(event__lte=max(texts)).values_list("event", "folded")
    for pk, folded in spoken.order_by():
        if pk in texts:
            texts[pk] += f" {folded}"
    held: Counter[str] = Counter()
    for text in texts.values():
        held.update(set(re.findall(r"[a-z]{3,}", text)))
    return held, len(texts)


def random_questions(number: int, seed: int = 2022) -> Iterator[str]:
    """Give addresses of the timeline such as nobody would think of, always the same ones."""
    from sahel.models import Event

    chance = random.Random(seed)  # noqa: S311 - not a secret
    last = Event.objects.order_by("pk").values_list("pk", flat=True).last() or 1
    junk = [("year", "abcd"), ("from", "2020-99"), ("actor", "\0"), ("after", "nothing")]
    junk += [("kind", "--coup"), ("place", "é" * 90), ("q", "'\"<&>"), ("q", "%"), ("order", "up")]
    for _ in range(number):
        pairs = _random_facets(chance)
        for bound in ("from", "to"):
            if chance.random() < 0.2:
                text = f"{chance.randrange(2012, 2027)}-{chance.randrange(1, 13):02}"
                pairs.append((bound, text[: chance.choice((4, 7))]))
        if chance.random() < 0.4:
            pairs.append(("q", _random_words(chance)))
        if chance.random() < 0.3:
            pairs.append(("order", "newest"))
        if chance.random() < 0.3:
            end = chance.choice(("after", "before"))
            pairs.append((end, f"generated-{chance.randrange(1, last + 1)}"))
        if chance.random() < 0.1:
            pairs.append(chance.choice(junk))
        yield f"/{chance.choice(LANGUAGES)}/?{urlencode(pairs, quote_via=quote)}"


def _random_facets(chance: random.Random) -> list[tuple[str, str]]:
    """Give values of some facets, several of one, common ones more often, some excluded."""
    from benchmarks.generator import ACTORS, KINDS, PLACES, SOURCES, STATUSES

    choices: dict[str, Callable[[], object]] = {
        "actor": lambda: f"actor-{int(ACTORS * chance.random() ** 3)}",
        "place": lambda: f"place-{int(PLACES * chance.random() ** 3)}",
        "source": lambda: f"source-{int(SOURCES * chance.random() ** 3)}",
        "kind": lambda: chance.choice(KINDS),
        "status": lambda: chance.choice(STATUSES),
        "year": lambda: chance.randrange(2011, 2028),
    }
    facets = chance.sample(list(choices), chance.choice((0, 1, 1, 2, 2, 3, 6)))
    return [
        (facet, f"{'-' if chance.random() < 0.25 else ''}{choices[facet]()}")
        for facet in facets
        for _ in range(chance.choice((1, 1, 1, 2, 3, 8)))
    ]


def _random_words(chance: random.Random) -> str:
    """Give one to three words or beginnings of words."""
    from benchmarks.generator import WORDS

    words = [WORDS[int(len(WORDS) * chance.random() ** 3)] for _ in range(chance.choice((1, 2, 3)))]
    return " ".join(word[: chance.choice((2, 3, 4, 99, 99))] for word in words)


# What is measured ---------------------------------------------------------------------------------


def fill(number: str) -> Iterator[dict[str, Any]]:
    """Fill the empty database; give the seconds."""
    from benchmarks.generate import fill

    call_command("migrate", verbosity=0)
    seconds = fill(int(number))
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:  # else they would be done while we measure
            cursor.execute("VACUUM ANALYZE")
            cursor.execute("CHECKPOINT")
    yield {"seconds": seconds}


def pages(times: str) -> Iterator[dict[str, Any]]:
    """Time every question as often as that, in turn; count the queries of each."""
    application = served()
    asked = questions()
    queries = {question.name: count_queries(application, question) for question in asked}  # warms
    seconds: dict[str, list[float]] = {question.name: [] for question in asked}
    sizes: dict[str, list[int]] = {question.name: [] for question in asked}
    for number in range(int(times)):
        for question in asked:
            if sum(seconds[question.name]) > BUDGET:
                continue
            address = question.address(number)
            cold()
            answer = get(application, address, **question.headers)
            if answer.status != 200:
                raise RuntimeError(f"{address} answered {answer.status}")
            seconds[question.name].append(answer.seconds)
            sizes[question.name].append(len(answer.body))
        if (number + 1) % 10 == 0:
            _say(f"{number + 1} of {times} rounds")
    for question in asked:
        ordered = sorted(seconds[question.name])
        yield {
            "question": question.name,
            "reach": question.reach,
            "median": 1000 * median(ordered),
            "p99": 1000 * ordered[-(-99 * len(ordered) // 100) - 1],
            "requests": len(ordered),
            "queries": queries[question.name],
            "bytes": median(sizes[question.name]),
        }


def count_queries(application: Callable[..., Any], question: Question) -> int:
    """Give the most SQL queries that a few equivalents of the question take."""
    most = 0
    for number in range(4):
        cold()
        with CaptureQueriesContext(connection) as captured:
            get(application, question.address(number), **question.headers)
        most = max(most, len(captured))
    return most


def memory() -> Iterator[dict[str, Any]]:
    """Time the reading of the whole record and of an edit; give the memory that it takes."""
    from sahel.models import Event, Record

    application = get_wsgi_application()
    asked = questions()
    for language in LANGUAGES:  # a page that asks nothing of the record loads all else
        get(application, f"/{language}/about/")
    before = _resident()
    began = time.perf_counter()
    index().current()
    built = time.perf_counter() - began
    for question in asked:
        if question.reach:
            cold()
            get(application, question.address(0))
    held = _resident() - before
    taken: list[float] = []
    event = Event.objects.filter(publication="published").order_by("pk")[0]
    while len(taken) < 5 and sum(taken) < BUDGET:
        event.status = "disputed" if event.status == "happened" else "happened"
        event.save()
        began = time.perf_counter()
        while not index().is_at(Record.state()):  # a large one is read aside, and answers meanwhile
            index().current()
            time.sleep(0.001)
        taken.append(time.perf_counter() - began)
    yield {"built": built, "megabytes": held, "edit": median(taken)}


def _resident() -> float:
    """Give the megabytes of memory that this process has."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def edit() -> Iterator[dict[str, Any]]:
    """Give an event another status and a title that can be looked for; say when it was saved."""
    from sahel.models import Event

    happened = Event.objects.filter(publication="published").exclude(status="disputed")
    event = happened.order_by("pk")[0]
    event.title_en = event.title_fr = EDITED
    event.status = "disputed"
    event.save()
    yield {"at": time.monotonic()}  # a clock that all processes of a machine share


def slowest(number: str) -> Iterator[dict[str, Any]]:
    """Give the slowest of so many random questions, none of which was asked before."""
    application = served()
    for language in LANGUAGES:  # each has templates of its own, which the first page compiles
        get(application, f"/{language}/")
    began, worst = time.monotonic(), (0.0, "")
    for done, address in enumerate(random_questions(int(number)), 1):
        cold()
        answer = get(application, address)
        if answer.status != 200:
            raise RuntimeError(f"{address} answered {answer.status}")
        worst = max(worst, (answer.seconds, address))
        if done % 20 == 0:
            _say(f"{done} of {number} random questions")
        if time.monotonic() - began > 10 * BUDGET:
            break
    yield {"milliseconds": 1000 * worst[0], "address": worst[1], "asked": done}


def _say(line: str) -> None:
    print(f"\r{line} ", end="", file=sys.stderr, flush=True)


TASKS: dict[str, Callable[..., Iterator[dict[str, Any]]]] = {
    task.__name__: task for task in (fill, pages, memory, edit, slowest)
}


def main(name: str, *arguments: str) -> None:
    """Do the task and print what it gives, one line of JSON each."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sahel.settings")
    django.setup()
    for given in TASKS[name](*arguments):
        print(json.dumps(given), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
