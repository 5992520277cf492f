"""Feeds of what was published and changed last: Atom (RFC 4287) and JSON Feed 1.1."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from sahel.corrections import FILTERS, Feed
from sahel.exports.columns import chosen, said_by
from sahel.exports.files import File
from sahel.exports.plain import written
from sahel.exports.shapes import EventRecord, Quoted
from sahel.fields import NOT_IN_XML, vocabulary
from sahel.linked import LICENCE
from sahel.models import Change, Event, Quotation

ENTRIES = 50  # of a feed
FEW = (
    2_000  # events that are looked for by their keys; of more, the newest changes are gone through
)
MOST_READ = 20_000  # changes that are gone through

# What can be asked for with `what=`: nothing else is said of events that are public.
ASKED = {"new": FILTERS["new"][0], "corrected": FILTERS["corrected"][0]}
EITHER = [what for whats in ASKED.values() for what in whats]


class Entry(NamedTuple):
    """An event as a feed gives it: what was done to it last, when, and why."""

    event: EventRecord
    title: str
    what: str
    at: datetime
    html: SafeString


def entries(file: File) -> list[Entry]:
    """Give the selected events that were published or corrected last, each once."""
    latest = _latest(file)
    did = vocabulary(Change.What, file.language)
    found = []
    for key, event in file.records.events_by_key(latest):
        what, at, why = latest[key]
        done = capfirst(did[what])
        title = f"{chosen(event['title'], file.language)} ({_when(event, file.language)})"
        if event["status"] != Event.Status.HAPPENED:  # where a title stands alone
            title += f" – {vocabulary(Event.Status, file.language)[event['status']]}"
        reason = f"{done}{_colon()} {why}" if why else done
        found.append(Entry(event, title, done, at, _html(event, reason, file)))
    return found


def _latest(file: File) -> dict[int, tuple[str, datetime, str]]:
    """Give the keys of the events, the one changed last first, with what was done when and why."""
    selection, places = file.selection, file.selection.index.places
    rows = Change.objects.filter(public=True, what__in=ASKED.get(file.what, EITHER))
    if file.events <= FEW:
        rows = rows.filter(event__in=file.keys)
    columns = rows.order_by("-number").values_list("event", "what", "at", "why")
    found: dict[int, tuple[str, datetime, str]] = {}
    for key, what, at, why in islice(columns.iterator(chunk_size=500), MOST_READ):
        place = places.of(key)
        if key not in found and place is not None and place in selection.events:
            found[key] = what, at, why
        if len(found) == ENTRIES:
            break
    return found


def _when(event: EventRecord, language: str) -> str:
    return chosen(event["date"]["text"], language)


def _colon() -> str:
    return pgettext("before a quotation", ":")


def _html(event: EventRecord, reason: str, file: File) -> SafeString:
    """Give all that an event rests on: a feed's reader may see nothing else of it."""
    language = file.language
    basis = vocabulary(Event.DateBasis, language)[event["date"]["basis"]]
    status = vocabulary(Event.Status, language)[event["status"]]
    return format_html(
        "<p>{}</p><p>{}</p>{}<p><small>{} – {}</small></p>",
        chosen(event["summary"], language),
        ". ".join([f"{capfirst(_when(event, language))}, {basis}", status, reason]),
        format_html_join("", "{}", ((_quoted(each, language),) for each in event["quotations"])),
        event["page"],
        file.licence,
    )


def _quoted(quoted: Quoted, language: str) -> SafeString:
    source = quoted["source"]
    return format_html(
        '<blockquote lang="{}"><p>{}</p></blockquote>'
        '<p>{}, <cite>{}</cite>, <a href="{}">{}</a></p>',
        quoted["language"],
        quoted["exact"],
        said_by(quoted, language),
        source["title"] or source["publisher"],
        quoted["page"],
        vocabulary(Quotation.State, language)[quoted["state"]],
    )


def atom(file: File) -> Iterator[str]:
    """Give an Atom feed: an entry an event, known by the address of its page."""
    feed = Feed(
        title=_in_xml(file.title),
        link=file.page,
        description=_in_xml(file.cite_as),
        feed_url=file.address,
        language=file.language,
        feed_copyright=f"{file.licence}, {LICENCE}",
        author_name=_("Sahel timeline"),
    )
    for entry in entries(file):
        feed.add_item(
            title=_in_xml(entry.title),
            link=entry.event["page"],
            description=_in_xml(entry.html),
            unique_id=entry.event["page"],
            updateddate=entry.at,
            pubdate=_first_public(entry),
            categories=[vocabulary(Event.Kind, file.language)[entry.event["kind"]]],
        )
    yield feed.writeString("utf-8")


def _first_public(entry: Entry) -> datetime:
    published = entry.event["published"]
    return datetime.fromisoformat(published) if published else entry.at


def _in_xml(text: str) -> str:
    return NOT_IN_XML.sub(" ", text)


def json_feed(file: File) -> Iterator[str]:
    """Give the same as JSON Feed 1.1; `_about` and `_date` are extensions of ours."""
    yield written(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": file.title,
            "description": f"{file.cite_as} {file.licence}, {LICENCE}",
            "home_page_url": file.page,
            "feed_url": file.address,
            "language": file.language,
            "authors": [{"name": _("Sahel timeline"), "url": file.page_of("timeline")}],
            "_about": {"about": "the selection, the licence and how to cite it", **file.about},
            "items": [
                {
                    "id": entry.event["page"],
                    "url": entry.event["page"],
                    "title": entry.title,
                    "content_html": entry.html,
                    "date_published": _first_public(entry).isoformat(),
                    "date_modified": entry.at.isoformat(),
                    "tags": [vocabulary(Event.Kind, file.language)[entry.event["kind"]]],
                    "_date": entry.event["date"],
                }
                for entry in entries(file)
            ],
        }
    )
