"""One function per page: read the question, ask the record, draw the answer."""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from sahel import facets, index
from sahel.atlas import Atlas, draw_map
from sahel.cards import Card, cards
from sahel.dates import EDTF
from sahel.facets import Selection
from sahel.fields import Text, readers_language
from sahel.figures import Histogram, companions, histogram
from sahel.filters import FACETS, NAMES, Facet, Filters, beginning
from sahel.filters import words as words_of
from sahel.index import Index
from sahel.lanes import MOST_ROWS, ROWS, Lanes, draw_lanes
from sahel.models import Actor, Place, Reference, Source
from sahel.pages import draw
from sahel.pictures import draw_png

KINDS = {
    Actor.Kind.STATE: gettext_lazy("States"),
    Actor.Kind.GOVERNMENT: gettext_lazy("Governments"),
    Actor.Kind.PERSON: gettext_lazy("People"),
    Actor.Kind.MILITARY_FORCE: gettext_lazy("Military forces"),
    Actor.Kind.ARMED_GROUP: gettext_lazy("Armed groups"),
    Actor.Kind.ORGANISATION: gettext_lazy("Organisations"),
    Actor.Kind.MEDIA: gettext_lazy("Media organisations"),
    Actor.Kind.PUBLIC: gettext_lazy("Groups of people"),
    Place.Kind.REGION_OF_THE_WORLD: gettext_lazy("World regions"),
    Place.Kind.COUNTRY: gettext_lazy("Countries"),
    Place.Kind.REGION: gettext_lazy("Regions"),
    Place.Kind.CITY: gettext_lazy("Cities and towns"),
    Place.Kind.VILLAGE: gettext_lazy("Villages"),
    Place.Kind.SITE: gettext_lazy("Sites"),
}
PAGE = 50  # events on a page of the timeline
PAGE_OF_ONE = 25  # on a page about one actor, place or source, which has more to say
LISTED = 300  # actors, places or sources on the page that lists them
EVERYTHING = Filters()


@require_safe
def timeline(request: HttpRequest) -> HttpResponse:
    """Draw the whole record, or what a reader selects of it."""
    return draw(request, "timeline.html", _timeline(request, EVERYTHING))


@require_safe
def events_in_time(request: HttpRequest) -> HttpResponse:
    """Draw when the events lie that a reader selected, and in numbers."""
    selection = _selection(request, EVERYTHING)
    context = {**_in_words(selection, None), "histogram": histogram(selection)}
    return draw(request, "histogram.html", context)


@require_safe
def lanes(request: HttpRequest) -> HttpResponse:
    """Draw who took part in what a reader selected, in time."""
    selection = _selection(request, EVERYTHING)
    rows = MOST_ROWS if "rows" in request.GET else ROWS
    drawn = draw_lanes(selection, rows)
    more = drawn is not None and drawn.others and rows < MOST_ROWS
    pairs = [*selection.filters.pairs, ("rows", MOST_ROWS)]
    context = {
        **_in_words(selection, None),
        "lanes": drawn,
        "more_rows": f"{request.path}?{urlencode(pairs)}" if more else "",
    }
    return draw(request, "lanes.html", context)


@require_safe
def map_of(request: HttpRequest) -> HttpResponse:
    """Draw where what a reader selected took place."""
    selection = _selection(request, EVERYTHING)
    return draw(request, "map.html", {**_in_words(selection, None), "atlas": draw_map(selection)})


@require_safe
def saved(request: HttpRequest, figure: str, form: str) -> HttpResponse:
    """Draw a figure of what a reader selected as a file to keep: SVG, or PNG of the same."""
    selection = _selection(request, EVERYTHING)
    drawn: Histogram | Lanes | Atlas | None
    if figure == "histogram":
        drawn, title, height = histogram(selection), _("Events in time"), 350
    elif figure == "lanes":
        drawn, title = draw_lanes(selection, ROWS), _("Who took part, and when")
        height = drawn.tops[-1] + 70 if drawn else 0
    else:
        drawn, title, height = draw_map(selection), _("Where it happened"), 650
    if drawn is None:
        raise Http404
    words = [_words(_chips(selection)), _events(len(selection.events))]
    today = EDTF.parse(f"{datetime.now(UTC):%Y-%m-%d}").in_words()
    source = f"{_('Sahel timeline')}, {request.get_host()}, {today} – CC BY 4.0"
    context = {
        "figure": drawn,
        "title": title,
        "height": height,
        "subtitle": " · ".join(filter(None, words)),
        "foot": [source, _("Outlines: Natural Earth, public domain.")][: 1 + (figure == "map")],
    }
    if form == "svg":
        return draw(request, f"{figure}.svg", context, content_type="image/svg+xml")
    return draw_png(request, f"{figure}.svg", context, 1200, height + 210)


