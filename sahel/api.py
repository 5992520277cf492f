"""The API: the record as JSON, page by page, under the words of the site's own query string.

Unlike a page, which reads what makes no sense as nothing, it refuses it: a program that misspells
a filter is not to take the whole record for what it asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from http import HTTPStatus
from typing import Any, cast

from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.utils.translation import override
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from sahel import openapi
from sahel.exports.files import NAMED, ONE, File
from sahel.exports.records import Records
from sahel.exports.shapes import SHAPES, Kind, fields
from sahel.exports.views import file_of
from sahel.facets import VOCABULARIES, Selection, renamed
from sahel.fields import address
from sahel.filters import FACETS, MAX_VALUES, MAX_WORDS_LENGTH, Facet, Filters
from sahel.index import key_of_slug
from sahel.linked import LICENCE
from sahel.models import Quotation
from sahel.openapi import MOST, USUAL, Problem
from sahel.pages import draw
from sahel.views import EVERYTHING, record_for

LANGUAGE = "en"  # of what the API itself says; records hold both languages
WORDS = (*FACETS, "from", "to", "q")  # what selects events


class AskedError(ValueError):
    """What was asked makes no sense, or is of what there is not; the message says what does."""

    def __init__(self, detail: str, status: int = 400) -> None:
        super().__init__(detail)
        self.status = status


@dataclass(frozen=True)
class Asked:
    """What a program asked for."""

    selection: Selection
    limit: int
    after: str
    fields: frozenset[str]


type View = Callable[..., HttpResponse]


def _answering(view: View) -> View:
    """Let a view be asked by pages of any site, and say what is wrong as RFC 9457 has it."""

    @csrf_exempt  # it is only read: what else is asked is no forgery, but not there
    @require_http_methods(["GET", "HEAD", "OPTIONS"])
    @wraps(view)
    def answering(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with override(LANGUAGE):
            if request.method == "OPTIONS":
                answer = HttpResponse(status=204, headers={"Allow": "GET, HEAD, OPTIONS"})
                answer["Access-Control-Allow-Methods"] = "GET, HEAD"
                answer["Access-Control-Allow-Headers"] = "If-None-Match"
                answer["Access-Control-Max-Age"] = "86400"
            else:
                try:
                    answer = view(request, *args, **kwargs)
                except AskedError as error:
                    answer = _problem(error.status, str(error))
        answer["Access-Control-Allow-Origin"] = "*"
        answer["Access-Control-Expose-Headers"] = "ETag, Link"
        answer["Content-Language"] = LANGUAGE
        return answer

    return answering


def _problem(status: int, detail: str) -> HttpResponse:
    problem: Problem = {"status": status, "title": HTTPStatus(status).phrase, "detail": detail}
    return _json(problem, status=status, content_type="application/problem+json")


def _json(value: Any, **options: Any) -> HttpResponse:
    options = {"content_type": "application/json", **options}
    return JsonResponse(value, json_dumps_params={"ensure_ascii": False}, **options)


@_answering
def listing(request: HttpRequest, kind: Kind) -> HttpResponse:
    """Give a page of the records of a kind that the words of the query string select."""
    asked = _asked(request, kind)
    file = file_of(request, kind, asked.selection)
    records = Records(asked.selection.index, _neutral(file.site))
    if kind in NAMED:
        found, following = _named(kind, asked, file, records)
    elif kind == "events":
        found, following = _events(asked, records)
    else:
        found, following = _quotations(asked, records)
    answer = {
        "about": file.about,
        "results": [_chosen(record, asked.fields) for record in found],
        "next": _next(request, file.site, following),
    }
    response = _json(answer)
    links = [
        f'<{LICENCE}>; rel="license"',
        f'<{file.site}/api/v1/openapi.json>; rel="service-desc"',
    ]
    if answer["next"]:
        links.append(f'<{answer["next"]}>; rel="next"')
    response["Link"] = ", ".join(links)
    return response


@_answering
def one(request: HttpRequest, kind: Kind, one: str) -> HttpResponse:
    """Give one record."""
    names = _fields(request, kind)
    _refuse_unknown(request, {"fields"})
    index = record_for(request)
    site = f"{request.scheme}://{request.get_host()}"
    records, found = Records(index, _neutral(site)), None
    if kind in NAMED:
        if one in index.values[ONE[kind]]:
            counts = {one: len(index.having(ONE[kind], one))}
            found = next(getattr(records, kind)(counts), None)
    elif kind == "events":
        key = key_of_slug(one)
        found = next(records.events([key] if key else []), None)
    else:
        of = Quotation.objects.filter(key=one).values_list("event", flat=True)
        found = next((each for each in records.quotations(of) if each["key"] == one), None)
    if found is None:
        return _problem(404, f"There is no such thing among the {kind}.")
    return _json(_chosen(found, names))


@_answering
def description(request: HttpRequest) -> HttpResponse:
    """Describe the API, as OpenAPI 3.1 has it."""
    site = f"{request.scheme}://{request.get_host()}"
    return _json(openapi.description(site))


@require_safe
def documentation(request: HttpRequest) -> HttpResponse:
    """Explain the API to people; to programs `description()` does."""
    site = f"{request.scheme}://{request.get_host()}"
    described = openapi.description(site)
    words = {
        word["name"]: word
        for path in described["paths"].values()
        for word in path["get"]["parameters"]
        if word.get("in") == "query"
    }
    words = {**described["components"]["parameters"], **words}
    return draw(request, "api.html", {"api": described, "words": words.values()})


@_answering
def nothing(request: HttpRequest, _rest: str) -> HttpResponse:
    """Say where to look, at an address that there is not."""
    return _problem(404, "See /api/v1/openapi.json for what there is.")


# What is asked ------------------------------------------------------------------------------------


def _asked(request: HttpRequest, kind: Kind) -> Asked:
    words = {*WORDS, "limit", "after", "fields"}
    words |= {"find"} if kind in NAMED else {"order"}
    _refuse_unknown(request, words)
    filters = Filters.from_query(request.GET)
    for word, values in request.GET.lists():
        most = MAX_VALUES if word in FACETS else 1
        if len(values) > most:
            raise AskedError(f"{word}: {len(values)} values are given, {most} may be.")
        for value in values:
            if word in ("q", "find") and len(value) > MAX_WORDS_LENGTH:
                raise AskedError(f"{word}: give {MAX_WORDS_LENGTH} characters at most.")
            known = VOCABULARIES.get(cast(Facet, word))
            if known and value.removeprefix("-") not in known.values:
                raise AskedError(f"{word}: “{value[:50]}” is none of {', '.join(known.values)}.")
            if word in (*WORDS, "order") and not _understood(word, value):
                raise AskedError(f"{word}: “{value[:50]}” is not understood.")
    limit = request.GET.get("limit", str(USUAL))
    if not (re.fullmatch("[0-9]{1,3}", limit, re.ASCII) and 1 <= int(limit) <= MOST):
        raise AskedError(f"limit: give a whole number from 1 to {MOST}.")
    after = request.GET.get("after")
    if after is not None and not re.fullmatch(openapi.SLUG, after):
        raise AskedError("after: this is no slug and no key.")
    index = record_for(request)
    filters = replace(renamed(index, filters), after="", before="")
    selection = Selection(index, filters, EVERYTHING, LANGUAGE)
    return Asked(selection, int(limit), after or "", _fields(request, kind))


def _understood(word: str, value: str) -> bool:
    """Say whether a value of a word means something: alone, it is kept."""
    query = QueryDict(mutable=True)
    query[word] = value
    return bool(Filters.from_query(query).pairs)


def _refuse_unknown(request: HttpRequest, known: set[str]) -> None:
    if unknown := sorted(request.GET.keys() - known):
        given, allowed = unknown[0][:50], ", ".join(sorted(known))
        raise AskedError(f"“{given}” is none of the words that are known here: {allowed}.")


def _fields(request: HttpRequest, kind: Kind) -> frozenset[str]:
    asked = request.GET.get("fields")
    names = frozenset() if asked is None else frozenset(asked.split(","))
    if unknown := sorted(names - fields(SHAPES[kind]).keys()):
        allowed = ", ".join(fields(SHAPES[kind]))
        raise AskedError(f"fields: “{unknown[0][:50]}” is none of {allowed}.")
    return names


# What is given ------------------------------------------------------------------------------------


def _events(asked: Asked, records: Records) -> tuple[list[Any], str]:
    filters = asked.selection.filters
    if asked.after:
        if key_of_slug(asked.after) is None:
            raise AskedError("after: there is no event of that slug.", 404)
        filters = filters.following(asked.after)
    page = replace(asked.selection, filters=filters).page(asked.limit)
    found = list(records.events(page.keys))
    return found, found[-1]["slug"] if found and page.more_after else ""


def _quotations(asked: Asked, records: Records) -> tuple[list[Any], str]:
    """Give quotations in the order of their events; as many events hold as many at least."""
    selection, first = asked.selection, []
    if asked.after:
        of = Quotation.objects.filter(key=asked.after).values_list("event", "event__slug").first()
        place = selection.index.places.of(of[0]) if of else None
        if of is None or place is None:
            raise AskedError("after: there is no quotation of that key.", 404)
        first = [of[0]] if place in selection.events else []
        selection = replace(selection, filters=selection.filters.following(of[1]))
    page = selection.page(asked.limit + 1)
    passed, found = not first, []
    for record in records.quotations([*first, *page.keys]):
        if passed:
            found.append(record)
        passed = passed or record["key"] == asked.after
    more = len(found) > asked.limit
    return found[: asked.limit], found[asked.limit - 1]["key"] if more else ""


def _named(kind: Kind, asked: Asked, file: File, records: Records) -> tuple[list[Any], str]:
    slugs = sorted(slug for slug in file.counts if slug > asked.after)
    counts = {slug: file.counts[slug] for slug in slugs[: asked.limit]}
    found = list(getattr(records, kind)(counts))
    return found, slugs[asked.limit - 1] if len(slugs) > asked.limit else ""


def _neutral(site: str) -> Callable[[str, str], str]:
    """Name pages without a language: they lead on to the one that the reader's browser asks for."""
    return lambda page, slug: site + address(page, slug, LANGUAGE).removeprefix(f"/{LANGUAGE}")


def _chosen(record: Any, names: frozenset[str]) -> Any:
    return {name: record[name] for name in record if not names or name in names}


def _next(request: HttpRequest, site: str, after: str) -> str | None:
    if not after:
        return None
    query = request.GET.copy()
    query["after"] = after
    return f"{site}{request.path}?{query.urlencode()}"
