"""One function per page: read the question, ask the record, draw the answer."""

from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
)
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from sahel import facets, index
from sahel.atlas import draw_map
from sahel.cards import Card, Quoted, cards
from sahel.citations import of_event, of_quotation, of_source, version_of
from sahel.corrections import corrections
from sahel.corroboration import corroboration
from sahel.exports.formats import alternates
from sahel.exports.shapes import Kind
from sahel.facets import Page, Selection, renamed
from sahel.fields import Text, readers_language
from sahel.figures import companions, histogram
from sahel.filters import Facet, Filters
from sahel.index import Index
from sahel.lanes import MOST_ROWS, ROWS, draw_lanes
from sahel.models import (
    Actor,
    Estimate,
    Place,
    Quotation,
    Reference,
    Source,
    spreads,
)
from sahel.pages import draw

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
PAGE = 25  # events on a page: twice as many take a phone's processor twice as long to lay out
LISTED = 300  # actors, places or sources on the page that lists them
EVERYTHING = Filters()
LISTS: dict[Facet, Kind] = {"actor": "actors", "place": "places", "source": "sources"}


@require_safe
def timeline(request: HttpRequest) -> HttpResponse:
    """Draw the whole record, or what a reader selects of it."""
    return draw(request, "timeline.html", _timeline(request, EVERYTHING))


@require_safe
def events_in_time(request: HttpRequest) -> HttpResponse:
    """Draw when the events lie that a reader selected, and in numbers."""
    selection = selected(request)
    context = {**_in_words(selection, None), "histogram": histogram(selection)}
    return draw(request, "histogram.html", context)


@require_safe
def lanes(request: HttpRequest) -> HttpResponse:
    """Draw who took part in what a reader selected, in time."""
    selection, rows = selected(request), rows_of(request)
    drawn = draw_lanes(selection, rows)
    more = drawn is not None and drawn.others and rows < MOST_ROWS
    pairs = [*selection.filters.pairs, ("rows", MOST_ROWS)]
    context = {
        **_in_words(selection, None),
        "lanes": drawn,
        "rows": rows if rows > ROWS else "",
        "more_rows": f"{request.path}?{urlencode(pairs)}" if more else "",
    }
    return draw(request, "lanes.html", context)


@require_safe
def map_of(request: HttpRequest) -> HttpResponse:
    """Draw where what a reader selected took place."""
    selection = selected(request)
    return draw(request, "map.html", {**_in_words(selection, None), "atlas": draw_map(selection)})


@require_safe
def event(request: HttpRequest, slug: str) -> HttpResponse:
    """Draw one event with all that is known of it, between its neighbours in time."""
    record = record_for(request)
    if (key := index.key_of_slug(slug)) is None:
        raise Http404
    earlier, later = record.beside(key)
    keys = [each for each in (key, earlier, later) if each is not None]
    found = {card.pk: card for card in cards(record, keys)}
    if key not in found:  # withdrawn this moment
        raise Http404
    public_since, since, version = corrections(record, key)
    context = {
        **all_of(record, found[key]),
        "alternates": alternates("events", one=slug),
        "earlier": found.get(earlier) if earlier else None,
        "later": found.get(later) if later else None,
        "public_since": public_since,
        "corrections": since,
        "cited": of_event(request, found[key], version),
    }
    return draw(request, "event.html", context)


@require_safe
def actors(request: HttpRequest) -> HttpResponse:
    """List the actors of the published events, by kind."""
    return draw(request, "actors.html", _directory(request, "actor", Actor))


@require_safe
def actor(request: HttpRequest, slug: str) -> HttpResponse:
    """Draw an actor, and the timeline of what it or its members took part in."""
    found = in_use(request, Actor.objects.select_related("parent"), "actor", slug)
    context = _timeline(request, Filters(actor=(slug,)), found.name)
    about = {
        "actor": found,
        "members": _under(record_for(request), "actor", found.pk),
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
    found = in_use(request, Place.objects.select_related("parent"), "place", slug)
    context = _timeline(request, Filters(place=(slug,)), found.name)
    parts = _under(record_for(request), "place", found.pk)
    return draw(request, "place.html", {"place": found, "parts": parts, **context})


@require_safe
def sources(request: HttpRequest) -> HttpResponse:
    """List the sources on which published events rest."""
    return draw(request, "sources.html", _directory(request, "source", Source))


@require_safe
def source(request: HttpRequest, slug: str) -> HttpResponse:
    """Draw a source, and what rests on it: a page of events, in the order of the source's text."""
    found = in_use(request, Source.objects.select_related("original"), "source", slug)
    selection = selected(request, Filters(source=(slug,)))
    page = selection.page(PAGE)
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
        "cited": of_source(request, found),
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
def quotation(request: HttpRequest, key: str) -> HttpResponse:
    """Draw one quotation: its words, whose they are, and how they were checked."""
    found, event, quoted = quotation_of(request, key)
    context = {
        "quotation": found,
        "event": event,
        "quoted": quoted,
        "source": found.source,
        "cited": of_quotation(request, found, quoted, version_of(event.pk)),
        "estimates": list(found.estimates.all()),
        "alternates": alternates("quotations", one=key),
    }
    return draw(request, "quotation.html", context)


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
        *(
            f"Disallow: /{code}/{page}/"
            for code, _name in settings.LANGUAGES
            for page in ("admin", "preview")
        ),
        "Disallow: /*?",
        f"Sitemap: {request.build_absolute_uri('/sitemap.xml')}",
    ]
    return HttpResponse("\n".join([*lines, ""]), content_type="text/plain; charset=utf-8")


