"""`make bench-desk`: how fast the admin's lists and forms are at 10,000 and 100,000 events.

An editor asks for each page, in both databases, once to warm up and three times on the clock. It
prints tables and writes them to benchmarks/DESK.md; SIZES="10000" measures that size alone.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from itertools import batched
from pathlib import Path
from typing import Any

import psycopg

from tests.clusters import cluster
from tests.machine import postgres
from tests.signin import let_in

SIZES = 10_000, 100_000
REACH = {10_000: 300, 100_000: 600}  # milliseconds, for 95 of 100 lists
MOST_QUERIES = 12  # for a list
TIMES = 3
RESULTS = Path(__file__).with_name("DESK.md")
COMMON = "la"  # a word that stands in most generated events


def main(arguments: list[str]) -> None:
    """Measure for the sizes asked for, or all, and write the tables."""
    sizes = [int(size) for size in " ".join(arguments).split() if size.isdigit()] or list(SIZES)
    lines = ["# The desk: the admin’s lists and forms", "", "`make bench-desk` writes this.", ""]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sahel-desk-")))
        databases = {f"SQLite, {n:,} events": (f"sqlite:///{folder}/{n}", n) for n in sizes}
        if programs := postgres():
            url = stack.enter_context(cluster(programs, shared_buffers="256MB"))
            for n in sizes:
                with psycopg.connect(url, autocommit=True) as connection:
                    connection.execute(f"CREATE DATABASE d{n}")
                databases[f"PostgreSQL, {n:,} events"] = (url.replace("/postgres?", f"/d{n}?"), n)
        for name, (database, size) in databases.items():
            print(name, file=sys.stderr, flush=True)
            lines += table(name, size, _measured(database, size, folder))
    RESULTS.write_text("\n".join(lines))
    print("\n".join(lines))


def _measured(database: str, size: int, folder: Path) -> list[dict[str, Any]]:
    """Fill a database and measure it in a process of its own."""
    settings = {
        "DATABASE_URL": database,
        "DATA_DIR": str(folder),
        "SECRET_KEY": "of the benchmarks",
        "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
    }
    command = [sys.executable, "-m", "benchmarks.desk", "here", str(size)]
    done = subprocess.run(
        command, env={**os.environ, **settings}, stdout=subprocess.PIPE, text=True, check=True
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def table(name: str, size: int, pages: list[dict[str, Any]]) -> list[str]:
    """Give the lines of a table; ✗ marks what misses what it is held to."""
    reach = REACH.get(size, REACH[100_000])
    lines = [f"## {name}", "", "| page | median | slowest | queries |", "|---|---|---|---|"]
    for page in pages:
        slow = " ✗" if max(page["ms"]) > reach else ""
        many = " ✗" if page["list"] and page["queries"] > MOST_QUERIES else ""
        lines.append(
            f"| {page['name']} | {statistics.median(page['ms']):.0f} ms "
            f"| {max(page['ms']):.0f} ms{slow} | {page['queries']}{many} |"
        )
    for what, of in (("lists", True), ("forms", False)):
        times = sorted(ms for page in pages if page["list"] is of for ms in page["ms"])
        most = times[round(0.95 * (len(times) - 1))]
        mark = "✓" if most <= reach else "✗"
        lines += ["", f"95 of 100 {what}: {most:.0f} ms at most, of {reach} ms. {mark}"]
    return [*lines, ""]


def questions() -> list[tuple[str, str, bool]]:
    """Give the pages: name, address under the admin's, whether it is a list."""
    from django.db.models import Count

    from sahel.models import Actor, Event, Place, Source

    source = Source.objects.annotate(n=Count("quotations")).latest("n").pk
    place = Place.objects.annotate(n=Count("events")).latest("n").pk
    actor, event = Actor.objects.get(slug="actor-0").pk, Event.objects.earliest("pk").pk
    last = Event.objects.count() // 50
    lists = {
        "events": "event/",
        "events, last page": f"event/?p={last}",
        "events in French": "fr event/",
        "events by title": "event/?o=1",
        "events by last change": "event/?o=-6",
        "events by number of quotations": "event/?o=-5",
        "events: drafts": "event/?publication__exact=draft",
        "events: published coups": "event/?publication__exact=published&kind__exact=coup",
        "events of a year": "event/?sort_date__year=2021",
        "events of a month": "event/?sort_date__year=2021&sort_date__month=3",
        "events of the commonest place": f"event/?places__id__exact={place}",
        "events: four filters": f"event/?places__id__exact={place}&status__exact=happened"
        "&kind__exact=attack&sort_date__year=2021",
        "events: the commonest word": f"event/?q={COMMON}",
        "events: two words": "event/?q=junte+armee",
        "events: the commonest actor": "event/?q=alias0",
        "events: a word in every actor’s name": "event/?q=acteur",
        "events: an alias": "event/?q=alias17",
        "events: a word nobody has": "event/?q=zzzyx",
        "events: a word within a filter": f"event/?q={COMMON}&kind__exact=attack",
        "events not translated": "event/?todo=untranslated",
        "events on a single source": "event/?todo=single",
        "quotations": "quotation/",
        "quotations never checked": "quotation/?todo=unchecked",
        "quotations: the commonest word": f"quotation/?q={COMMON}",
        "quotations: two words": "quotation/?q=junte+armee",
        "sources": "source/",
        "sources: a word": "source/?q=source",
        "actors": "actor/",
        "places": "place/",
        "places without coordinates": "place/?todo=unplaced",
        "changes": "change/",
        "changes: a reason": "change/?q=reason",
    }
    forms = {
        "start page": "",
        "an event": f"event/{event}/change/",
        "a new event": "event/add/",
        "an event’s history": f"event/{event}/history/",
        "an event, to delete": f"event/{event}/delete/",
        "the source quoted most": f"source/{source}/change/",
        "an actor": f"actor/{actor}/change/",
        "a place": f"place/{place}/change/",
    }
    return [(name, path, True) for name, path in lists.items()] + [
        (name, path, False) for name, path in forms.items()
    ]


