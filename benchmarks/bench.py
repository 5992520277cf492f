"""`make bench`: how fast, how large, on both databases and against Datasette, in one run.

It prints tables and writes them to benchmarks/RESULTS.md. Beside a figure stands in brackets the
reach: what it is held to. SIZES="30 1000" runs it for a few sizes only.
"""

import json
import os
import platform
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import django
import psycopg

from benchmarks import peers
from benchmarks.served import IN_A_ROW, ROOT, Server, ours, serving
from tests.__main__ import SETTINGS
from tests.machine import cluster, postgres

SIZES = [30, 1_000, 10_000, 100_000, 1_000_000]
RESULTS = Path(__file__).with_name("RESULTS.md")
WITH_RANDOM_QUESTIONS = 100_000  # the size at which these are asked
RANDOM_QUESTIONS = 2000
TIMES, TIMES_OF_MANY = 200, 60  # each question is asked, the second from 1,000,000 events on
SECONDS_OF_LOAD = 4.0
NEVER = 120  # seconds after which an edit counts as not seen
MISSED = " ✗"

# What the figures are held to, by number of events.
MEDIANS = {  # milliseconds
    "timeline": {30: 6, 100_000: 15, 1_000_000: 25},
    "word": {30: 10, 100_000: 40, 1_000_000: 150},
    "page": {30: 6, 100_000: 10, 1_000_000: 15},
}
P99S = {"timeline": {30: 15, 100_000: 30, 1_000_000: 60}}
MEGABYTES = {30: 10, 100_000: 40, 1_000_000: 150}
SECONDS_TO_SEE_AN_EDIT = {30: 1, 100_000: 1, 1_000_000: 2}
SECONDS_TO_FILL = {1_000_000: 600}
TIMES_DATASETTE = {1_000: 4, 100_000: 50, 1_000_000: 300}  # at least
QUERIES = 8
SHARE = 60  # percent of the empty page's requests, at least
GROWTH = 5  # from 30 to 1,000,000 events
SLOWEST = 100  # milliseconds

Found = dict[str, Any]
Results = dict[str, dict[int, Found]]  # by database, then by size


def main(arguments: list[str]) -> None:
    """Measure for the sizes asked for, or all."""
    asked = " ".join(arguments).split() or [str(size) for size in SIZES]
    if not all(
        size.isascii() and size.isdigit() and 30 <= int(size) <= 5_000_000 for size in asked
    ):
        sys.exit('Give the sizes like this: make bench SIZES="30 1000" (from 30 to 5000000)')
    sizes = sorted({int(size) for size in asked})
    results: Results = {}
    left_out = []
    stop_cleanly()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sahel-bench-")))
        collect(folder)
        datasette = peers.install(folder / "datasette")
        if not datasette.python:
            left_out.append(f"left out: Datasette ({datasette.version})")
        results["SQLite"] = {}
        for size in sizes:
            path = folder / "sahel.sqlite3"
            found = measured("SQLite", f"sqlite:///{path}", size, folder)
            if datasette.python:
                say(f"Datasette, {size:,} events")
                found["datasette"] = {
                    each["question"]: each for each in peers.measure(datasette, path, folder)
                }
            results["SQLite"][size] = found
            for file in folder.glob("sahel.sqlite3*"):
                file.unlink()
        server = ""
        if programs := postgres():
            url = stack.enter_context(cluster(programs))
            results["PostgreSQL"] = {}
            for size in sizes:
                name = f"sahel_{size}"
                with psycopg.connect(url, autocommit=True) as connection:
                    connection.execute(f"CREATE DATABASE {name}")
                    version = str(connection.info.server_version)
                    server = f"{version[:-4]}.{int(version[-4:])}"
                database = url.replace("/postgres?", f"/{name}?")
                results["PostgreSQL"][size] = measured("PostgreSQL", database, size, folder)
                with psycopg.connect(url, autocommit=True) as connection:
                    connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        else:
            left_out.append("left out: PostgreSQL (no server found)")
    text = "\n".join([*heading(server, datasette.version), *tables(results, sizes), *left_out, ""])
    RESULTS.write_text(text)
    print(text)


