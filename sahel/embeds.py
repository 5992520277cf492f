"""The record on other sites: pages made for their frames, and the code that brings them.

A frame says of an event what the timeline says: status, date and its basis, who speaks, how the
words were checked. Only these pages may be framed. Nothing is ever fetched: whatever address is
asked about, the answer comes from the record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import wraps
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.urls import resolve
from django.utils.csp import CSP
from django.utils.html import format_html
from django.utils.translation import get_language_from_path, override
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

from sahel import index
from sahel.addresses import moved, not_found
from sahel.cards import Card, Quoted, cards
from sahel.citations import titled
from sahel.facets import Selection, renamed
from sahel.fields import Text, address, readers_language
from sahel.filters import Filters
from sahel.models import Actor, Place
from sahel.pages import draw
from sahel.views import in_use, quotation_of, record_for

EVENTS = 5  # of a selection, in a frame
QUOTED = 3  # quotations of an event
LETTERS = 600  # of a quotation or a summary; what is longer ends with […], and leads to the whole
WIDTH = 600  # pixels, where oEmbed asks for a number; a frame is as wide as it is let
HEIGHTS = {"quotation": 400, "event": 540}  # pixels; what is higher scrolls
HEIGHT = 720
LEAST, MOST = 120, 2000  # pixels that a frame's height may be
THEMES = ("light", "dark")  # without one, whatever the reader's browser prefers

# The policies of the page that shows a frame of ours, and of what any site may frame.
FRAMING: Mapping[str, list[CSP]] = {**settings.SECURE_CSP, "frame-src": [CSP.SELF]}
FRAMED: Mapping[str, list[str]] = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "form-action": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "frame-ancestors": ["*"],
}


@dataclass(frozen=True)
class Embed:
    """What a frame shows of a page, in one language; addresses are paths, with their query."""

    kind: str  # the name of the page: event, quotation, actor, place or timeline
    title: str
    heading: Text
    page: str
    frame: str
    card: str
    events: list[Card]
    quotations: list[tuple[Quoted, str]]  # each with its words, which may be cut
    total: int
    language: str

    @property
    def height(self) -> int:
        """Give the height in pixels that does for most of its kind, where it is 600 pixels wide."""
        return HEIGHTS.get(self.kind, HEIGHT)

    def code(self, home: Callable[[str], str], width: int | str, height: int, theme: str) -> str:
        """Give the HTML that brings the frame to another site; `home` makes addresses absolute."""
        with override(self.language):
            site = _("Sahel timeline")
        return format_html(
            '<iframe src="{}" title="{} – {}" width="{}" height="{}" loading="lazy"'
            ' style="border:0"></iframe>',
            home(self.frame_in(theme)),
            self.title,
            site,
            width,
            height,
        )

    def frame_in(self, theme: str) -> str:
        """Give the frame's address in a theme; empty: the one that the reader's browser prefers."""
        return (
            f"{self.frame}{'&' if '?' in self.frame else '?'}theme={theme}" if theme else self.frame
        )


def framed(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let other sites frame what a view draws, and what it says where there is nothing."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except Http404 as error:
            answer = not_found(request, error)
            if answer.status_code in (404, 410):
                page = request.path.replace("/embed/", "/", 1) if answer.status_code == 410 else ""
                gone = {"theme": _theme(request), "withdrawn": page}
                answer.content = draw(request, "embed-gone.html", gone).content
            return answer

    return require_safe(csp_override(FRAMED)(xframe_options_exempt(answered)))


@framed
def frame(request: HttpRequest, kind: str, slug: str = "") -> HttpResponse:
    """Draw an event, a quotation, or a few events of a selection for a frame on another site."""
    shown = {"embed": PAGES[kind](request, slug, request.GET), "theme": _theme(request)}
    return draw(request, "embed.html", {**shown, "today": datetime.now(UTC)})


@require_safe
@csp_override(FRAMING)
def make(request: HttpRequest) -> HttpResponse:
    """Draw the code that brings a page to another site, as chosen, and show what comes of it."""
    asked, language = request.GET.get("url", "").strip(), request.GET.get("lang", "")
    embed, code, height, theme = None, "", HEIGHT, _theme(request)
    if asked:
        try:
            embed = at(request, asked, language if language in dict(settings.LANGUAGES) else "")
        except Http404:
            pass
        else:
            home = request.build_absolute_uri
            height = pixels(request, "height") or embed.height
            height = min(max(height, LEAST), MOST)
            link = format_html('<p><a href="{}">{}</a></p>', home(embed.page), embed.title)
            code = f"{embed.code(home, '100%', height, theme)}\n{link}"
    context = {"asked": asked, "embed": embed, "code": code, "height": height, "theme": theme}
    return draw(request, "embed-make.html", {**context, "least": LEAST, "most": MOST})


def pixels(request: HttpRequest, name: str) -> int:
    """Give a number of pixels that was asked for; 0 where none was, or nothing that makes sense."""
    asked = request.GET.get(name, "")
    return int(asked) if len(asked) <= 5 and asked.isascii() and asked.isdigit() else 0


def _theme(request: HttpRequest) -> str:
    asked = request.GET.get("theme", "")
    return asked if asked in THEMES else ""


# What can be shown in a frame ---------------------------------------------------------------------


def at(request: HttpRequest, url: str, language: str = "", *, again: bool = True) -> Embed:
    """Give what a frame shows of the page at an address, in its own language or another one.

    What moved is followed once. Raises Http404 unless the address is that of a page of ours, on
    this host, that has a frame.
    """
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise Http404 from error
    ours = parts.scheme in ("http", "https") and parts.netloc.lower() == request.get_host().lower()
    if not (ours or (not parts.scheme and not parts.netloc and url.startswith("/"))):
        raise Http404
    path = unquote(parts.path) or "/"
    own = get_language_from_path(path)
    if not own:
        own = settings.LANGUAGE_CODE
        path = f"/{own}{path}"
    with override(own):
        match = resolve(path)
    kind = (match.url_name or "").removeprefix("embed-")
    if kind not in PAGES:
        raise Http404
    slug = match.kwargs.get("slug") or match.kwargs.get("key", "")
    with override(language or own):
        try:
            return PAGES[kind](request, slug, QueryDict(parts.query))
        except Http404:
            if again and (now := moved(request, path, parts.query)):
                return at(request, now, language, again=False)
            raise


def _event(request: HttpRequest, slug: str, query: QueryDict) -> Embed:
    key = index.key_of_slug(slug)
    found = cards(record_for(request), [key]) if key is not None else []
    if not found:
        raise Http404
    [event] = found
    event.summary = Text(_cut(event.summary), event.summary.lang)
    return Embed(
        kind="event",
        title=titled(event),
        heading=event.title,
        page=address("event", slug),
        frame=address("embed-event", slug),
        card=address("event-card", slug),
        events=[event],
        quotations=[(quoted, _cut(quoted.exact)) for quoted in _few(event)],
        total=len(event.quotations),
        language=readers_language(),
    )


def _quotation(request: HttpRequest, key: str, query: QueryDict) -> Embed:
    _found, event, quoted = quotation_of(request, key)
    return Embed(
        kind="quotation",
        title=f"{_('Quotation')} – {titled(event)}",
        heading=event.title,
        page=address("quotation", key),
        frame=address("embed-quotation", key),
        card=address("event-card", event.slug),
        events=[event],
        quotations=[(quoted, _cut(quoted.exact))],
        total=1,
        language=readers_language(),
    )


def _actor(request: HttpRequest, slug: str, query: QueryDict) -> Embed:
    found = in_use(request, Actor.objects.all(), "actor", slug)
    return _selected(request, query, "actor", Filters(actor=(slug,)), found)


def _place(request: HttpRequest, slug: str, query: QueryDict) -> Embed:
    found = in_use(request, Place.objects.all(), "place", slug)
    return _selected(request, query, "place", Filters(place=(slug,)), found)


def _timeline(request: HttpRequest, slug: str, query: QueryDict) -> Embed:
    return _selected(request, query, "timeline", Filters(), None)


def _selected(
    request: HttpRequest, query: QueryDict, kind: str, scope: Filters, about: Any
) -> Embed:
    record = record_for(request)
    filters = renamed(record, Filters.from_query(query)).without("find")
    selection = Selection(record, filters, scope)
    events = [
        replace(event, quotations=_few(_voices(event)))
        for event in cards(record, selection.page(EVENTS).keys)
    ]
    slug = about.slug if about else ""
    name = about.name if about else Text("", "")
    title = " · ".join(filter(None, [name, selection.words]))
    if about and not selection.words:
        heading = name
    else:
        heading = Text(title or _("Timeline of the Mali/Sahel crisis"), readers_language())
    return Embed(
        kind=kind,
        title=str(heading),
        heading=heading,
        page=address(kind, slug) + filters.query,
        frame=address(f"embed-{kind}", slug) + filters.query,
        card=address(f"{kind}-card", slug) + ("" if slug else filters.query),
        events=events,
        quotations=[],
        total=len(selection.events),
        language=readers_language(),
    )


PAGES: dict[str, Callable[[HttpRequest, str, QueryDict], Embed]] = {
    "event": _event,
    "quotation": _quotation,
    "actor": _actor,
    "place": _place,
    "timeline": _timeline,
}


def _voices(event: Card) -> Card:
    """Give an event with one quotation of each who says something there, in one way."""
    apart: dict[tuple[Any, ...], Quoted] = {}
    for each in event.quotations:
        voice = each.stance, each.speaker, each.speaker_role, each.source_slug, each.state
        apart.setdefault(voice, each)
    return replace(event, quotations=[*apart.values()])


def _few(event: Card) -> list[Quoted]:
    """Give the first quotations of an event: of both sides, where one denies the other."""
    few, denials = event.quotations[:QUOTED], event.denials
    claims = [quoted for quoted in event.quotations if quoted not in denials]
    for side in (denials, claims):
        if side and not any(quoted in few for quoted in side):
            few[-1] = side[0]
    return few


def _cut(text: str) -> str:
    """Cut what is too long for a frame between two words, and mark that it was cut."""
    if len(text) <= LETTERS:
        return text
    return f"{text[:LETTERS].rpartition(' ')[0] or text[:LETTERS]} […]"
