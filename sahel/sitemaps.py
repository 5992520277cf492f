"""The pages that search engines are told of: one entry a page, in all its languages."""

from datetime import datetime
from typing import Any

from django.contrib.sitemaps import Sitemap
from django.db.models import QuerySet

from sahel import index
from sahel.fields import address
from sahel.filters import Facet
from sahel.models import Event


class _Pages(Sitemap):  # type: ignore[type-arg]
    i18n = True
    alternates = True
    limit = 5000  # entries of a file: a tenth of what is allowed, each being long

    def location(self, item: Any) -> str:
        """Give the address of a page without one of its own thing."""
        return address(item)


class Lists(_Pages):
    """The timeline and the pages that list what it is made of."""

    def items(self) -> list[str]:
        """Give the names of the pages."""
        return ["timeline", "histogram", "lanes", "map", "actors", "places", "sources", "about"]


class Events(_Pages):
    """The pages of published events."""

    def items(self) -> QuerySet[Any, Any]:
        """Give the events, in the order in which they were entered, which pages the files."""
        events: QuerySet[Any, Any] = Event.objects.published().order_by("pk")
        return events.values_list("slug", "updated", named=True)

    def location(self, item: Any) -> str:
        """Give the address of an event."""
        return address("event", item.slug)

    def lastmod(self, item: Any) -> datetime:
        """Say when the event was last saved."""
        updated: datetime = item.updated
        return updated


class Of(_Pages):
    """The pages of actors, places or sources that have published events."""

    def __init__(self, facet: Facet) -> None:
        """Take what the pages are about."""
        self.facet = facet

    def items(self) -> list[str]:
        """Give the slugs."""
        return sorted(index.current().values[self.facet])

    def location(self, item: str) -> str:
        """Give the address of one."""
        return address(self.facet, item)


SITEMAPS: dict[str, _Pages] = {
    "lists": Lists(),
    "events": Events(),
    "actors": Of("actor"),
    "places": Of("place"),
    "sources": Of("source"),
}
