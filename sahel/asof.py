"""The past of the record, at addresses that stay: an event in a version, all events on a day.

Both are read from the history. What was withdrawn or deleted since is not told again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, cast

from django.db.models import Exists, JSONField, Max, OuterRef, Q, Subquery
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_safe

from sahel.cards import Card, Involved, Located, Quoted
from sahel.citations import Version, event_address, of_event
from sahel.dates import EDTF
from sahel.fields import Text, chooser, readers_language
from sahel.filters import Facet
from sahel.index import Index
from sahel.models import Change, Estimate, Event, Quotation, Unrecorded, source_label
from sahel.models.history import Snapshot, moved_slugs, of_today
from sahel.pages import draw
from sahel.views import record_for

What = Change.What
LEFT_PUBLIC = What.PUBLISHED, What.CORRECTED, What.CHECKED
TOUCHED = What.CORRECTED, What.WITHDRAWN, What.TAKEN_BACK, What.DELETED  # what was public before
PAGE = 25  # events on a page

Place = tuple[date, int, int]  # in the order of the timeline: day, position, primary key


@dataclass
class Then:
    """An event as an entry left it, with the names of today.

    Who and what has no page any more has no slug, and a quotation no key.
    """

    card: Card
    references: list[tuple[Located, str, Text]] = field(default_factory=list)  # supports, note
    estimates: list[tuple[Estimate, Quoted]] = field(default_factory=list)  # with whose it is


@dataclass
class Listed:
    """A line of the list of a day; without date and title, what is not public any more."""

    address: str
    when: EDTF | None = None
    title: Text | None = None
    status: str = ""


# An event in a version ----------------------------------------------------------------------------


@require_safe
def version(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Draw an event as an entry of the history left it, if it was public then and still is."""
    entry = get_object_or_404(Change, number=number, what__in=LEFT_PUBLIC)
    # Where it moved to, or what became of it, `addresses` says.
    if not Event.objects.published().filter(pk=entry.event, slug=slug).exists():
        raise Http404
    later = Change.objects.filter(event=entry.event, number__gt=number).defer("after")
    if later.filter(what=What.WITHDRAWN).exists():  # and public again, perhaps without those words
        raise Http404
    then = _then(record_for(request), entry, slug)
    nearest = later.order_by("number").first()
    context = {
        "event": then.card,
        "then": then,
        "until": nearest,
        "waiting": Unrecorded.objects.filter(event=entry.event).exists(),
        "next_version": nearest and nearest.what in LEFT_PUBLIC,
        "cited": of_event(request, then.card, Version(number, entry.at.date())),
    }
    return draw(request, "version.html", context)


def _then(record: Index, entry: Change, slug: str) -> Then:
    """Read an entry, of whatever shape entries had when it was made."""
    told = of_today(cast(Snapshot, entry.snapshot), {})
    names, event = _Names(record), told["event"]
    kept = set(Quotation.objects.filter(event=entry.event).values_list("key", flat=True))
    card = Card(
        pk=entry.event,
        slug=slug,
        kind=event["kind"],
        status=event["status"],
        date=EDTF.parse(event["date"]),
        date_basis=event["date_basis"],
        date_words=event["date_words"],
        **{name: names.text(event, name) for name in ("title", "summary", "note", "date_note")},
        involvements=[
            Involved(*names.located("actor", row["actor"]), row["role"])
            for row in told["involvements"]
        ],
        places=sorted(names.located("place", each) for each in told["places"]),
        quotations=[names.quoted(row, row["key"] in kept) for row in told["quotations"]],
    )
    references = [
        (names.located("source", row["source"]), row["supports"], names.text(row, "note"))
        for row in told["references"]
    ]
    keys = (row["key"] for row in told["quotations"])
    said = dict(zip(keys, card.quotations, strict=True))
    estimates = [
        (
            Estimate(**{name: value for name, value in row.items() if name != "quotation"}),
            said[row["quotation"]],
        )
        for row in told["estimates"]
        if row["quotation"] in said  # no figure without whoever gives it
    ]
    return Then(card, references, estimates)