@require_safe
def event(request: HttpRequest, slug: str) -> HttpResponse:
    """Draw one event with all that is known of it, between its neighbours in time."""
    record = _record(request)
    if (key := index.key_of_slug(slug)) is None:
        raise Http404
    earlier, later = record.beside(key)
    keys = [each for each in (key, earlier, later) if each is not None]
    found = {card.pk: card for card in cards(record, keys)}
    if key not in found:  # withdrawn this moment
        raise Http404
    context = {
        "event": found[key],
        "earlier": found.get(earlier) if earlier else None,
        "later": found.get(later) if later else None,
        "references": Reference.objects.filter(event=key).select_related("source"),
    }
    return draw(request, "event.html", context)


@require_safe
def event_card(request: HttpRequest, slug: str) -> HttpResponse:
    """Draw an event as the picture that other sites show beside a link to it."""
    key = index.key_of_slug(slug)
    found = cards(_record(request), [key]) if key is not None else []
    if not found:
        raise Http404
    event = found[0]
    quoted = event.quotations[0] if event.quotations else None
    return _card(
        request,
        date=event.date.in_words(),
        title=event.title,
        words=_("“%(words)s”") % {"words": quoted.exact} if quoted else "",
        by=quoted.speaker.name if quoted and quoted.speaker else _("The source itself"),
        foot=quoted.source_label if quoted else "",
    )


@require_safe
def timeline_card(request: HttpRequest) -> HttpResponse:
    """Draw what a reader selected as the picture that other sites show beside a link to it."""
    selection = _selection(request, EVERYTHING)
    return _card(
        request,
        date="",
        title=_words(_chips(selection)) or _("Timeline of the Mali/Sahel crisis"),
        words="",
        by="",
        foot=_events(len(selection.events)),
    )


@require_safe
def actor_card(request: HttpRequest, slug: str) -> HttpResponse:
    """Draw an actor as the picture that other sites show beside a link to it."""
    return _card_of(request, "actor", _in_use(request, Actor.objects.all(), "actor", slug))


@require_safe
def place_card(request: HttpRequest, slug: str) -> HttpResponse:
    """Draw a place as the picture that other sites show beside a link to it."""
    return _card_of(request, "place", _in_use(request, Place.objects.all(), "place", slug))


@require_safe
def actors(request: HttpRequest) -> HttpResponse:
    """List the actors of the published events, by kind."""
    return draw(request, "actors.html", _directory(request, "actor", Actor))


@require_safe
def actor(request: HttpRequest, slug: str) -> HttpResponse:
    """Draw an actor, and the timeline of what it or its members took part in."""
    found = _in_use(request, Actor.objects.select_related("parent"), "actor", slug)
    context = _timeline(request, Filters(actor=(slug,)), found.name)
    about = {
        "actor": found,
        "members": _under(_record(request), "actor", found.pk),
        "companions": companions(context["selection"], slug),
    }
    return draw(request, "actor.html", {**about, **context})


@require_safe
def places(request: HttpRequest) -> HttpResponse:
    """List the places of the published events, by kind."""
    return draw(request, "places.html", _directory(request, "place", Place))


@require_safe
def place(request: HttpRequest, slug: str) -> HttpResponse:
    """Draw a place, and the timeline of what happened in it."""
    found = _in_use(request, Place.objects.select_related("parent"), "place", slug)
    context = _timeline(request, Filters(place=(slug,)), found.name)
    parts = _under(_record(request), "place", found.pk)
    return draw(request, "place.html", {"place": found, "parts": parts, **context})


@require_safe
def sources(request: HttpRequest) -> HttpResponse:
    """List the sources on which published events rest."""
    return draw(request, "sources.html", _directory(request, "source", Source))


