"""Events that are perhaps one and the same, to ask an editor before a second one is made."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q

from sahel.dates import EDTF
from sahel.filters import words
from sahel.models import Event

MOST = 200  # events of the same days that are compared
ALIKE = 0.5  # of the words of two titles that are the same


def perhaps_the_same(
    date: EDTF, kind: str, places: Iterable[Any], titles: Iterable[str]
) -> list[Event]:
    """Give events that may lie on the same days and share a place and the kind, or most words.

    Withdrawn ones are none. `titles` are those in both languages, of which either may be empty.
    """
    first, last = date.earliest, date.latest
    overlapping = Event.objects.exclude(publication=Event.Publication.WITHDRAWN)
    if last:
        overlapping = overlapping.filter(Q(earliest=None) | Q(earliest__lte=last))
    if first:
        overlapping = overlapping.filter(Q(latest=None) | Q(latest__gte=first))
    same_place = overlapping.filter(kind=kind, places__in=list(places)).distinct()
    # A span of years meets too many to say anything by its days alone.
    found = {event.pk: event for event in same_place[:MOST]} if _narrow(date) else {}
    typed = [set(words(title)) for title in titles]
    for event in overlapping.order_by("-pk")[:MOST]:
        titled = [set(words(event.title_en)), set(words(event.title_fr))]
        if any(_alike(*pair) for pair in zip(typed, titled, strict=True)):
            found[event.pk] = event
    return list(found.values())[:5]


def _alike(one: set[str], other: set[str]) -> bool:
    return bool(one and other) and len(one & other) / len(one | other) >= ALIKE


def _narrow(date: EDTF) -> bool:
    return (
        date.earliest is not None
        and date.latest is not None
        and (date.latest - date.earliest).days <= 31
    )
