"""Quotations as annotations of their sources, in the W3C's Web Annotation Data Model."""

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext, pgettext
from django.views.decorators.http import require_safe

from sahel.cards import Quoted
from sahel.fields import address, readers_language, vocabulary
from sahel.models import Estimate, Quotation
from sahel.views import quotation_of

ANNOTATION = "http://www.w3.org/ns/anno.jsonld"


@require_safe
def annotation(request: HttpRequest, key: str) -> JsonResponse:
    """Give one quotation as an annotation of its source (W3C Web Annotation Data Model)."""
    found, event, quoted = quotation_of(request, key)
    home = request.build_absolute_uri
    source = found.source
    selectors: list[dict[str, Any]] = [{"type": "TextQuoteSelector", "exact": found.exact}]
    selectors[0] |= {
        name: words for name in ("prefix", "suffix") if (words := getattr(found, name))
    }
    if found.start is not None:
        place = {"type": "TextPositionSelector", "start": found.start, "end": found.end}
        selectors.append(place)
    target: dict[str, Any] = {
        "source": source.url or home(source.get_absolute_url()),
        "language": found.language,
        "selector": selectors,
    }
    if source.archived_url and source.date_read:
        read = f"{source.date_read:%Y-%m-%d}T00:00:00Z"
        target["state"] = {"type": "TimeState", "cached": source.archived_url, "sourceDate": read}
    figures = [_figure(estimate, quoted) for estimate in found.estimates.all()]
    about = home(address("event", event.slug))
    answer = {
        "@context": [ANNOTATION, {"schema": "https://schema.org/"}] if figures else ANNOTATION,
        "id": home(found.get_absolute_url()),
        "type": "Annotation",
        "motivation": "linking",
        "body": [about, *figures] if figures else about,
        "target": target,
    }
    return JsonResponse(
        answer,
        json_dumps_params={"ensure_ascii": False, "indent": 2},
        content_type=f'application/ld+json; profile="{ANNOTATION}"',
    )


def _figure(estimate: Estimate, quoted: Quoted) -> dict[str, Any]:
    """Give a figure that the quotation gives, in the words of schema.org, with whose it is."""
    stance = vocabulary(Quotation.Stance, readers_language())[quoted.stance]
    speaker = quoted.speaker.name if quoted.speaker else gettext("the source itself")
    owner = ", ".join(filter(None, [speaker, quoted.speaker_role]))
    counted = estimate.unit if estimate.measure == Estimate.Measure.OTHER else estimate.measure
    known = {
        "schema:description": estimate.words,
        "schema:name": ", ".join(filter(None, [counted, estimate.of_whom])),
        "schema:unitText": estimate.unit,
        "schema:minValue": estimate.low,
        "schema:value": estimate.best,
        "schema:maxValue": estimate.high,
        "schema:creditText": f"{stance}{pgettext('before a quotation', ':')} {owner}",
    }
    kept = {name: value for name, value in known.items() if value not in (None, "")}
    return {"type": "schema:QuantitativeValue", **kept}
