"""Linked data: what a page says, for machines, in the words of schema.org (JSON-LD 1.1)."""

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.utils.translation import gettext as _
from markupsafe import Markup

from sahel.cards import Card
from sahel.models import Change, Source
from sahel.things import TYPES, Here, Node, kept

TYPE = "application/ld+json"
LICENCE = "https://creativecommons.org/licenses/by/4.0/"
# What could end a script, or a line of one, stands as JSON may write it, too.
ESCAPES = [(c, f"\\u{ord(c):04x}") for c in "<>&\u2028\u2029"]


class Linked(NamedTuple):
    """What a page says: JSON that is safe within a script, and the path of the same as a file."""

    text: str
    file: str  # empty where there is none


def linked(request: HttpRequest, context: dict[str, Any]) -> Linked | None:
    """Give the linked data of a page that is drawn of this; None where it is none of `PAGES`."""
    name = request.resolver_match.url_name if request.resolver_match else None
    page = (name or "").removesuffix("-linked")
    if page not in PAGES:
        return None
    here = Here(request)
    path = request.path.removesuffix(".jsonld").removesuffix("/")
    query = context["filters"].query if "filters" in context else ""
    node = {
        "@context": "https://schema.org/",
        "@type": "WebPage",
        "@id": f"{here.home}{path}/{query}",
        "inLanguage": here.language,
        "isPartOf": {"@id": _record(here)},
        **kept(PAGES[page](here, context)),
    }
    text = json.dumps(node, ensure_ascii=False, separators=(",", ":"))
    for character, escape in ESCAPES:  # str.translate() would take longer than all the rest
        text = text.replace(character, escape)
    return Linked(Markup(text), f"{path}.jsonld" if page in FILES else "")  # noqa: S704 - escaped


def dataset(request: HttpRequest, files: Iterable[tuple[str, str, str]]) -> Node:
    """Describe the whole record, and its files: of each the media type, address and name."""
    here = Here(request)
    years = sorted(map(int, here.record.values["year"]))
    entries = Change.objects.filter(public=True).order_by("-number")
    changed = entries.values_list("at", flat=True).first()
    summary = _(
        "A chronological timeline of the Mali/Sahel crisis, each event with the source’s own words."
    )
    return kept(
        {
            "@type": "Dataset",
            "@id": _record(here),
            "url": here.page("timeline"),
            "name": here.said(_("Timeline of the Mali/Sahel crisis")),
            "description": here.said(summary),
            "license": LICENCE,
            "usageInfo": f"{here.page('about')}#terms",  # quotations remain their authors’
            "creator": {
                "@type": "Organization",
                "name": here.said(_("Sahel timeline")),
                "url": here.page("about"),
            },
            "inLanguage": ["en", "fr"],
            "temporalCoverage": f"{years[0]:04}/{years[-1]:04}" if years else "",
            "spatialCoverage": {"@type": "Place", "name": "Sahel"},
            "dateModified": changed and _moment(changed),
            "distribution": [
                {
                    "@type": "DataDownload",
                    "encodingFormat": media_type,
                    "contentUrl": request.build_absolute_uri(where),
                    "name": here.said(name),
                }
                for media_type, where, name in files
            ],
        }
    )


def _record(here: Here) -> str:
    return f"{here.home}/#it"


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _crumbs(here: Here, where: str, above: str, name: str) -> Node:
    """Give the way to a page: the one above it, at an address, and itself."""
    steps: list[Node] = [
        {"@type": "ListItem", "position": 1, "name": here.said(above), "item": {"@id": where}},
        {"@type": "ListItem", "position": 2, "name": here.said(name)},
    ]
    return {"@type": "BreadcrumbList", "itemListElement": steps}


def _list(here: Here, number: int, kind: str = "", slugs: Iterable[str] = ()) -> Node:
    """Give a page of so many things, some of which it lists."""
    items = [{"@id": here.it(kind, slug)} for slug in slugs]
    listed = {"@type": "ItemList", "numberOfItems": number, "itemListElement": items}
    return {"@type": "CollectionPage", "mainEntity": kept(listed)}


