"""What a selection means, said in the ORM alone: slow, plain, and the measure of the index."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

from django.db.models import Exists, OuterRef, Q

from sahel import index
from sahel.facets import Selection
from sahel.filters import Facet, Filters, beginning
from sahel.models import Actor, Event, EventQuerySet, Involvement, Place, Quotation, Reference
from sahel.models.names import LINEAGE


def matching(filters: Filters) -> EventQuerySet:
    """Give the published events of a selection in its order: any value of a facet, all facets."""
    events = Event.objects.published()
    for facet, condition in _CONDITIONS.items():
        if included := filters.included(facet):
            events = events.filter(condition(included))
        if excluded := filters.excluded(facet):
            events = events.exclude(condition(excluded))
    if filters.first_day or filters.last_day:
        events = events.filter(_overlapping(filters.first_day, filters.last_day))
    for term in filters.terms:
        events = events.filter(_saying(term))
    return events.in_order(newest_first=bool(filters.order))


def answered(**fields: object) -> list[str]:
    """Give the slugs of what the index answers to a selection, in its order."""
    selection = Selection(index.current(), Filters(**fields), Filters())  # type: ignore[arg-type]
    slugs = dict(Event.objects.values_list("pk", "slug"))
    found = [slugs[key] for key in selection.index.keys(selection.events)]
    return found[::-1] if selection.filters.order else found


def _lineage(path: str, slugs: Iterable[str]) -> Q:
    """Match those slugs or what stands under them; `path` leads to the actor or place."""
    condition = Q()
    for depth in range(LINEAGE):
        condition |= Q(**{f"{path}{'parent__' * depth}slug__in": list(slugs)})
    return condition


def _of_actor(slugs: tuple[str, ...]) -> Q:
    return Q(
        Exists(Involvement.objects.filter(_lineage("actor__", slugs), event=OuterRef("pk")))
    ) | Q(Exists(Quotation.objects.filter(_lineage("speaker__", slugs), event=OuterRef("pk"))))


def _of_place(slugs: tuple[str, ...]) -> Q:
    links = Event.places.through.objects
    return Q(Exists(links.filter(_lineage("place__", slugs), event=OuterRef("pk"))))


def _of_source(slugs: tuple[str, ...]) -> Q:
    return Q(Exists(Quotation.objects.filter(source__slug__in=slugs, event=OuterRef("pk")))) | Q(
        Exists(Reference.objects.filter(source__slug__in=slugs, event=OuterRef("pk")))
    )


def _of_year(years: tuple[str, ...]) -> Q:
    condition = Q()
    for year in years:
        condition |= _overlapping(date(int(year), 1, 1), date(int(year), 12, 31))
    return condition


def _overlapping(first: date | None, last: date | None) -> Q:
    """Match a date that may have a day between the two, bounds included (None: no bound)."""
    condition = Q()
    if first:
        condition &= Q(latest__gte=first) | Q(latest=None)
    if last:
        condition &= Q(earliest__lte=last) | Q(earliest=None)
    return condition


def _saying(term: str) -> Q:
    here = OuterRef("pk")
    said = {"folded__contains": beginning(term)}
    named = {"folded__contains": beginning(term)}
    people = Actor.objects.filter(**named)
    return (
        Q(**said)
        | Exists(Quotation.objects.filter(**said, event=here))
        | Exists(Quotation.objects.filter(speaker__in=people, event=here))
        | Exists(Involvement.objects.filter(actor__in=people, event=here))
        | Exists(
            Event.places.through.objects.filter(place__in=Place.objects.filter(**named), event=here)
        )
    )


_CONDITIONS: dict[Facet, Callable[[tuple[str, ...]], Q]] = {
    "actor": _of_actor,
    "year": _of_year,
    "place": _of_place,
    "kind": lambda values: Q(kind__in=values),
    "status": lambda values: Q(status__in=values),
    "source": _of_source,
}