@require_safe
def source(request: HttpRequest, slug: str) -> HttpResponse:
    """Draw a source, and what rests on it: a page of events, in the order of the source's text."""
    found = _in_use(request, Source.objects.select_related("original"), "source", slug)
    selection = _selection(request, Filters(source=(slug,)))
    page = _page(selection, PAGE_OF_ONE)
    events = cards(selection.index, page.keys)
    quotations = [
        (quotation, event)
        for event in events
        for quotation in event.quotations
        if quotation.source_slug == slug
    ]
    quotations.sort(key=lambda pair: (pair[0].start is None, pair[0].start))
    # All that the page's events have: databases would rather read all that the source has.
    references = Reference.objects.filter(event__in=page.keys).select_related("event")
    context = {
        **_in_words(selection, found.label),
        **_turned(selection.filters, page, events),
        "source": found,
        "quotations": quotations,
        "references": [
            reference
            for reference in references.order_by(
                "event__sort_date", "event__position", "order", "pk"
            )
            if reference.source_id == found.pk
        ],
    }
    return draw(request, "source.html", context)


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """Say how the record is made and what its marks mean."""
    return draw(request, "about.html", {"contact": settings.CONTACT})


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """Let a reader keep the pages that were read, or show what is kept where there is no line."""
    return draw(request, "offline.html", {})


@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """Give the service worker, which must stand above all pages that it serves."""
    script = Path(settings.BASE_DIR, "static", "sw.js").read_text()
    return HttpResponse(
        script, content_type="text/javascript", headers={"Cache-Control": "no-cache"}
    )


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Tell search engines to read each page once, not each of its selections (RFC 9309)."""
    lines = [
        "User-agent: *",
        *(f"Disallow: /{code}/admin/" for code, _name in settings.LANGUAGES),
        "Disallow: /*?",
        f"Sitemap: {request.build_absolute_uri('/sitemap.xml')}",
    ]
    return HttpResponse("\n".join([*lines, ""]), content_type="text/plain; charset=utf-8")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Offer a search for the words of an address that leads nowhere."""
    words = request.path.strip("/").rpartition("/")[2].replace("-", " ").replace("_", " ")
    searched = Filters(q="".join(c for c in words if c.isprintable())[:60])
    return draw(request, "404.html", {"searched": searched}, status=404)


# What the pages share -----------------------------------------------------------------------------


def _events(number: int) -> str:
    return ngettext("%(counter)s event", "%(counter)s events", number) % {"counter": number}


def _card_of(request: HttpRequest, facet: Facet, found: Any) -> HttpResponse:
    number = len(_record(request).values[facet][found.slug])
    about = {"title": found.name, "words": found.description, "foot": _events(number)}
    return _card(request, date="", by="", **about)


def _card(request: HttpRequest, **context: str) -> HttpResponse:
    return draw_png(request, "card.svg", context, 1200, 630)


@dataclass(frozen=True)
class Chip:
    """A filter that is on, in words, and the selection without it."""

    title: str
    label: Text
    excluded: bool
    removed: Filters
    control: str  # the id of the form's control that sets it


def _timeline(request: HttpRequest, scope: Filters, name: Text | None = None) -> dict[str, Any]:
    """Give what `_timeline.html` draws: the selection and one page of its events."""
    selection = _selection(request, scope)
    page = _page(selection, PAGE if scope is EVERYTHING else PAGE_OF_ONE)
    events = cards(selection.index, page.keys)
    return {
        **_in_words(selection, name),
        **_turned(selection.filters, page, events),
        "histogram": histogram(selection),
        "years": [
            (year, list(of_year))
            for year, of_year in groupby(events, key=lambda event: event.date.sort_date.year)
        ],
    }


def _record(request: HttpRequest) -> Index:
    """Give the index; `caching.PublicPages` has asked for the state of the record already."""
    return index.current(getattr(request, "state", None))


def _selection(request: HttpRequest, scope: Filters) -> Selection:
    return Selection(_record(request), Filters.from_query(request.GET), scope)


@dataclass(frozen=True)
class Page:
    """The primary keys of a page's events, in order, and whether there are any on either side."""

    keys: list[int]
    more_before: bool = False
    more_after: bool = False


def _page(selection: Selection, size: int) -> Page:
    """Give the page of a selection that its filters ask for, of so many events at most."""
    filters, events = selection.filters, selection.events
    newest_first = bool(filters.order)
    # The page is a stretch of the selection in the order of time, whichever way it is shown.
    start, stop = (len(events) - size, len(events)) if newest_first else (0, size)
    if beside := filters.before or filters.after:
        place = selection.index.place_of_slug(beside)
        if place is None:
            return Page([])
        if bool(filters.before) == newest_first:
            start = events.rank(place)
            stop = start + size
        else:
            stop = events.rank(place) - (place in events)
            start = stop - size
    start, stop = max(start, 0), min(stop, len(events))
    if start >= stop:
        return Page([])
    keys = selection.index.keys(events[start:stop])
    earlier, later = start > 0, stop < len(events)
    return Page(keys[::-1], later, earlier) if newest_first else Page(keys, earlier, later)