def stop_cleanly() -> None:
    """Let an end asked for by somebody else still stop the servers and remove the data."""
    for signum in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, lambda signum, _frame: sys.exit(128 + signum))


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """Give the environment without a developer's own settings."""
    kept = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    kept |= {"DATA_DIR": str(folder), "SECRET_KEY": "of the benchmarks"}
    return {**kept, "DJANGO_SETTINGS_MODULE": "benchmarks.settings", **settings}


def collect(folder: Path) -> None:
    """Collect the static files, whose addresses stand in every page."""
    command = [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity=0"]
    subprocess.run(command, cwd=ROOT, env=environment(folder), check=True)


# Measuring ----------------------------------------------------------------------------------------


def run(database: str, folder: Path, task: str, *arguments: object) -> list[Found]:
    """Do one task of measure.py in a process of its own; give its lines."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.measure", task, *map(str, arguments)],
        cwd=ROOT,
        env=environment(folder, DATABASE_URL=database),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def measured(name: str, database: str, size: int, folder: Path) -> Found:
    """Fill a database and measure everything on it."""
    say(f"{name}, {size:,} events")
    [filled] = run(database, folder, "fill", size)
    times = TIMES if size < 1_000_000 else TIMES_OF_MANY
    pages = run(database, folder, "pages", times)
    [memory] = run(database, folder, "memory")
    found: Found = {"fill": filled["seconds"], "memory": memory}
    found["pages"] = {page["question"]: page for page in pages}
    if size == WITH_RANDOM_QUESTIONS:
        [found["slowest"]] = run(database, folder, "slowest", RANDOM_QUESTIONS)
    say(f"{name}, {size:,} events: the server")
    with serving(ours(), environment(folder, DATABASE_URL=database)) as server:
        found["served"] = loads(server)
        found["seen"] = seen(server, lambda: run(database, folder, "edit")[0]["at"])
    return found


def loads(server: Server) -> Found:
    """Put load on the server: the empty page, the timeline again and again, and conditionally."""
    browser = {"Accept-Encoding": "gzip"}
    for _ in range(IN_A_ROW):  # every worker has read the record, and answered this once
        page = server.ask("/en/", **browser)
    found = {"empty": server.load(["/empty/"], SECONDS_OF_LOAD, **browser)}
    found["again"] = server.load(["/en/"], SECONDS_OF_LOAD, **browser)
    if tag := page.headers.get("etag"):
        conditional = {**browser, "If-None-Match": tag}
        found["conditional"] = server.load(["/en/"], SECONDS_OF_LOAD, **conditional)
    return found


def seen(server: Server, edit: Callable[[], float]) -> float | None:
    """Give the seconds from a saved edit until all answers show it; None if they do not in time."""
    from benchmarks.measure import EDITED

    address = f"/en/?{urlencode({'status': 'disputed', 'q': EDITED})}"
    for _ in range(IN_A_ROW):  # every worker knows the answer of before
        server.ask(address)
    saved = edit()
    since, row = 0.0, 0
    while row < IN_A_ROW:
        page = server.ask(address)
        shown = re.search(rb'id="count"[^>]*>\s*1 event ', page.body)
        if not shown:
            row = 0
            if time.monotonic() - saved > NEVER:
                return None
            time.sleep(0.01)
            continue
        since = since if row else time.monotonic()
        row += 1
    return since - saved


# The tables ---------------------------------------------------------------------------------------


def heading(server: str, datasette: str) -> list[str]:
    """Say when, of what and on what machine this was measured."""
    return [
        "# How fast, how large",
        "",
        "`make bench` wrote this. In brackets stands what a figure is held to;"
        f"{MISSED} marks what misses it.",
        "",
        *machine(),
        f"- SQLite {sqlite3.sqlite_version}, PostgreSQL {server or '–'}, Datasette {datasette}",
        "",
    ]


def machine() -> list[str]:
    """Give the lines that say when, of what and on what machine something was measured."""
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    total = re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text())
    memory = f"{int(total[1]) / 1e6:.0f} GB" if total else "unknown"
    return [
        f"- {datetime.now(UTC):%Y-%m-%d}, commit {commit()}",
        f"- {os.cpu_count()} cores ({cpu[1] if cpu else platform.machine()}), {memory} of memory, "
        f"{platform.system()} {platform.release()}",
        f"- Python {platform.python_version()}, Django {django.__version__}",
    ]


def commit() -> str:
    """Give the commit that is measured."""
    git = ["git", "-C", str(ROOT)]
    try:
        head = subprocess.check_output([*git, "rev-parse", "--short=10", "HEAD"], text=True)
        changed = subprocess.check_output([*git, "status", "--porcelain", "-uno"], text=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head.strip() + (" and what was changed since" if changed else "")


def tables(results: Results, sizes: list[int]) -> Iterator[str]:
    """Give the lines of all tables."""
    for name, by_size in results.items():
        yield from section(
            f"Pages on {name}: milliseconds, median / 99th percentile",
            "Server time of the whole page, its answer not remembered, the record read before. "
            "Compressed, as browsers ask, one page is measured too. What is too slow is asked less "
            "often than planned: the number stands behind it.",
        )
        yield from table(
            ["", *map(number, sizes), "SQL queries"], page_rows(by_size), "No size was measured."
        )
        yield from section(
            f"The record in memory and at work on {name}",
            f"Memory of a worker: what it takes more than before it read the record. "
            f"An edit is seen when {IN_A_ROW} answers in a row show it, each on a new connection.",
        )
        yield from table(["", *map(number, sizes)], record_rows(by_size), "")
        yield from section(
            f"Served on {name}: requests per second / milliseconds of CPU for each",
            "Two workers, 8 connections kept alive, the same page again and again, compressed.",
        )
        yield from table(["", *map(number, sizes)], served_rows(by_size), "")
        yield from section(f"Growth on {name}: from 30 to 1,000,000 events", "Medians, as a ratio.")
        yield from table(["", "times"], growth_rows(by_size), "Needs both sizes.")
        yield from section(
            f"The slowest of {RANDOM_QUESTIONS:,} random questions on {name}",
            f"At {WITH_RANDOM_QUESTIONS:,} events, none asked before.",
        )
        slowest = by_size.get(WITH_RANDOM_QUESTIONS, {}).get("slowest")
        if slowest:
            held = against(slowest["milliseconds"], SLOWEST)
            yield from [f"{held} ms, of {slowest['asked']:,}: `{slowest['address']}`", ""]
        else:
            yield from [f"Needs {WITH_RANDOM_QUESTIONS:,} events.", ""]
    yield from section(
        "Datasette: milliseconds, median, and how many times ours on SQLite",
        "The same events in a flat table with every index that helps and limits lifted; its page "
        "of the table with facets for actor, year and kind, asked in its own process as ours is.",
    )
    yield from table(["", *map(number, sizes)], datasette_rows(results["SQLite"]), "Left out.")


def section(title: str, explanation: str) -> list[str]:
    """Give a heading and a sentence."""
    return [f"## {title}", "", explanation, ""]


def table(titles: list[str], rows: list[list[str]], otherwise: str) -> Iterator[str]:
    """Give a table in Markdown."""
    if not rows:
        yield from [otherwise, ""]
        return
    rows = [titles, ["---", *["---:"] * (len(titles) - 1)], *rows]
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""


def page_rows(by_size: dict[int, Found]) -> list[list[str]]:
    """Give a row for each question: its times by size, and its queries."""
    rows = []
    for question, first in next(iter(by_size.values()))["pages"].items():
        row, queries = [question], 0
        for size, found in by_size.items():
            page = found["pages"][question]
            held = MEDIANS.get(first["reach"], {}).get(size)
            at_worst = P99S.get(first["reach"], {}).get(size)
            cell = f"{against(page['median'], held)} / {against(page['p99'], at_worst)}"
            few = f", of {page['requests']}" if page["requests"] < TIMES_OF_MANY else ""
            row.append(cell + few)
            queries = max(queries, page["queries"])
        rows.append([*row, against(queries, QUERIES)])
    return rows


def record_rows(by_size: dict[int, Found]) -> list[list[str]]:
    """Give the rows about reading the record and taking in an edit."""
    filling, built, megabytes, edit, seen = (
        ["seconds to fill the database"],
        ["seconds to read the record into memory"],
        ["megabytes of a worker for it"],
        ["milliseconds to take in a saved edit"],
        ["seconds until every worker shows an edit"],
    )
    for size, found in by_size.items():
        memory = found["memory"]
        filling.append(against(found["fill"], SECONDS_TO_FILL.get(size)))
        built.append(against(memory["built"], None))
        megabytes.append(against(memory["megabytes"], MEGABYTES.get(size)))
        edit.append(against(1000 * memory["edit"], None))
        held = SECONDS_TO_SEE_AN_EDIT.get(size)
        never = f"not within {NEVER} (≤ {held}){MISSED}"
        seen.append(never if found["seen"] is None else against(found["seen"], held))
    return [filling, built, megabytes, edit, seen]


def served_rows(by_size: dict[int, Found]) -> list[list[str]]:
    """Give the rows about the server under load."""
    titles = {
        "empty": "an empty page behind the same middleware",
        "again": "the timeline, asked again",
        "conditional": "the timeline, asked with If-None-Match",
    }
    rows = []
    for kind, title in titles.items():
        row = [title]
        for found in by_size.values():
            load = found["served"].get(kind)
            wanted = "304" if kind == "conditional" else "200"
            if not load:
                row.append("no ETag")
            else:
                odd = {s: n for s, n in load["statuses"].items() if s != wanted}
                row.append(f"{load['rate']:,.0f} / {load['cpu']:.2f}{f' {odd}' if odd else ''}")
        rows.append(row)
    shares = ["asked again, in percent of the empty page"]
    for found in by_size.values():
        share = 100 * found["served"]["again"]["rate"] / found["served"]["empty"]["rate"]
        shares.append(against(share, SHARE, at_least=True))
    return [*rows, shares]


def growth_rows(by_size: dict[int, Found]) -> list[list[str]]:
    """Give the ratio of the largest size to the smallest for each question."""
    if not {30, 1_000_000} <= by_size.keys():
        return []
    few, many = by_size[30]["pages"], by_size[1_000_000]["pages"]
    return [
        [name, against(many[name]["median"] / few[name]["median"], GROWTH if reach else None)]
        for name, reach in ((page["question"], page["reach"]) for page in few.values())
    ]


def datasette_rows(by_size: dict[int, Found]) -> list[list[str]]:
    """Give Datasette's times, and how often ours go into them."""
    rows = []
    for question in next(iter(by_size.values())).get("datasette", ()):
        row = [question]
        for size, found in by_size.items():
            theirs, ours = found["datasette"][question], found["pages"][question]
            ratio = theirs["median"] / ours["median"]
            held = against(ratio, TIMES_DATASETTE.get(size), at_least=True)
            row.append(f"{rounded(theirs['median'])}: × {held}")
        rows.append(row)
    return rows


def against(value: float, reach: float | None, *, at_least: bool = False) -> str:
    """Give a figure with what it is held to beside it, and a mark where it misses that."""
    if reach is None:
        return rounded(value)
    missed = value < reach if at_least else value > reach
    return f"{rounded(value)} ({'≥' if at_least else '≤'} {reach}){MISSED if missed else ''}"


def rounded(value: float) -> str:
    """Give a figure with as many digits as it deserves."""
    if isinstance(value, int) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def number(size: int) -> str:
    """Give a size as a column's title."""
    return f"{size:,} events"


def say(line: str) -> None:
    """Tell whoever waits how far it is."""
    print(f"\n{datetime.now():%H:%M:%S} {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
