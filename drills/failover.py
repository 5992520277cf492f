"""A primary and a hot standby, each killed under readers and editors: `make drill-failover`.

Readers must not notice either; what was acknowledged must be there after the standby has become
the primary, which needs no restart and no change of settings.
"""

import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from benchmarks.served import Server as Served
from drills import number_asked
from drills.site import Clients, Site, percentile, read, saving, say, table
from tests.clusters import Server, pair
from tests.machine import postgres

READS = SAVES = number_asked(3000, least=100)
SYNCHRONOUS = {"synchronous_standby_names": "'*'"}


def main() -> int:
    """Run all parts; give 1 where a figure misses its bar."""
    if not postgres():
        sys.exit("PostgreSQL's programs are wanted: apt install postgresql")
    table()
    held = [*standby_dies(), *primary_dies(), *asynchronous()]
    return 0 if all(held) else 1


@contextmanager
def site(**settings: str) -> Iterator[tuple[Server, Server, Site, Served]]:
    """Give a primary, its standby, the site on both and its server."""
    programs = postgres()
    assert programs
    with pair(programs, **settings) as (primary, standby, url), tempfile.TemporaryDirectory() as to:
        ours = Site(url, to)
        ours.prepare()
        with ours.serve() as server:
            yield primary, standby, ours, server


def standby_dies() -> Iterator[bool]:
    """Kill the standby that readers read from, and that saves wait for; start it again."""
    saved: list[str] = []
    with site(**SYNCHRONOUS) as (_primary, standby, ours, server):
        editors = Clients(4, saving(ours.cookies, saved)).connect(server.port)
        with editors, Clients(8, read).connect(server.port) as readers:
            readers.wait_for(READS // 2)
            standby.kill()
            at_the_kill = sum(readers.counts.values())
            readers.wait_for(at_the_kill + READS)
            before, told = len(saved), server.ask("/readyz").body.decode()
            started = time.monotonic()
            standby.start(synchronous_commit="on")
            while len(saved) < before + 20:
                time.sleep(0.01)
            back = time.monotonic() - started
        yield unharmed("kill -9 of the standby", readers)
        yield say("meanwhile saves are refused", told.replace("\n", " "), "writes: no",
                  held="writes: no" in told)  # fmt: skip
        figure = f"{dict(editors.counts)}; back {back:.1f} s after its start"
        yield say("", figure, "saved and 503 alone, 10 s",
                  held=set(editors.counts) == {"saved", "503"} and back < 10)  # fmt: skip


def primary_dies() -> Iterator[bool]:
    """Kill the primary under readers and editors, promote the standby, look for what was saved."""
    saved: list[str] = []
    with site(**SYNCHRONOUS) as (primary, standby, ours, server):
        editors = Clients(4, saving(ours.cookies, saved)).connect(server.port)
        with editors, Clients(4, read).connect(server.port) as readers:
            while len(saved) < SAVES:
                time.sleep(0.1)
            primary.kill()
            at_the_kill = sum(readers.counts.values())
            readers.wait_for(at_the_kill + READS // 2)
            promoted, before = time.monotonic(), len(saved)
            standby.promote()
            while len(saved) == before:
                time.sleep(0.01)
            back = time.monotonic() - promoted
            while len(saved) < before + 100:
                time.sleep(0.1)
            readers.wait_for(at_the_kill + READS)
        yield unharmed("kill -9 of the primary", readers)
        yield say("promotion", f"saves are back after {back:.1f} s", "5 s", held=back <= 5)
        failed = sum(editors.counts.values()) - editors.counts["saved"]
        told = ", ".join(f"{number} × {came}" for came, number in editors.counts.items())
        print(f"| | {failed} saves refused in between, which said so ({told}) | | |")
        lost = missing(standby, saved)
        figure = f"{lost} of {len(saved):,} acknowledged saves lost"
        yield say("synchronous replication", figure, "0", held=lost == 0)
        yield from back_as_a_standby(primary, standby, ours, server)


def back_as_a_standby(
    former: Server, primary: Server, ours: Site, server: Served
) -> Iterator[bool]:
    """Let the former primary come back as a standby: nobody writes to it by a kept connection."""
    former.empty()
    former.follow(primary)
    former.start(synchronous_commit="on")
    saved: list[str] = []
    with Clients(2, saving(ours.cookies, saved, "again")).connect(server.port) as editors:
        time.sleep(65)  # longer than a connection is kept
    refused = sum(editors.counts.values()) - editors.counts["saved"]
    figure = f"{refused} of {sum(editors.counts.values()):,} saves refused in 65 s"
    yield say("roles exchanged", figure, "0", held=refused == 0)
    with psycopg.connect(host=str(former.folder), dbname="postgres", user="sahel") as on:
        asked = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%FROM sahel_record%'"
        (readers,) = on.execute(asked).fetchone() or (0,)
    yield say("", f"{readers} connections of readers on the new standby", "some", held=readers > 0)


def asynchronous() -> Iterator[bool]:
    """Lose what only the primary had: why replication is to be synchronous."""
    saved: list[str] = []
    with site() as (primary, standby, ours, server):
        with Clients(4, saving(ours.cookies, saved)).connect(server.port):
            while len(saved) < 300:
                time.sleep(0.1)
            with psycopg.connect(host=str(primary.folder), dbname="postgres", user="sahel") as on:
                (sender,) = on.execute("SELECT pid FROM pg_stat_replication").fetchone() or (0,)
            os.kill(sender, signal.SIGSTOP)  # a network that is a second behind
            time.sleep(1)
            primary.kill()
        standby.promote()
        lost = missing(standby, saved)
        figure = f"{lost} of {len(saved):,} acknowledged saves lost"
        yield say("asynchronous replication, 1 s behind", figure, "said in docs", held=True)


def missing(server: Server, saved: list[str]) -> int:
    """Count what was acknowledged and is not there."""
    with psycopg.connect(host=str(server.folder), dbname="postgres", user="sahel") as on:
        there = {slug for (slug,) in on.execute("SELECT slug FROM sahel_actor")}
    return len(set(saved) - there)


def unharmed(fault: str, readers: Clients) -> bool:
    """Say how many reads failed."""
    total = sum(readers.counts.values())
    failed = total - readers.counts["200"]
    slowest = percentile(readers.times, 0.99)
    figure = f"{failed} of {total:,} reads failed; 99 of 100 within {slowest:.0f} ms"
    return say(fault, figure, f"0 of {READS:,}", held=failed == 0 and total >= READS)


if __name__ == "__main__":
    sys.exit(main())
