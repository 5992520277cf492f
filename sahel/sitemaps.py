"""The pages that search engines are told of: files for each language, and of each kind of page."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.core.paginator import Paginator
from django.db.models import QuerySet

from sahel import index
from sahel.fields import address
from sahel.filters import Facet
from sahel.models import Event


class _Pages(Sitemap):  # type: ignore[type-arg]
    limit = 5000  # entries of a file: a tenth of what is allowed, so that none takes long to write

    def __init__(self, language: str) -> None:
        self.language = language  # each page says by itself where its other languages are

    def location(self, item: Any) -> str:
        """Give the address of a page that is not about one thing."""
        return address(item, language=self.language)

    def get_latest_lastmod(self) -> None:
        """Say nothing of the last change of all: Django would read all events to know it."""


class Lists(_Pages):
    """The timeline, its other views, and the pages that list what it is made of."""

    def items(self) -> Sequence[str]:
        """Give the names of the pages."""
        return (
            "timeline",
            "histogram",
            "lanes",
            "map",
            "actors",
            "places",
            "sources",
            "changes",
            "data",
            "api",
            "about",
        )


class Events(_Pages):
    """The pages of published events."""

    def items(self) -> QuerySet[Any, Any]:
        """Give the events, in the order in which they were entered, which pages the files."""
        events: QuerySet[Any, Any] = Event.objects.published().order_by("pk")
        return events.values_list("slug", "updated", named=True)

    @property
    def paginator(self) -> Any:
        """Give the pages of events, whose number the index knows without counting."""
        pages = Paginator(self.items(), self.limit)
        pages.count = len(index.current().events)
        return pages

    def location(self, item: Any) -> str:
        """Give the address of an event."""
        return address("event", item.slug, self.language)

    def lastmod(self, item: Any) -> datetime:
        """Say when the event was last saved."""
        updated: datetime = item.updated
        return updated


class Of(_Pages):
    """The pages of actors, places or sources that have published events."""

    def __init__(self, facet: Facet, language: str) -> None:
        """Take what the pages are about."""
        super().__init__(language)
        self.facet = facet

    def items(self) -> list[str]:
        """Give the slugs."""
        return sorted(index.current().values[self.facet])

    def location(self, item: str) -> str:
        """Give the address of one."""
        return address(self.facet, item, self.language)


SITEMAPS: dict[str, _Pages] = {}
for _code, _name in settings.LANGUAGES:
    SITEMAPS |= {
        f"lists-{_code}": Lists(_code),
        f"events-{_code}": Events(_code),
        f"actors-{_code}": Of("actor", _code),
        f"places-{_code}": Of("place", _code),
        f"sources-{_code}": Of("source", _code),
    }
