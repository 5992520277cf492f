"""What a reader asked for, parsed once from the query string into a value that cannot be wrong.

Junk is off, not an error; a plausible unknown (`actor=framce`) is kept and matches nothing.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Literal, Self
from urllib.parse import urlencode

from django.http import QueryDict

from sahel.dates import EDTF, EDTFError

Facet = Literal["actor", "year", "place", "kind", "status", "source"]
FACETS: tuple[Facet, ...] = ("actor", "year", "place", "kind", "status", "source")
NAMES = {"since": "from", "until": "to"}  # the query string's words that Python keeps for itself

MAX_VALUES = 20  # of one facet
MAX_WORDS_LENGTH = 100
MAX_TERMS = 10

_SLUG = re.compile(r"-?[a-z0-9]+(?:[-_]+[a-z0-9]+)*", re.ASCII)
_YEAR = re.compile(r"-?[0-9]{1,4}", re.ASCII)
_BOUND = re.compile(r"[0-9]{4}(-[0-9]{2}){0,2}", re.ASCII)
_WORD = re.compile(r"[^\W_]{1,60}")
_LETTERS = str.maketrans(
    {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "’": "'", "‘": "'", "ʼ": "'"}
)


def fold(text: str) -> str:
    """Give text without case, accents, ligatures, typographic apostrophes or runs of space.

    Two texts that a reader takes for the same word fold to the same string: "GOITA", "Goïta".
    """
    # NFKD first and casefold last would leave what casefold composes ("ΐ"); so fold, then strip.
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(bare.replace("\0", " ").casefold().split())


def words(text: str) -> list[str]:
    """Give the words of a text as search compares them: folded runs of letters and digits."""
    return _WORD.findall(fold(text))


def spaced(text: str) -> str:
    """Give a text's words, each between spaces: " goita" stands in it where a word begins so."""
    return f" {' '.join(words(text))} "


def beginning(term: str) -> str:
    """Give what a spaced text holds if it has the word: its beginning, or all of a single letter.

    A single letter is the "l" of "l'armée"; as a beginning it would be in every text.
    """
    return f" {term}" if len(term) > 1 else f" {term} "


