"""Try to have nginx's cache show a reader what somebody else asked for: `make drill-caches`.

Each address is asked once by somebody who sends what no reader does, then by a reader. What the
reader gets must be, to the byte, what is drawn for a reader who was the first to ask.
"""

import gzip
import http.client
import ssl
import sys
from contextlib import closing, suppress
from itertools import count
from typing import NamedTuple

from benchmarks.bench import stop_cleanly
from drills.proxy import UNLIMITED, proxy, two_instances
from drills.site import HOST, say, table
from tests.strange import HEADERS, TYPES

# With a place for a number that no page says anything of, so that each address is asked anew.
PAGES = (
    "/?n={}",
    "/en/?n={}",
    "/en/?year=2021&actor=france&n={}",
    "/fr/events/bounti-strike/?n={}",
    "/events/bounti-strike/?n={}",
    "/en/events/bounti-strike/card.png?n={}",
    "/en/events/bounti-strike.jsonld?n={}",
    "/en/events.json?q=mali&n={}",
    "/events.csv?q=mali&n={}",
    "/en/histogram.svg?n={}",
    "/en/dossier.html?year=2020&n={}",
    "/en/embed/?n={}",
    "/api/v1/events?limit=2&q={}",
    "/oembed?url=https%3A%2F%2F" + HOST + "%2Fevents%2Fbounti-strike%2F&n={}",
    "/sitemap.xml?n={}",
    "/robots.txt?n={}",
    "/favicon.ico?n={}",
    "/en/nowhere/?n={}",
)
FILES = ("rate=2r/s", "rate=99999r/s")  # here one address asks for many
FORM = "application/x-www-form-urlencoded"


class Sent(NamedTuple):
    """What somebody sends with an address."""

    headers: dict[str, str]
    method: str = "GET"
    body: str = ""
    more: str = ""  # of the address


