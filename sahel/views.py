"""One function per page: read the question, ask the record, draw the answer."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from sahel import facets
from sahel.dates import EDTF
from sahel.fields import Text
from sahel.filters import FACETS, NAMES, Facet, Filters
from sahel.models import Actor, Event, EventQuerySet, Place, Quotation, Reference, Source

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
PAGE = 60  # events on a page of the timeline
EVERYTHING = Filters()


@require_safe
def timeline(request: HttpRequest) -> HttpResponse:
    """Draw the whole record, or what a reader selects of it."""
    return render(request, "timeline.html", _timeline(request, EVERYTHING))


@require_safe
def event(request: HttpRequest, slug: str) -> HttpResponse:
    """Draw one event with all that is known of it, between its neighbours in time."""
    published = Event.objects.published()
    found = get_object_or_404(
        published.for_timeline().prefetch_related("references__source"), slug=slug
    )
    context = {
        "event": found,
        "earlier": published.beyond(slug, newest_first=True).in_order(newest_first=True).first(),
        "later": published.beyond(slug, newest_first=False).in_order().first(),
    }
    return render(request, "event.html", context)


@require_safe
def actors(request: HttpRequest) -> HttpResponse:
    """List the actors of the published events, by kind."""
    groups = _by_kind(Actor.objects.all(), "actor", Actor.Kind)
    return render(request, "actors.html", {"groups": groups})


@require_safe
def actor(request: HttpRequest, slug: str) -> HttpResponse:
    """Draw an actor, and the timeline of what it or its members took part in."""
    found = _in_use(Actor.objects.select_related("parent"), "actor", slug)
    members = [member for member, _count in _counted(found.members.all(), "actor")]
    context = _timeline(request, Filters(actor=(slug,)), found.name)
    return render(request, "actor.html", {"actor": found, "members": members, **context})


@require_safe
def places(request: HttpRequest) -> HttpResponse:
    """List the places of the published events, by kind."""
    groups = _by_kind(Place.objects.all(), "place", Place.Kind)
    return render(request, "places.html", {"groups": groups})


@require_safe
def place(request: HttpRequest, slug: str) -> HttpResponse:
    """Draw a place, and the timeline of what happened in it."""
    found = _in_use(Place.objects.select_related("parent"), "place", slug)
    parts = [part for part, _count in _counted(found.parts.all(), "place")]
    context = _timeline(request, Filters(place=(slug,)), found.name)
    return render(request, "place.html", {"place": found, "parts": parts, **context})


@require_safe
def sources(request: HttpRequest) -> HttpResponse:
    """List the sources on which published events rest."""
    listed = _counted(Source.objects.select_related("original"), "source")
    return render(request, "sources.html", {"sources": listed})


@require_safe
def source(request: HttpRequest, slug: str) -> HttpResponse:
    """Draw a source, and all that rests on it in the order of its text."""
    found = _in_use(Source.objects.select_related("original"), "source", slug)
    context = _selection(request, Filters(source=(slug,)), found.label)
    of_source = {"source": found, "event__in": context["matching"].order_by()}
    context["quotations"] = (
        Quotation.objects.filter(**of_source)
        .select_related("event", "speaker", "source")
        .order_by("start", "event__sort_date", "event__position", "order", "pk")
    )
    context["references"] = (
        Reference.objects.filter(**of_source)
        .select_related("event")
        .order_by("event__sort_date", "event__position", "order", "pk")
    )
    return render(request, "source.html", {"source": found, **context})


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """Say how the record is made and what its marks mean."""
    return render(request, "about.html", {"contact": settings.CONTACT})


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Offer a search for the words of an address that leads nowhere."""
    words = request.path.strip("/").rpartition("/")[2].replace("-", " ").replace("_", " ")
    searched = Filters(q="".join(c for c in words if c.isprintable())[:60])
    return render(request, "404.html", {"searched": searched}, status=404)


# What the pages share -----------------------------------------------------------------------------


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
    context = _selection(request, scope, name)
    filters: Filters = context["filters"]
    newest_first = bool(filters.order)
    events: EventQuerySet = context["matching"]
    if filters.before:
        page = list(
            events.beyond(filters.before, newest_first=not newest_first)
            .in_order(newest_first=not newest_first)
            .for_timeline()[: PAGE + 1]
        )
        more_before, more_after = len(page) > PAGE, True
        page = page[:PAGE][::-1]
    else:
        if filters.after:
            events = events.beyond(filters.after, newest_first=newest_first)
        page = list(events.in_order(newest_first=newest_first).for_timeline()[: PAGE + 1])
        more_before, more_after = bool(filters.after), len(page) > PAGE
        page = page[:PAGE]
    context["events"] = page
    if page and more_before:
        context["previous_page"] = filters.preceding(page[0].slug)
    if page and more_after:
        context["next_page"] = filters.following(page[-1].slug)
    return context


def _selection(request: HttpRequest, scope: Filters, name: Text | None) -> dict[str, Any]:
    """Give what a reader selected within what the page is about: in words, counted, as a query."""
    index = facets.current()
    filters = Filters.from_query(request.GET)
    holding = index.holding(filters.terms)
    selected = index.selected(scope) & index.selected(filters)
    if holding is not None:
        selected &= holding
    chips = list(_chips(index, filters))
    words = [f"{_('not')} {chip.label}" if chip.excluded else str(chip.label) for chip in chips]
    return {
        "filters": filters,
        "scope": scope,
        "name": name,
        "chips": chips,
        "words": " · ".join(words),
        "panels": index.panels(filters, scope, holding),
        "total": len(selected),
        "everything": len(index.selected(scope)),
        "matching": Event.objects.published().matching(scope).matching(filters),
    }


def _chips(index: facets.Index, filters: Filters) -> list[Chip]:
    chips = []
    for facet in FACETS:
        for value in getattr(filters, facet):
            label = index.label(facet, value.removeprefix("-"))
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


def _counted(queryset: QuerySet[Any], facet: Facet) -> list[tuple[Any, int]]:
    """Give what has published events to its name, with their number, the most first."""
    events = facets.current().values[facet]
    found = [(each, len(events.get(each.slug, ()))) for each in queryset]
    return sorted((pair for pair in found if pair[1]), key=lambda pair: -pair[1])


def _by_kind(queryset: QuerySet[Any], facet: Facet, kinds: Any) -> list[tuple[str, Any]]:
    """Give what has published events, under the names of its kinds."""
    counted = _counted(queryset, facet)
    groups = [
        (str(KINDS[kind]), [pair for pair in counted if pair[0].kind == kind]) for kind in kinds
    ]
    return [group for group in groups if group[1]]


def _in_use(queryset: QuerySet[Any], facet: Facet, slug: str) -> Any:
    """Give what has a published event to its name; what has none is as good as a draft."""
    found = get_object_or_404(queryset, slug=slug)
    if slug not in facets.current().values[facet]:
        raise Http404
    return found
