"""Pictures: figures to keep, and the cards that other sites show beside a link.

A template draws them as SVG, and resvg that as PNG, without a browser; its letters are those of the
fonts in `sahel/fonts/`, whatever the machine has.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_safe
from resvg_py import svg_to_bytes

from sahel.atlas import Atlas, draw_map
from sahel.cards import cards
from sahel.dates import EDTF
from sahel.facets import Selection
from sahel.fields import NOT_IN_XML, readers_language, vocabulary
from sahel.figures import Histogram, histogram
from sahel.filters import Facet
from sahel.index import key_of_slug
from sahel.lanes import Lanes, draw_lanes
from sahel.models import Actor, Event, Place, Quotation, Source
from sahel.pages import draw, wrapped
from sahel.views import in_use, record_for, rows_of, selected

FONTS = sorted(str(path) for path in Path(__file__).with_name("fonts").glob("*.ttf"))


@require_safe
def figure(request: HttpRequest, name: str, form: str) -> HttpResponse:
    """Draw a figure of what a reader selected as a file to keep: SVG, or PNG of the same."""
    selection = selected(request)
    title, drawn, height = _drawn(name, selection, rows_of(request))
    if drawn is None:
        raise Http404
    today = EDTF.parse(f"{datetime.now(UTC):%Y-%m-%d}").in_words()
    source = f"{_('Sahel timeline')}, {request.get_host()}, {today} – CC BY 4.0"
    context = {
        "figure": drawn,
        "title": title,
        "height": height,
        "subtitle": " · ".join(filter(None, [selection.words, _events(len(selection.events))])),
        "foot": [source, _("Outlines: Natural Earth, public domain.")][: 1 + (name == "map")],
    }
    if form == "svg":
        answer = draw(request, f"{name}.svg", context, content_type="image/svg+xml")
        answer.content = NOT_IN_XML.sub("", answer.text).encode()
        return answer
    return _png(request, f"{name}.svg", context, 1200, height + 210)


def _drawn(
    name: str, selection: Selection, rows: int
) -> tuple[str, Histogram | Lanes | Atlas | None, int]:
    """Give a figure's title, the figure, and its height in pixels."""
    if name == "histogram":
        return _("Events in time"), histogram(selection), 350
    if name == "map":
        return _("Where it happened"), draw_map(selection), 700
    lanes = draw_lanes(selection, rows)
    return _("Who took part, and when"), lanes, lanes.tops[-1] + 100 if lanes else 0


@require_safe
def event_card(request: HttpRequest, slug: str) -> HttpResponse:
    """Draw an event as the picture that other sites show beside a link to it."""
    key = key_of_slug(slug)
    found = cards(record_for(request), [key]) if key is not None else []
    if not found:
        raise Http404
    event = found[0]
    language = readers_language()
    status = vocabulary(Event.Status, language)[event.status]
    words, by, foot = [], "", []
    if event.quotations:
        quoted = event.quotations[0]
        stance = vocabulary(Quotation.Stance, language)[quoted.stance]
        speaker = quoted.speaker.name if quoted.speaker else _("the source itself")
        by = f"{capfirst(stance)}{pgettext('before a quotation', ':')} {speaker}"
        by = ", ".join(filter(None, [by, quoted.speaker_role]))
        lines = "\n".join(wrapped(quoted.exact, 29, 3))  # its end is cut, never its closing mark
        words = (_("“%(words)s”") % {"words": lines}).split("\n")
        foot = [wrapped(quoted.source_label, 24, 1)[0]]
        if quoted.source_wording != Source.Wording.ORIGINAL:
            foot.append(vocabulary(Source.Wording, language)[quoted.source_wording])
    return _card(
        request,
        event.title,
        ", ".join(foot),
        date=event.date.in_words(),
        status="" if event.status == Event.Status.HAPPENED else status,
        words=words,
        by=by,
    )


@require_safe
def timeline_card(request: HttpRequest) -> HttpResponse:
    """Draw what a reader selected as the picture that other sites show beside a link to it."""
    selection = selected(request)
    title = selection.words or _("Timeline of the Mali/Sahel crisis")
    return _card(request, title, _events(len(selection.events)))


@require_safe
def actor_card(request: HttpRequest, slug: str) -> HttpResponse:
    """Draw an actor as the picture that other sites show beside a link to it."""
    return _card_of(request, "actor", in_use(request, Actor.objects.all(), "actor", slug))


@require_safe
def place_card(request: HttpRequest, slug: str) -> HttpResponse:
    """Draw a place as the picture that other sites show beside a link to it."""
    return _card_of(request, "place", in_use(request, Place.objects.all(), "place", slug))


def _card_of(request: HttpRequest, facet: Facet, found: Any) -> HttpResponse:
    number = len(record_for(request).values[facet][found.slug])
    words = wrapped(found.description, 30, 3) if found.description else []
    return _card(request, found.name, _events(number), words=words)


def _card(
    request: HttpRequest,
    title: str,
    foot: str,
    date: str = "",
    status: str = "",
    words: Sequence[str] = (),
    by: str = "",
) -> HttpResponse:
    dated = {"date": date, "status": status}
    context = {"title": title, "foot": foot, "words": words, "by": by, **dated}
    return _png(request, "card.svg", context, 1200, 630)


def _events(number: int) -> str:
    return ngettext("%(counter)s event", "%(counter)s events", number) % {"counter": number}


def _png(
    request: HttpRequest, picture: str, context: dict[str, Any], width: int, height: int
) -> HttpResponse:
    """Draw a template of SVG as a PNG of so many pixels."""
    drawn = render_to_string(picture, context, request, using=readers_language())
    svg = NOT_IN_XML.sub("", drawn)
    png = svg_to_bytes(
        svg_string=svg,
        width=width,
        height=height,
        font_files=FONTS,
        skip_system_fonts=True,
        font_family="Noto Serif",
        serif_family="Noto Serif",
        sans_serif_family="Noto Sans",
    )
    response = HttpResponse(bytes(png), content_type="image/png")
    response["Cross-Origin-Resource-Policy"] = "cross-origin"  # for other sites to show
    return response
