"""oEmbed 1.0: what another site needs to know to show a page of ours in a frame.

Nothing is ever fetched: whatever address is asked about, the answer comes from the record.
"""

from xml.sax.xmlreader import AttributesImpl

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.utils.xmlutils import SimplerXMLGenerator
from django.views.decorators.http import require_safe

from sahel.embeds import WIDTH, Embed, at, pixels
from sahel.fields import NOT_IN_XML, address

HOUR = 60 * 60  # seconds
CARD = 1200, 630  # pixels
PLAIN = "text/plain; charset=utf-8"


@require_safe
def oembed(request: HttpRequest) -> HttpResponse:
    """Give what another site needs to show a page of ours in a frame (oEmbed 1.0)."""
    form = request.GET.get("format") or "json"
    if form not in ("json", "xml"):
        return _open(HttpResponse("format: json or xml.\n", content_type=PLAIN, status=501))
    try:
        embed = at(request, request.GET.get("url", ""))
    except Http404:
        text = "url: the address of an event, a quotation, an actor, a place or the timeline.\n"
        return _open(HttpResponse(text, content_type=PLAIN, status=404))
    told = _told(request, embed)
    if form == "json":
        answer: HttpResponse = JsonResponse(told, json_dumps_params={"ensure_ascii": False})
    else:
        answer = HttpResponse(content_type="text/xml; charset=utf-8")
        xml = SimplerXMLGenerator(answer, "utf-8")
        xml.startDocument()
        xml.startElement("oembed", AttributesImpl({}))
        for name, value in told.items():
            xml.addQuickElement(name, NOT_IN_XML.sub("", str(value)))
        xml.endElement("oembed")
        xml.endDocument()
    answer["Content-Language"] = embed.language
    answer["Cache-Control"] = f"public, max-age={HOUR}"
    return _open(answer)


def _told(request: HttpRequest, embed: Embed) -> dict[str, str | int]:
    home = request.build_absolute_uri
    most_wide, most_high = pixels(request, "maxwidth"), pixels(request, "maxheight")
    width = min(WIDTH, most_wide or WIDTH)
    height = embed.height
    height = min(height, most_high or height)
    with override(embed.language):
        site, start = _("Sahel timeline"), address("timeline")
    told: dict[str, str | int] = {
        "version": "1.0",
        "type": "rich",
        "title": embed.title,
        "provider_name": site,
        "provider_url": home(start),
        "cache_age": HOUR,
        "html": embed.code(home, width, height, ""),
        "width": width,
        "height": height,
    }
    # A thumbnail, too, has to keep to what is asked; the card has one size.
    wide, high = CARD
    if (most_wide or wide) >= wide and (most_high or high) >= high:
        told |= {"thumbnail_url": home(embed.card)}
        told |= {"thumbnail_width": wide, "thumbnail_height": high}
    return told


def _open(answer: HttpResponse) -> HttpResponse:
    answer["Access-Control-Allow-Origin"] = "*"
    return answer