@dataclass(frozen=True)
class Filters:
    """A selection of events: values of one facet mean any of them, a leading "-" excludes.

    Facets hold slugs (years: digits). `since` and `until` are a day, a month or a year in ISO 8601.
    `find` holds words of the names to offer among the choices; it selects no events.
    `after` and `before` are slugs of the events between which the page begins or ends.
    """

    actor: tuple[str, ...] = ()
    year: tuple[str, ...] = ()
    place: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    q: str = ""
    find: str = ""
    order: Literal["", "newest"] = ""
    after: str = ""
    before: str = ""

    @classmethod
    def from_query(cls, query: QueryDict) -> Self:
        """Read a query string; never raises."""
        since, until = _bound(query.get("from", "")), _bound(query.get("to", ""))
        if since and until and _span(since)[0] > _span(until)[1]:
            since, until = until, since
        return cls(
            **{facet: _values(facet, query.getlist(facet)) for facet in FACETS},
            since=since,
            until=until,
            q=_words(query.get("q", "")),
            find=_words(query.get("find", "")),
            order="newest" if query.get("order") == "newest" else "",
            after=_slug(query.get("after", "")),
            before=_slug(query.get("before", "")),
        )

    def included(self, facet: Facet) -> tuple[str, ...]:
        """The values of a facet of which an event must have one; empty means any."""
        return tuple(value for value in getattr(self, facet) if not value.startswith("-"))

    def excluded(self, facet: Facet) -> tuple[str, ...]:
        """The values of a facet that an event must not have, without their minus."""
        return tuple(value[1:] for value in getattr(self, facet) if value.startswith("-"))

    @property
    def terms(self) -> tuple[str, ...]:
        """The words of `q`, each of which an event must hold somewhere; see `beginning()`."""
        return tuple(dict.fromkeys(words(self.q)))[:MAX_TERMS]

    @property
    def first_day(self) -> date | None:
        """The first day of the range of dates; None where it has no beginning."""
        return _span(self.since)[0] if self.since else None

    @property
    def last_day(self) -> date | None:
        """The last day of the range of dates; None where it has no end."""
        return _span(self.until)[1] if self.until else None

    def adding(self, facet: Facet, value: str) -> Self:
        """Give the selection with a value more (its opposite removed), on its first page."""
        kept = tuple(v for v in getattr(self, facet) if v.lstrip("-") != value.lstrip("-"))
        return self._from_first_page(**{facet: (*kept, value)})

    def leaving_out(self, facet: Facet) -> tuple[str, str]:
        """Give what stands before and after a value in the query that leaves it out, too."""
        first = self._from_first_page()
        number = list(FACETS).index(facet) + 1
        before = [pair for pair in first.pairs if pair[0] in FACETS[:number]]
        after = [pair for pair in first.pairs if pair[0] not in FACETS[:number]]
        return f"?{urlencode([*before, (facet, '-')])}", f"&{urlencode(after)}" if after else ""

    def removing(self, facet: Facet, value: str) -> Self:
        """Give the selection without a value, on its first page."""
        return self._from_first_page(
            **{facet: tuple(v for v in getattr(self, facet) if v != value)}
        )

    def without(self, *names: str) -> Self:
        """Give the selection with some of its fields off, on its first page."""
        defaults = {field.name: field.default for field in fields(self)}
        return self._from_first_page(**{name: defaults[name] for name in names})

    def within(self, since: str, until: str) -> Self:
        """Give the selection of what may lie in a range of dates, on its first page."""
        return self._from_first_page(since=since, until=until)

    def cleared(self) -> Self:
        """Give the selection of everything, in the same order."""
        return type(self)(order=self.order)

    def turned(self) -> Self:
        """Give the same selection in the other direction of time."""
        return self._from_first_page(order="" if self.order else "newest")

    def following(self, slug: str) -> Self:
        """Give the page that begins after an event."""
        return replace(self, after=slug, before="")

    def preceding(self, slug: str) -> Self:
        """Give the page that ends before an event."""
        return replace(self, after="", before=slug)

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The names and values of the query string, in its one order."""
        pairs: list[tuple[str, str]] = []
        for field in fields(self):
            value = getattr(self, field.name)
            values: Iterable[str] = value if isinstance(value, tuple) else (value,)
            pairs += [(NAMES.get(field.name, field.name), each) for each in values if each]
        return tuple(pairs)

    @property
    def query(self) -> str:
        """The query string, with its question mark; empty for everything."""
        return f"?{urlencode(self.pairs)}" if self.pairs else ""

    def _from_first_page(self, **changes: object) -> Self:
        return replace(self, **{"after": "", "before": "", **changes})  # type: ignore[arg-type]


def _values(facet: Facet, given: list[str]) -> tuple[str, ...]:
    kept: dict[str, str] = {}
    for value in given[: 5 * MAX_VALUES]:
        if facet == "year" and _YEAR.fullmatch(value) and int(value):
            value = f"-{value[1:].lstrip('0')}" if value[0] == "-" else value.lstrip("0")
        elif facet == "year" or not _slug(value):
            continue
        kept[value.lstrip("-")] = value  # the last word counts when a value is both on and off
    return tuple(kept.values())[:MAX_VALUES]


def _slug(value: str) -> str:
    return value if len(value) <= 100 and _SLUG.fullmatch(value) else ""


def _bound(value: str) -> str:
    value = value.strip()
    if not _BOUND.fullmatch(value):
        return ""
    try:
        EDTF.parse(value)
    except EDTFError:
        return ""
    return value


def _span(bound: str) -> tuple[date, date]:
    edtf = EDTF.parse(bound)
    assert edtf.earliest  # noqa: S101 - _bound() lets nothing open through
    assert edtf.latest  # noqa: S101
    return edtf.earliest, edtf.latest


def _words(value: str) -> str:
    if not words(value[:1000]):  # no letter and no digit: nothing to look for
        return ""
    printable = "".join(c if c.isprintable() or c.isspace() else " " for c in value[:1000])
    return " ".join(printable.split())[:MAX_WORDS_LENGTH].strip()
