"""What a reader is told by e-mail: what is new, corrected or gone in a selection."""

import hashlib
from dataclasses import dataclass
from email.headerregistry import HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import default
from email.utils import make_msgid
from html import unescape
from itertools import chain
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.text import Truncator
from django.utils.translation import ngettext, override
from pyroaring import BitMap

from sahel import index
from sahel.cards import Card, Quoted, cards
from sahel.corrections import Told
from sahel.facets import Selection, renamed
from sahel.fields import Text, address, one_line
from sahel.filters import Filters
from sahel.index import Index
from sahel.models import Change, Subscription
from sahel.models.history import last_number

MOST = 50  # events in a digest
LEAVE = "sahel.alerts.leave"  # the salt of the links by which a subscription is ended
WORDS = 100  # characters of a selection's words in a subject
What = Change.What


class Unsubscribing(UnstructuredHeader):
    """The header with a link, in one line: Python would encode what is too long for it."""

    def fold(self, *, policy: Any) -> str:
        """Give it as it is sent."""
        return f"List-Unsubscribe: {self}{policy.linesep}"


class Mail(EmailMultiAlternatives):
    """A mail that one click ends (RFC 8058)."""

    def message(self, *, policy: Any = default) -> EmailMessage:
        """Give it as it is sent, the link for that click whole."""
        headers = HeaderRegistry()
        headers.map_to_type("list-unsubscribe", Unsubscribing)  # type: ignore[arg-type]
        return super().message(policy=policy.clone(header_factory=headers))


@dataclass
class Digest:
    """What is told: `MOST` events at most, the others counted. What is gone has no title."""

    new: list[Card]
    corrected: list[tuple[Card, Told]]
    gone: list[Told]
    more: int

    @property
    def number(self) -> int:
        """How many events it is about."""
        return len(self.new) + len(self.corrected) + len(self.gone) + self.more


def as_of_now() -> tuple[int, Index]:
    """Give the number of the history's last entry, and the index of the record at that entry."""
    while True:
        number, record = last_number(), index.current()
        if last_number() == number:
            return number, record


def selection_of(filters: Filters, record: Index) -> Selection:
    """Give a selection of the whole record, under the slugs of today, in the active language."""
    return Selection(record, renamed(record, filters), Filters())


def held_by(selection: Selection) -> BitMap:
    """Give the primary keys of the events of a selection."""
    return BitMap(selection.index.keys(selection.events))


def digest(subscription: Subscription, number: int, selection: Selection, now: BitMap) -> Digest:
    """Give what entries of the history up to a number tell of, beyond those told before.

    `now` are the events that the selection holds.
    """
    was = subscription.events
    entries = Change.objects.filter(
        number__gt=subscription.told, number__lte=number, public=True
    ).exclude(what=What.CHECKED)
    first: dict[int, Change] = {}
    last: dict[int, Change] = {}
    for entry in entries.order_by("number").defer("after"):
        first.setdefault(entry.event, entry)
        last[entry.event] = entry
    # In the order of time, but for what is gone, which has no place in it any more.
    there = [key for key in selection.index.keys(selection.events) if key in last]
    is_new = {key for key in there if key not in was or first[key].what == What.PUBLISHED}
    new = [key for key in there if key in is_new]
    corrected = [key for key in there if key not in is_new]
    gone = [key for key in last if key in was and key not in now]
    told = list(chain(new, corrected, gone))[:MOST]
    found = {card.pk: card for card in cards(selection.index, told)}
    return Digest(
        [found[key] for key in new if key in found],
        [(found[key], _told(last[key])) for key in corrected if key in found],
        [_told(last[key]) for key in gone if key in told],
        len(new) + len(corrected) + len(gone) - len(told),
    )


def _sides(event: Card) -> list[Quoted]:
    """Give an event's first quotation, and where somebody denies it the first that does."""
    claims = [quoted for quoted in event.quotations if quoted not in event.denials]
    return claims[:1] + event.denials[:1]


def _told(entry: Change) -> Told:
    """Tell of an entry: nothing but what was done where the event is gone."""
    page = f"{address('changes')}?event={entry.slug}"
    return Told(entry, None, page, Text(entry.why, entry.why_language))


def digest_mail(
    subscription: Subscription, number: int, record: Index
) -> tuple[Mail | None, BitMap]:
    """Give the mail that tells what is new (None: nothing is), and the events there are now."""
    with override(subscription.language):
        selection = selection_of(subscription.filters, record)
        events = held_by(selection)
        found = digest(subscription, number, selection, events)
        if not found.number:
            return None, events
        subject = ngettext(
            "Sahel timeline: news of %(number)s event",
            "Sahel timeline: news of %(number)s events",
            found.number,
        ) % {"number": found.number}
        if selection.words:
            subject = f"{subject} – {Truncator(selection.words).chars(WORDS)}"
        context = {"digest": found, "selection": selection, "sides": _sides}
        made = mail(subscription, subject, "mail_digest", context)
        made.attach_alternative(_drawn("mail_digest.html", subscription, context), "text/html")
    # Told once more after a crash, it is the same mail, which mailboxes show but once.
    same = hashlib.sha256(f"{subscription.pk} {subscription.told}".encode()).hexdigest()[:32]
    made.extra_headers["Message-ID"] = f"<{same}@{_host(subscription)}>"
    return made, events


def mail(subscription: Subscription, subject: str, template: str, context: dict[str, Any]) -> Mail:
    """Give a mail to a subscriber, its text drawn of a template, that one click ends (RFC 8058)."""
    with override(subscription.language):
        # Jinja escapes all it is given, for HTML: in a text it stands as it is.
        text = unescape(_drawn(f"{template}.txt", subscription, context))
    headers = {
        "List-Unsubscribe": f"<{leaving(subscription)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Auto-Submitted": "auto-generated",  # RFC 3834: no answering machine is to answer
        "Message-ID": make_msgid(domain=_host(subscription)),
    }
    return Mail(one_line(subject), text, settings.EMAIL_FROM, [subscription.email], headers=headers)


def _drawn(template: str, subscription: Subscription, context: dict[str, Any]) -> str:
    about = {"subscription": subscription, "leave": leaving(subscription)}
    return render_to_string(template, about | context, using=subscription.language)


def _host(subscription: Subscription) -> str:
    return urlsplit(subscription.site).hostname or ""


def leaving(subscription: Subscription) -> str:
    """Give the address at which whoever has it ends a subscription."""
    token = signing.dumps(str(subscription.pk), salt=LEAVE)
    return subscription.site + address("alerts-leave", token, subscription.language)