def _turned(filters: Filters, page: Page, events: list[Card]) -> dict[str, Any]:
    """Give the selections of the pages beside a page; None where there is none."""
    turned: dict[str, Any] = {"previous_page": None, "next_page": None}
    if events and page.more_before:
        turned["previous_page"] = filters.preceding(events[0].slug)
    if events and page.more_after:
        turned["next_page"] = filters.following(events[-1].slug)
    return turned


def _in_words(selection: Selection, name: Text | None) -> dict[str, Any]:
    """Give what the pages say of a selection: in words, counted, drawn, as choices to go on."""
    record, filters = selection.index, selection.filters
    chips = list(_chips(selection))
    return {
        "selection": selection,
        "filters": filters,
        "scope": selection.scope,
        "name": name,
        "chips": chips,
        "words": _words(chips),
        "panels": selection.panels(),
        "many": any(len(record.values[facet]) > facets.ALL for facet in facets.SOUGHT),
        "other_names": selection.other_names(),
        "total": len(selection.events),
        "everything": len(selection.everything),
    }


def _words(chips: list[Chip]) -> str:
    """Give the filters that are on as one line."""
    words = [f"{_('not')} {chip.label}" if chip.excluded else str(chip.label) for chip in chips]
    return " · ".join(words)


def _chips(selection: Selection) -> list[Chip]:
    record, filters, chips = selection.index, selection.filters, []
    for facet in FACETS:
        for value in getattr(filters, facet):
            label = facets.label(record, facet, value.removeprefix("-"), selection.language)
            removed = filters.removing(facet, value)
            control = f"{facet}-{value.removeprefix('-')}"
            title = str(facets.TITLES[facet])
            chips.append(Chip(title, label, value[0] == "-", removed, control))
    for name, title in (("since", _("From")), ("until", _("Until"))):
        if bound := getattr(filters, name):
            label = Text(f"{title} {EDTF.parse(bound).in_words()}", "")
            removed = filters.without(name)
            chips.append(Chip(str(_("Date")), label, False, removed, NAMES[name]))
    if filters.q:
        label = Text(_("“%(words)s”") % {"words": filters.q}, "")
        chips.append(Chip(str(_("Words")), label, False, filters.without("q"), "q"))
    return chips


def _directory(request: HttpRequest, facet: Facet, model: Any) -> dict[str, Any]:
    """Give what has published events to its name, the most first; by its names where asked."""
    record, find = _record(request), Filters.from_query(request.GET).find
    wanted = [beginning(word) for word in words_of(find)]
    counts = {
        slug: len(events)
        for slug, events in record.values[facet].items()
        if all(begin in record.by_slug[facet, slug].words for begin in wanted)
    }
    first = sorted(counts, key=lambda slug: (-counts[slug], slug))[:LISTED]
    rows = {row.slug: row for row in model.objects.filter(slug__in=first)}
    listed = [(rows[slug], counts[slug]) for slug in first if slug in rows]
    groups = [
        (str(KINDS[kind]), [pair for pair in listed if pair[0].kind == kind])
        for kind in model.Kind
        if kind in KINDS
    ]
    return {
        "listed": listed,
        "groups": [group for group in groups if group[1]],
        "find": find,
        "beyond": len(counts) - len(first),
    }


def _under(record: Index, facet: Facet, key: int) -> list[tuple[str, Text]]:
    """Give the slugs and names of what stands directly under an actor or place, the most first."""
    events = record.values[facet]
    found = [name for (what, _key), name in record.names.items() if what == facet]
    found = [name for name in found if name.parent == key and name.slug in events]
    found.sort(key=lambda name: -len(events[name.slug]))
    language = readers_language()
    return [(name.slug, facets.named(facet, name, language)) for name in found[:LISTED]]


def _in_use(request: HttpRequest, queryset: QuerySet[Any], facet: Facet, slug: str) -> Any:
    """Give what has a published event to its name; what has none is as good as a draft."""
    found = get_object_or_404(queryset, slug=slug)
    if slug not in _record(request).values[facet]:
        raise Http404
    return found
