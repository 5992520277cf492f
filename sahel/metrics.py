"""What there is to watch, in Prometheus' text format, for whoever has the token.

All processes of a machine count in one file of numbers, which outlives each of them: `rate()` and
sums are right whichever process is asked, and nothing is lost when one ends.
"""

import fcntl
import hashlib
import mmap
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from hmac import compare_digest
from pathlib import Path
from threading import Lock
from time import perf_counter, time
from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import MiddlewareNotUsed
from django.db import DatabaseError, connections
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_safe

from sahel import backups, dumps, index
from sahel.databases import PRIMARY, STANDBY, alias, answers, read_from
from sahel.models import Event, Record, Subscription, Unrecorded

TYPE = "text/plain; version=0.0.4; charset=utf-8"
# What an address is about: its first word after the language.
KINDS = (
    "timeline", "histogram", "lanes", "map", "events", "actors", "places", "sources", "quotations",
    "data", "cite", "record", "changes", "embed", "alerts", "preview", "about", "dossier", "api",
    "dumps", "admin", "static", "metrics", "other",
)  # fmt: skip
STATUSES = ("1xx", "2xx", "3xx", "4xx", "5xx")
ANSWERS = ("memory", "unchanged", "drawn")
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, float("inf"))  # seconds

Labels = dict[str, str]
Row = tuple[str, Labels, float | None]


class Counters:
    """Numbers that only grow, by name and labels, in a file that all processes share."""

    def __init__(self, series: Iterable[tuple[str, ...]]) -> None:
        """Lay out a number for each of the series, which are known beforehand."""
        self._places = {each: place for place, each in enumerate(series)}
        self._lock = Lock()
        size = 8 * len(self._places)
        # Another layout is another file: a new release begins at nothing.
        layout = hashlib.sha256(repr(list(self._places)).encode()).hexdigest()[:12]
        self._file: int | None = None
        try:
            path = Path(settings.DATA_DIR, f"metrics-{layout}")
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.ftruncate(self._file, size)
            self._memory = mmap.mmap(self._file, size)
        except OSError:  # a folder that is only read: each process counts for itself
            self._memory = mmap.mmap(-1, size)
        self._numbers = memoryview(self._memory).cast("d")

    def add(self, *what: tuple[tuple[str, ...], float]) -> None:
        """Add to numbers at once, one process and one thread after the other."""
        with self._lock, self._alone():
            for series, much in what:
                self._numbers[self._places[series]] += much

    def __getitem__(self, series: tuple[str, ...]) -> float:
        return float(self._numbers[self._places[series]])

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if self._file is None:
            yield
            return
        fcntl.lockf(self._file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN)


@cache
def counters() -> Counters:
    """Give the numbers of this machine."""
    return Counters(
        [
            *(("requests", kind, status) for kind in KINDS for status in STATUSES),
            *(("bucket", kind, str(bound)) for kind in KINDS for bound in BOUNDS),
            *(("seconds", kind) for kind in KINDS),
            *(("pages", answer) for answer in ANSWERS),
            ("sign-in failures",),
        ]
    )


def kind_of(path: str) -> str:
    """Give what an address is about, one of `KINDS`."""
    first, _slash, rest = path.strip("/").partition("/")
    if any(first == code for code, _name in settings.LANGUAGES):
        first = rest.partition("/")[0].partition(".")[0] or "timeline"
    return first if first in KINDS else "other"


class Counted:
    """Middleware that counts requests and how long they took; off where nobody may read it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Remember what comes next."""
        if not settings.METRICS_TOKEN:
            raise MiddlewareNotUsed
        self.get_response = get_response
        user_login_failed.connect(_sign_in_failed, dispatch_uid="metrics")

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Time a request until its answer begins; a long one is sent after that."""
        started = perf_counter()
        response = self.get_response(request)
        took = perf_counter() - started
        kind = kind_of(request.path_info)
        status = f"{min(max(response.status_code // 100, 1), 5)}xx"
        bound = next(bound for bound in BOUNDS if took <= bound)
        what = [
            (("requests", kind, status), 1.0),
            (("bucket", kind, str(bound)), 1.0),
            (("seconds", kind), took),
        ]
        if (answer := _answered(request, response)) is not None:
            what.append((("pages", answer), 1.0))
        counters().add(*what)
        return response


def _answered(request: HttpRequest, response: HttpResponseBase) -> str | None:
    """Say how a public page was answered; None for what is never kept."""
    if hasattr(request, "state"):  # caching.PublicPages had none, and asked for it
        return "drawn" if response.status_code == 200 else None
    if "ETag" not in response or kind_of(request.path_info) in ("static", "dumps"):
        return None
    return {200: "memory", 304: "unchanged"}.get(response.status_code)


def _sign_in_failed(**_about: Any) -> None:
    counters().add((("sign-in failures",), 1.0))


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Give all that there is to watch; 404 without the token, as if there were nothing."""
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    wanted = settings.METRICS_TOKEN
    known = scheme == "Bearer" and compare_digest(token.encode(), wanted.encode())
    if not wanted or not known:
        raise Http404
    answer = HttpResponse("".join(_lines()), content_type=TYPE)
    answer["Cache-Control"] = "no-store"
    return answer


