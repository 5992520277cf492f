"""The formats in which the record leaves the site: one more is one function and one line here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from sahel.exports.calendars import icalendar
from sahel.exports.feeds import atom, json_feed
from sahel.exports.files import File
from sahel.exports.plain import geojson, json_lines, json_of, timelinejs
from sahel.exports.shapes import KINDS, Kind
from sahel.exports.tables import csv_of, excel_csv, xlsx
from sahel.fields import address

type Write = Callable[[File], Iterator[str] | Iterator[bytes]]


@dataclass(frozen=True)
class Format:
    """A format: what is written at the end of an address, and what comes of it.

    `kept` says that a browser is to save it as a file rather than to show it; `short`, that it is
    drawn whole, being short, and remembered as a page is.
    """

    ending: str
    media_type: str
    name: str
    about: Any
    write: Write
    kinds: tuple[Kind, ...] = KINDS
    kept: bool = False
    short: bool = False


EVENTS: tuple[Kind, ...] = ("events",)
PLACED: tuple[Kind, ...] = ("events", "places")

FORMATS: dict[str, Format] = {
    each.ending: each
    for each in (
        Format(
            "csv",
            "text/csv; charset=utf-8",
            "CSV",
            _("a table, for any program"),
            csv_of,
            kept=True,
        ),
        Format(
            "excel.csv",
            "text/csv; charset=utf-8",
            "CSV (Excel)",
            _("a table, for Excel in French: semicolons and decimal commas"),
            excel_csv,
            kept=True,
        ),
        Format(
            "xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "XLSX",
            _("a workbook, with a sheet of quotations"),
            xlsx,
            kept=True,
        ),
        Format("json", "application/json", "JSON", _("all there is, in one object"), json_of),
        Format(
            "jsonl",
            "application/jsonl; charset=utf-8",
            "JSON Lines",
            _("all there is, a record a line"),
            json_lines,
            kept=True,
        ),
        Format(
            "geojson", "application/geo+json", "GeoJSON", _("for maps"), geojson, PLACED, kept=True
        ),
        Format(
            "timelinejs.json",
            "application/json",
            "TimelineJS",
            _("for the timelines of the Knight Lab, which draw some hundreds of events at most"),
            timelinejs,
            EVENTS,
        ),
        Format(
            "ics",
            "text/calendar; charset=utf-8",
            "iCalendar",
            _("for calendars, which may subscribe to it"),
            icalendar,
            EVENTS,
            kept=True,
        ),
        Format(
            "atom",
            "application/atom+xml; charset=utf-8",
            "Atom",
            _("what was published and corrected last, for feed readers"),
            atom,
            EVENTS,
            short=True,
        ),
        Format(
            "feed.json",
            "application/feed+json",
            "JSON Feed",
            _("the same"),
            json_feed,
            EVENTS,
            short=True,
        ),
    )
}


# As a regular expression, for addresses.
ENDINGS = "|".join(map(re.escape, FORMATS))


class Alternate(NamedTuple):
    """The same as a page in another format: its address, its type, its name."""

    address: str
    media_type: str
    name: str


def alternates(kind: Kind, query: str = "", one: str = "") -> list[Alternate]:
    """Give the formats in which a page's records are to be had: those selected, or one of them."""
    path = f"{address('timeline')}{kind}{f'/{one}' if one else ''}"
    return [
        Alternate(f"{path}.{each.ending}{query}", each.media_type.partition(";")[0], each.name)
        for each in formats_of(kind)
    ]


def formats_of(kind: Kind) -> list[Format]:
    """Give the formats in which a kind of records is to be had."""
    return [each for each in FORMATS.values() if kind in each.kinds]
