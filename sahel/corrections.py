"""What readers see of the history: on an event's page, on the page of all changes, in its feed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils.feedgenerator import Atom1Feed
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy
from django.views.decorators.http import require_safe

from sahel import index
from sahel.cards import Card, cards
from sahel.citations import Version
from sahel.fields import NOT_IN_XML, Text, address, chooser, readers_language
from sahel.index import Index
from sahel.models import Change, Quotation, Record, Unrecorded
from sahel.models.history import Snapshot
from sahel.pages import draw
from sahel.versions import Difference, compare_each

What = Change.What
PAGE = 25  # changes on a page
ON_AN_EVENT = 10  # changes that its own page tells of
# What can be asked for with `what=`, and in which words it is offered.
FILTERS = {
    "new": ([What.PUBLISHED], pgettext_lazy("changes", "New")),
    "corrected": ([What.CORRECTED], pgettext_lazy("changes", "Corrected")),
    "withdrawn": (
        [What.WITHDRAWN, What.TAKEN_BACK, What.DELETED],
        pgettext_lazy("changes", "Withdrawn"),
    ),
    "checked": ([What.CHECKED], gettext_lazy("Quotations checked")),
}
TOLD = [what for whats, _label in FILTERS.values() for what in whats]


@dataclass
class Told:
    """A change as readers are told of it; an event that is not public any more has no title."""

    entry: Change
    title: Text | None
    address: str
    why: Text
    found: str = ""  # what a check of the quotations found
    differences: list[Difference] = field(default_factory=list)

    @property
    def by(self) -> str:
        """Who did it: a chosen name, or the way the change came in."""
        return self.entry.who or str(self.entry.get_way_display())


def corrections(record: Index, event: int) -> tuple[Change | None, list[Told], Version | None]:
    """Give the entry with which an event first was public, what was done to it since, its version.

    It has no version where it was changed past the site, and that is not on record yet.
    """
    rows = Change.objects.filter(event=event).order_by("number")
    unrecorded = Exists(Unrecorded.objects.filter(event=event))
    numbers, public, version, withdrawn = [], [], None, 0
    for number, is_public, what, at, changed in rows.values_list(
        "number", "public", "what", "at", unrecorded
    ):
        numbers.append(number)
        version = None if changed else Version(number, at.date())
        withdrawn = number if what == What.WITHDRAWN else withdrawn
        if is_public and what in TOLD:
            public.append(number)
    if not public:
        return None, [], None
    since = public[1:][-ON_AN_EVENT:][::-1]
    before = {number: numbers[numbers.index(number) - 1] for number in since}
    entries = Change.objects.in_bulk([public[0], *since, *before.values()])
    first = entries[public[0]]
    if not since:
        return first, [], version
    pairs = [(entries[before[number]].snapshot, entries[number].snapshot) for number in since]
    told = _told([entries[number] for number in since], {})
    for each, differences in zip(told, compare_each(pairs, record), strict=True):
        # What was not public is nobody's to see, nor what was withdrawn since.
        if each.entry.what in (What.CORRECTED, What.CHECKED) and each.entry.number > withdrawn:
            each.differences = differences
    return first, told, version


@require_safe
def changes(request: HttpRequest) -> HttpResponse:
    """List what was published, corrected and withdrawn, the newest first."""
    what, entries = _asked(request)
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 19:
        entries = entries.filter(number__lt=int(before))
    found = list(entries[: PAGE + 1])
    context = {
        "told": _listed(request, found[:PAGE]),
        "older": found[PAGE - 1].number if len(found) > PAGE else None,
        "what": what,
        "choices": {word: str(label) for word, (_whats, label) in FILTERS.items()},
        "of": request.GET.get("event", "")[:100],
        "record": Record.objects.first(),
    }
    return draw(request, "changes.html", context)


class Feed(Atom1Feed):
    """Says the same each time it is asked: one without entries was not updated now, but never."""

    def latest_post_date(self) -> datetime:
        """Give when its newest entry was updated; of none the beginning of time."""
        return super().latest_post_date() if self.items else datetime.fromtimestamp(0, UTC)


@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """Give the same as an Atom feed (RFC 4287), under the same words of the query string."""
    what, entries = _asked(request)
    site = f"{request.scheme}://{request.get_host()}"
    page = address("changes")
    label = FILTERS[what][1] if what else _("Changes")
    atom = Feed(
        title=f"{_('Sahel timeline')} – {label}",
        link=f"{site}{page}",
        description="",
        feed_url=f"{site}{request.get_full_path()}",
        language=readers_language(),
    )
    for told in _listed(request, list(entries[:PAGE])):
        did = capfirst(str(told.entry.get_what_display()))
        title = f"{did}{pgettext('before a quotation', ':')} {told.title}" if told.title else did
        atom.add_item(
            title=NOT_IN_XML.sub(" ", title),
            link=f"{site}{told.address or page}",
            description=NOT_IN_XML.sub(" ", told.why or told.found),
            unique_id=f"{site}{page}#{told.entry.number}",
            updateddate=told.entry.at,
            pubdate=told.entry.at,
            author_name=NOT_IN_XML.sub(" ", told.by),
        )
    return HttpResponse(atom.writeString("utf-8"), content_type=atom.content_type)


def _asked(request: HttpRequest) -> tuple[str, QuerySet[Change]]:
    """Give what a reader asks for, and the entries; what makes no sense is off."""
    what = request.GET.get("what", "")
    what = what if what in FILTERS else ""
    entries = Change.objects.filter(public=True, what__in=FILTERS[what][0] if what else TOLD)
    if slug := request.GET.get("event", ""):
        slug = slug.replace("\0", "")[:100]
        events = Change.objects.filter(slug=slug, public=True).order_by().values("event")
        entries = entries.filter(event__in=events)
    return what, entries.order_by("-number")


def _found(before: Snapshot | None, after: Snapshot | None) -> str:
    """Say what a check of the quotations found, first of all what was lost."""
    lost = [
        {
            quotation["key"]
            for quotation in (snapshot or {"quotations": []})["quotations"]
            if quotation["state"] == Quotation.State.MISSING
        }
        for snapshot in (before, after)
    ]
    if number := len(lost[1] - lost[0]):
        return ngettext(
            "%(number)s quotation is not found in its source any more.",
            "%(number)s quotations are not found in their sources any more.",
            number,
        ) % {"number": number}
    if number := len(lost[0] - lost[1]):
        return ngettext(
            "%(number)s quotation is found in its source again.",
            "%(number)s quotations are found in their sources again.",
            number,
        ) % {"number": number}
    return _("They stand in their sources.") if not lost[1] else ""


def _before(entries: list[Change]) -> dict[int, Snapshot | None]:
    """Give the events as they were before these entries, by number, in two queries."""
    if not entries:
        return {}
    earlier = Change.objects.filter(event=OuterRef("event"), number__lt=OuterRef("number"))
    last = Subquery(earlier.order_by("-number").values("number")[:1])
    rows = Change.objects.filter(pk__in=[entry.pk for entry in entries]).annotate(last=last)
    numbers = {pk: number for pk, number in rows.values_list("pk", "last") if number}
    found = Change.objects.in_bulk(numbers.values())
    return {pk: found[number].snapshot for pk, number in numbers.items()}


def _told(entries: list[Change], public: Mapping[int, Card]) -> list[Told]:
    """Put entries in the reader's words, with the titles of the events that are public now."""
    choose = chooser(readers_language())
    told, checked = [], [entry for entry in entries if entry.what == What.CHECKED]
    before = _before(checked)
    for entry in entries:
        event, why = public.get(entry.event), Text(entry.why, entry.why_language)
        snapshot = entry.snapshot
        if not why and entry.what == What.WITHDRAWN and snapshot:
            words = snapshot["event"]
            why = choose(words.get("withdrawal_en", ""), words.get("withdrawal_fr", ""))
        page = address("event", event.slug if event else entry.slug)
        found = _found(before.get(entry.number), snapshot) if entry in checked else ""
        told.append(Told(entry, event.title if event else None, page, why, found))
    return told


def _listed(request: HttpRequest, entries: list[Change]) -> list[Told]:
    record = index.current(getattr(request, "state", None))
    keys = list({entry.event for entry in entries})
    return _told(entries, {card.pk: card for card in cards(record, keys)})
