"""What one row of a spreadsheet says, in our words, and what in it cannot be read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from sahel.dates import EDTF, EDTFError
from sahel.fields import NOT_IN_XML, vocabulary
from sahel.filters import fold
from sahel.worded import LANGUAGES, read

MIDNIGHT = re.compile(r"[T ]00:00(:00)?(\.0+)?Z?$")


@dataclass(frozen=True)
class Fault:
    """What is wrong with a cell: the number of its row, the name of its column, the reason."""

    row: int
    column: str
    reason: str


@dataclass(frozen=True)
class Takes:
    """What takes part: a name or a slug, its role and, if it is to be made, its kind."""

    field: str
    name: str
    role: str
    kind: str


@dataclass(frozen=True)
class Where:
    """A place: a name or a slug, and what is known of it if it is to be made.

    `within` names what it may lie in, the smallest first.
    """

    field: str
    name: str
    kind: str = "site"
    within: tuple[str, ...] = ()
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    precision: str = "area"


@dataclass
class Entry:
    """What a row says; `event` holds columns of an event, `date` is EDTF or words."""

    key: str
    event: dict[str, str]
    date: str
    date_field: str = "date"
    actors: list[Takes] = field(default_factory=list)
    places: list[Where] = field(default_factory=list)
    quotations: list[Quoted] = field(default_factory=list)
    references: list[Given] = field(default_factory=list)


@dataclass
class Given:
    """A quotation, a figure or a reference that a row gives: columns of its model.

    `sources` are slugs or addresses of one source, none for the file's own. What is wrong goes to
    `cells`, under the names of `fields` where they are not the model's.
    """

    cells: Cells
    columns: dict[str, Any]
    sources: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)

    def fault(self, column: str, reason: str) -> None:
        """Put on record what is wrong with a column."""
        self.cells.fault(self.fields.get(column, column), reason)


@dataclass
class Quoted(Given):
    """A quotation that a row gives, with who speaks, a slug or a name, and its figures."""

    speaker: str = ""
    figures: list[Given] = field(default_factory=list)


class Cells:
    """The cells of one row, asked for by our fields; what is wrong with them is put in `faults`."""

    def __init__(self, values: list[str], mapping: Mapping[str, int]) -> None:
        """Take the texts, and which field stands in which column, counted from 0."""
        self.values, self.mapping = values, mapping
        self.faults: list[tuple[str, str]] = []  # field, reason

    def __getitem__(self, name: str) -> str:
        at = self.mapping.get(name)
        found = self.values[at] if at is not None and at < len(self.values) else ""
        return NOT_IN_XML.sub("", found).strip()

    def fault(self, name: str, reason: str) -> None:
        """Put on record what is wrong with a field."""
        self.faults.append((name, reason))

    def required(self, name: str, reason: str) -> str:
        """Give a text that must be there."""
        if not (text := self[name]):
            self.fault(name, reason)
        return text

    def choice(self, name: str, choices: type[models.TextChoices], default: str = "") -> str:
        """Give a value of a vocabulary, typed as such or in words of either language."""
        typed = self[name] or default
        known = _words(choices)
        if typed and fold(typed) in known:
            return known[fold(typed)]
        self.fault(name, none_of(typed, map(str, choices.labels)))
        return ""

    def whole(self, name: str) -> int | None:
        """Give a whole number that is not negative; None where there is none."""
        text = self[name].removesuffix(".0")
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            self.fault(name, _("“%(text)s” is not a whole number.") % {"text": text[:50]})
            return None
        return int(text)

    def coordinate(self, name: str, most: int) -> Decimal | None:
        """Give degrees, between plus and minus so many; None where there are none."""
        if not self[name]:
            return None
        try:
            degrees = Decimal(self[name].replace(",", "."))
            if abs(degrees) <= most:  # which "NaN" is not, and says so by an error
                return round(degrees, 5)
        except InvalidOperation:
            pass
        said = _("“%(text)s” is not a number of degrees from -%(most)s to %(most)s.")
        self.fault(name, said % {"text": self[name][:50], "most": most})
        return None

    def day(self, name: str) -> date | None:
        """Give a day; None, and a fault, where there is none."""
        text = MIDNIGHT.sub("", self[name])
        try:
            read_ = read(text)
        except EDTFError as error:
            self.fault(name, str(error))
            return None
        sure = not (read_.approximate or read_.uncertain)
        if read_.precision != "day" or not sure or not 1000 <= read_.sort_date.year <= 9000:
            self.fault(name, _("“%(text)s” is not a single day.") % {"text": text[:50]})
            return None
        return read_.sort_date

    def code(self, name: str, codes: Mapping[str, Any], default: str | None = None) -> Any:
        """Give what a code of a dataset stands for; None, and a fault, where it is unknown."""
        typed = self[name].removesuffix(".0") or default or ""
        if (found := codes.get(fold(typed))) is None:
            self.fault(name, none_of(typed, codes))
        return found


def none_of(typed: str, allowed: Any) -> str:
    """Say which words are allowed."""
    told = {"typed": typed[:50], "allowed": ", ".join(allowed)}
    if not typed:
        return _("Nothing is given. Give one of: %(allowed)s.") % told
    return _("“%(typed)s” is not known. Give one of: %(allowed)s.") % told


def spanning(first: date, last: date, least: int) -> str:
    """Give the EDTF of an interval that claims to be no shorter than so many days.

    One that is shorter is widened to its months, or its years: whoever says "in that month" and
    gives a day does not know the day.
    """
    exact, month, year = _interval(first, last), f"{first:%Y-%m}", f"{first:%Y}"
    months = month if month == f"{last:%Y-%m}" else f"{month}/{last:%Y-%m}"
    years = year if year == f"{last:%Y}" else f"{year}/{last:%Y}"
    for text in (months, years):  # said shorter, where it is the same
        whole = EDTF.parse(text)
        if (whole.earliest, whole.latest) == (first, last):
            exact = text
    return next((text for text in (exact, months) if length(EDTF.parse(text)) >= least), years)


def _interval(first: date, last: date) -> str:
    return first.isoformat() if first == last else f"{first.isoformat()}/{last.isoformat()}"


def length(edtf: EDTF) -> int:
    """Give the number of days that a date with two ends may lie in."""
    assert edtf.earliest is not None  # noqa: S101 - for the type checker
    assert edtf.latest is not None  # noqa: S101
    return (edtf.latest - edtf.earliest).days + 1


def shortened(text: str, most: int) -> str:
    """Give a text of no more characters than that."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


@cache
def _words(choices: type[models.TextChoices]) -> dict[str, str]:
    known = {fold(value): value for value in choices.values}
    for language in LANGUAGES:
        known |= {fold(word): value for value, word in vocabulary(choices, language).items()}
    return known