READERS = Sent({}), Sent({"Accept-Encoding": "gzip"})
FIRST = {
    **{f"{name}: {value}"[:40]: Sent({name: value}) for name, value in HEADERS.items()},
    **{f"Content-Type: {kind}"[:50]: Sent({"Content-Type": kind[:4000]}) for kind in TYPES},
    "a body of words": Sent({"Content-Type": FORM}, body="q=evil&lang=fr&url=//evil.example"),
    "a body of JSON": Sent({"Content-Type": "application/json"}, body='{"q": "evil"}'),
    "HEAD": Sent({}, "HEAD"),
    "OPTIONS": Sent({}, "OPTIONS"),
    "POST": Sent({"Content-Type": FORM}, "POST", "q=evil"),
    "a session that is none": Sent({"Cookie": "__Host-sessionid=x"}),
    "a language by cookie": Sent({"Cookie": "django_language=fr"}),
    "a language by header": Sent({"Accept-Language": "fr;q=1, *;q=0"}),
    "gzip refused": Sent({"Accept-Encoding": "gzip;q=0"}),
    "any encoding": Sent({"Accept-Encoding": "*"}),
    "GZIP, br": Sent({"Accept-Encoding": "br;q=1.0, GZIP;q=0.5"}),
    "identity refused": Sent({"Accept-Encoding": "identity;q=0, zstd"}),
    "a range": Sent({"Range": "bytes=1-2, 4-5"}),
    "an ETag of anything": Sent({"If-None-Match": "*", "If-Match": '"x"'}),
    "a date": Sent({"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}),
    "the host in capitals": Sent({"Host": HOST.upper()}),
    "the host with a port": Sent({"Host": f"{HOST}:8443"}),
    "the host with a dot": Sent({"Host": f"{HOST}."}),
    "a fragment": Sent({}, more="#x"),
    # What has the same words in another way is another address: it must say nothing of this one.
    **{
        more: Sent({}, more=more)
        for more in ("&lang=fr", "&n=x", "&Q=evil", "&q=evil", "&format=xml", "%00", "&&", ";q=x")
    },
}
# The desk must be kept by no cache, whatever its address looks like.
DESK = (
    "/en/admin/",
    "/en/admin/?x.css",
    "/en/admin/x.css",
    "/en/admin/sahel/event/?q=.csv",
    "/en/admin/guide/?/en/events.csv",
    "/en//admin/",
    "/static/..%2fen/admin/",
    "/en/events.csv/..%2fadmin/",
)


class Answer(NamedTuple):
    """What a cache keeps of an answer."""

    status: int
    headers: dict[str, str]
    body: bytes


# What says when it was sent, or of which address it is.
PASSING = "date", "age", "etag", "connection", "x-request-id", "expires", "keep-alive"


class Line:
    """A connection to nginx, by TLS."""

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        """Say where."""
        self.port, self.context = port, context

    def ask(self, address: str, sent: Sent) -> Answer:
        """Ask, on a connection of its own."""
        line = http.client.HTTPSConnection(HOST, self.port, timeout=20, context=self.context)
        with closing(line):
            asked = address + sent.more
            given = {"Accept-Encoding": "identity", **sent.headers}
            if sent.body:
                given["Content-Length"] = str(len(sent.body))
            line.putrequest(
                sent.method, asked, skip_host="Host" in given, skip_accept_encoding=True
            )
            for name, value in given.items():
                line.putheader(name, value)
            line.endheaders(sent.body.encode())
            answer = line.getresponse()
            body = answer.read()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, headers, body)


def main() -> int:
    """Print a line of Markdown for each page; 1 where a reader was given what is not theirs."""
    table()
    stop_cleanly()
    numbers = count(100_000)
    with (
        two_instances() as (folder, instances),
        proxy(folder, instances, *UNLIMITED, FILES) as (tls, context),
    ):
        line = Line(tls, context)
        held = [_page(line, page, numbers) for page in PAGES]
        kept = [path for path in DESK if _is_kept(line, path)]
        held.append(
            say("the desk, under any name", f"{kept or 'none'} kept", "none", held=not kept)
        )
        hits = (folder / "nginx.log").read_text().count(" HIT ")
        held.append(say("answers from nginx's cache", f"{hits:,}", "some", held=hits > 500))
    return 0 if all(held) else 1


def _page(line: Line, page: str, numbers: "count[int]") -> bool:
    clean = [_seen(line, page, next(numbers), each) for each in READERS]
    assert {answer.status for answer in clean} <= {200, 302, 404}, clean
    harmed = []
    for what, sent in FIRST.items():
        number = next(numbers)
        for reader in READERS:
            with suppress(http.client.HTTPException, OSError):  # nginx may hang up on it
                line.ask(page.format(number), sent._replace(headers=reader.headers | sent.headers))
        if [_seen(line, page, number, each) for each in READERS] != clean:
            harmed.append(what)
    figure = f"{'; '.join(harmed) or 'none'} of {len(FIRST)} seen by a reader"
    return say(f"`{page.format('')}`", figure, "none", held=not harmed)


def _seen(line: Line, page: str, number: int, sent: Sent) -> Answer:
    """Give what a reader sees there, as it is under any number."""
    status, headers, body = line.ask(page.format(number), sent)
    if headers.get("content-encoding") == "gzip":
        headers["content-length"] = ""  # that of other numbers is another one
        body = gzip.decompress(body)
    said = {name: value.replace(str(number), "N") for name, value in headers.items()}
    kept = {name: value for name, value in said.items() if name not in PASSING}
    return Answer(status, kept, body.replace(str(number).encode(), b"N"))


def _is_kept(line: Line, path: str) -> bool:
    """Say whether a cache may keep an answer, or keeps it."""
    said = line.ask(path, Sent({})).headers.get("cache-control", "")
    return "public" in said or ("max-age" in said and "max-age=0" not in said)


if __name__ == "__main__":
    sys.exit(main())
