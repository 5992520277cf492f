"""An EDTF date: its bounds, its precision and its words, never more exact than it is known.

Extended Date/Time Format, levels 0 and 1 (Library of Congress; ISO 8601-2:2019), years 1 to 9998.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from typing import Literal, Self

from django.utils.dates import MONTHS
from django.utils.translation import get_language, gettext, gettext_lazy, pgettext

Precision = Literal["day", "month", "season", "year", "decade", "century", "range", "by", "from"]

MAX_LENGTH = 40  # the longest level 1 interval has 23 characters
SEASONS = {
    21: gettext_lazy("spring"),
    22: gettext_lazy("summer"),
    23: gettext_lazy("autumn"),
    24: gettext_lazy("winter"),
}

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_POINT = re.compile(
    r"(?P<year>[0-9]{4}|[0-9]{3}X|[0-9]{2}XX)"
    r"(?:(?<!X)-(?P<month>[0-9]{2}|XX)(?:-(?P<day>(?<!XX-)[0-9]{2}|XX))?)?"
    r"(?P<qualifier>[?~%]?)",
    re.ASCII,
)


class EDTFError(ValueError):
    """The text is not a date of EDTF level 0 or 1; the message says what to type instead."""


@dataclass(frozen=True)
class Point:
    """One end of an interval, or a date that is no interval.

    `year` has four characters, the last one or two of which may be "X"; `month` is 1 to 12, a
    season 21 to 24, or None; `unknown` names the part written "XX".
    """

    year: str
    month: int | None
    day: int | None
    unknown: Literal["", "month", "day"]
    approximate: bool
    uncertain: bool
    earliest: date
    latest: date

    @classmethod
    def read(cls, text: str) -> Self:
        """Read one EDTF date without an interval. Raises EDTFError."""
        if _DAY.fullmatch(text):  # by far the commonest
            try:
                day = date.fromisoformat(text)
            except ValueError as error:
                raise EDTFError(_unreadable(text)) from error
            return cls(text[:4], day.month, day.day, "", False, False, day, day)
        match = _POINT.fullmatch(text)
        if not match or match["year"] in ("0000", "00XX", "000X", "9999"):
            raise EDTFError(_unreadable(text))
        year, month, day_, qualifier = match.group("year", "month", "day", "qualifier")
        known_month = int(month) if month and month != "XX" else None
        known_day = int(day_) if day_ and day_ != "XX" else None
        try:
            earliest, latest = _bounds(year, known_month, known_day)
        except ValueError as error:
            raise EDTFError(_unreadable(text)) from error
        if known_month and known_month > 12 and day_:  # a season has no days
            raise EDTFError(_unreadable(text))
        return cls(
            year=year,
            month=known_month,
            day=known_day,
            unknown="month" if month == "XX" else "day" if day_ == "XX" else "",
            approximate=qualifier in ("~", "%"),
            uncertain=qualifier in ("?", "%"),
            earliest=earliest,
            latest=latest,
        )

    @property
    def precision(self) -> Precision:
        """The smallest unit that is known."""
        if self.day:
            return "day"
        if self.month:
            return "season" if self.month > 12 else "month"
        if "X" in self.year:
            return "century" if self.year.endswith("XX") else "decade"
        return "year"

    def in_words(self, *, with_year: bool = True, with_month: bool = True) -> str:
        """Give the date in the active language, without what is said once for a whole range."""
        if not with_month and self.day:
            return _day_number(self.day)
        words = self._exact(with_year=with_year)
        if self.unknown == "month":
            words = gettext("%(date)s, month unknown") % {"date": words}
        elif self.unknown == "day":
            words = gettext("%(date)s, day unknown") % {"date": words}
        return self._qualified(words)

    def _exact(self, *, with_year: bool) -> str:
        if self.precision == "decade":
            return gettext("the %(year)ss") % {"year": self.year[:3] + "0"}
        if self.precision == "century":
            return f"{self.earliest.year}–{self.latest.year}"
        year = str(int(self.year))
        if self.month is None:
            return year
        if self.month == 24:
            year = f"{year}–{self.latest.year}"
        name = str(SEASONS[self.month] if self.month > 12 else MONTHS[self.month])
        parts = {"day": _day_number(self.day), "month": name, "year": year}
        if self.day:
            pattern = (
                gettext("%(day)s %(month)s %(year)s") if with_year else gettext("%(day)s %(month)s")
            )
        else:
            pattern = gettext("%(month)s %(year)s") if with_year else "%(month)s"
        return pattern % parts

    def _qualified(self, words: str) -> str:
        if self.approximate:
            about = (
                pgettext("a day", "about %(date)s")
                if self.day
                else pgettext("a month or year", "about %(date)s")
            )
            words = about % {"date": words}
        if self.uncertain:
            words = gettext("%(date)s (uncertain)") % {"date": words}
        return words


@dataclass(frozen=True)
class EDTF:
    """A date as it is known.

    `text` is its EDTF; `earliest` and `latest` are its first and last possible days, None where
    that end is open or unknown; `start` and `end` are equal for what is no interval.
    """

    text: str
    start: Point | None
    end: Point | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read EDTF level 0 or 1. Raises EDTFError, whose message an editor can act on."""
        text = text.strip()
        if len(text) > MAX_LENGTH:
            raise EDTFError(_unreadable(text[:MAX_LENGTH] + "…"))
        return cls._parse(text)

    @classmethod
    @lru_cache(maxsize=32768)
    def _parse(cls, text: str) -> Self:
        if text.count("/") == 0:
            point = Point.read(text)
            return cls(text, point, point)
        if text.count("/") > 1:
            raise EDTFError(_unreadable(text))
        start, end = (None if part in ("", "..") else Point.read(part) for part in text.split("/"))
        if start is None and end is None:
            raise EDTFError(gettext("“%(text)s” has no date at either end.") % {"text": text})
        if start and end and start.earliest > end.latest:
            raise EDTFError(gettext("“%(text)s” ends before it begins.") % {"text": text})
        return cls(text, start, end)

    def __str__(self) -> str:
        return self.text

    @property
    def earliest(self) -> date | None:
        """The first day it can be; None for an open or unknown beginning."""
        return self.start.earliest if self.start else None

    @property
    def latest(self) -> date | None:
        """The last day it can be; None for an open or unknown end."""
        return self.end.latest if self.end else None

    @cached_property
    def sort_date(self) -> date:
        """The day by which the timeline orders it: the earliest, else the latest."""
        day = self.earliest or self.latest
        assert day is not None  # noqa: S101 - parse() refuses a date without either end
        return day

    @cached_property
    def precision(self) -> Precision:
        """How exactly it is known; "by" and "from" are intervals with one end."""
        if self.start is None:
            return "by"
        if self.end is None:
            return "from"
        return self.start.precision if self.start is self.end else "range"

    @cached_property
    def approximate(self) -> bool:
        """Whether any part is marked "~" or "%"."""
        return any(point.approximate for point in (self.start, self.end) if point)

    @cached_property
    def uncertain(self) -> bool:
        """Whether any part is marked "?" or "%"."""
        return any(point.uncertain for point in (self.start, self.end) if point)

    @cached_property
    def machine(self) -> str:
        """The value of HTML's `datetime` attribute; empty where HTML has no form for the date."""
        return (
            self.text if re.fullmatch(r"[0-9]{4}(-(0[0-9]|1[0-2])(-[0-9]{2})?)?", self.text) else ""
        )

    def in_words(self) -> str:
        """Give the date in the active language, for example "by 2026" or "January 2021"."""
        return _in_words(self, get_language())

    def _worded(self) -> str:
        start, end = self.start, self.end
        if start is None and end is not None:
            pattern = (
                pgettext("a day", "by %(date)s")
                if end.day
                else pgettext("a month or year", "by %(date)s")
            )
            words = pattern % {"date": end.in_words()}
            unknown = self.text.startswith("/")
            return gettext("%(date)s, beginning unknown") % {"date": words} if unknown else words
        if end is None and start is not None:
            pattern = (
                pgettext("a day", "from %(date)s on")
                if start.day
                else pgettext("a month or year", "from %(date)s on")
            )
            words = pattern % {"date": start.in_words()}
            unknown = self.text.endswith("/")
            return gettext("%(date)s, end unknown") % {"date": words} if unknown else words
        assert start is not None  # noqa: S101 - for the type checker: one end is always there
        assert end is not None  # noqa: S101
        return start.in_words() if start is end else _range_in_words(start, end)


