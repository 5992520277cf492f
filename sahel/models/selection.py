"""The words in which events are asked for: what each filter means to the database."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import TYPE_CHECKING, Self

from django.apps import apps
from django.db import models
from django.db.models import Exists, OuterRef, Q, QuerySet

from sahel.filters import Facet, Filters
from sahel.models.names import LINEAGE

if TYPE_CHECKING:
    from sahel.models.events import Event  # noqa: F401 - named in a string below


def _of(model: str) -> QuerySet[models.Model]:
    # The models that hang on events are defined after this module.
    queryset: QuerySet[models.Model] = apps.get_model("sahel", model)._default_manager.all()
    return queryset


class EventQuerySet(models.QuerySet["Event"]):
    """The words in which events are asked for."""

    def published(self) -> Self:
        """Only what readers may see."""
        return self.filter(publication=self.model.Publication.PUBLISHED)

    def matching(self, filters: Filters) -> Self:
        """Only what a reader's selection holds: any value of one facet, all facets together."""
        events = self
        for facet, condition in _CONDITIONS.items():
            if included := filters.included(facet):
                events = events.filter(condition(included))
            if excluded := filters.excluded(facet):
                events = events.exclude(condition(excluded))
        if filters.first_day or filters.last_day:
            events = events.filter(_overlapping(filters.first_day, filters.last_day))
        for term in filters.terms:
            events = events.filter(_saying(term))
        return events

    def in_order(self, *, newest_first: bool = False) -> Self:
        """Give them by day, then as the editors set, then as they came in; or all that reversed."""
        sign = "-" if newest_first else ""
        return self.order_by(f"{sign}sort_date", f"{sign}position", f"{sign}pk")

    def beyond(self, slug: str, *, newest_first: bool) -> Self:
        """Only what comes after an event in the order given (keyset paging)."""
        here = type(self)(self.model, using=self.db).published().filter(slug=slug)
        day, position, key = (here.values(column)[:1] for column in ("sort_date", "position", "pk"))
        way = "lt" if newest_first else "gt"
        return self.filter(
            Q(**{f"sort_date__{way}": day})
            | Q(sort_date=day) & Q(**{f"position__{way}": position})
            | Q(sort_date=day, position=position) & Q(**{f"pk__{way}": key})
        )

    def for_timeline(self) -> Self:
        """With all that the timeline shows of an event, in four queries; anything else raises."""
        return self.prefetch_related(
            models.Prefetch("involvements", _of("Involvement").select_related("actor")),
            models.Prefetch("quotations", _of("Quotation").select_related("source", "speaker")),
            "places",
        ).fetch_mode(models.FETCH_RAISE)


def _lineage(path: str, slugs: Iterable[str]) -> Q:
    """Match those slugs or what stands under them; `path` leads to the actor or place."""
    condition = Q()
    for depth in range(LINEAGE):
        condition |= Q(**{f"{path}{'parent__' * depth}slug__in": list(slugs)})
    return condition


def _of_actor(slugs: tuple[str, ...]) -> Q:
    return Q(
        Exists(_of("Involvement").filter(_lineage("actor__", slugs), event=OuterRef("pk")))
    ) | Q(Exists(_of("Quotation").filter(_lineage("speaker__", slugs), event=OuterRef("pk"))))


def _of_place(slugs: tuple[str, ...]) -> Q:
    links = _of("Event_places")
    return Q(Exists(links.filter(_lineage("place__", slugs), event=OuterRef("pk"))))


def _of_source(slugs: tuple[str, ...]) -> Q:
    return Q(Exists(_of("Quotation").filter(source__slug__in=slugs, event=OuterRef("pk")))) | Q(
        Exists(_of("Reference").filter(source__slug__in=slugs, event=OuterRef("pk")))
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
    """Match a folded word in the event, its quotations, or the names in it."""
    links = _of("Event_places")
    return (
        Q(folded__contains=term)
        | Q(Exists(_of("Quotation").filter(folded__contains=term, event=OuterRef("pk"))))
        | Q(Exists(_of("Involvement").filter(actor__folded__contains=term, event=OuterRef("pk"))))
        | Q(Exists(links.filter(place__folded__contains=term, event=OuterRef("pk"))))
    )


_CONDITIONS: dict[Facet, Callable[[tuple[str, ...]], Q]] = {
    "actor": _of_actor,
    "year": _of_year,
    "place": _of_place,
    "kind": lambda values: Q(kind__in=values),
    "status": lambda values: Q(status__in=values),
    "source": _of_source,
}
