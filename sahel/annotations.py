"""Quotations as annotations of their sources, in the W3C's Web Annotation Data Model."""

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from sahel.fields import address
from sahel.views import quotation_of


@require_safe
def annotation(request: HttpRequest, key: str) -> JsonResponse:
    """Give one quotation as an annotation of its source (W3C Web Annotation Data Model)."""
    found, event, _quoted = quotation_of(request, key)
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
    answer = {
        "@context": "http://www.w3.org/ns/anno.jsonld",
        "id": home(found.get_absolute_url()),
        "type": "Annotation",
        "motivation": "linking",
        "body": home(address("event", event.slug)),
        "target": target,
    }
    return JsonResponse(
        answer,
        json_dumps_params={"ensure_ascii": False, "indent": 2},
        content_type='application/ld+json; profile="http://www.w3.org/ns/anno.jsonld"',
    )
