"""An event as readers would see it, for colleagues, before it is public: never kept anywhere."""

from typing import Any

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from sahel.cards import cards
from sahel.models import Event
from sahel.pages import draw
from sahel.views import all_of, record_for

SALT = "sahel.previews"
DAYS = 7  # for which a link is good


def link(event: Event) -> str:
    """Give the address at which whoever has it sees the event, for some days."""
    return reverse("preview", args=[signing.dumps(event.pk, salt=SALT)])


@require_safe
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """Draw the event that a link leads to; once it is public, lead to its page."""
    try:
        key = signing.loads(token, salt=SALT, max_age=DAYS * 24 * 60 * 60)
    except signing.SignatureExpired:
        return _unkept(draw(request, "expired.html", {}, status=410))
    except signing.BadSignature as error:
        raise Http404 from error
    event = Event.objects.filter(pk=key).first()
    if event is None or event.restricted:  # whose source's terms keep it among colleagues
        raise Http404
    return preview(request, event)


def preview(request: HttpRequest, event: Event) -> HttpResponse:
    """Draw an event that is not public, for whoever may see it; lead to its page if it is."""
    if event.is_or_was_public():
        return redirect(event)
    record = record_for(request)
    context: dict[str, Any] = all_of(record, cards(record, [event.pk], drafts=True)[0])
    nothing = dict.fromkeys(("earlier", "later", "public_since", "corrections"))
    answer = draw(request, "event.html", {**context, **nothing, "preview": True})
    return _unkept(answer)


def _unkept(answer: HttpResponse) -> HttpResponse:
    answer["Cache-Control"] = "private, no-store"
    answer["X-Robots-Tag"] = "noindex, nofollow"
    answer["Referrer-Policy"] = "no-referrer"  # its address is the key
    return answer
