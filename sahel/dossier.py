"""A selection as one page to keep, print and hand on: all that is known of its events, in order.

It needs nothing but itself: no script, its style within, every address written out.
"""

import base64
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import batched
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, StreamingHttpResponse
from django.template import engines
from django.utils.csp import CSP, build_policy
from django.utils.text import slugify
from django.utils.translation import override
from django.views.decorators.http import require_safe

from sahel.cards import Card, cards
from sahel.corroboration import Corroboration, corroboration
from sahel.fields import readers_language
from sahel.figures import histogram
from sahel.index import Index
from sahel.models import Estimate, Quotation, Record, Reference, Source, State
from sahel.models.estimates import Spread, spreads
from sahel.views import selected

MOST = 5000  # events in one dossier
AT_ONCE = 100  # events that are read, and drawn, in one go
PIECES = 256  # of the template's output that are sent in one go

STYLE = Path(settings.BASE_DIR, "templates", "dossier.css").read_text()
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = build_policy(
    {
        "default-src": [CSP.NONE],
        "style-src": [f"'sha256-{_HASH}'"],
        "base-uri": [CSP.NONE],
        "form-action": [CSP.NONE],
        "frame-ancestors": [CSP.NONE],
    }
)


@dataclass(frozen=True)
class Filed:
    """An event with all that a dossier shows of it; `said` are its quotations, by key."""

    event: Card
    said: dict[str, Quotation]
    references: list[Reference]
    spreads: list[Spread]
    corroboration: Corroboration


class Sources(dict[int, tuple[int, Source]]):
    """The sources that a dossier names, by key, each with its number, in the order of mention."""

    def number(self, source: Source) -> int:
        """Give the number of a source; the next one where it is named for the first time."""
        return self.setdefault(source.pk, (len(self) + 1, source))[0]


@require_safe
def dossier(request: HttpRequest) -> StreamingHttpResponse:
    """Draw what a reader selected as one page, event by event as it is sent."""
    selection, language = selected(request), readers_language()
    filters = selection.filters.without("find")
    chosen = selection.events
    keys = selection.index.keys(chosen[-MOST:] if filters.order else chosen[:MOST])
    day = datetime.now(UTC).date()
    home = f"{request.scheme}://{request.get_host()}"
    name = "-".join(filter(None, ["sahel", slugify(selection.words)[:60], f"{day}"]))
    sources = Sources()
    # Where a range of dates is chosen, the figure would show what lies outside of it.
    bare = replace(selection, filters=filters.without("since", "until"))
    context = {
        "request": request,
        "style": STYLE,
        "home": home,
        "here": f"{home}{request.path}{filters.query}",
        "name": f"{name}.html",
        "words": selection.words,
        "chips": selection.chips,
        "total": len(chosen),
        "most": MOST,
        "day": day,
        "version": Record.noted(),
        "histogram": None if filters.since or filters.until else histogram(bare),
        "events": _filed(selection.index, keys[::-1] if filters.order else keys),
        "sources": sources,
        "changed": lambda: _changed(selection.index.state),
    }
    template = engines[language].get_template("dossier.html").template  # type: ignore[attr-defined]
    answer = StreamingHttpResponse(_speaking(language, template.generate(context)))
    answer["Content-Disposition"] = f'inline; filename="{name}.html"'
    answer["Content-Security-Policy"] = POLICY
    return answer


def _speaking(language: str, pieces: Iterator[str]) -> Iterator[str]:
    """Give what is drawn, in a language: what is sent is drawn after the view has returned."""
    parts = batched(pieces, PIECES)
    while True:
        with override(language):
            part = next(parts, None)
        if part is None:
            return
        yield "".join(part)


def _changed(state: State) -> bool:
    """Say whether the record changed while the dossier was written."""
    return Record.state() != state


def _filed(record: Index, keys: list[int]) -> Iterator[Filed]:
    """Give events by primary key, read in parts, with all that is known of them."""
    for part in batched(keys, AT_ONCE):
        said: dict[int, dict[str, Quotation]] = defaultdict(dict)
        quotations = Quotation.objects.filter(event__in=part).select_related("source")
        for quotation in quotations.order_by("order", "pk"):
            said[quotation.event_id][quotation.key] = quotation
        references = _by_event(Reference.objects.filter(event__in=part).select_related("source"))
        figures = Estimate.objects.filter(quotation__event__in=part).select_related("quotation")
        estimates: dict[int, list[Estimate]] = defaultdict(list)
        for estimate in figures:
            estimates[estimate.quotation.event_id].append(estimate)
        for event in cards(record, part):
            shown = {quoted.key for quoted in event.quotations} & said[event.pk].keys()
            event.quotations = [each for each in event.quotations if each.key in shown]
            known = [each for each in estimates[event.pk] if each.quotation.key in shown]
            quoted = (each.source_slug for each in event.quotations)
            named = (each.source.slug for each in references[event.pk])
            yield Filed(
                event,
                said[event.pk],
                references[event.pk],
                spreads(known),
                corroboration(record, quoted, named),
            )


def _by_event(references: Iterable[Reference]) -> dict[int, list[Reference]]:
    found: dict[int, list[Reference]] = defaultdict(list)
    for reference in references:
        found[reference.event_id].append(reference)
    return found
