"""`make bench`: how fast, how large, on both databases and against Datasette, in one run.

It prints tables and writes them to benchmarks/RESULTS.md. Beside a figure stands in brackets the
reach: what it is held to. SIZES="30 1000" runs it for a few sizes only.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from urllib.parse import urlencode

import psycopg

from benchmarks import peers
from benchmarks.report import (
    NEVER,
    RANDOM_QUESTIONS,
    SHARED_BUFFERS,
    TIMES,
    TIMES_OF_MANY,
    WITH_RANDOM_QUESTIONS,
    Found,
    Results,
    heading,
    tables,
)
from benchmarks.served import IN_A_ROW, ROOT, Server, ours, serving
from tests.__main__ import SETTINGS
from tests.clusters import cluster
from tests.machine import postgres

SIZES = [30, 1_000, 10_000, 100_000, 1_000_000]
RESULTS = Path(__file__).with_name("RESULTS.md")
SECONDS_OF_LOAD = 4.0


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
            url = stack.enter_context(cluster(programs, shared_buffers=SHARED_BUFFERS))
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


def say(line: str) -> None:
    """Tell whoever waits how far it is."""
    print(f"\n{datetime.now():%H:%M:%S} {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
