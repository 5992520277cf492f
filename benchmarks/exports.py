"""`make bench-export`: how long each format takes for generated events, and how much memory.

`python -m benchmarks.exports NUMBER "csv json"` makes so many events in a database of its own
first, and asks for these formats alone.
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command

from benchmarks.generate import fill

ENDINGS = "csv", "jsonl", "geojson", "ics", "timelinejs.json", "json"
EVERY = 2**20  # bytes between two looks at the memory


def main(number: int, endings: Iterable[str]) -> None:
    """Make the events, and let a process of its own be asked, whose memory is counted."""
    django.setup()
    call_command("migrate", verbosity=0)
    print(f"{number:,} events made in {fill(number):.0f} s", flush=True)
    asked = get_context("spawn").Process(target=ask_all, args=(list(endings),))
    asked.start()
    asked.join()


def ask_all(endings: Iterable[str]) -> None:
    """Ask for all events in each format, as a server would; print what it took."""
    django.setup()
    from django.core.handlers.wsgi import WSGIHandler
    from django.test import RequestFactory

    handler = WSGIHandler()

    def ask(path: str) -> Iterator[bytes]:
        """Give an answer, piece by piece."""
        environ: dict[str, Any] = RequestFactory(SERVER_NAME="localhost").get(path).environ
        answer = handler(environ, lambda *_args: None)
        yield from answer
        answer.close()

    for _piece in ask("/api/v1/events?limit=1"):  # the index is read
        pass
    print(f"memory of a worker that has read the record: {memory():.0f} MB")
    print("| format | seconds | megabytes sent | memory at most, MB |")
    print("| --- | ---: | ---: | ---: |", flush=True)
    for ending in endings:
        began, sent, looked, most = time.monotonic(), 0, 0, 0.0
        for piece in ask(f"/en/events.{ending}"):
            sent += len(piece)
            if sent - looked > EVERY:
                looked, most = sent, max(most, memory())
        seconds, most = time.monotonic() - began, max(most, memory())
        print(f"| {ending} | {seconds:.1f} | {sent / 1e6:.0f} | {most:.0f} |", flush=True)


def memory() -> float:
    """Give the memory that this process has now, in megabytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DATABASE_URL"] = f"sqlite:///{folder}/sahel.sqlite3"
        os.environ |= {"DATA_DIR": folder, "SECRET_KEY": "of a benchmark"}
        os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
        given = dict(enumerate(sys.argv))
        main(int(given.get(1) or 100_000), given.get(2, "").split() or ENDINGS)
