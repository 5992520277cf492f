"""Readers' pages are public: kept as they were sent, for as long as the record stays the same.

A page follows from the record, its address and the code alone. Its ETag names these three, so that
a page asked again costs one look at the record's version, whoever asks, and travels only once.
"""

import gzip
import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags

from sahel import index
from sahel.models import Record, State

MEMORY = 8 * 2**20  # bytes of compressed pages that a process keeps
# A browser may show a page again for that long without asking, and for a while more while it asks.
PUBLIC = "public, max-age=10, stale-while-revalidate=60"
# Whoever edits sees what was saved at once; and an index that catches up is soon out of date.
ASK_AGAIN = "private, no-cache"

Key = tuple[str, str, str]  # scheme, host, path with query: a page names its own address


@dataclass(frozen=True)
class Page:
    """A page as it was sent: its headers, and its body compressed."""

    headers: dict[str, str]
    body: bytes


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
        state = Record.state()
        key = request.scheme or "", request.META.get("HTTP_HOST", ""), request.get_full_path()
        etag = _etag(state, key)
        if (page := _kept(state, key)) is None:
            # We compress, once; what is inside of us is not to do it again.
            encodings = request.META.pop("HTTP_ACCEPT_ENCODING", "")
            response = self.get_response(request)
            request.META["HTTP_ACCEPT_ENCODING"] = encodings
            if response.status_code != 200 or response.cookies:
                return response
            page = Page(dict(response.items()), gzip.compress(response.content, 6, mtime=0))
            if index.is_at(state):
                _keep(state, key, page)
            else:
                etag = ""
        return _answer(request, page, etag)


def _answer(request: HttpRequest, page: Page, etag: str) -> HttpResponse:
    zipped = "gzip" in request.META.get("HTTP_ACCEPT_ENCODING", "")
    edits = settings.SESSION_COOKIE_NAME in request.COOKIES
    ours = {"Cache-Control": ASK_AGAIN if edits or not etag else PUBLIC}
    if etag:
        # One ETag for each way of sending it: a strong one stands for the very bytes.
        ours["ETag"] = f'"{etag}-gzip"' if zipped else f'"{etag}"'
    asked = parse_etags(request.META.get("HTTP_IF_NONE_MATCH", ""))
    if etag and ours["ETag"] in asked:
        response: HttpResponse = HttpResponseNotModified(headers=ours)
    else:
        body = page.body if zipped else gzip.decompress(page.body)
        if zipped:
            ours["Content-Encoding"] = "gzip"
        ours["Content-Length"] = str(len(body))
        body = b"" if request.method == "HEAD" else body
        response = HttpResponse(body, headers={**page.headers, **ours})
    patch_vary_headers(response, ["Accept-Encoding"])
    return response


def _is_public(request: HttpRequest) -> bool:
    language, _slash, rest = request.path_info[1:].partition("/")
    known = any(language == code for code, _name in settings.LANGUAGES)
    return known and not rest.startswith("admin/") and request.method in ("GET", "HEAD")


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
    text = "\0".join([_code(), *map(str, state), *key])
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=12).hexdigest()


@cache
def _code() -> str:
    """Give a digest of all besides the record that makes a page what it is."""
    digest = hashlib.blake2b(repr((settings.CONTACT, settings.ALLOWED_HOSTS)).encode())
    for folder, pattern in (
        ("sahel", "**/*.py"),
        ("sahel/locale", "**/*.mo"),
        ("templates", "*.html"),
        ("static", "*"),
    ):
        for path in sorted(Path(settings.BASE_DIR, folder).glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def forget() -> None:
    """Drop all pages, for a database that was put back to an earlier state."""
    global _size
    with _lock:
        _pages.clear()
        _size = 0
