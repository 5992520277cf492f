"""JSON in its kinds: the records themselves, one a line, on a map, for TimelineJS."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from django.utils.html import escape
from django.utils.text import capfirst
from django.utils.translation import pgettext

from sahel.dates import EDTF
from sahel.exports.columns import chosen
from sahel.exports.files import LICENCE, File
from sahel.exports.shapes import EventRecord, PlaceRecord, Quoted
from sahel.fields import vocabulary
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


def timelinejs(file: File) -> Iterator[str]:
    """Give what TimelineJS 3 reads: a slide an event, its first quotation beside it.

    It shows HTML: all that is anybody's text is escaped.
    """
    title = {
        "headline": escape(file.title),
        "text": f'<p>{escape(file.cite_as)} <a href="{LICENCE}">{escape(file.licence)}</a></p>',
    }
    yield f'{{"title":{written({"text": title, "unique_id": "about"})},\n'
    yield f'"about":{written(file.about)},\n"events":['
    yield from _array(_slide(event, file.language) for event in file.read())
    yield "\n]}\n"


def _slide(event: EventRecord, language: str) -> dict[str, Any]:
    edtf = EDTF.parse(event["date"]["edtf"])
    statuses, kinds = vocabulary(Event.Status, language), vocabulary(Event.Kind, language)
    link = f'<a href="{escape(event["page"])}">{escape(event["page"])}</a>'
    told = [statuses[event["status"]]] if event["status"] != Event.Status.HAPPENED else []
    slide: dict[str, Any] = {
        "unique_id": event["slug"],
        "start_date": _parts(edtf, edtf.earliest, first=True),
        "display_date": escape(" – ".join([chosen(event["date"]["text"], language), *told])),
        "group": kinds[event["kind"]],
        "text": {
            "headline": escape(chosen(event["title"], language)),
            "text": f"<p>{escape(chosen(event['summary'], language))}</p><p>{link}</p>",
        },
    }
    if edtf.earliest and edtf.latest and edtf.precision in ("range", "season", "decade", "century"):
        slide["end_date"] = _parts(edtf, edtf.latest, first=False)
    if event["quotations"]:
        quoted = event["quotations"][0]
        slide["media"] = {
            "url": f"<blockquote>{escape(quoted['exact'])}</blockquote>",
            "caption": escape(said_by(quoted, language)),
            "credit": escape(quoted["source"]["title"] or quoted["source"]["publisher"]),
        }
    return slide


def _parts(edtf: EDTF, day: date | None, *, first: bool) -> dict[str, int]:
    """Give a date in parts, none that is not known; of one with an open end the end that is known.

    Where a stretch without a name of its own ends, that is all its first or last day can say.
    """
    point = (edtf.start if first else edtf.end) or edtf.end or edtf.start
    assert point is not None  # noqa: S101 - a date has one end at least
    day = day or point.earliest
    parts = {"year": day.year}
    if point.month:
        parts["month"] = day.month
    if point.day:
        parts["day"] = day.day
    return parts


def said_by(quoted: Quoted, language: str) -> str:
    """Say who says it and does what by it: "claimed by: France, its minister"."""
    stance = capfirst(vocabulary(Quotation.Stance, language)[quoted["stance"]])
    speaker = quoted["speaker"]
    named = chosen(speaker["name"], language) if speaker else quoted["source"]["publisher"]
    role = chosen(quoted["speaker_role"], language)
    colon = pgettext("before a quotation", ":")
    return f"{stance}{colon} {', '.join(filter(None, [named, role]))}"
