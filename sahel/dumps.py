"""The files of the open dump, as `manage.py dump` left them, for anyone to take."""

import re
from datetime import UTC, datetime
from os import stat_result
from pathlib import Path

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.views.decorators.http import condition, require_safe

from sahel.caching import at_most_some
from sahel.models import Change

LATEST, METADATA, SUMS = "sahel-latest", "metadata.json", "SHA256SUMS"
DATED = re.compile(r"sahel-(?P<day>\d{4}-\d\d-\d\d)\.(?P<form>jsonl\.gz|sqlite)", re.ASCII)
TYPES = {
    "jsonl.gz": "application/gzip",
    "sqlite": "application/vnd.sqlite3",
    "json": "application/json",
    "": "text/plain; charset=utf-8",
}


def folder() -> Path:
    """Give the folder of the dumps that are offered."""
    return Path(settings.DATA_DIR) / "dumps"


def sums(into: Path) -> dict[str, str]:
    """Give the SHA-256 of each file that SHA256SUMS in a folder names; none where there is none."""
    path = into / SUMS
    lines = path.read_text().splitlines() if path.exists() else []
    pairs = (line.split("  ", 1) for line in lines if "  " in line)
    return {name: told for told, name in pairs}


def _file(name: str) -> Path | None:
    """Give the file of that name, None where there is none, or where it tells what was withdrawn.

    No other file is ever looked for.
    """
    path = _named(name)
    if path is None or not DATED.fullmatch(path.name):
        return path
    written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    gone = (Change.What.WITHDRAWN, Change.What.TAKEN_BACK, Change.What.DELETED)
    since = Change.objects.filter(public=True, what__in=gone, at__gte=written)
    return None if since.exists() else path


def _named(name: str) -> Path | None:
    form = name.removeprefix(f"{LATEST}.")
    if form in ("jsonl.gz", "sqlite"):
        return max(folder().glob(f"sahel-????-??-??.{form}"), default=None)
    known = name in (METADATA, SUMS) or DATED.fullmatch(name)
    path = folder() / name
    return path if known and path.is_file() else None


def offered() -> list[str]:
    """Give the names of the newest files that are there, for a page to lead to."""
    names = (f"{LATEST}.jsonl.gz", f"{LATEST}.sqlite", METADATA, SUMS)
    return [name for name in names if _file(name)]


def made() -> datetime | None:
    """Give the time of the newest dump that is offered."""
    path = _file(f"{LATEST}.sqlite")
    return datetime.fromtimestamp(path.stat().st_mtime, UTC) if path else None


def _found(name: str) -> stat_result | None:
    return path.stat() if (path := _file(name)) else None


def _etag(request: HttpRequest, name: str) -> str | None:
    # A file is never changed, only replaced by another.
    found = _found(name)
    return f'"{found.st_mtime_ns:x}-{found.st_size:x}"' if found else None


def _last_modified(request: HttpRequest, name: str) -> datetime | None:
    found = _found(name)
    return datetime.fromtimestamp(found.st_mtime, UTC) if found else None


@require_safe
@condition(etag_func=_etag, last_modified_func=_last_modified)
def file(request: HttpRequest, name: str) -> HttpResponseBase:
    """Send a file, by its own name also where the latest was asked for."""
    if (path := _file(name)) is None:
        raise Http404
    request.META.pop("HTTP_ACCEPT_ENCODING", None)  # it is sent as SHA256SUMS has it
    form = path.name.partition(".")[2]
    packed = form in ("jsonl.gz", "sqlite")
    answer = FileResponse(path.open("rb"), as_attachment=packed, filename=path.name)
    answer["Content-Type"] = TYPES[form]
    answer["Cache-Control"] = "public, no-cache"  # the latest is another one tomorrow
    answer["Access-Control-Allow-Origin"] = "*"  # a page elsewhere may open it: it is open
    return answer if request.method == "HEAD" else at_most_some(answer)
