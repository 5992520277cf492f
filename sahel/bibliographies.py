"""Citations as files: the formats that programs for bibliographies read, and their addresses."""

import json
from collections.abc import Callable, Iterable
from itertools import batched, chain
from typing import Any, NamedTuple
from urllib.parse import quote

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from sahel import index
from sahel.cards import cards
from sahel.citations import (
    Cited,
    exact_parts,
    flat,
    of_event,
    of_quotation,
    of_selection,
    of_source,
    version_of,
    version_of_record,
)
from sahel.dates import EDTF, Point
from sahel.facets import Selection
from sahel.models import Source
from sahel.pages import draw
from sahel.views import in_use, quotation_of, record_for, selected

AT_ONCE = 1000  # sources that are read in one go
# Braces by name: BibTeX counts those that are escaped, too.
LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{letter: f"\\{letter}" for letter in "&%$#_"},
    }
)


def bibtex(cited: Iterable[Cited]) -> str:
    """Give entries for BibTeX and BibLaTeX, in UTF-8; `date` is EDTF, which BibLaTeX reads."""
    return "\n".join(map(_bibtex, cited))


def _bibtex(cited: Cited) -> str:
    kind, within = cited.names.bibtex
    exact, when = exact_parts(cited.when), cited.when
    fields = {
        # A second brace keeps capitals as they are, and names of institutions whole.
        "title": f"{{{_latex(cited.title)}}}",
        "author": cited.author and f"{{{_latex(cited.author)}}}",
        within: _latex(cited.within),
        "date": str(when or ""),
        "year": f"{exact[0]:04}" if exact else _latex(when.in_words()) if when else "",
        "version": str(cited.version.number) if cited.version else "",
        "url": _bare(cited.url),
        "urldate": str(cited.accessed or ""),
        "language": cited.language,
        "note": _latex(cited.note),
    }
    lines = "".join(f",\n  {name} = {{{value}}}" for name, value in fields.items() if value)
    return f"@{kind}{{{cited.key}{lines}\n}}\n"


def _latex(text: str) -> str:
    return flat(text).translate(LATEX)


def _bare(url: str) -> str:
    """Give an address without what would end a field or a line."""
    return quote(url, safe="!#$%&'()*+,/:;=?@[]~")


def ris(cited: Iterable[Cited]) -> str:
    """Give references as RIS: a tag a line, lines ending with CR and LF."""
    return "".join(map(_ris, cited))


def _ris(cited: Cited) -> str:
    kind, within = cited.names.ris
    exact = exact_parts(cited.when)
    tags = [
        ("ID", cited.key),
        ("AU", cited.author),
        ("TI", cited.title),
        (within, cited.within),
        ("PY", f"{exact[0]:04}" if exact else ""),
        ("DA", _ris_date(cited.when) if cited.when else ""),
        ("ET", str(cited.version.number) if cited.version else ""),
        ("UR", _bare(cited.url)),
        ("Y2", f"{cited.accessed:%Y/%m/%d}" if cited.accessed else ""),
        ("LA", cited.language),
        ("N1", cited.note),
    ]
    lines = [f"{tag}  - {told}" for tag, value in tags if (told := flat(value))]
    return "\r\n".join([f"TY  - {kind}", *lines, "ER  - ", ""])


def _ris_date(when: EDTF) -> str:
    """Give a date as year/month/day/other information, of which any may be empty."""
    if exact := exact_parts(when):
        return "/".join([f"{part:02}" for part in exact] + [""] * (4 - len(exact)))
    return f"///{when.in_words()}"


def csl(cited: Iterable[Cited]) -> str:
    """Give items as CSL-JSON."""
    return json.dumps(list(map(_csl, cited)), ensure_ascii=False, indent=2) + "\n"


def _csl(cited: Cited) -> dict[str, Any]:
    kind, within = cited.names.csl
    read = cited.accessed
    item: dict[str, Any] = {
        "id": cited.key,
        "type": kind,
        "title": flat(cited.title),
        "author": [{"literal": flat(cited.author)}] if cited.author else None,
        within: flat(cited.within),
        "issued": _csl_date(cited.when) if cited.when else None,
        "version": str(cited.version.number) if cited.version else None,
        "URL": cited.url,
        "accessed": {"date-parts": [[read.year, read.month, read.day]]} if read else None,
        "language": cited.language,
        "note": flat(cited.note),
    }
    return {name: value for name, value in item.items() if value}


