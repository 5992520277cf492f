"""What was measured, as tables in Markdown: beside each figure what it is held to."""

import os
import platform
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import django

from benchmarks.served import IN_A_ROW, ROOT

RANDOM_QUESTIONS = 2000
WITH_RANDOM_QUESTIONS = 100_000  # the size at which these are asked
SHARED_BUFFERS = "2GB"  # PostgreSQL's manual advises a quarter of a server's memory
TIMES, TIMES_OF_MANY = 200, 60  # each question is asked, the second from 1,000,000 events on
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


def heading(server: str, datasette: str) -> list[str]:
    """Say when, of what and on what machine this was measured."""
    return [
        "# How fast, how large",
        "",
        "`make bench` wrote this. In brackets stands what a figure is held to;"
        f"{MISSED} marks what misses it.",
        "",
        *machine(),
        f"- SQLite {sqlite3.sqlite_version}, Datasette {datasette}",
        f"- PostgreSQL {server} with shared_buffers of {SHARED_BUFFERS}" if server else "",
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
