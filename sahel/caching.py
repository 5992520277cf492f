"""Readers' pages are public: kept as they were sent, for as long as the record stays the same.

A page follows from the record, its address, the code and the day. Its ETag names these, so that
a page asked again costs one look at the record's version, whoever asks, and travels only once.
"""

import gzip
import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import Any
from weakref import finalize

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.csp import CSP, build_policy
from django.utils.http import parse_etags
from django.utils.text import compress_sequence

from sahel import index
from sahel.databases import LOST, PRIMARY, alias, is_reading, read_from, reading
from sahel.models import Record, State

MEMORY = 8 * 2**20  # bytes of pages that a process keeps
# A page may be shown again for that long without asking, for a while more while it is asked for,
# and for a day where we cannot answer: nothing is withdrawn meanwhile.
PUBLIC = "public, max-age=10, stale-while-revalidate=60, stale-if-error=86400"
# Whoever edits sees what was saved at once; and an index that catches up is soon out of date.
ASK_AGAIN = "private, no-cache"

# What is compressed already.
PACKED = "image/png", "application/vnd.openxmlformats"

# The day (a page says what lies ahead), scheme, host, path with query; whether compressed.
Key = tuple[date, str, str, str, bool]


@dataclass(frozen=True)
class Page:
    """A page as it was sent: its headers, and its body, compressed or not."""

    headers: dict[str, str]
    body: bytes


STREAMS = 2  # long answers that a process sends at a time, of the four threads that it has
GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))", re.I)
_streams = BoundedSemaphore(STREAMS)
_pages: OrderedDict[Key, Page] = OrderedDict()
_state = State()
_size = 0
_lock = Lock()


class PublicPages:
    """Middleware that answers what was asked before, and says how long each answer is good."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Remember what comes next."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer from memory, or draw the page and keep it."""
        if not _is_public(request):
            return self.get_response(request)
        zipped = bool(GZIP.search(request.META.get("HTTP_ACCEPT_ENCODING", "")))
        host = request.META.get("HTTP_HOST", "")
        today = datetime.now(UTC).date()
        key = today, request.scheme or "", host, request.get_full_path(), zipped
        try:
            state = _state_of_the_record()
        except LOST:
            if page := _kept(_state, key):  # as it was when a database answered last
                return _dated(request, _answer(request, page), "")
            raise
        etag = _etag(state, key)
        # It names the version of the record: the page has not changed, whatever it is.
        if etag in parse_etags(request.META.get("HTTP_IF_NONE_MATCH", "")):
            unchanged = HttpResponseNotModified()
            # Browsers take a header of this answer for the page's: the page has its own policy.
            unchanged._csp_config = {}  # type: ignore[attr-defined]
            if not request.path_info.endswith("/"):  # a file, which pages elsewhere may read
                unchanged["Access-Control-Allow-Origin"] = "*"
            return _dated(request, unchanged, etag)
        if (page := _kept(state, key)) is None:
            # We compress, once; what is inside of us is not to do it again.
            request.META.pop("HTTP_ACCEPT_ENCODING", None)
            request.state = state  # type: ignore[attr-defined]
            # These pages have no form to guard; a token that is none would be answered with a new.
            request.COOKIES.pop(settings.CSRF_COOKIE_NAME, None)
            response = self.get_response(request)
            if response.status_code != 200 or response.cookies:
                return response
            etag = etag if index.is_at(state) else ""
            if response.streaming:  # as long as it likes: it is not kept
                passed = _passing(response, request.method or "", zipped)
                return _dated(request, passed, etag) if passed.status_code == 200 else passed
            page = _sent(response, zipped)
            if etag:
                _keep(state, key, page)
        return _dated(request, _answer(request, page), etag)


def _answer(request: HttpRequest, page: Page) -> HttpResponse:
    response = HttpResponse(page.body, headers=page.headers)
    response["Content-Length"] = str(len(page.body))
    if request.method == "HEAD":
        response.content = b""
    return response


def _sent(response: HttpResponse, zipped: bool) -> Page:
    """Give an answer as it is sent; what a picture holds is compressed already."""
    headers, body = dict(response.items()), response.content
    if own := getattr(response, "_csp_config", None):  # what `csp_override` left there
        headers[str(CSP.HEADER_ENFORCE)] = build_policy(own)
    if zipped and not headers["Content-Type"].startswith(PACKED):
        headers["Content-Encoding"], body = "gzip", gzip.compress(body, 6, mtime=0)
    return Page(headers, body)