@lru_cache(maxsize=32768)
def _in_words(edtf: EDTF, language: str | None) -> str:
    return edtf._worded()


def _range_in_words(start: Point, end: Point) -> str:
    plain = not (
        start.approximate
        or start.uncertain
        or start.unknown
        or end.approximate
        or end.uncertain
        or end.unknown
    )
    same_year = plain and start.year == end.year
    if same_year and start.day and end.day and start.month == end.month:
        return f"{start.in_words(with_month=False)}–{end.in_words()}"
    if same_year and start.month and end.month:
        dash = " – " if start.day or end.day else "–"
        return f"{start.in_words(with_year=False)}{dash}{end.in_words()}"
    if plain and start.precision == end.precision == "year":
        return f"{start.in_words()}–{end.in_words()}"
    return f"{start.in_words()} – {end.in_words()}"


def _day_number(day: int | None) -> str:
    return pgettext("first day of a month", "1") if day == 1 else str(day or "")


def _bounds(year: str, month: int | None, day: int | None) -> tuple[date, date]:
    """Give the first and last day of a date; raises ValueError where the calendar has none.

    Seasons are the northern meteorological ones, a winter the one that begins in its year.
    """
    first, last = int(year.replace("X", "0")), int(year.replace("X", "9"))
    if day is not None:
        return (whole := date(first, month or 0, day)), whole
    if month is None:
        return date(first or 1, 1, 1), date(last, 12, 31)
    first_month = 3 * (month - 20) if month > 12 else month  # spring, 21, begins in March
    until = date(first + 1, 2, 1) if month == 24 else date(first, first_month, 1)
    if 20 < month < 24:
        until = until.replace(month=first_month + 2)
    days = calendar.monthrange(until.year, until.month)[1]
    return date(first, first_month, 1), until.replace(day=days)


def _unreadable(text: str) -> str:
    return gettext(
        "“%(text)s” is not a date that can be read. Type for example 2021-01-03, 2021-01, 2021, "
        "2013~ (about), 2021? (uncertain), 2022-02-17/2022-02-18 (from, to) or ../2026 (by)."
    ) % {"text": text}