def _lines() -> Iterator[str]:
    yield from _family(
        "sahel_http_requests_total", "counter", "Requests, by kind of address and class of status.",
        [
            ("", {"kind": kind, "status": status}, counters()["requests", kind, status])
            for kind in KINDS for status in STATUSES
        ],
    )  # fmt: skip
    yield from _family(
        "sahel_http_request_duration_seconds", "histogram",
        "Seconds until the answer to a request begins.", _durations(),
    )  # fmt: skip
    yield from _family(
        "sahel_pages_total", "counter",
        "Public pages, by how they were answered: from memory, as unchanged, drawn anew.",
        [("", {"from": answer}, counters()["pages", answer]) for answer in ANSWERS],
    )  # fmt: skip
    yield from _family(
        "sahel_sign_in_failures_total", "counter", "Attempts to sign in that failed.",
        [("", {}, counters()[("sign-in failures",)])],
    )  # fmt: skip
    for name, text, value in _gauges():
        yield from _family(name, "gauge", text, [("", {}, value)])


def _durations() -> Iterator[Row]:
    for kind in KINDS:
        reached = 0.0
        for bound in BOUNDS:
            reached += counters()["bucket", kind, str(bound)]
            yield (
                "_bucket",
                {"kind": kind, "le": "+Inf" if bound == BOUNDS[-1] else str(bound)},
                reached,
            )
        yield "_sum", {"kind": kind}, counters()["seconds", kind]
        yield "_count", {"kind": kind}, reached


def _family(name: str, kind: str, text: str, rows: Iterable[Row]) -> Iterator[str]:
    """Write one family of series; rows without a value are left out."""
    yield f"# HELP {name} {text}\n# TYPE {name} {kind}\n"
    for suffix, labels, value in rows:
        if value is not None:
            inside = ",".join(f'{label}="{word}"' for label, word in labels.items())
            yield (
                f"{name}{suffix}{{{inside}}} {value!r}\n"
                if inside
                else f"{name}{suffix} {value!r}\n"
            )


def _gauges() -> Iterator[tuple[str, str, float | None]]:
    if STANDBY in connections.settings:  # where readers' pages are read
        read_from(STANDBY)
    told: dict[str, float | None] = {}
    if answers(alias()):
        with suppress(DatabaseError):
            told = _of_the_database()
    for name, text in GAUGES.items():
        yield f"sahel_{name}", text, told.get(name)
    yield "sahel_database_up", "Whether readers' pages find a database.", float(bool(told))
    writable = float(answers(PRIMARY))
    yield "sahel_database_writable", "Whether a database takes changes: no standby does.", writable
    yield "sahel_dump_age_seconds", "Age of the newest open dump.", _age(dumps.folder())
    yield (
        "sahel_backup_age_seconds",
        "Age of the newest backup in DATA_DIR/backups.",
        _age(backups.folder()),
    )


GAUGES = {
    "record_version": "Version of the record.",
    "index_lag_versions": "How many versions the index of the process asked is behind.",
    "history_entries": "Entries of the history.",
    "unrecorded_changes": "Changed events of which the history has no entry yet.",
    "publications_due": "Events whose time to be published has come.",
    "digests_due": "Mail digests that are due.",
}


def _of_the_database() -> dict[str, float | None]:
    state = Record.state()
    using = alias()
    record = Record.objects.using(using).first()
    behind = index.behind(state)
    due = Event.objects.using(using).filter(publish_at__lte=timezone.now())
    return {
        "record_version": float(state.version),
        "index_lag_versions": None if behind is None else float(behind),
        "history_entries": float(record.entries) if record else 0.0,
        "unrecorded_changes": float(Unrecorded.objects.using(using).count()),
        "publications_due": float(due.count()),
        "digests_due": float(Subscription.objects.using(using).due().count()),
    }


def _age(folder: Path) -> float | None:
    """Give the seconds since the newest file in a folder was written; None where there is none."""
    with suppress(OSError, ValueError):  # no such folder, nothing in it
        return time() - max(path.stat().st_mtime for path in folder.iterdir() if path.is_file())
    return None
