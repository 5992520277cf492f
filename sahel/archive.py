"""The public site as files: pages that open from a folder, and each link of which leads on.

They are the pages that the site gives; `copying` leads their links to each other. What a folder of
files cannot do (a search, two filters at once) leads to a page that says so.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urljoin, urlsplit

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.handlers.wsgi import WSGIRequest
from django.http import Http404, HttpRequest, HttpResponseBase
from django.template import engines
from django.urls import resolve
from django.utils.translation import gettext as _
from django.utils.translation import override

from sahel import index
from sahel.addresses import not_found
from sahel.bibliographies import CITATION_FORMATS
from sahel.caching import let_go
from sahel.copying import copied
from sahel.corrections import FILTERS as CHANGES
from sahel.exports.formats import formats_of
from sahel.exports.shapes import KINDS
from sahel.facets import TITLES, VOCABULARIES
from sahel.fields import vocabulary
from sahel.filters import Facet
from sahel.folders import Folder, file_of
from sahel.lanes import MOST_ROWS
from sahel.models import Event, Quotation, Record
from sahel.pages import draw
from sahel.views import PAGE

# What is kept, in each language: addresses after the language. A query has one word.
PAGES = (
    "",
    "histogram/",
    "lanes/",
    f"lanes/?rows={MOST_ROWS}",
    "map/",
    "actors/",
    "places/",
    "sources/",
    "changes/",
    *(f"changes/?what={what}" for what in CHANGES),
    "data/",
    "api/",
    "cite/",
    "about/",
)
FILES = (
    "card.png",
    "histogram.svg",
    "histogram.png",
    "lanes.svg",
    "lanes.png",
    f"lanes.svg?rows={MOST_ROWS}",
    f"lanes.png?rows={MOST_ROWS}",
    "map.svg",
    "map.png",
    "changes.atom",
    *(f"changes.atom?what={what}" for what in CHANGES),
    "dossier.html",
    *(f"{kind}.{each.ending}" for kind in KINDS for each in formats_of(kind)),
    *(f"{kind}.{ending}" for kind in ("events", "sources") for ending in CITATION_FORMATS),
)


def _cited(kind: str) -> list[str]:
    return [f"{kind}/{{}}.{ending}" for ending in CITATION_FORMATS]


OF_EACH = {
    "year": ("?year={}",),
    "kind": ("?kind={}",),
    "status": ("?status={}",),
    "actor": ("actors/{}/", "actors/{}/card.png", "actors/{}.jsonld"),
    "place": ("places/{}/", "places/{}/card.png", "places/{}.jsonld"),
    "source": ("sources/{}/", "sources/{}.jsonld", *_cited("sources")),
    "event": (
        *("events/{}/", "events/{}/card.png", "events/{}.json", "events/{}.jsonld"),
        *_cited("events"),
    ),
    "quotation": ("quotations/{}/", "quotations/{}.jsonld", *_cited("quotations")),
}
ABOUT = "about-this-archive.html"  # what a copy is, and cannot do
SHELVES: tuple[Facet, ...] = ("year", "kind", "status")  # by which a copy is browsed
VIEWS = "", "histogram/", "map/"  # where a single choice is the page of what was chosen
LANGUAGES = [code for code, _name in settings.LANGUAGES]

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.I)


@dataclass
class Sheet:
    """A page to be copied: one of those, each 25 events long, that an address has."""

    language: str
    address: str  # after the language: "actors/france/", "?year=2021"
    number: int = 1
    asked: str = ""  # the same as the site is asked for it: "?year=2021&after=coup-2021"
    following: str = ""  # what the site is to be asked for the next one; found while it is copied

    @property
    def file(self) -> str:
        """Give its place in the folder."""
        return file_of(self.language, self.address, self.number)

    @property
    def path(self) -> str:
        """Give its address without the query."""
        return self.address.partition("?")[0]


class Archive:
    """A copy of the site, as it is in a snapshot of the record; `site` is its scheme and host."""

    def __init__(self, root: Path, site: str, day: date, told: Callable[[int], object]) -> None:
        """Take where to write, and what is told how many files are written."""
        self.folder, self.site, self.day, self.told = Folder(root), site, day, told
        self.state = Record.state()
        self.record = index.current(self.state)
        slugs = dict(Event.objects.published().values_list("pk", "slug"))
        self.places = {slugs[key]: place for place, key in enumerate(self.record.block.keys)}
        self.addresses = dict.fromkeys(self._addresses())
        self.static: set[str] = set()
        self.context = {
            "site": site,
            "day": day,
            "version": Record.noted(),
            "events": len(self.places),
            "about": ABOUT,
        }
        self.frames = {code: self._frame(code) for code in LANGUAGES}

    def write(self) -> Folder:
        """Write all pages in both languages, their static files, and the manifest."""
        for language in LANGUAGES:
            for address in self.addresses:
                sheet: Sheet | None = Sheet(language, address, asked=address)
                while sheet:
                    sheet = self._keep(sheet)
                    self.told(len(self.folder.hashes))
        root = Sheet("", "")
        first = engines[LANGUAGES[0]].get_template("copies.html").render(self._greetings())
        self.folder.write("index.html", [copied(first, self._lead_of(root)).encode()])
        for name in sorted(self.static):
            self.folder.write(f"static/{name}", [_static(name)])
        self.folder.write_manifest()
        return self.folder

    def _addresses(self) -> Iterator[str]:
        yield from PAGES
        yield ABOUT
        yield from FILES
        public = Quotation.objects.filter(event__publication=Event.Publication.PUBLISHED)
        each: dict[str, Iterable[str]] = {
            **{facet: sorted(values) for facet, values in self.record.values.items()},
            "event": self.places,
            "quotation": public.order_by("key").values_list("key", flat=True),
        }
        for what, forms in OF_EACH.items():
            for one in each[what]:
                yield from (form.format(one) for form in forms)
        hidden = Event.objects.filter(published__isnull=False).order_by("slug")
        for slug in hidden.exclude(publication=Event.Publication.PUBLISHED).values_list("slug"):
            yield "events/{}/".format(*slug)  # it says what became of it

    def _keep(self, sheet: Sheet) -> Sheet | None:
        """Copy a page, or write a file; give the next page of the same, if there is one."""
        with override(sheet.language):
            answer = self._answer(sheet)
            if answer is None:
                return None
            if not answer["Content-Type"].startswith("text/html"):
                self.folder.write(sheet.file, answer)
                let_go(answer)
                return None
            page = b"".join(answer).decode()
        # What stands by itself, without the site's masthead, says by itself what it is.
        notice, panel = self.frames[sheet.language] if 'class="masthead"' in page else ("", "")
        lead = self._lead_of(sheet)
        frame = {"instead": {"filters": copied(panel, lead)}} if panel else {}
        if notice:
            style = copied(_stylesheet(), lead)
            frame["ahead"] = {"main": copied(notice, lead), "/head": style}
        self.folder.write(sheet.file, [copied(page, lead, **frame).encode()])
        if not sheet.following:
            return None
        return Sheet(sheet.language, sheet.address, sheet.number + 1, sheet.following)

    def _answer(self, sheet: Sheet) -> HttpResponseBase | None:
        """Ask the site for a page; None where there is none, as a figure of nothing."""
        request = self._request(f"/{sheet.language}/{sheet.asked}")
        if sheet.address == ABOUT:
            return draw(request, "copy.html", self.context)
        match = resolve(request.path_info)
        request.resolver_match = match
        try:
            answer: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
        except Http404 as error:
            if sheet.path.endswith("/"):
                return not_found(request, error)
            return None
        return answer

    def _request(self, address: str) -> HttpRequest:
        path, _mark, query = address.partition("?")
        scheme, _colon, host = self.site.partition("://")
        request = WSGIRequest(
            {
                "REQUEST_METHOD": "GET",
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "HTTP_HOST": host,
                "HTTP_X_FORWARDED_PROTO": scheme,
                "SERVER_NAME": host,
                "SERVER_PORT": "",
                "wsgi.url_scheme": scheme,
                "wsgi.input": BytesIO(),
            }
        )
        request.state = self.state  # type: ignore[attr-defined]
        return request

    # Where links lead ----------------------------------------------------------------------------

    def _lead_of(self, sheet: Sheet) -> Callable[[str, Mapping[str, str | None], str], str | None]:
        def lead(tag: str, given: Mapping[str, str | None], address: str) -> str | None:
            ours = address.startswith(f"{self.site}/")
            if address.startswith("#") or (_SCHEME.match(address) and not ours):
                return address
            if given.get("rel") == "canonical":
                return None
            url = urlsplit(urljoin(f"{self.site}/{sheet.language}/{sheet.asked}", address))
            if url.path.startswith(settings.STATIC_URL):
                name = url.path.removeprefix(settings.STATIC_URL)
                self.static.add(name)
                file: str | None = f"static/{name}"
            else:
                file = self._find(sheet, given.get("rel"), url)
            fragment = f"#{url.fragment}" if url.fragment and file else ""
            if file is None:
                if tag != "a":
                    return None
                file = file_of(sheet.language, ABOUT)
            return f"{up}{file}{fragment}"

        up = "../" * sheet.file.count("/")
        return lead

    def _find(self, sheet: Sheet, rel: str | None, url: SplitResult) -> str | None:
        """Give the file that holds what an address of ours asks for; None if none does."""
        language, _slash, path = url.path[1:].partition("/")
        if language not in LANGUAGES:
            return None
        asked = f"{path}?{url.query}" if url.query else path
        if asked == sheet.asked:
            return file_of(language, sheet.address, sheet.number)
        pairs = parse_qsl(url.query)
        turns = any(name in ("after", "before") for name, _value in pairs)
        if turns and path == sheet.path and rel in ("prev", "next"):
            if rel == "next":
                sheet.following = asked
            step = 1 if rel == "next" else -1
            return file_of(language, sheet.address, sheet.number + step)
        pairs = [pair for pair in pairs if pair[0] not in ("after", "before", "find")]
        alike = _alike(path, pairs, path == sheet.path)
        found = next((each for each in alike if each in self.addresses), None)
        if found is None:
            return None
        place = self.places.get(url.fragment, 0) if not found else 0
        return file_of(language, found, place // PAGE + 1)

    # What a copy says of itself ------------------------------------------------------------------

    def _frame(self, language: str) -> tuple[str, str]:
        """Give what each page gets in a language: the notice, and what replaces the filters."""
        shelves = []
        with override(language):
            for facet in SHELVES:
                values, model = self.record.values[facet], VOCABULARIES.get(facet)
                words = vocabulary(model, language) if model else {}
                names = sorted(values, key=int) if facet == "year" else list(words)
                of_facet = [
                    (f"?{facet}={value}", words.get(value, value), len(values[value]))
                    for value in names
                    if value in values
                ]
                shelves.append((str(TITLES[facet]), of_facet))
            piece = engines[language].get_template("_copy.html").template.module  # type: ignore[attr-defined]
            return piece.notice(**self.context), piece.panel(shelves)

    def _greetings(self) -> dict[str, Any]:
        """Give what the first page of all says, in each language."""
        languages = []
        for code in LANGUAGES:
            with override(code):
                languages.append((code, _("Sahel timeline"), self.frames[code][0]))
        return {"greetings": languages, **self.context}


def _alike(path: str, pairs: list[tuple[str, str]], here: bool) -> Iterator[str]:
    """Give the addresses that show what an address with such a query does, the best first."""
    if not pairs:
        yield path
        return
    name, value = pairs[0]
    if len(pairs) == 1:
        yield f"{path}?{name}={value}"
    if path not in VIEWS or (path and not here):
        return
    if len(pairs) == 1:
        yield f"{name}s/{value}/"
        yield f"?{name}={value}"
    elif dict(pairs) == {"from": value, "to": value} and re.fullmatch(r"\d{4}", value):
        yield f"?year={int(value)}"


def _static(name: str) -> bytes:
    """Give a static file: as it was collected, or from where it is kept."""
    if staticfiles_storage.exists(name):
        with staticfiles_storage.open(name) as file:
            return bytes(file.read())
    return Path(str(finders.find(name))).read_bytes()


def _stylesheet() -> str:
    return f'<link rel="stylesheet" href="{staticfiles_storage.url("archive.css")}">'
