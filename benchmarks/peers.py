"""Datasette on the same events: a flat table with every index that helps, and limits lifted.

Datasette comes into a virtual environment in a temporary folder. There this file runs as a program
that asks its ASGI application for pages in the same process, as measure.py does with ours.
"""

import asyncio
import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

BUDGET = 40.0  # seconds after which three requests must do
LIMITS = {
    "sql_time_limit_ms": 600_000,
    "facet_time_limit_ms": 600_000,
    "facet_suggest_time_limit_ms": 1,
    "suggest_facets": False,
    "default_page_size": 60,
    "default_facet_size": 600,
    "max_returned_rows": 1000,
    "cache_size_kb": 512_000,
}
FACETS = "_facet=kind&_facet=year&_facet_array=actors&_sort=sort_date"


class Datasette(NamedTuple):
    """Where Datasette is; or, in place of the path of its Python, why it is not."""

    python: str
    version: str


def install(folder: Path) -> Datasette:
    """Install Datasette in the folder."""
    python = str(folder / "bin" / "python")
    commands = [
        [sys.executable, "-m", "venv", str(folder)],
        [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "datasette"],
    ]
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            why = (done.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()
            return Datasette("", why[-1])
    show = "import importlib.metadata as m; print(m.version('datasette'))"
    version = subprocess.run([python, "-c", show], capture_output=True, text=True, check=True)
    return Datasette(python, version.stdout.strip())


def flatten(source: Path, target: Path) -> None:
    """Copy the published events of our SQLite database into tables as Datasette likes them."""
    with sqlite3.connect(target) as database:
        database.execute("ATTACH ? AS ours", [str(source)])
        database.executescript(
            """
            CREATE TABLE events (
                id INTEGER PRIMARY KEY, slug TEXT, title TEXT, summary TEXT, date TEXT,
                sort_date TEXT, year INTEGER, kind TEXT, status TEXT, actors TEXT
            );
            CREATE TABLE links (
                event INTEGER REFERENCES events (id), actor TEXT, PRIMARY KEY (actor, event)
            ) WITHOUT ROWID;
            INSERT INTO links
                SELECT i.event_id, a.slug FROM ours.sahel_involvement i
                JOIN ours.sahel_actor a ON a.id = i.actor_id
                JOIN ours.sahel_event e ON e.id = i.event_id AND e.publication = 'published'
                WHERE true ON CONFLICT DO NOTHING;
            CREATE INDEX links_event ON links (event, actor);
            INSERT INTO events
                SELECT id, slug, title_en, summary_en, date, sort_date, substr(sort_date, 1, 4),
                    kind, status,
                    (SELECT json_group_array(actor) FROM links WHERE event = ours.sahel_event.id)
                FROM ours.sahel_event WHERE publication = 'published';
            CREATE INDEX events_kind ON events (kind);
            CREATE INDEX events_year ON events (year);
            CREATE INDEX events_sort_date ON events (sort_date);
            CREATE INDEX events_actors ON events (actors);
            ANALYZE;
            """
        )
        database.commit()
        database.execute("DETACH ours")
    database.close()


def measure(datasette: Datasette, database: Path, folder: Path) -> Iterator[dict[str, Any]]:
    """Give the median time of each question that Datasette was asked."""
    flat = folder / "flat.sqlite3"
    flat.unlink(missing_ok=True)
    flatten(database, flat)
    command = [datasette.python, __file__, str(flat)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    flat.unlink()
    yield from map(json.loads, done.stdout.splitlines())


async def ask(application: Any, path: str, query: str) -> float:
    """Ask an ASGI application for a page; give the seconds it took."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(b"host", b"localhost"), (b"accept", b"text/html")],
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 80),
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    began = time.perf_counter()
    await application(scope, receive, send)
    seconds = time.perf_counter() - began
    if sent[0]["status"] != 200:
        raise RuntimeError(f"{path}?{query} answered {sent[0]['status']}")
    return seconds


async def in_datasette(flat: str) -> None:
    """Ask for the table's page, without a filter and for one actor, up to 15 times each."""
    from urllib.parse import quote

    from datasette.app import Datasette as Application

    datasette = Application(immutables=[flat], settings=LIMITS)
    await datasette.invoke_startup()
    application = datasette.app()
    with sqlite3.connect(flat) as database:
        counted = "SELECT actor FROM links GROUP BY actor ORDER BY count(*) DESC, actor"
        [actor] = database.execute(counted).fetchone()
    database.close()
    # There are two ways to ask for an actor: by the array in the row, and by the table of links.
    through = quote(json.dumps({"table": "links", "column": "actor", "value": actor}))
    ways = {
        "no filter": [FACETS],
        "commonest actor": [
            f"{FACETS}&actors__arraycontains={actor}",
            f"{FACETS}&_through={through}",
        ],
    }
    for question, queries in ways.items():
        first = {query: await ask(application, "/flat/events", query) for query in queries}
        query = min(first, key=lambda query: first[query])  # the faster way of the two
        seconds: list[float] = []
        while len(seconds) < 3 or (len(seconds) < 15 and sum(seconds) < BUDGET):
            seconds.append(await ask(application, "/flat/events", query))
        found = {"question": question, "median": 1000 * median(seconds), "requests": len(seconds)}
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    asyncio.run(in_datasette(sys.argv[1]))
