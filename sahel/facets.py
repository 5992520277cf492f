"""What a reader selected: events, filters in words, and how many each choice would leave."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from heapq import nlargest, nsmallest

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pyroaring import BitMap

from sahel.blocks import Key
from sahel.dates import EDTF
from sahel.fields import Text, chooser, readers_language, vocabulary
from sahel.filters import FACETS, NAMES, Facet, Filters, beginning, spaced, words
from sahel.index import Index, Name
from sahel.models import Event, FormerSlug, source_label

SHOWN = 8  # choices of a facet before "more"
ALL = 32  # choices up to which a facet lists them all under "more"
COMMONEST = 24  # choices that a facet of more than that lists; the others are found by their names
STRIDE = 64  # values of a facet that are counted before we look whether any other can matter
SOUGHT: tuple[Facet, ...] = ("actor", "place", "source")  # facets whose choices have names

TITLES = {
    "actor": gettext_lazy("Actor"),
    "year": gettext_lazy("Year"),
    "place": gettext_lazy("Country or place"),
    "kind": gettext_lazy("Kind of event"),
    "status": gettext_lazy("Status"),
    "source": gettext_lazy("Source"),
}
VOCABULARIES: dict[Facet, type[TextChoices]] = {"kind": Event.Kind, "status": Event.Status}


@dataclass(frozen=True)
class Choice:
    """A value of a facet, as the filter panel offers it."""

    facet: Facet
    value: str
    label: Text
    count: int
    state: str  # "", "on" or "excluded"


@dataclass(frozen=True)
class Panel:
    """A facet with its choices: those shown at once, those under "more", if there are others."""

    facet: Facet
    title: str
    shown: list[Choice]
    rest: list[Choice]
    beyond: bool


@dataclass(frozen=True)
class Chip:
    """A filter that is on, in words, and the selection without it."""

    title: str
    label: Text
    excluded: bool
    removed: Filters
    control: str  # the id of the form's control that sets it


@dataclass(frozen=True)
class Page:
    """The primary keys of a page's events, in order, and whether there are any on either side."""

    keys: list[int]
    more_before: bool = False
    more_after: bool = False


def renamed(index: Index, filters: Filters) -> Filters:
    """Give a selection with the slugs of today in place of former ones."""
    for facet in SOUGHT:
        values = getattr(filters, facet)
        unknown = [each.lstrip("-") for each in values]
        unknown = [slug for slug in unknown if (facet, slug) not in index.by_slug]
        if not unknown:
            continue
        former = FormerSlug.objects.filter(kind=facet, slug__in=unknown).values_list("slug", "key")
        today = {slug: name.slug for slug, key in former if (name := index.name(facet, key))}
        today = {slug: now for slug, now in today.items() if now in index.values[facet]}
        for value in values:
            sign, slug = value[: value.startswith("-")], value.lstrip("-")
            if slug in today:
                filters = filters.removing(facet, value).adding(facet, f"{sign}{today[slug]}")
    return filters


