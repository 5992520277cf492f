"""On how many independent sources an event rests: a copy of a source is that source."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import F, Value
from django.db.models.functions import Coalesce

from sahel.models import Source


@dataclass(frozen=True)
class Corroboration:
    """How many independent sources are quoted, and how many others are named for something."""

    quoted: int
    named: int


def corroboration(event: int) -> Corroboration:
    """Count the independent sources of an event, by its primary key, in one query."""
    # A copy of a copy is followed once: an editor names the original.
    first = Coalesce(F("original__original_id"), F("original_id"), F("pk"))
    sources = Source.objects.order_by()
    rows = list(
        sources.filter(quotations__event=event)
        .values_list(Value("quoted"), first)
        .union(sources.filter(references__event=event).values_list(Value("named"), first))
        .order_by()
    )
    quoted = {source for how, source in rows if how == "quoted"}
    return Corroboration(len(quoted), len({source for _how, source in rows} - quoted))
