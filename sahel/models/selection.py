"""The words in which events are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models

if TYPE_CHECKING:
    from sahel.models.events import Event  # noqa: F401 - named in a string below


class EventQuerySet(models.QuerySet["Event"]):
    """The words in which events are asked for."""

    def published(self) -> Self:
        """Only what readers may see."""
        return self.filter(publication=self.model.Publication.PUBLISHED)

    def in_order(self, *, newest_first: bool = False) -> Self:
        """Give them by day, then as the editors set, then as they came in; or all that reversed."""
        sign = "-" if newest_first else ""
        return self.order_by(f"{sign}sort_date", f"{sign}position", f"{sign}pk")