class _Names:
    """What entries name by slug, in the active language, as far as it is public today."""

    def __init__(self, record: Index) -> None:
        self.record, self.moved = record, moved_slugs()
        self.choose = chooser(readers_language())

    def text(self, row: dict[str, Any], name: str) -> Text:
        return self.choose(row[f"{name}_en"], row[f"{name}_fr"])

    def located(self, facet: Facet, slug: str) -> Located:
        """Give the slug of today and the name; no slug where no page is."""
        today = self.moved.get((facet, slug), slug)
        public = today in self.record.values[facet]
        name = self.record.by_slug.get((facet, today))
        if name is None or not public:  # its name may be a draft's
            return Located("", Text(slug, ""))
        label = (
            source_label(name.en, name.fr, name.more, name.language)
            if facet == "source"
            else self.choose(name.en, name.fr)
        )
        return Located(today if public else "", label)

    def quoted(self, row: dict[str, Any], kept: bool) -> Quoted:
        source = self.located("source", row["source"])
        today = self.record.by_slug.get(("source", source.slug))
        return Quoted(
            key=row["key"] if kept else "",
            exact=row["exact"],
            language=row["language"],
            stance=row["stance"],
            state=row["state"],
            start=row["start"],
            prefix=row["prefix"] if row["repeated"] else "",
            suffix=row["suffix"] if row["repeated"] else "",
            page=row["page"],
            speaker=self.located("actor", row["speaker"]) if row["speaker"] else None,
            speaker_role=self.text(row, "speaker_role"),
            source_slug=source.slug,
            source_url=today.url if today else "",
            source_label=source.name,
            source_wording=today.wording if today else "original",
        )


# The record on a day ------------------------------------------------------------------------------


@require_safe
def any_day(request: HttpRequest) -> HttpResponse:
    """Lead to the record of the day that is asked for with `day=`, else of today."""
    asked = _day(request.GET.get("day", "")) or _today()
    return redirect("record-of-day", day=asked.isoformat())


@require_safe
def record(request: HttpRequest, day: str) -> HttpResponse:
    """List what was public at the end of a day (UTC), in the order of the timeline."""
    first = Change.objects.order_by("number").values_list("at", flat=True).first()
    asked, today = _day(day), _today()
    context: dict[str, Any] = {"day": asked, "today": today, "first": first and first.date()}
    if asked is None or first is None or not first.date() <= asked <= today:
        return draw(request, "record.html", {**context, "head": None}, status=404)
    end = datetime.combine(asked + timedelta(days=1), datetime.min.time(), UTC)
    head = Change.objects.filter(at__lt=end).defer("after").order_by("-at", "-number")[0]
    after = request.GET.get("after", "")
    known = after.isascii() and after.isdigit() and len(after) < 19
    begins = _place_of(int(after), head.number) if known else None
    numbers, more = _page(head.number, begins)
    context |= {
        "head": head,
        "total": _public_at(head.number),
        "listed": _listed(numbers),
        "next": numbers[-1] if more else None,
        "begins": begins,
    }
    return draw(request, "record.html", context)


def _public_at(head: int) -> int:
    """Count the events that were public after an entry: what became so, less what ceased to be."""
    entries = Change.objects.filter(public=True, number__lte=head)
    came = entries.filter(what=What.PUBLISHED).count()
    went = entries.filter(what__in=(What.WITHDRAWN, What.TAKEN_BACK, What.DELETED))
    return came - went.count()


