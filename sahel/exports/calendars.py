"""iCalendar (RFC 5545): each event as whole days, an imprecise one as the days it may lie in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from django.utils.translation import gettext as _

from sahel.dates import EDTF
from sahel.exports.columns import chosen, said_by
from sahel.exports.files import File
from sahel.exports.plain import days_of
from sahel.exports.shapes import EventRecord, Quoted
from sahel.fields import vocabulary
from sahel.linked import LICENCE
from sahel.models import Event

CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
ESCAPES = str.maketrans({"\\": r"\\", ";": r"\;", ",": r"\,", "\n": r"\n"})
FOLDED_AT = 75  # octets of a line (RFC 5545, 3.1)


def icalendar(file: File) -> Iterator[str]:
    """Give a calendar of the selected events; RFC 7986 says what the calendar itself is."""
    yield from _lines(
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//Sahel timeline//{file.language.upper()}",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"NAME:{_text(file.title)}",
        f"X-WR-CALNAME:{_text(file.title)}",
        f"DESCRIPTION:{_text(f'{file.cite_as} {file.licence}, {LICENCE}')}",
        f"URL:{file.page}",
        f"SOURCE;VALUE=URI:{file.address}",
        "REFRESH-INTERVAL;VALUE=DURATION:P1D",
    )
    host = file.site.partition("//")[2]
    for event in file.read():
        yield from _lines(*_event(event, file.language, host))
    yield from _lines("END:VCALENDAR")


def _event(event: EventRecord, language: str, host: str) -> Iterator[str]:
    edtf = EDTF.parse(event["date"]["edtf"])
    first, last = days_of(edtf)
    title = chosen(event["title"], language)
    exact = edtf.precision == "day" and not (edtf.approximate or edtf.uncertain)
    if not exact:  # a calendar shows days: that they are not the date is said in words
        title = f"[{chosen(event['date']['text'], language)}] {title}"
    if event["status"] != Event.Status.HAPPENED:
        title = f"{title} ({vocabulary(Event.Status, language)[event['status']]})"
    changed = event["updated"].replace("-", "").replace(":", "")
    yield "BEGIN:VEVENT"
    yield f"UID:{event['slug']}@{host}"
    yield f"DTSTAMP:{changed}"
    yield f"LAST-MODIFIED:{changed}"
    yield f"DTSTART;VALUE=DATE:{_day(first)}"
    yield f"DTEND;VALUE=DATE:{_day(_after(last))}"
    yield f"SUMMARY:{_text(title)}"
    yield f"DESCRIPTION:{_text(_description(event, language))}"
    yield f"URL:{event['page']}"
    yield f"CATEGORIES:{_text(vocabulary(Event.Kind, language)[event['kind']])}"
    if event["places"]:
        names = (chosen(place["name"], language) for place in event["places"])
        yield f"LOCATION:{_text(', '.join(names))}"
    if event["status"] == Event.Status.PLANNED:
        yield "STATUS:TENTATIVE"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _after(day: date) -> date:
    """Give the day after: the end of a calendar's event is the first day that it does not touch."""
    return day + timedelta(days=1) if day < date.max else day


def _description(event: EventRecord, language: str) -> str:
    basis = vocabulary(Event.DateBasis, language)[event["date"]["basis"]]
    quoted = [_quoted(each, language) for each in event["quotations"]]
    when = f"{chosen(event['date']['text'], language)}, {basis}"
    return "\n\n".join(filter(None, [chosen(event["summary"], language), when, *quoted]))


def _quoted(quoted: Quoted, language: str) -> str:
    source = quoted["source"]
    words = _("“%(words)s”") % {"words": quoted["exact"]}
    named = ", ".join([said_by(quoted, language), source["title"] or source["publisher"]])
    return f"{words}\n– {named} ({quoted['page']})"


def _text(text: str) -> str:
    return CONTROLS.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n")).translate(ESCAPES)


def _day(day: date) -> str:
    return day.isoformat().replace("-", "")


def _lines(*lines: str) -> Iterator[str]:
    """End each line as the standard has it, and fold what is longer than 75 octets."""
    for line in lines:
        folded, size = [], 0
        for letter in line:
            octets = len(letter.encode())
            if size + octets > FOLDED_AT:
                folded.append("\r\n ")
                size = 1
            folded.append(letter)
            size += octets
        yield "".join(folded) + "\r\n"