# What each kind of page says of itself ------------------------------------------------------------


def _event(here: Here, context: dict[str, Any]) -> Node:
    event: Card = context["event"]
    first, since = context["public_since"], context["corrections"]
    slugs = [quoted.source_slug for quoted in event.quotations]
    slugs += [reference.source.slug for reference in context["references"]]
    return {
        "temporalCoverage": str(event.date),  # EDTF: what else would say it is open or uncertain?
        "datePublished": first and _moment(first.at),
        "dateModified": since and _moment(since[0].entry.at),
        "breadcrumb": _crumbs(here, here.page("timeline"), _("Timeline"), event.title),
        "mainEntity": here.event(event),
        "citation": [here.source(slug) for slug in dict.fromkeys(slugs)],
    }


def _actor(here: Here, context: dict[str, Any]) -> Node:
    actor = context["actor"]
    crumbs = _crumbs(here, here.page("actors"), _("Actors"), actor.name)
    # We say that it belongs there: `parentOrganization` and others would say more.
    return {"breadcrumb": crumbs, "mainEntity": here.part("actor", actor, "memberOf")}


def _place(here: Here, context: dict[str, Any]) -> Node:
    place = context["place"]
    crumbs = _crumbs(here, here.page("places"), _("Places"), place.name)
    return {"breadcrumb": crumbs, "mainEntity": here.part("place", place, "containedInPlace")}


def _source(here: Here, context: dict[str, Any]) -> Node:
    source: Source = context["source"]
    node = {
        **here.source(source.slug),
        "creditText": source.author,  # a person or a body: we do not record which
        "description": here.said(source.note),
    }
    if of := source.original:  # which need not have a page
        node["isBasedOn"] = {"@type": TYPES["source"][of.kind], "name": here.said(of.label)}
    crumbs = _crumbs(here, here.page("sources"), _("Sources"), source.label)
    return {"breadcrumb": crumbs, "mainEntity": kept(node)}


def _quotation(here: Here, context: dict[str, Any]) -> Node:
    event, quoted = context["event"], context["quoted"]
    about = {"@id": here.it("event", event.slug)}
    where = here.page("event", event.slug)
    return {
        "breadcrumb": _crumbs(here, where, event.title, _("Quotation")),
        "mainEntity": {**here.quotation(quoted), "about": about},
        "citation": here.source(quoted.source_slug),
    }


def _timeline(here: Here, context: dict[str, Any]) -> Node:
    slugs = [event.slug for _year, events in context["years"] for event in events]
    return _list(here, context["total"], "event", slugs)


def _view(here: Here, context: dict[str, Any]) -> Node:
    return _list(here, context["total"])


def _directory(here: Here, context: dict[str, Any]) -> Node:
    rows = [row for row, _number in context["listed"]]
    kind = rows[0]._meta.model_name if rows else ""
    return _list(here, len(rows) + context["beyond"], kind, [row.slug for row in rows])


def _about(here: Here, context: dict[str, Any]) -> Node:
    return {"@type": "AboutPage", "about": {"@id": _record(here)}}


def _data(here: Here, context: dict[str, Any]) -> Node:
    return {"mainEntity": dataset(here.request, context["files"])}


def _nothing_more(here: Here, context: dict[str, Any]) -> Node:
    return {}


# By the names of their addresses: what is drawn at another one (a preview, say) has none.
PAGES: dict[str, Callable[[Here, dict[str, Any]], Node]] = {
    "timeline": _timeline,
    "histogram": _view,
    "lanes": _view,
    "map": _view,
    "event": _event,
    "actors": _directory,
    "actor": _actor,
    "places": _directory,
    "place": _place,
    "sources": _directory,
    "source": _source,
    "quotation": _quotation,
    "changes": _nothing_more,
    "cite": _nothing_more,
    "record-of-day": _nothing_more,
    "data": _data,
    "api": _nothing_more,
    "about": _about,
    "offline": _nothing_more,
}
FILES = ("event", "actor", "place", "source")  # a quotation has its annotation