def ask() -> list[dict[str, Any]]:
    """Ask for each page as an editor: milliseconds of each time, queries of the first."""
    from django.contrib.auth.models import Group, User
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    user, _new = User.objects.get_or_create(username="editor", is_staff=True)
    user.groups.add(Group.objects.get(name="Publisher"))
    client = Client(headers={"host": "localhost"})
    let_in(client, user)
    pages = []
    for name, path, is_list in questions():
        language, _space, rest = path.rpartition(" ")
        address = f"/{language or 'en'}/admin/{'sahel/' if rest else ''}{rest}"
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(address, follow=True)
            asked = queries.captured_queries
        if answer.status_code != 200:
            raise RuntimeError(f"{address}: {answer.status_code}")
        times = []
        for _ in range(TIMES):
            began = time.perf_counter()
            client.get(address, follow=True)
            times.append(round(1000 * (time.perf_counter() - began), 1))
        pages.append({"name": name, "list": is_list, "ms": times, "queries": len(asked)})
        if os.environ.get("VERBOSE"):
            slow = sorted(asked, key=lambda q: -float(q["time"]))[:2]
            print(name, times, len(asked), file=sys.stderr)
            for each in slow:
                print("    ", each["time"], each["sql"][:1500], file=sys.stderr)
    return pages


def fill(size: int) -> None:
    """Make the record: events, an entry of the history for each, long texts of some sources."""
    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone

    from benchmarks.generate import fill as fill_events
    from sahel.models import Change, Event, Source, SourceText
    from sahel.models.history import snapshots

    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    fill_events(size)
    first = Event.objects.earliest("pk").pk
    now, after = timezone.now(), json.dumps(snapshots([first])[first])  # as long as any
    keys = Event.objects.order_by("pk").values_list("pk", "slug").iterator()
    for chunk in batched(enumerate(keys, 1), 5000):
        Change.objects.bulk_create(
            Change(
                number=n,
                at=now,
                event=pk,
                slug=slug,
                what="published",
                public=True,
                way="editor",
                who="Fatou",
                why=f"A reason {n}",
                after=after,
                hash="0" * 64,
            )
            for n, (pk, slug) in chunk
        )
    text = "Un texte long, lu et gardé pour les vérifications. " * 2000
    SourceText.objects.bulk_create(
        SourceText(source=source, text=text) for source in Source.objects.all()[:1000:10]
    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


if __name__ == "__main__":
    if sys.argv[1:2] == ["here"]:
        import django

        django.setup()
        fill(int(sys.argv[2]))
        print(json.dumps(ask()))
    else:
        main(sys.argv[1:])