def _page(head: int, after: Place | None) -> tuple[list[int], bool]:
    """Give the numbers of the versions of a page, as of an entry, and whether there are more.

    Most events stand where they stood; only those that were changed since are read from entries.
    """
    before = Change.objects.filter(number__lte=head, what__in=LEFT_PUBLIC)
    since = Change.objects.filter(number__gt=head).exclude(what=What.CHECKED)
    of_event = {"event": OuterRef("pk")}
    same = Event.objects.published().filter(
        Exists(before.filter(**of_event)), ~Exists(since.filter(**of_event))
    )
    if after:
        day, position, key = after
        later = Q(position__gt=position) | Q(position=position, pk__gt=key)
        same = same.filter(Q(sort_date__gt=day) | Q(later, sort_date=day), sort_date__gte=day)
    rows = same.in_order().values_list("sort_date", "position", "pk")
    places: list[Place] = list(rows[: PAGE + 1])
    newest = Change.objects.order_by("-number").values_list("hash", flat=True)[0]
    places += (place for place in _moved(head, newest) if after is None or place > after)
    found = [key for _day, _position, key in sorted(places)[: PAGE + 1]]
    entries = Change.objects.filter(event__in=found[:PAGE], number__lte=head).order_by()
    numbers = dict(
        entries.values("event").annotate(last=Max("number")).values_list("event", "last")
    )
    return [numbers[key] for key in found[:PAGE]], len(found) > PAGE


@lru_cache(maxsize=2)  # as many lists as days are leafed through at a time
def _moved(head: int, newest: str) -> list[Place]:
    """Give the places, as of an entry, of the events that were public then and changed since.

    `newest` is the hash of the last entry: for the same one the answer is the same.
    """
    touched = Change.objects.filter(public=True, what__in=TOUCHED, number__gt=head).order_by()
    last = Change.objects.filter(event=OuterRef("event"), number__lte=head)
    then = Change.objects.filter(
        event__in=touched.values("event"),
        what__in=LEFT_PUBLIC,
        number=Subquery(last.order_by("-number").values("number")[:1]),
    )
    # The database reads the two values out of the entries: to send them all takes far longer.
    told = then.order_by().annotate(told=Cast("after", JSONField()))
    rows = told.values_list(KT("told__event__date"), KT("told__event__position"), "event")
    return [(EDTF.parse(when).sort_date, int(nth or 0), key) for when, nth, key in rows]


def _place(entry: Change) -> Place:
    event = cast(Snapshot, entry.snapshot)["event"]
    return EDTF.parse(event["date"]).sort_date, event.get("position", 0), entry.event


def _place_of(number: int, head: int) -> Place | None:
    """Give the place of a version that was public then; None where it was not."""
    entry = Change.objects.filter(number=number, number__lte=head, what__in=LEFT_PUBLIC).first()
    return _place(entry) if entry else None


def _listed(numbers: Iterable[int]) -> list[Listed]:
    """Give the lines of these versions, with what they said then."""
    entries = Change.objects.in_bulk(list(numbers))
    events = Event.objects.filter(pk__in=[entry.event for entry in entries.values()])
    rows = {
        pk: (slug, state) for pk, slug, state in events.values_list("pk", "slug", "publication")
    }
    withdrawn = dict(
        Change.objects.filter(event__in=rows, what=What.WITHDRAWN)
        .order_by("number")
        .values_list("event", "number")
    )
    choose, listed = chooser(readers_language()), []
    for number in numbers:
        entry = entries[number]
        slug, state = rows.get(entry.event, (entry.slug, ""))
        told = state == Event.Publication.PUBLISHED and withdrawn.get(entry.event, 0) < number
        version = Version(number, entry.at.date())
        line = Listed(event_address(slug if told else entry.slug, version))
        if told:
            event = cast(Snapshot, entry.snapshot)["event"]
            line.when = EDTF.parse(event["date"])
            line.status = event["status"]
            line.title = choose(event.get("title_en", ""), event.get("title_fr", ""))
        listed.append(line)
    return listed


def _day(text: str) -> date | None:
    """Read a day, written YYYY-MM-DD; None if it is none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text else None


def _today() -> date:
    return datetime.now(UTC).date()
