"""The addresses of what leaves the site: those of its pages, with the name of a format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

from django.conf import settings
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.utils.translation import override
from django.views.decorators.http import require_safe

from sahel import dumps
from sahel.cards import cards
from sahel.citations import Cited, of_event, of_page, of_selection, version_of
from sahel.exports.columns import columns
from sahel.exports.files import ONE, File
from sahel.exports.formats import FORMATS, Format, alternates
from sahel.exports.shapes import KINDS, NAMES, Kind
from sahel.exports.tables import SAID, RefusedError
from sahel.facets import Selection, label
from sahel.fields import address
from sahel.filters import Filters
from sahel.index import key_of_slug
from sahel.linked import LICENCE
from sahel.models import Quotation, Record
from sahel.pages import draw
from sahel.views import record_for, selected
from sahel.words import WORDS

PLAIN = "text/plain; charset=utf-8"
CHUNK = 65536  # characters or bytes that are sent in one go


@require_safe
def export(request: HttpRequest, kind: Kind, ending: str) -> HttpResponseBase:
    """Give what a reader selected, in a format."""
    return _answer(request, FORMATS[ending], file_of(request, kind, selected(request)))


@require_safe
def export_one(request: HttpRequest, kind: Kind, one: str, ending: str) -> HttpResponseBase:
    """Give one event, quotation, actor, place or source, in a format."""
    record, key = record_for(request), None
    selection = Selection(record, Filters(), Filters())
    if kind == "events":
        key = key_of_slug(one)
    elif kind == "quotations":
        key = Quotation.objects.filter(key=one).values_list("event", flat=True).first()
    cited = None
    if key is not None and (found := cards(record, [key])):
        title = found[0].title
        if kind == "events":
            cited = of_event(request, found[0], version_of(key))
    elif kind not in ("events", "quotations") and one in record.values[ONE[kind]]:
        title = label(record, ONE[kind], one, selection.language)
    else:
        raise Http404
    return _answer(
        request, FORMATS[ending], file_of(request, kind, selection, one, title, key, cited)
    )


@require_safe
def data(request: HttpRequest) -> HttpResponse:
    """Say in which formats a selection is to be had, by which words, under which terms."""
    file = file_of(request, "events", selected(request))
    context = {
        "file": file,
        "query": file.selection.filters.query,
        "names": {kind: str(name) for kind, (name, _one) in NAMES.items()},
        "formats": FORMATS.values(),
        "words": WORDS.values(),
        "said": SAID,
        "columns": {kind: columns(kind, file.language) for kind in KINDS},
        "licence": LICENCE,
        "alerts": settings.ALERTS,
        "dumps": dumps.offered(),
        "dumped": dumps.made(),
        "files": [
            (each.media_type, each.address, f"{name}, {each.name}")
            for kind, (name, _one) in NAMES.items()
            for each in alternates(kind)
        ],
    }
    return draw(request, "data.html", context)


def file_of(
    request: HttpRequest,
    kind: Kind,
    selection: Selection,
    one: str = "",
    title: str = "",
    key: int | None = None,
    cited: Cited | None = None,
) -> File:
    """Give the file of what is asked for; of one record its title, and the key of its event.

    It is cited as what it holds is cited elsewhere: `cited`, or as the page or the selection.
    """
    # What is taken is all that is selected, not the page of it that a reader is on.
    selection = replace(selection, filters=selection.filters.without("after", "before"))
    page = address(ONE[kind], one) if one else ""
    if cited is None:
        cited = of_page(request, title, page) if one else of_selection(request, selection)
    site = f"{request.scheme}://{request.get_host()}"
    history = Record.objects.values_list("entries", "head").first() or (0, "")
    return File(
        kind,
        selection,
        site,
        f"{site}{request.get_full_path()}",
        datetime.now(UTC).date(),
        *history,
        cited=cited,
        one=one,
        of_event=key,
        what=request.GET.get("what", ""),
    )


def _answer(request: HttpRequest, form: Format, file: File) -> HttpResponseBase:
    if file.kind not in form.kinds:
        raise Http404
    try:
        written = form.write(file)
    except RefusedError as error:
        refused = HttpResponse(str(error), status=error.status, content_type=PLAIN)
        if error.status == 503:
            refused["Retry-After"] = "10"
        return refused
    answer: HttpResponse | StreamingHttpResponse
    if form.short:
        answer = HttpResponse(
            b"".join(_chunks(written, file.language)), content_type=form.media_type
        )
    else:
        answer = StreamingHttpResponse(
            _chunks(written, file.language), content_type=form.media_type
        )
        if close := getattr(written, "close", None):  # read or not
            answer._resource_closers.append(close)  # type: ignore[attr-defined]
    if form.kept:
        name = f"{file.name}.{form.ending}"
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Access-Control-Allow-Origin"] = "*"  # public data, for pages of other sites to read
    answer["Link"] = f'<{LICENCE}>; rel="license", <{file.page}>; rel="alternate"; type="text/html"'
    return answer


def _chunks(written: Iterable[str | bytes], language: str) -> Iterator[bytes]:
    """Put small pieces together, for each that is sent costs as much as a large one.

    Between two of them the thread may draw something else, in another language.
    """
    pieces = iter(written)
    while True:
        waiting: list[bytes] = []
        size = 0
        with override(language):
            for piece in pieces:
                waiting.append(piece.encode() if isinstance(piece, str) else piece)
                size += len(waiting[-1])
                if size >= CHUNK:
                    break
        if not waiting:
            return
        yield b"".join(waiting)
