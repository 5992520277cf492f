"""Addresses at which there is nothing (any more): they lead on, or say what became of it."""

import re
from typing import Any

from django.apps import apps
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect

from sahel.filters import Filters
from sahel.models import Event, FormerSlug
from sahel.pages import draw
from sahel.views import record_for


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Lead on from the address that something had; else offer a search for the address's words."""
    if address := moved(request, request.path_info, request.META.get("QUERY_STRING", "")):
        return HttpResponsePermanentRedirect(address)
    if event := _hidden(request):
        gone = event.publication == Event.Publication.WITHDRAWN
        answer = draw(request, "410.html", {"event": event}, status=410 if gone else 404)
    else:
        words = request.path.strip("/").rpartition("/")[2].replace("-", " ").replace("_", " ")
        searched = Filters(q="".join(c for c in words if c.isprintable())[:60])
        answer = draw(request, "404.html", {"searched": searched}, status=404)
    answer["Cache-Control"] = "no-cache"  # it may come back; browsers keep a 410 if nobody says so
    return answer


def moved(request: HttpRequest, path: str, query: str) -> str:
    """Give the address of a page whose slug was changed; empty where there is none."""
    what = "event|actor|place|source"
    match = re.fullmatch(rf"/(\w\w)/(embed/)?({what})s/([\w-]+)([/.].*)", path)
    if not match:
        return ""
    language, frame, kind, slug, rest = match.groups(default="")
    facet: Any = kind  # but for events
    former = FormerSlug.objects.filter(kind=kind, slug=slug).first()
    model = apps.get_model("sahel", kind)
    found = model._default_manager.filter(pk=former.key).first() if former else None
    if found is None or found.slug == slug:
        return ""
    public = (
        found.publication in (Event.Publication.PUBLISHED, Event.Publication.WITHDRAWN)
        if isinstance(found, Event)
        else found.slug in record_for(request).values[facet]
    )
    query = f"?{query}" if query else ""
    return f"/{language}/{frame}{kind}s/{found.slug}{rest}{query}" if public else ""


def _hidden(request: HttpRequest) -> Event | None:
    """Give the event that was public at an address of it, or of a quotation of it, or None."""
    match = re.fullmatch(r"/\w\w/(?:embed/)?(event|quotation)s/([\w-]+)[/.].*", request.path_info)
    if not match:
        return None
    of = {"slug": match[2]} if match[1] == "event" else {"quotations__key": match[2]}
    was_public = Event.objects.filter(published__isnull=False, **of)
    found: Event | None = was_public.exclude(publication=Event.Publication.PUBLISHED).first()
    return found
