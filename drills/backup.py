"""Backups of generated events, on both databases, while somebody writes: `make drill-backup`."""

import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from drills import number_asked
from drills.site import Clients, Site, saving, say, table
from tests.clusters import cluster
from tests.machine import postgres

EVENTS = number_asked(30_000, least=100)


def main() -> int:
    """Back up and restore each; give 1 where a figure misses its bar."""
    programs = postgres()
    if not programs:
        sys.exit("PostgreSQL's programs are wanted: apt install postgresql")
    table()
    held = []
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        held += drill(
            "SQLite", f"sqlite:///{folder}/s.sqlite3", f"sqlite:///{folder}/r.sqlite3", folder
        )
        url = stack.enter_context(cluster(programs))
        held += drill("PostgreSQL", url, stack.enter_context(cluster(programs)), folder)
    return 0 if all(held) else 1


def drill(name: str, url: str, empty: str, data: str) -> list[bool]:
    """Back up a database while an editor saves, restore it elsewhere, and compare."""
    ours, back = Site(url, data), Site(empty, data)
    ours.prepare()
    ours.python("-m", "benchmarks.generate", str(EVENTS))
    into = Path(data, f"backups-{name}")
    saved: list[str] = []
    editors = Clients(1, saving(ours.cookies, saved))
    with ours.serve() as server, editors.connect(server.port):
        began = time.monotonic()
        said = ours.manage("backup", str(into))
        took = time.monotonic() - began
    longest = max(editors.times)
    refused = sum(editors.counts.values()) - editors.counts["saved"]
    figure = (
        f"written and checked in {took:.1f} s; meanwhile {refused} of {len(saved)} saves failed"
    )
    held = [say(f"{name}, {EVENTS:,} events", f"{figure}, the longest took {longest:.2f} s", "0",
                held=refused == 0)]  # fmt: skip
    path = next(path for path in into.iterdir() if path.suffix != ".json")
    began = time.monotonic()
    came = back.manage("restore", str(path))
    took = time.monotonic() - began
    figure = f"restored in {took:.1f} s: {came.partition('.')[0]}; {said.partition(': ')[2]}"
    held.append(say("", figure, "every row", held="as it was written" in came))
    with back.serve() as server:
        status = server.ask("/en/").status
    held.append(say("", f"the timeline answers {status} there", "200", held=status == 200))
    return held


if __name__ == "__main__":
    sys.exit(main())