def _passing(response: Any, method: str, zipped: bool) -> Any:
    """Give a streamed answer as it is sent, compressed on its way."""
    packs = zipped and not response["Content-Type"].startswith(PACKED)
    if packs:
        response["Content-Encoding"] = "gzip"
    if method == "HEAD":
        response.streaming_content = ()
        return response
    if packs:
        response.streaming_content = compress_sequence(response.streaming_content)
    return at_most_some(response)


def at_most_some(response: Any) -> Any:
    """Give a long answer, unless as many are under way as may be: who reads slowly holds a thread.

    The threads that are left answer all others.
    """
    if not _streams.acquire(blocking=False):
        let_go(response)
        busy = HttpResponse("503 Service Unavailable", status=503, content_type="text/plain")
        busy["Retry-After"] = "30"
        return busy
    # It ends when the server closes the answer, at the latest when nobody has it any more.
    response._resource_closers.append(finalize(response, _streams.release))
    return response


def let_go(response: Any) -> None:
    """Close what an answer holds, whose request has not finished: others would take it for so."""
    while response._resource_closers:
        response._resource_closers.pop()()


def _state_of_the_record() -> State:
    """Ask for the state of the record: the first query of a request, on a connection that lives.

    It stands for Django's own check of the connection, which would be a query more: where the
    connection was lost since the thread's last request, it is asked again on a new one.
    """
    connection: Any = reading()
    connection.health_check_done = True
    try:
        state = Record.state()
    except LOST:
        if connection.in_atomic_block:
            raise
        connection.close()
        state = Record.state()
    return _of_the_primary(state) if index.is_ahead_of(state) else state


def _of_the_primary(state: State) -> State:
    """Give the state of the primary, and read there, where a standby is behind what we know.

    Nobody sees the record go back, unless the primary was lost with what it alone had.
    """
    before = alias()
    with suppress(*LOST):
        read_from(PRIMARY)
        newer = Record.state()
        if not index.is_ahead_of(newer):
            return newer
    read_from(before)
    index.forget()
    return state


def _dated(request: HttpRequest, response: HttpResponse, etag: str) -> HttpResponse:
    """Say how long an answer is good, and by what it is known; no ETag: it is out of date soon."""
    edits = settings.SESSION_COOKIE_NAME in request.COOKIES
    response["Cache-Control"] = ASK_AGAIN if edits or not etag else PUBLIC
    if etag:
        response["ETag"] = etag
    response["Vary"] = "Accept-Encoding"  # whatever was looked at, it is kept by nothing else
    return response


def _is_public(request: HttpRequest) -> bool:
    first = request.path_info[1:].partition("/")[0]
    return first in ("api", *dict(settings.LANGUAGES)) and is_reading(request)


def _kept(state: State, key: Key) -> Page | None:
    global _state, _size
    with _lock:
        if state != _state:
            _pages.clear()
            _state, _size = state, 0
        if page := _pages.get(key):
            _pages.move_to_end(key)
        return page


def _keep(state: State, key: Key, page: Page) -> None:
    global _size
    with _lock:
        if state != _state or key in _pages:
            return
        _pages[key] = page
        _size += len(page.body)
        while _size > MEMORY:
            _key, oldest = _pages.popitem(last=False)
            _size -= len(oldest.body)


def _etag(state: State, key: Key) -> str:
    """Give a strong ETag, quotes included: it stands for the very bytes, compressed or not."""
    text = "\0".join([_code(), *map(str, state), *map(str, key)])
    digest = hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=12)
    return f'"{digest.hexdigest()}"'


@cache
def _code() -> str:
    """Give a digest of all besides the record that makes a page what it is."""
    digest = hashlib.blake2b(
        repr((settings.CONTACT, settings.ALLOWED_HOSTS, settings.ALERTS)).encode()
    )
    for folder, pattern in (
        ("sahel", "**/*.py"),
        ("sahel/locale", "**/*.mo"),
        ("templates", "*"),
        ("static", "*"),
    ):
        for path in sorted(Path(settings.BASE_DIR, folder).glob(pattern)):
            if path.is_file():
                digest.update(path.read_bytes())
    return digest.hexdigest()


def forget() -> None:
    """Drop all pages, for a database that was put back to an earlier state."""
    global _size
    with _lock:
        _pages.clear()
        _size = 0
