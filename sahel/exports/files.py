"""One file that leaves the site: what it holds, and what it says of itself."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Annotated, Any, TypedDict

from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from sahel.citations import Cited
from sahel.exports.records import Records
from sahel.exports.shapes import Kind
from sahel.facets import Selection
from sahel.fields import address
from sahel.filters import Facet
from sahel.linked import LICENCE

ONE: dict[Kind, Any] = {
    "events": "event",
    "quotations": "quotation",
    "actors": "actor",
    "places": "place",
    "sources": "source",
}


NAMED: tuple[Kind, ...] = ("actors", "places", "sources")  # what `find` looks for


class Licence(TypedDict):
    """Under which terms it is."""

    name: Annotated[str, gettext_lazy("its name")]
    url: Annotated[str, gettext_lazy("its address")]


class Selected(TypedDict):
    """What was selected."""

    words: Annotated[str, gettext_lazy("in words")]
    query: Annotated[str, gettext_lazy("as a query string")]
    events: Annotated[int, gettext_lazy("how many events that are")]


class History(TypedDict):
    """How far the history of the record was; by its hash anybody can see whether it was changed."""

    entries: Annotated[int, gettext_lazy("the number of its last entry")]
    head: Annotated[str, gettext_lazy("the hash of its last entry")]


class About(TypedDict):
    """What a file says of itself."""

    title: Annotated[str, gettext_lazy("what it is called")]
    language: Annotated[str, gettext_lazy("the language of its title and its addresses")]
    selection: Annotated[Selected, gettext_lazy("what was selected")]
    page: Annotated[str, gettext_lazy("the page that shows the same")]
    address: Annotated[str, gettext_lazy("where it was taken from")]
    retrieved: Annotated[str, gettext_lazy("the day on which that was, UTC")]
    history: Annotated[History, gettext_lazy("the version of the record")]
    licence: Annotated[Licence, gettext_lazy("its terms")]
    cite_as: Annotated[str, gettext_lazy("how to cite it")]
    documentation: Annotated[str, gettext_lazy("where all this is explained")]


@dataclass(frozen=True)
class File:
    """The records of a kind that a reader selected, or one of them, for a format to write.

    `site` is scheme and host; `address` that of the file itself; `entries` and `head` the number
    and the hash of the history's last entry. `one` is the slug (or key) of the only record, and
    `of_event` the key of the event that it is or belongs to. `what` is what a feed is asked for.
    """

    kind: Kind
    selection: Selection
    site: str
    address: str
    day: date
    entries: int
    head: str
    cited: Cited
    one: str = ""
    of_event: int | None = None
    what: str = ""
    records: Records = field(init=False)

    def __post_init__(self) -> None:
        """Read the records with the addresses of the reader's language."""
        records = Records(self.selection.index, self.page_of)
        object.__setattr__(self, "records", records)

    @property
    def language(self) -> str:
        """The reader's language."""
        return self.selection.language

    def page_of(self, page: str, slug: str = "") -> str:
        """Give the whole address of a page in the reader's language."""
        return f"{self.site}{address(page, slug, self.language)}"

    @cached_property
    def keys(self) -> Sequence[int]:
        """The primary keys of the selected events, in the reader's order."""
        if self.of_event is not None:
            return [self.of_event]
        of_place = self.selection.index.block.keys
        # A million of them take 8 MB so, and 40 as a list.
        keys = array("q", (of_place[place] for place in self.selection.events))
        if self.selection.filters.order:
            keys.reverse()
        return keys

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many of the selected events each actor, place or source has, the most first."""
        facet: Facet = ONE[self.kind]
        if self.one:
            return {self.one: len(self.selection.index.having(facet, self.one))}
        return self.selection.every(facet)

    def read(self) -> Iterator[Any]:
        """Read the records, a batch at a time."""
        if self.kind == "events":
            return self.records.events(self.keys)
        if self.kind == "quotations":
            found = self.records.quotations(self.keys)
            return (each for each in found if self.one in ("", each["key"]))
        return getattr(self.records, self.kind)(self.counts)  # type: ignore[no-any-return]

    # What it says of itself ---------------------------------------------------------------------

    @cached_property
    def page(self) -> str:
        """The address of the page that shows the same."""
        if self.one:
            return self.page_of(ONE[self.kind], self.one)
        page = "timeline" if self.kind in ("events", "quotations") else self.kind
        return f"{self.page_of(page)}{self.selection.filters.query}"

    @cached_property
    def selected(self) -> str:
        """What was selected, in words."""
        words = [self.one or self.selection.words]
        if self.kind in NAMED and (sought := self.selection.filters.find):
            words.append(_("names with “%(words)s”") % {"words": sought})
        return " · ".join(filter(None, words)) or _("the whole record")

    @cached_property
    def title(self) -> str:
        """What the file is called."""
        return self.cited.title

    @cached_property
    def counted(self) -> str:
        """How many events were selected, in words."""
        words = ngettext("%(counter)s event", "%(counter)s events", self.events)
        return words % {"counter": self.events}

    @property
    def events(self) -> int:
        """How many events were selected."""
        return len(self.selection.events) if self.of_event is None else 1

    @cached_property
    def cite_as(self) -> str:
        """How to cite it."""
        return self.cited.text

    @cached_property
    def licence(self) -> str:
        """Under which terms it is, in words."""
        return _("CC BY 4.0 (quotations remain their authors’)")

    @cached_property
    def about(self) -> About:
        """All that it says of itself, as JSON gives it."""
        return {
            "title": self.title,
            "language": self.language,
            "selection": {
                "words": self.selected,
                "query": self.selection.filters.query.removeprefix("?"),
                "events": self.events,
            },
            "page": self.page,
            "address": self.address,
            "retrieved": self.day.isoformat(),
            "history": {"entries": self.entries, "head": self.head},
            "licence": {"name": self.licence, "url": LICENCE},
            "cite_as": self.cite_as,
            "documentation": f"{self.site}{address('data', language=self.language)}",
        }

    @cached_property
    def name(self) -> str:
        """What the file is called on a reader's disk, without its ending."""
        pairs = [value for _word, value in self.selection.filters.pairs]
        said = "-".join([self.one] if self.one else pairs)
        return slugify(f"sahel-{self.kind}-{said}")[:80].strip("-") + f"-{self.day}"