# What the pages share -----------------------------------------------------------------------------


def record_for(request: HttpRequest) -> Index:
    """Give the index; `caching.PublicPages` has asked for the state of the record already."""
    return index.current(getattr(request, "state", None))


def selected(request: HttpRequest, scope: Filters = EVERYTHING) -> Selection:
    """Give what a reader selected of what a page is about."""
    record = record_for(request)
    return Selection(record, renamed(record, Filters.from_query(request.GET)), scope)


def rows_of(request: HttpRequest) -> int:
    """Give the actors that lanes are drawn for: more where more are asked for."""
    return MOST_ROWS if "rows" in request.GET else ROWS


def all_of(record: Index, event: Card) -> dict[str, Any]:
    """Give what an event's page shows of the event itself."""
    said = {quoted.key: quoted for quoted in event.quotations}
    references = list(Reference.objects.filter(event=event.pk).select_related("source"))
    estimates = Estimate.objects.filter(quotation__event=event.pk, quotation__key__in=said)
    return {
        "event": event,
        "said": said,
        "spreads": spreads(estimates.select_related("quotation")),
        "references": references,
        "corroboration": corroboration(
            record,
            (quoted.source_slug for quoted in event.quotations),
            (reference.source.slug for reference in references),
        ),
    }


def in_use(request: HttpRequest, queryset: QuerySet[Any], facet: Facet, slug: str) -> Any:
    """Give what has a published event to its name; what has none is as good as a draft."""
    found = get_object_or_404(queryset, slug=slug)
    if slug not in record_for(request).values[facet]:
        raise Http404
    return found


def _timeline(request: HttpRequest, scope: Filters, name: Text | None = None) -> dict[str, Any]:
    """Give what `_timeline.html` draws: the selection and one page of its events."""
    selection = selected(request, scope)
    page = selection.page(PAGE)
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


def quotation_of(request: HttpRequest, key: str) -> tuple[Quotation, Card, Quoted]:
    """Give a quotation of a published event, that event, and the quotation as pages show it."""
    quotations = Quotation.objects.select_related("source__original")
    found = get_object_or_404(quotations, key=key)
    for event in cards(record_for(request), [found.event_id]):
        for quoted in event.quotations:
            if quoted.key == key:
                return found, event, quoted
    raise Http404


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
    values, of_all = selection.index.values, selection.of_all
    # All of it, not the page of it that a reader is on.
    whole = of_all and of_all.without("after", "before")
    return {
        "selection": selection,
        "filters": selection.filters,
        "scope": selection.scope,
        "name": name,
        "chips": selection.chips,
        "words": selection.words,
        "of_all": of_all,
        "whole": whole,
        "alerts": settings.ALERTS,
        "panels": selection.panels(),
        "many": any(len(values[facet]) > facets.ALL for facet in facets.SOUGHT),
        "other_names": selection.other_names(),
        "total": len(selection.events),
        "alternates": alternates("events", whole.query) if whole else [],
        "everything": len(selection.everything),
    }


def _directory(request: HttpRequest, facet: Facet, model: Any) -> dict[str, Any]:
    """Give what the selected events name, the most first; by its names where asked."""
    selection = selected(request)
    counts, filters = selection.every(facet), selection.filters
    first = list(counts)[:LISTED]
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
        "find": filters.find,
        "beyond": len(counts) - len(first),
        "within": selection if selection.chips else None,
        "kept": [pair for pair in filters.pairs if pair[0] != "find"],
        "alternates": alternates(LISTS[facet], filters.query),
    }


def _under(record: Index, facet: Facet, key: int) -> list[tuple[str, Text]]:
    """Give the slugs and names of what stands directly under an actor or place, the most first."""
    events = record.values[facet]
    found = [name for (what, _key), name in record.names.items() if what == facet]
    found = [name for name in found if name.parent == key and name.slug in events]
    found.sort(key=lambda name: -len(events[name.slug]))
    language = readers_language()
    return [(name.slug, facets.named(facet, name, language)) for name in found[:LISTED]]
