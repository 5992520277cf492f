"""JSON in its kinds: the records themselves, one a line, on a map, for TimelineJS."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from django.utils.html import escape, format_html, format_html_join
from django.utils.translation import gettext as _

from sahel.dates import EDTF
from sahel.exports.columns import chosen, said_by
from sahel.exports.files import File
from sahel.exports.shapes import EventRecord, PlaceRecord, Quoted
from sahel.fields import vocabulary
from sahel.linked import LICENCE
from sahel.models import Event, Quotation


def written(value: Any) -> str:
    """Give JSON, readable by people in all languages."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _array(items: Iterable[Any]) -> Iterator[str]:
    for number, item in enumerate(items):
        yield ("," if number else "") + "\n" + written(item)


def json_of(file: File) -> Iterator[str]:
    """Give one object: what the file is, and the records."""
    yield f'{{"about":{written(file.about)},\n"{file.kind}":['
    yield from _array(file.read())
    yield "\n]}\n"


def json_lines(file: File) -> Iterator[str]:
    """Give an object a line (JSON Lines): first what the file is, then the records."""
    yield written({"type": "about", **file.about}) + "\n"
    for record in file.read():
        yield written(record) + "\n"


def geojson(file: File) -> Iterator[str]:
    """Give a FeatureCollection (RFC 7946): what has no coordinates is there, too, without them."""
    feature = _event_on_a_map if file.kind == "events" else _place_on_a_map
    yield f'{{"type":"FeatureCollection","about":{written(file.about)},\n"features":['
    yield from _array(map(feature, file.read()))
    yield "\n]}\n"


def _event_on_a_map(event: EventRecord) -> dict[str, Any]:
    spots = [
        [place["longitude"], place["latitude"]]
        for place in event["places"]
        if place["longitude"] is not None
    ]
    geometry: dict[str, Any] | None = None
    if spots:
        several = len(spots) > 1
        geometry = {
            "type": "MultiPoint" if several else "Point",
            "coordinates": spots if several else spots[0],
        }
    return {
        "type": "Feature",
        "id": event["slug"],
        "geometry": geometry,
        "properties": {
            **event,
            # How exact the coordinates are, in their order: "centre" is the middle of a country.
            "precision": [
                place["precision"] for place in event["places"] if place["longitude"] is not None
            ],
        },
    }


def _place_on_a_map(place: PlaceRecord) -> dict[str, Any]:
    here = place["longitude"] is not None
    spot = {"type": "Point", "coordinates": [place["longitude"], place["latitude"]]}
    return {
        "type": "Feature",
        "id": place["slug"],
        "geometry": spot if here else None,
        "properties": place,
    }


# TimelineJS ---------------------------------------------------------------------------------------


# By these words TimelineJS takes a text for a film, a map or a document of another site.
EMBEDDED = re.compile(
    r"youtu|documentcloud|imgur|spotify|iframe|google|\.pdf|(jpe?g|png|gif|svg|webp)\?", re.I
)


def timelinejs(file: File) -> Iterator[str]:
    """Give what TimelineJS 3 reads: a slide an event, a quotation beside it, the others below.

    It shows HTML: all that is anybody's text is escaped, and it makes no links of addresses by
    itself, as it escapes nothing then. There are no groups: each would be one row, in which events
    of the same time cover each other.
    """
    title = {
        "unique_id": "about",
        "autolink": False,
        "text": {
            "headline": escape(file.title),
            "text": format_html(
                '<p><a href="{}">{}</a></p><p>{} <a href="{}">{}</a></p>',
                *(file.page, file.counted, file.cite_as, LICENCE, file.licence),
            ),
        },
    }
    yield f'{{"title":{written(title)},\n'
    yield f'"about":{written(file.about)},\n"events":['
    yield from _array(_slide(event, file.language) for event in file.read())
    yield "\n]}\n"


def _slide(event: EventRecord, language: str) -> dict[str, Any]:
    first, last = days_of(EDTF.parse(event["date"]["edtf"]))
    statuses = vocabulary(Event.Status, language)
    told = [statuses[event["status"]]] if event["status"] != Event.Status.HAPPENED else []
    slide: dict[str, Any] = {
        "unique_id": event["slug"],
        "start_date": _parts(first),
        "display_date": escape(" – ".join([chosen(event["date"]["text"], language), *told])),
        "autolink": False,
        "text": {
            "headline": escape(chosen(event["title"], language)),
            "text": format_html(
                '<p>{}</p>{}<p><small>{}</small></p><p><a href="{}">{}</a></p>',
                chosen(event["summary"], language),
                format_html_join(
                    "",
                    "{}<p>– {}</p>",
                    # No side stands without the other.
                    ((_blockquote(q), said_by(q, language)) for q in event["quotations"][1:]),
                ),
                vocabulary(Event.DateBasis, language)[event["date"]["basis"]],
                event["page"],
                _("All its quotations and sources"),
            ),
        },
    }
    if last > first:
        slide["end_date"] = _parts(last)
    if event["quotations"]:
        quoted = event["quotations"][0]
        slide["media"] = {
            "url": EMBEDDED.sub(_as_a_reference, _blockquote(quoted)),
            "caption": escape(said_by(quoted, language)),
            "credit": format_html(
                '<cite>{}</cite>, <a href="{}">{}</a>',
                quoted["source"]["title"] or quoted["source"]["publisher"],
                quoted["page"],
                vocabulary(Quotation.State, language)[quoted["state"]],
            ),
        }
    return slide


def _blockquote(quoted: Quoted) -> str:
    return format_html('<blockquote lang="{}">{}</blockquote>', quoted["language"], quoted["exact"])


def _as_a_reference(found: re.Match[str]) -> str:
    """Write a word's first letter as HTML's reference to it: it shows the same."""
    return f"&#{ord(found[0][0])};{found[0][1:]}"


def _parts(day: date) -> dict[str, int]:
    return {"year": day.year, "month": day.month, "day": day.day}


def days_of(edtf: EDTF) -> tuple[date, date]:
    """Give the first and last day at which a tool that knows days alone shows a date.

    Of an interval with an open end it is the end that is known: "by 2026" stands on 2026.
    """
    known = edtf.start or edtf.end
    assert known is not None  # noqa: S101 - a date has one end at least
    if edtf.earliest is None or edtf.latest is None:
        return known.earliest, known.latest
    return edtf.earliest, edtf.latest