def _csl_date(when: EDTF) -> dict[str, Any]:
    """Give a date as parts as far as it is known; in words where parts cannot say it."""
    points = [when.start] if when.start is when.end else [when.start, when.end]
    parts = [_parts(point) if point else [] for point in points]
    seasons = [point.month - 20 for point in points if point and point.month and point.month > 12]
    if not all(parts) or (seasons and len(points) > 1):
        return {"literal": when.in_words()}
    told: dict[str, Any] = {"date-parts": parts}
    if seasons:
        told["season"] = seasons[0]
    if when.approximate or when.uncertain:
        told["circa"] = True
    return told


def _parts(point: Point) -> list[int]:
    """Give year, month and day as far as they are known; nothing of a decade or a century."""
    if "X" in point.year:
        return []
    month = point.month if point.month and point.month <= 12 else None
    known = [int(point.year), month, point.day if month else None]
    return [part for part in known if part is not None]


class Format(NamedTuple):
    """A format of citations: its name, its media type, and the function that writes it."""

    name: str
    media: str
    write: Callable[[Iterable[Cited]], str]


CITATION_FORMATS = {  # by the end of the address
    "bib": Format("BibTeX", "application/x-bibtex", bibtex),
    "ris": Format("RIS", "application/x-research-info-systems", ris),
    "csl.json": Format("CSL-JSON", "application/vnd.citationstyles.csl+json", csl),
}


@require_safe
def cite(request: HttpRequest) -> HttpResponse:
    """Say how to cite what a reader selected, and the sources on which it rests."""
    selection = selected(request)
    context = {
        "filters": selection.filters.without("order", "find"),
        "words": selection.words,
        "cited": of_selection(request, selection),
        "sources": len(_slugs(selection)),
        "version": version_of_record(),
    }
    return draw(request, "cite.html", context)


@require_safe
def citation(request: HttpRequest, kind: str, slug: str, form: str) -> HttpResponse:
    """Give the citation of one event, quotation or source as a file."""
    cited = {"events": _event, "quotations": _quotation, "sources": _source}[kind](request, slug)
    return _file(form, [cited], cited.key)


@require_safe
def citations(request: HttpRequest, kind: str, form: str) -> HttpResponse:
    """Give a selection as one citation, or those of all sources on which it rests, as a file."""
    selection = selected(request)
    name = slugify(f"sahel {kind} {' '.join(value for _, value in selection.filters.pairs)}")
    if kind == "events":
        return _file(form, [of_selection(request, selection)], name)
    rows = Source.objects.select_related("original")
    sources = (rows.filter(slug__in=some) for some in batched(_slugs(selection), AT_ONCE))
    return _file(form, (of_source(request, source) for source in chain(*sources)), name)


def _event(request: HttpRequest, slug: str) -> Cited:
    key = index.key_of_slug(slug)
    for card in cards(record_for(request), [] if key is None else [key]):
        return of_event(request, card, version_of(card.pk))
    raise Http404


def _quotation(request: HttpRequest, key: str) -> Cited:
    found, event, quoted = quotation_of(request, key)
    return of_quotation(request, found, quoted, version_of(event.pk))


def _source(request: HttpRequest, slug: str) -> Cited:
    found: Source = in_use(request, Source.objects.select_related("original"), "source", slug)
    return of_source(request, found)


def _slugs(selection: Selection) -> list[str]:
    """Give the slugs of the sources that the selected events quote or refer to."""
    having = selection.index.values["source"]
    return sorted(slug for slug, events in having.items() if events.intersect(selection.events))


def _file(form: str, cited: Iterable[Cited], name: str) -> HttpResponse:
    made = CITATION_FORMATS[form]
    return HttpResponse(
        made.write(cited),
        content_type=f"{made.media}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name[:80].strip("-")}.{form}"'},
    )
