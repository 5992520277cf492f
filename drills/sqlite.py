"""SQLite under many at once, under `kill -9`, and on a full disk: `make drill-sqlite`."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from benchmarks.served import Server
from drills import number_asked
from drills.site import Clients, Site, percentile, publishing, read, say, table

AT_A_KILL = 50  # saves before each
HALF = """  -- without its quotation, or without a word of it in the history
SELECT count(*) FROM sahel_event e WHERE
    NOT EXISTS (SELECT 1 FROM sahel_quotation q WHERE q.event_id = e.id)
    OR NOT EXISTS (SELECT 1 FROM sahel_change c WHERE c.event = e.id)
"""


def main(seconds: int) -> int:
    """Run all parts; give 1 where a figure misses its bar."""
    table()
    held = [*many_at_once(seconds), *killed()]
    if os.geteuid() == 0:
        held += full()
    else:
        print("| a full disk | left out: only root may mount a small one | | |")
    return 0 if all(held) else 1


@contextmanager
def site(folder: str) -> Iterator[tuple[Site, Path]]:
    """Give a site in a folder, and its file."""
    path = Path(folder, "sahel.sqlite3")
    ours = Site(f"sqlite:///{path}", folder)
    ours.environment["LOG_LEVEL"] = "ERROR"  # it says where something was locked
    ours.prepare()
    yield ours, path


def many_at_once(seconds: int) -> Iterator[bool]:
    """Let 8 write and 8 read."""
    saved: list[str] = []
    with tempfile.TemporaryDirectory() as folder, site(folder) as (ours, path):
        with ours.serve() as server:
            editors = Clients(8, publishing(ours.cookies, saved)).connect(server.port)
            with editors, Clients(8, read).connect(server.port) as readers:
                time.sleep(seconds)
        log = Path(folder, "server.log").read_text()
        failed = sum(readers.counts.values()) - readers.counts["200"]
        refused = sum(editors.counts.values()) - editors.counts["saved"]
        figure = (
            f"{refused} of {sum(editors.counts.values()):,} saves and {failed} of "
            f"{sum(readers.counts.values()):,} reads failed; 99 of 100 saves within "
            f"{percentile(editors.times, 0.99):.0f} ms, reads {percentile(readers.times, 0.99):.0f}"
        )
        fault = f"8 writers and 8 readers, {seconds} s"
        yield say(fault, figure, "0", held=not failed + refused and "locked" not in log)
        yield whole("afterwards", path, saved)


def killed() -> Iterator[bool]:
    """Kill all processes of the server while editors save."""
    saved: list[str] = []
    with tempfile.TemporaryDirectory() as folder, site(folder) as (ours, path):
        for number in range(5):
            with ours.serve() as server:
                name = f"drill-{number}"
                editors = Clients(4, publishing(ours.cookies, saved, name)).connect(server.port)
                with editors:
                    editors.wait_for(AT_A_KILL, 120)
                    kill(server)
        yield whole("kill -9 of the server, 5 times", path, saved, 5 * AT_A_KILL)
        with ours.serve() as server:
            answer = server.ask("/en/")
        yield say(
            "", f"the timeline answers {answer.status} afterwards", "200", held=answer.status == 200
        )


def full() -> Iterator[bool]:
    """Fill the disk under the site."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder], check=True)
        try:
            with site(folder) as (ours, path), ours.serve() as server:
                saved: list[str] = []
                save = publishing(ours.cookies, saved, "full")
                with Path(folder, "filling").open("wb") as filling:
                    try:
                        while True:
                            filling.write(b"\0" * 4096)
                            filling.flush()
                    except OSError:
                        pass
                with Clients(2, save).connect(server.port) as editors:
                    editors.wait_for(40)
                refused = {came: n for came, n in editors.counts.items() if came != "saved"}
                with Clients(2, read).connect(server.port) as readers:
                    readers.wait_for(200)
                Path(folder, "filling").unlink()
                before = len(saved)
                with Clients(1, publishing(ours.cookies, saved, "room")).connect(
                    server.port
                ) as again:
                    again.wait_for(20)
            failed = sum(readers.counts.values()) - readers.counts["200"]
            figure = f"{failed} of {sum(readers.counts.values())} reads failed"
            yield say("a full disk", figure, "0", held=failed == 0)
            figure = f"saves were refused with {refused}"
            yield say("", figure, "503 alone", held=set(refused) == {"503"})
            figure = (
                f"{len(saved) - before} of {sum(again.counts.values())} saved once there was room"
            )
            yield say("", figure, "all", held=len(saved) - before == sum(again.counts.values()))
            yield whole("", path, saved)
        finally:
            subprocess.run(["umount", folder], check=True)


def kill(server: Server) -> None:
    """Kill the server and all its processes."""
    found = subprocess.run(["pgrep", "-P", str(server.pid)], capture_output=True, check=False)
    for pid in (server.pid, *map(int, found.stdout.split())):
        os.kill(pid, signal.SIGKILL)


def whole(fault: str, path: Path, saved: list[str], least: int = 1) -> bool:
    """Say whether each acknowledged save is in the file, none by half, and the file is sound.

    So many at least have to be acknowledged: a drill in which nothing is saved shows nothing.
    """
    with closing(sqlite3.connect(path)) as database:
        there = {slug for (slug,) in database.execute("SELECT slug FROM sahel_event")}
        (half,) = database.execute(HALF).fetchone()
        database.create_function("REGEXP", 2, lambda pattern, text: bool(re.search(pattern, text)))
        sound = database.execute("PRAGMA integrity_check").fetchone()[0]
    lost = len(set(saved) - there)
    figure = (
        f"{lost} of {len(saved):,} acknowledged saves lost, {half} by half, the file is {sound}"
    )
    return say(
        fault, figure, "0, 0, ok", held=not lost + half and sound == "ok" and len(saved) >= least
    )


if __name__ == "__main__":
    sys.exit(main(number_asked(60, least=5)))
