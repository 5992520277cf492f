"""Addresses at which there is nothing (any more): they lead on, or say what became of it."""

import re
from typing import Any

from django.apps import apps
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect

from sahel.fields import Text, chooser, readers_language
from sahel.filters import Filters
from sahel.models import Change, Event, FormerSlug
from sahel.pages import draw
from sahel.views import record_for

# How an address goes on after a slug: to a page, to a version of it, to a file.
ENDING = r"(/(\d+/)?|\.[a-z.]+)"


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Lead on from the address that something had; else offer a search for the address's words."""
    event = _hidden(request)  # what has that very slug comes before what once had it
    query = request.META.get("QUERY_STRING", "")
    if event is None and (address := moved(request, request.path_info, query)):
        return HttpResponsePermanentRedirect(address)
    if event:
        gone = event.publication == Event.Publication.WITHDRAWN
        told = {"what": event.publication, "why": event.withdrawal, "slug": event.slug}
        answer = draw(request, "410.html", told, status=410 if gone else 404)
    elif entry := _deleted(request):
        told = {"what": "deleted", "why": _why(entry), "slug": entry.slug}
        answer = draw(request, "410.html", told, status=410)
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
        and was_seen(found.pk, slug)
        if isinstance(found, Event)
        else found.slug in record_for(request).values[facet]
    )
    query = f"?{query}" if query else ""
    return f"/{language}/{frame}{kind}s/{found.slug}{rest}{query}" if public else ""


def was_seen(event: int, slug: str) -> bool:
    """Say whether readers may know a slug of an event: not where it had it as a draft alone."""
    told = Change.objects.filter(event=event, slug=slug).values_list("public", flat=True)
    return any(told) or not told


def _hidden(request: HttpRequest) -> Event | None:
    """Give the event that was public at an address of it, or of a quotation of it, or None."""
    match = re.fullmatch(
        rf"/\w\w/(?:embed/)?(event|quotation)s/([\w-]+){ENDING}", request.path_info
    )
    if not match:
        return None
    of = {"slug": match[2]} if match[1] == "event" else {"quotations__key": match[2]}
    was_public = Event.objects.filter(published__isnull=False, **of)
    found: Event | None = was_public.exclude(publication=Event.Publication.PUBLISHED).first()
    if found is None or found.publication == Event.Publication.WITHDRAWN:
        return found
    return found if match[1] == "quotation" or was_seen(found.pk, match[2]) else None


def _deleted(request: HttpRequest) -> Change | None:
    """Give the entry with which an event was deleted that was public at an address of it."""
    match = re.fullmatch(rf"/\w\w/events/([\w-]+){ENDING}", request.path_info)
    if not match:
        return None
    events = Change.objects.filter(slug=match[1], public=True).order_by().values("event")
    return Change.objects.filter(what=Change.What.DELETED, event__in=events).last()


def _why(deleted: Change) -> Text:
    """Say why an event was deleted, or else why it was withdrawn before."""
    if deleted.why:
        return Text(deleted.why, deleted.why_language)
    seen = Change.objects.filter(event=deleted.event, public=True).last()
    event = ((seen and seen.snapshot) or {"event": {}})["event"]
    return chooser(readers_language())(
        event.get("withdrawal_en", ""), event.get("withdrawal_fr", "")
    )
