"""Being told of news by e-mail: asking for it, confirming it, ending it.

None of it sets a cookie or tells anybody which addresses are known. Off unless mail is set up.
"""

import logging
import re
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from smtplib import SMTPRecipientsRefused
from typing import Any
from unicodedata import normalize

from django import forms
from django.conf import settings
from django.core import signing
from django.core.mail import mailers
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from sahel.digests import LEAVE, as_of_now, held_by, mail, selection_of
from sahel.facets import Selection
from sahel.fields import address, readers_language
from sahel.filters import Filters
from sahel.models import Asking, Subscription
from sahel.models.alerts import CONFIRM_WITHIN
from sahel.pages import draw
from sahel.requesters import from_here, requester
from sahel.views import record_for

CONFIRM, FORM = "sahel.alerts.confirm", "sahel.alerts.form"  # salts
OPEN_FOR = 4 * 60 * 60  # seconds that a form may be open
# Confirming mails a day: to one address, at the asking of one connection, in all.
TO_ONE, BY_ONE, IN_ALL = 3, 10, 500

View = Callable[..., HttpResponse]
logger = logging.getLogger(__name__)


class AskingForm(forms.Form):
    """What a reader says who wants to be told of news."""

    email = forms.EmailField(max_length=254)
    frequency = forms.ChoiceField(choices=Subscription.Frequency.choices)
    language = forms.ChoiceField(choices=settings.LANGUAGES)


def _where_mail_is_set_up(view: View) -> View:
    """Let a view answer nowhere else, to forms without a cookie; keep nothing of its answers."""

    @csrf_exempt
    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def answering(request: HttpRequest, **token: str) -> HttpResponse:
        if not settings.ALERTS:
            raise Http404
        answer = view(request, **token)
        answer["Cache-Control"] = "private, no-store"
        answer["X-Robots-Tag"] = "noindex, nofollow"
        if token:  # the address is the key
            answer["Referrer-Policy"] = "no-referrer"
        return answer

    return answering


@_where_mail_is_set_up
def alerts(request: HttpRequest) -> HttpResponse:
    """Let a reader ask to be told of what is new in a selection, by a mail that confirms it."""
    filters = Filters.from_query(request.GET).without("find", "order")
    selection = selection_of(filters, record_for(request))
    first = {"frequency": Subscription.Frequency.WEEKLY, "language": readers_language()}
    posted = request.method == "POST"
    form = AskingForm(request.POST if posted else None, initial=first)
    status = _asked(request, form, selection) if posted else 200
    context = {
        "form": form,
        "sent": posted and status == 200,
        "token": signing.dumps("", salt=FORM),
        "frequencies": Subscription.Frequency.choices,
        "most": TO_ONE,
        "query": filters.query,
        **_in_words(selection),
    }
    return draw(request, "alerts.html", context, status=status)


@_where_mail_is_set_up
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Let whoever reads the address's mail say that it was meant; a scanner's GET does not."""
    subscription = _subscription(token, CONFIRM, CONFIRM_WITHIN)
    if subscription is None:
        return draw(request, "alert.html", {"step": "expired"}, status=410)
    number, record = as_of_now()
    selection = selection_of(subscription.filters, record)
    if request.method == "POST" and not subscription.confirmed_at:
        with transaction.atomic():
            subscription.confirm(number, held_by(selection))
    step = "confirmed" if subscription.confirmed_at else "confirm"
    context = {"step": step, "subscription": subscription, **_in_words(selection)}
    return draw(request, "alert.html", context)


@_where_mail_is_set_up
def leave(request: HttpRequest, token: str) -> HttpResponse:
    """End a subscription, on the page or by a mail program's one click, a POST (RFC 8058)."""
    subscription = _subscription(token, LEAVE)
    if subscription is None or request.method == "POST":
        if subscription:
            subscription.delete()
        return draw(request, "alert.html", {"step": "left"})
    selection = selection_of(subscription.filters, record_for(request))
    context = {"step": "leave", "subscription": subscription, **_in_words(selection)}
    return draw(request, "alert.html", context)


def _in_words(selection: Selection) -> dict[str, Any]:
    """Give a selection as the pages name it, and the address at which it stands."""
    page = address("timeline") + selection.filters.query
    return {"chips": selection.chips, "total": len(selection.events), "page": page}


def _subscription(token: str, salt: str, within: timedelta | None = None) -> Subscription | None:
    """Give what a link is about; None where it is too old, or there is nothing any more."""
    try:
        key = signing.loads(token, salt=salt, max_age=within)
    except signing.SignatureExpired:
        return None
    except signing.BadSignature as error:
        raise Http404 from error
    return Subscription.objects.filter(pk=key).first()


def _asked(request: HttpRequest, form: AskingForm, selection: Selection) -> int:
    """Do what the form asks for and give the status of the answer; the form says what is wrong."""
    if not from_here(request):
        fault, status = _("This was sent from another site. To ask for it, send it from here."), 403
    elif not _is_fresh(request.POST.get("token", "")):
        fault, status = _("This page was open for a long time. Please send it once more."), 400
    elif not form.is_valid():
        return 400
    elif not Asking.allows(f"by {requester(request)}", BY_ONE):
        fault, status = _("That was too often from your connection. Try again tomorrow."), 429
    elif not _send(request, form.cleaned_data, selection):
        fault, status = _("No mail can be sent at the moment. Please try again later."), 503
    else:
        return 200
    form.add_error(None, fault)
    return status


def _send(request: HttpRequest, asked: dict[str, str], selection: Selection) -> bool:
    """Send the mail that confirms; False where none can be sent, to whomever."""
    email = asked["email"]
    # Nobody is told that it was enough.
    if not Asking.allows(f"to {_person(email)}", TO_ONE):
        return True
    if not Asking.allows("in all", IN_ALL):
        return False
    site = f"{request.scheme}://{request.get_host()}"
    choices = {"frequency": asked["frequency"], "language": asked["language"]}
    subscription = Subscription(query=selection.filters.query, site=site, **choices)
    subscription.email = email
    subscription.save()
    with override(subscription.language):
        token = signing.dumps(str(subscription.pk), salt=CONFIRM)
        link = site + address("alerts-confirm", token)
        subject = _("Sahel timeline: do you want to be told of news?")
    message = mail(subscription, subject, "mail_confirm", {"link": link})
    try:
        mailers.default.send_messages([message])
    except (SMTPRecipientsRefused, ValueError):  # nobody learns which addresses there are
        subscription.delete()
    except OSError as error:  # a mail server's name for the address may be in it
        logger.error("A confirming mail could not be sent: %s", type(error).__name__)
        subscription.delete()
        return False
    return True


def _person(email: str) -> str:
    """Give an address without what most mail servers leave aside: "A.mina"+sahel@ is amina@."""
    local, _at, domain = normalize("NFKC", email).casefold().rpartition("@")
    return f"{re.sub(r'["\\.]', '', local.partition('+')[0])}@{domain}"


def _is_fresh(token: str) -> bool:
    """Say whether a form was drawn by us, not long ago: it names nobody."""
    try:
        signing.loads(token, salt=FORM, max_age=OPEN_FOR)
    except signing.BadSignature:
        return False
    return True
