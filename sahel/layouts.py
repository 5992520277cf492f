"""Whose columns a spreadsheet has, told by its header, and how its rows are read."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date

from django.utils.translation import gettext as _

from sahel import datasets, listed
from sahel.dates import EDTF, EDTFError
from sahel.entries import Cells, Entry, Takes, Where
from sahel.filters import fold
from sahel.models import Event, ImportBatch, Involvement, Place
from sahel.uploads import UploadError, text_of
from sahel.worded import read

MOST_NAMES = 50  # of actors or places in a cell
HEADLESS = datasets.GED.index("date_prec"), datasets.GED.index("date_start")


@dataclass(frozen=True)
class Layout:
    """A kind of file: its fields, each with the names of the columns that it is recognised by.

    `read` gives what a row says, None for a row that is no event; what is wrong stands in the
    cells' faults. `restricted` names whose terms keep the events from readers.
    """

    name: str
    fields: dict[str, tuple[str, ...]]
    required: tuple[str, ...]
    marks: frozenset[str]  # the columns that tell it
    read: Callable[[Cells, ImportBatch], Entry | None]
    has_kind: bool = True  # its rows may lack a kind
    needs_source: bool = False
    unsteady: frozenset[str] = frozenset()  # columns of which a change says nothing
    restricted: str = ""

    def mapping(self, header: Sequence[str]) -> dict[str, int]:
        """Give the column, counted from 0, of each field that the header names."""
        columns: dict[str, int] = {}
        for at, name in enumerate(header):
            columns.setdefault(_plain(name), at)
        found = {
            field: next((columns[name] for name in map(_plain, names) if name in columns), None)
            for field, names in self.fields.items()
        }
        return {field: at for field, at in found.items() if at is not None}


def recognise(first: list[str]) -> tuple[Layout, bool]:
    """Give the layout of a file by its first row, and whether that is a header."""
    names = {_plain(name) for name in first}
    for layout in LAYOUTS.values():
        if layout.marks and layout.marks <= names:
            return layout, True
    # Some of UCDP's files have no header; the last two columns may be empty.
    if len(datasets.GED) - 2 <= len(first) <= len(datasets.GED):
        precision, start = (first[at].strip() for at in HEADLESS)
        if precision in datasets.UCDP_DAYS and re.match(r"\d{4}-\d\d-\d\d", start):
            return LAYOUTS["ucdp"], False
    return LAYOUTS["own"], True


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", "_", fold(name))


def read_own(cells: Cells, batch: ImportBatch) -> Entry:
    """Read a row of the columns that we document."""
    texts = ("title_en", "title_fr", "summary_en", "summary_fr", "date_words", "note_en", "note_fr")
    notes = ("date_note_en", "date_note_fr")
    event = {name: cells[name] for name in ("slug", *texts, *notes)}
    if not (event["title_en"] or event["title_fr"]):
        cells.fault("title_en", _("Give a title in English or in French."))
    event["kind"] = cells.choice("kind", Event.Kind, batch.kind)
    # Nothing that a spreadsheet does not say itself is taken for sure.
    event["status"] = cells.choice("status", Event.Status, Event.Status.REPORTED)
    event["date_basis"] = cells.choice("date_basis", Event.DateBasis, batch.date_basis)
    actors = []
    for each in _several(cells, "actors"):
        name, colon, role = each.rpartition(":")
        taken = Cells([role if colon else ""], {"actors": 0})
        value = taken.choice("actors", Involvement.Role, Involvement.Role.CONCERNED)
        cells.faults += taken.faults
        actors.append(Takes("actors", (name if colon else each).strip(), value, "organisation"))
    latitude, longitude = cells.coordinate("latitude", 90), cells.coordinate("longitude", 180)
    places = [Where("places", name) for name in _several(cells, "places")]
    if len(places) == 1:
        exact = cells.choice("coordinates", Place.Precision, Place.Precision.AREA)
        place = replace(places[0], latitude=latitude, longitude=longitude, precision=exact)
        places = [place]
    if (latitude is None) != (longitude is None) and not cells.faults:
        missing = "latitude" if latitude is None else "longitude"
        cells.fault(missing, _("Give both coordinates, or neither."))
    return Entry(
        key=event["slug"] or _hash(_as_read(cells["date"]), event["title_en"], event["title_fr"]),
        event=event,
        date=cells.required("date", _("Give a date, as exactly as it is known.")),
        actors=actors,
        places=places,
        quotations=listed.quotations(cells),
        references=listed.references(cells),
    )


def _as_read(typed: str) -> str:
    """Give a date in the same way, however it was typed."""
    try:
        return str(read(typed))
    except EDTFError:
        return typed


def read_timelinejs(cells: Cells, batch: ImportBatch) -> Entry | None:
    """Read a row of the TimelineJS spreadsheet; its title and its eras are no events."""
    if cells["type"].lower() in ("title", "era"):
        return None
    headline = cells.required("headline", _("Give a headline: it becomes the title."))
    if len(headline) > 200:
        cells.fault("headline", _("A title has 200 characters at most."))
    return Entry(
        key=_hash(*(cells[name] for name in ("year", "month", "day", "headline"))),
        event={
            f"title_{batch.language}": headline,
            f"summary_{batch.language}": _without_tags(cells, "text"),
            "kind": cells.choice("kind", Event.Kind, batch.kind),
            "status": Event.Status.REPORTED,
            "date_basis": batch.date_basis,
        },
        date=_as_displayed(cells, _from_parts(cells)),
        date_field="year",
    )


def _from_parts(cells: Cells) -> str:
    """Give the EDTF of years, months and days in columns of their own; empty, with a fault."""
    if not cells["year"]:
        cells.fault("year", _("Give a date, as exactly as it is known."))
        return ""
    ends = [_point(cells, "")]
    if any(cells[f"end_{part}"] for part in ("year", "month", "day")):
        ends.append(_point(cells, "end_"))
    if not all(ends):
        return ""
    text = "/".join(dict.fromkeys(ends))
    try:
        EDTF.parse(text)
    except EDTFError as error:
        cells.fault("end_year", str(error))
        return ""
    return text


def _point(cells: Cells, prefix: str) -> str:
    names = [f"{prefix}{part}" for part in ("year", "month", "day")]
    before = len(cells.faults)
    numbers = [cells.whole(name) for name in names]
    if len(cells.faults) > before:
        return ""
    if prefix and numbers[0] is None:
        numbers[0] = cells.whole("year")
    _year, month, day = numbers
    text = ""
    for name, number, digits in zip(names, numbers, (4, 2, 2), strict=True):
        if number is None:
            break
        text = f"{text}-{number:0{digits}}".lstrip("-")
        try:
            EDTF.parse(text)
        except EDTFError as error:
            cells.fault(name, str(error))
            return ""
        if name.endswith("month") and not 1 <= number <= 12:  # EDTF has seasons there
            cells.fault(name, _("“%(text)s” is not a month.") % {"text": number})
            return ""
    if month is None and day is not None:
        cells.fault(names[1], _("A day needs its month."))
        return ""
    return text


def _as_displayed(cells: Cells, text: str) -> str:
    """Give the date as it is displayed where that is less exact: "about 2012", "spring 2012"."""
    if text and cells["display_date"]:
        with suppress(EDTFError):  # any words may stand there
            shown, counted = read(cells["display_date"]), EDTF.parse(text)
            if _holds(shown, counted) and str(shown) != text:
                return str(shown)
    return text


def _holds(wide: EDTF, narrow: EDTF) -> bool:
    first, last = wide.earliest or date.min, wide.latest or date.max
    return first <= (narrow.earliest or date.min) and last >= (narrow.latest or date.max)


def _without_tags(cells: Cells, name: str) -> str:
    """Give what a browser would show of a cell."""
    text = cells[name]
    if "<" in text or "&" in text:
        try:
            return text_of("text.html", text.encode()).strip()
        except UploadError as error:
            cells.fault(name, str(error))
    return text


def _several(cells: Cells, name: str) -> list[str]:
    found = list(dict.fromkeys(each.strip() for each in cells[name].split(";") if each.strip()))
    if len(found) > MOST_NAMES:
        cells.fault(name, _("At most %(most)s names fit in a cell.") % {"most": MOST_NAMES})
    return found[:MOST_NAMES]


def _hash(*texts: str) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def _named(*names: str) -> dict[str, tuple[str, ...]]:
    return {name: (name,) for name in names}


LAYOUTS = {
    "acled": Layout(
        "acled",
        _named(
            *("event_id_cnty", "event_date", "time_precision", "event_type", "sub_event_type"),
            *("actor1", "inter1", "actor2", "inter2", "country", "admin1", "location"),
            *("latitude", "longitude", "geo_precision", "notes", "fatalities"),
        ),
        required=("event_id_cnty", "event_date", "time_precision", "event_type"),
        marks=frozenset({"event_id_cnty", "event_date", "event_type"}),
        read=datasets.read_acled,
        has_kind=False,
        needs_source=True,
        unsteady=frozenset({"timestamp", "data_id"}),
        restricted="ACLED",
    ),
    "ucdp": Layout(
        "ucdp",
        _named(
            *("id", "type_of_violence", "side_a", "side_b", "date_prec", "date_start", "date_end"),
            *("where_coordinates", "where_prec", "adm_1", "country", "latitude", "longitude"),
            *("best", "high", "low"),
        ),
        required=("id", "type_of_violence", "date_prec", "date_start", "side_a"),
        marks=frozenset({"date_prec", "date_start", "side_a", "best"}),
        read=datasets.read_ucdp,
        has_kind=False,
        needs_source=True,
    ),
    "timelinejs": Layout(
        "timelinejs",
        _named(
            *("year", "month", "day", "end_year", "end_month", "end_day", "display_date"),
            *("headline", "text", "type", "kind"),
        ),
        required=("year", "headline"),
        marks=frozenset({"year", "headline"}),
        read=read_timelinejs,
    ),
    "own": Layout(
        "own",
        {
            "slug": ("slug",),
            "title_en": ("title_en", "title", "title in English"),
            "title_fr": ("title_fr", "titre", "title in French"),
            "summary_en": ("summary_en", "summary"),
            "summary_fr": ("summary_fr", "résumé"),
            "kind": ("kind", "type", "genre"),
            "status": ("status", "statut"),
            "date": ("date",),
            **_named("date_basis", "date_words", "date_note_en", "date_note_fr"),
            "places": ("places", "place", "lieux", "lieu"),
            "actors": ("actors", "actor", "acteurs", "acteur"),
            "latitude": ("latitude", "lat"),
            "longitude": ("longitude", "lon", "lng"),
            "coordinates": ("coordinates",),
            "source": ("source",),
            "quotation": ("quotation", "citation"),
            **_named("quotation_language", "quotations", "references", "note_en", "note_fr"),
        },
        required=("date",),
        marks=frozenset(),
        read=read_own,
        unsteady=frozenset({"selection", "retrieved", "licence", "cite_as", "page", "updated"}),
    ),
}