@dataclass(frozen=True)
class Selection:
    """What a reader selected of what a page is about, as sets of places in the timeline.

    `scope` is what the page itself is about; `filters` what the reader chose within it.
    """

    index: Index
    filters: Filters
    scope: Filters
    language: str = field(default_factory=readers_language)
    _counted: dict[Facet, tuple[dict[str, int], bool]] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    @cached_property
    def everything(self) -> BitMap:
        """What the page is about."""
        return self.index.selected(self.scope)

    @cached_property
    def events(self) -> BitMap:
        """What the reader selected of it."""
        return self._with(*FACETS)

    @cached_property
    def undated(self) -> BitMap:
        """What the reader selected, the range of dates left aside."""
        if not (self.filters.since or self.filters.until):
            return self.events
        return replace(self, filters=self.filters.without("since", "until")).events

    @cached_property
    def _unfaceted(self) -> BitMap:
        """What the dates and words leave."""
        places = self.everything & self.index.between(self.filters.first_day, self.filters.last_day)
        saying = self.index.saying(self.filters.terms)
        return places if saying is None else places & saying

    @cached_property
    def _included(self) -> dict[Facet, BitMap]:
        return {
            facet: self.index.any_of(facet, values)
            for facet in FACETS
            if (values := self.filters.included(facet))
        }

    def _with(self, *facets: Facet, without: str = "") -> BitMap:
        """Give what these facets' chosen values leave; all excluded ones but `without` are out."""
        places = self._unfaceted
        for facet in facets:
            if facet in self._included:
                places = places & self._included[facet]
        for facet in FACETS:
            for value in self.filters.excluded(facet):
                if f"{facet}-{value}" != without:
                    places = places - self.index.having(facet, value)
        return places

    def panels(self) -> list[Panel]:
        """Give each facet with its choices, each counted with the other facets as they are."""
        return [panel for facet in FACETS if (panel := self._panel(facet)) is not None]

    def _panel(self, facet: Facet) -> Panel | None:
        index, filters = self.index, self.filters
        included, excluded = filters.included(facet), filters.excluded(facet)
        others = [other for other in FACETS if other != facet]
        places = self._with(*others) if facet in self._included else self.events
        mine = places is self.events
        found, many = self._of_events(facet) if mine else self._commonest(facet, places)
        counts = dict(found)
        for value in included:
            counts[value] = places.intersection_cardinality(index.having(facet, value))
        for value in excluded:  # what it would leave if it were let in again
            let_in = self._with(*others, without=f"{facet}-{value}")
            counts[value] = let_in.intersection_cardinality(index.having(facet, value))
        for value in self.scope.included(facet):
            counts.pop(value, None)
        if not counts:
            return None
        chosen = {*included, *excluded} & counts.keys()
        room = COMMONEST if many else len(counts)
        first = nsmallest(room, counts, key=lambda value: (-counts[value], value))
        shown = {*first[: room if facet in ("year", "status") else SHOWN], *chosen}
        choices = [
            Choice(
                facet,
                value,
                label(index, facet, value, self.language),
                counts[value],
                "on" if value in included else "excluded" if value in excluded else "",
            )
            for value in {*first, *chosen}
        ]
        choices.sort(key=self._rank)
        return Panel(
            facet,
            str(TITLES[facet]),
            [choice for choice in choices if choice.value in shown],
            [choice for choice in choices if choice.value not in shown],
            many and facet in SOUGHT,
        )

    def _commonest(self, facet: Facet, places: BitMap) -> tuple[dict[str, int], bool]:
        """Count the values of a facet among these events; say whether there are more than are kept.

        No value can have more of them than it has at all: where the largest are counted first, the
        others need not be, once they cannot come among the first any more.
        """
        values = self.index.by_size[facet]
        if facet in SOUGHT and (wanted := [beginning(word) for word in words(self.filters.find)]):
            names = self.index.by_slug
            values = [
                (value, having)
                for value, having in values
                if all(begin in names[facet, value].words for begin in wanted)
            ]
        everything = len(places) == len(self.index.events)
        counts: dict[str, int] = {}
        least = 1  # that a value must have to be listed
        for start in range(0, len(values), STRIDE):
            stretch = values[start : start + STRIDE]
            if len(stretch[0][1]) < least:
                break
            for value, having in stretch:
                count = len(having) if everything else having.intersection_cardinality(places)
                if count >= least:
                    counts[value] = count
            if len(counts) > ALL:
                least = nlargest(COMMONEST, counts.values())[-1]
        many = len(counts) > ALL
        return {value: count for value, count in counts.items() if count >= least}, many

    def commonest(self, facet: Facet, number: int) -> dict[str, int]:
        """Count those values of a facet that most of the selected events have."""
        if number <= COMMONEST:
            counts, _many = self._of_events(facet)
        else:
            events = self.events
            counts = {
                value: having.intersection_cardinality(events)
                for value, having in self.index.by_size[facet]
            }
        first = nsmallest(number, counts, key=lambda value: (-counts[value], value))
        return {value: counts[value] for value in first if counts[value]}

    def every(self, facet: Facet) -> dict[str, int]:
        """Count all values of a facet that the selected events have, the most first.

        Of what has names only those of which `find` names the words.
        """
        wanted = [beginning(word) for word in words(self.filters.find)]
        names, events = self.index.by_slug, self.events
        counts = {
            value: having.intersection_cardinality(events)
            for value, having in self.index.by_size[facet]
            if all(begin in names[facet, value].words for begin in wanted)
        }
        ranked = sorted(counts, key=lambda value: (-counts[value], value))
        return {value: counts[value] for value in ranked if counts[value]}

    def _of_events(self, facet: Facet) -> tuple[dict[str, int], bool]:
        if facet not in self._counted:
            self._counted[facet] = self._commonest(facet, self.events)
        return self._counted[facet]

    def _rank(self, choice: Choice) -> tuple[int, str, str]:
        if choice.facet == "year":
            return int(choice.value), "", ""
        if choice.facet == "status":
            return [*Event.Status.values, choice.value].index(choice.value), "", ""
        return -choice.count, choice.label, choice.value

    @property
    def of_all(self) -> Filters | None:
        """The same events as a selection of the whole record; None where no filters say it."""
        whole = self.filters
        for facet in FACETS:
            for value in self.scope.included(facet):
                if whole.included(facet):  # it would be one or the other, not both
                    return None
                whole = whole.adding(facet, value)
        return whole

    @cached_property
    def words(self) -> str:
        """The filters that are on, as one line."""
        return " · ".join(
            f"{_('not')} {chip.label}" if chip.excluded else chip.label for chip in self.chips
        )

    @cached_property
    def chips(self) -> list[Chip]:
        """The filters that are on, each with the selection without it."""
        filters, found = self.filters, []
        for facet in FACETS:
            for value in getattr(filters, facet):
                word = value.removeprefix("-")
                name = label(self.index, facet, word, self.language)
                removed = filters.removing(facet, value)
                found.append(
                    Chip(str(TITLES[facet]), name, value != word, removed, f"{facet}-{word}")
                )
        for bound, interval in (("since", "{}/.."), ("until", "../{}")):
            if date := getattr(filters, bound):
                name = Text(EDTF.parse(interval.format(date)).in_words(), "")
                found.append(Chip(_("Date"), name, False, filters.without(bound), NAMES[bound]))
        if filters.q:
            name = Text(_("“%(words)s”") % {"words": filters.q}, "")
            found.append(Chip(_("Words"), name, False, filters.without("q"), "q"))
        return found

    def page(self, size: int) -> Page:
        """Give the page that the filters ask for, of so many events at most."""
        filters, events = self.filters, self.events
        newest_first = bool(filters.order)
        # The page is a stretch of the selection in the order of time, whichever way it is shown.
        start, stop = (len(events) - size, len(events)) if newest_first else (0, size)
        if beside := filters.before or filters.after:
            place = self.index.place_of_slug(beside)
            if place is None:
                return Page([])
            if bool(filters.before) == newest_first:
                start = events.rank(place)
                stop = start + size
            else:
                stop = events.rank(place) - (place in events)
                start = stop - size
        start, stop = max(start, 0), min(stop, len(events))
        if start >= stop:
            return Page([])
        keys = self.index.keys(events[start:stop])
        earlier, later = start > 0, stop < len(events)
        return Page(keys[::-1], later, earlier) if newest_first else Page(keys, earlier, later)

    def other_names(self) -> list[tuple[Text, str]]:
        """Give the actors and places that the words found by another name, each with that name."""
        found: dict[Key, tuple[Text, str]] = {}
        for term in self.filters.terms:
            begin = beginning(term)
            for key in self.index.named([term]):
                name = self.index.names[key]
                if begin in spaced(f"{name.en} {name.fr}") or not self.index.block.having.get(key):
                    continue
                for alias in name.more.splitlines():
                    if begin in spaced(alias):
                        found.setdefault(key, (named(key[0], name, self.language), alias.strip()))
        return list(found.values())[:SHOWN]


def label(index: Index, facet: Facet, value: str, language: str) -> Text:
    """Give a value's name in the reader's language; the value itself where it is unknown."""
    # What has no published event is not named: its name may be a draft's.
    if value in index.values[facet] and (name := index.by_slug.get((facet, value))):
        return named(facet, name, language)
    if words := VOCABULARIES.get(facet):
        return Text(vocabulary(words, language)[value], language)
    return Text(value, "")


def named(facet: Facet, name: Name, language: str) -> Text:
    """Give the name of an actor, a place or a source in the reader's language."""
    if facet == "source":
        return source_label(name.en, name.fr, name.more)
    return chooser(language)(name.en, name.fr)
