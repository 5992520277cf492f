"""Two instances behind nginx, killed, restarted, asked by many: `make drill-processes`.

Both are as `deploy/` has them. What one address may ask is not limited here but in the last part.
"""

import http.client
import os
import signal
import socket
import ssl
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

from benchmarks.bench import stop_cleanly
from drills import number_asked
from drills.proxy import UNLIMITED, Instance, proxy, two_instances
from drills.site import HOST, Clients, percentile, read, say, table

SECONDS = number_asked(600, least=5)
HALF_OPEN = 200
# A body that was cut in the middle is not asked for again: nobody knows what the reader has.
CUT = "IncompleteRead"


def main() -> int:
    """Run all parts; give 1 where a figure misses its bar."""
    table()
    stop_cleanly()
    held: list[bool] = []
    with two_instances() as (folder, instances):
        with proxy(folder, instances, *UNLIMITED) as (port, context):
            held += [*dying(port, context, instances), *slow(port, context)]
            held += [*many(port, context, instances), *stale(port, context, instances)]
        with proxy(folder, instances) as (port, context):
            held += limited(port, context)
    return 0 if all(held) else 1


def dying(port: int, context: ssl.SSLContext, instances: list[Instance]) -> Iterator[bool]:
    """Kill a worker, kill an instance, restart both one after the other, and their processes."""
    one, other = instances

    def worker() -> None:
        os.kill(one.workers()[0], signal.SIGKILL)

    def whole() -> None:
        one.kill()
        time.sleep(2)
        one.start()

    def rolling() -> None:
        for instance in (one, other):
            instance.stop()
            instance.start()

    def reloaded() -> None:
        for instance in (one, other):
            instance.reload()

    for fault, do in (
        ("kill -9 of a worker", worker),
        ("kill -9 of an instance, started again", whole),
        ("both restarted, one after the other", rolling),
        ("both told to take new processes (SIGHUP)", reloaded),
    ):
        with Clients(8, read).connect(port, context) as readers:
            readers.wait_for(500)
            do()
            readers.wait_for(sum(readers.counts.values()) + 1000)
        total = sum(readers.counts.values())
        failed = total - readers.counts["200"] - readers.counts[CUT]
        figure = f"{failed} of {total:,} requests failed, {readers.counts[CUT]} bodies were cut"
        yield say(fault, figure, "0", held=failed == 0)


def slow(port: int, context: ssl.SSLContext) -> Iterator[bool]:
    """Let others begin requests and never end them."""
    lines = []
    for number in range(HALF_OPEN):
        line = context.wrap_socket(
            socket.create_connection(("127.0.0.1", port)), server_hostname=HOST
        )
        begun = f"GET /en/events.csv?{number} HTTP/1.1\r\nHost: {HOST}\r\n"
        with suppress(OSError):
            # Some never end their headers or their body, some take nothing of a long answer.
            ends = ("", "\r\n", "Content-Length: 9\r\n\r\n")
            line.sendall((begun + ends[number % len(ends)]).encode())
        lines.append(line)
    with Clients(4, read).connect(port, context) as readers:
        readers.wait_for(400)
    for line in lines:
        line.close()
    failed = sum(readers.counts.values()) - readers.counts["200"]
    worst = 1000 * max(readers.times)
    total = sum(readers.counts.values())
    figure = f"{failed} of {total} requests failed, the slowest took {worst:.0f} ms"
    yield say(f"{HALF_OPEN} half-open or slow connections", figure, "0", held=failed == 0)


def many(port: int, context: ssl.SSLContext, instances: list[Instance]) -> Iterator[bool]:
    """Let 64 ask without pause."""
    with Clients(64, read).connect(port, context) as readers:
        time.sleep(min(60, SECONDS / 4))  # until all is loaded and all caches are full
        before = sum(instance.memory() for instance in instances)
        time.sleep(SECONDS)
        after = sum(instance.memory() for instance in instances)
    total = sum(readers.counts.values())
    failed = total - readers.counts["200"]
    grown = 100 * (after - before) / before
    figure = (
        f"{failed} of {total:,} requests failed; half within "
        f"{percentile(readers.times, 0.5):.0f} ms, 95 of 100 within "
        f"{percentile(readers.times, 0.95):.0f}; memory {before / 2**20:.0f} MB, "
        f"{grown:+.1f} %"
    )
    held = failed == 0 and grown <= 5
    yield say(f"64 clients, {SECONDS} s", figure, "0, at most 5 %", held=held)


def stale(port: int, context: ssl.SSLContext, instances: list[Instance]) -> Iterator[bool]:
    """Kill all that is behind nginx: what it has goes on being read."""
    known, unknown = "/en/?year=2013", "/en/?year=2014&q=nobody+asked"
    asked = [status(port, context, known) for _ in range(3)]
    for instance in instances:
        instance.kill()
    time.sleep(12)  # longer than a page is good
    asked += [status(port, context, known) for _ in range(3)]
    other = status(port, context, unknown)
    figure = f"a page that was asked before: {dict(Counter(asked))}; another: {other}"
    held = set(asked) == {200} and other == 503
    yield say("nothing behind nginx", figure, "200; 503", held=held)
    for instance in instances:
        instance.start()


def limited(port: int, context: ssl.SSLContext) -> list[bool]:
    """Let one ask more than one may."""
    with Clients(8, read).connect(port, context) as greedy:
        greedy.wait_for(400)
    line = http.client.HTTPSConnection(HOST, port, context=context)
    for number in range(200):
        line.request("GET", f"/en/?n={number}")
        answer = line.getresponse()
        answer.read()
        if answer.status == 429:
            break
    after = answer.getheader("Retry-After")
    figure = f"{dict(greedy.counts)}; Retry-After: {after}"
    held = set(greedy.counts) == {"200", "429"} and after is not None
    return [say("one address that asks too often", figure, "200 and 429 alone", held=held)]


def status(port: int, context: ssl.SSLContext, path: str) -> int:
    """Ask for a page by a connection of its own."""
    line = http.client.HTTPSConnection(HOST, port, context=context)
    line.request("GET", path)
    answer = line.getresponse()
    answer.read()
    line.close()
    return answer.status


if __name__ == "__main__":
    sys.exit(main())
