"""Dates as people type them, in English and French, read as EDTF: "vers mars 2012", "by 2026".

What cannot be read for sure is not read at all. "Last June" counts from a day that the caller
names, such as the day of the source that says so.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from functools import cache

from django.utils.dates import MONTHS, WEEKDAYS
from django.utils.translation import gettext, override

from sahel.dates import EDTF, EDTFError
from sahel.filters import fold

LANGUAGES = "en", "fr"
LONGEST = 80  # characters that are read
SEASONS = {
    "spring": 21,
    "printemps": 21,
    "summer": 22,
    "ete": 22,
    "autumn": 23,
    "fall": 23,
    "automne": 23,
    "winter": 24,
    "hiver": 24,
}
SHORT = {"jan": 1, "janv": 1, "feb": 2, "fevr": 2, "mar": 3, "apr": 4, "avr": 4, "jun": 6}
SHORT |= {"jul": 7, "juil": 7, "aug": 8, "sep": 9, "sept": 9, "oct": 10, "nov": 11, "dec": 12}

_ABOUT = re.compile(r"(?:about|around|circa|c\.|ca\.?|approximately|vers|environ) ")
_UNSURE = re.compile(
    r"(?:perhaps|possibly|probably|peut-etre) | ?\((?:uncertain|(?:date )?incertaine?)\)"
)
_SPAN = re.compile(r"(?:from|de|du|d') ?(.+?) (?:to|until|au|a) (.+)")
# It may be all that time, or one day within: EDTF tells these apart, and we must not guess.
_BETWEEN = re.compile(r"(?:between|entre) (.+?) (?:and|et) (.+)")
_DASH = re.compile(r"(.+?)(?: ?[–—] ?| - | to )(.+)")
_BY = re.compile(r"(?:by|until|au plus tard|d'ici(?: a)?|jusqu'a|jusqu'en) (.+)")
_FROM = re.compile(r"(?:since|from|depuis|des|a partir de|a partir du) (.+?)(?: on| onwards)?")
_LITTLE = re.compile(r"(?:(?:on|in|the|le|la|les|en|au) )+")


def read(text: str, anchor: EDTF | None = None) -> EDTF:
    """Read a date, as EDTF or in words; `anchor` is the day from which "last June" counts.

    Raises EDTFError, whose message an editor can act on.
    """
    try:
        return EDTF.parse(text)
    except EDTFError as error:
        if _BETWEEN.fullmatch(fold(text[: LONGEST + 1])):
            raise EDTFError(
                gettext(
                    "“Between” may mean all that time, or some day within it: write “from … to …” "
                    "for the one, and “about …”, a month or a year for the other."
                )
            ) from error
        worded = _interval(fold(text[: LONGEST + 1]), anchor) if len(text) <= LONGEST else None
        if worded is None:
            raise error
        return EDTF.parse(worded)


def _interval(words: str, anchor: EDTF | None) -> str | None:
    if point := _point(words, anchor):
        return point
    for pattern in (_SPAN, _DASH):
        if (match := pattern.fullmatch(words)) and (pair := _pair(match[1], match[2], anchor)):
            return pair
    if (match := _BY.fullmatch(words)) and (end := _point(match[1], anchor)):
        return f"../{end}"
    if (match := _FROM.fullmatch(words)) and (start := _point(match[1], anchor)):
        return f"{start}/.."
    return None


def _pair(first: str, last: str, anchor: EDTF | None) -> str | None:
    """Read two ends; the first may leave to the last what is said once: "3–5 January 2021"."""
    end = _point(last, anchor)
    said = last.split()
    for shared in ("", *(" ".join(said[-count:]) for count in (1, 2))):
        start = _point(f"{first} {shared}".strip(), anchor)
        if start and end:
            return f"{start}/{end}"
    return None


def _point(words: str, anchor: EDTF | None) -> str | None:
    about = _ABOUT.search(words) is not None
    unsure = _UNSURE.search(words) is not None
    bare = _UNSURE.sub("", _ABOUT.sub("", words)).strip(" ,")
    bare = _LITTLE.sub("", bare, count=1) if _LITTLE.match(bare) else bare
    qualifier = "%" if about and unsure else "~" if about else "?" if unsure else ""
    found = _absolute(bare) or _relative(bare, anchor)
    return f"{found}{qualifier}" if found else None


def _absolute(words: str) -> str | None:
    months, days = "|".join(_months()), "|".join(_weekdays())
    weekday, day = rf"(?:(?P<weekday>{days}),? )?", r"(?P<day>\d{1,2})(?:er|st|nd|rd|th)?"
    forms = (
        rf"{weekday}{day} (?:of |de )?(?P<month>{months})\.?,? (?P<year>\d{{4}})",
        rf"{weekday}(?P<month>{months})\.? {day},? (?P<year>\d{{4}})",
        rf"(?P<month>{months})\.?,? (?:of |de )?(?P<year>\d{{4}})",
        rf"(?P<season>{'|'.join(SEASONS)}) (?:of |de )?(?P<year>\d{{4}})(?:–(?P<next>\d{{4}}))?",
        r"(?P<year>\d{4})(?:-(?P<number>\d\d)(?:-(?P<day>\d\d))?)?",
        r"(?:annees )?(?P<decade>\d{3})0(?:s)?",
    )
    for form in forms:
        if match := re.fullmatch(form, words):
            parts = match.groupdict()
            if parts.get("next") and int(parts["next"]) != int(parts["year"]) + 1:
                return None  # a winter lasts into the next year
            if decade := parts.get("decade"):
                return f"{decade}X" if words != f"{decade}0" else None
            number = parts.get("number") or (
                f"{_months()[parts['month']]:02}"
                if parts.get("month")
                else str(SEASONS[parts["season"]])
                if parts.get("season")
                else ""
            )
            day = f"{int(parts['day']):02}" if parts.get("day") else ""
            found = "-".join(filter(None, [parts["year"], number, day]))
            named = parts.get("weekday")
            if named and EDTF.parse(found).sort_date.weekday() != _weekdays()[named]:
                return None  # the weekday or the day is wrong: nobody knows which
            return found
    return None


def _relative(words: str, anchor: EDTF | None) -> str | None:
    """Read what counts from a day. Raises EDTFError where that day is not known well enough."""
    months, days = "|".join(_months()), "|".join(_weekdays())
    match = re.fullmatch(
        rf"(?P<year>last year|l'an dernier|l'annee derniere|an dernier|annee derniere)"
        rf"|(?P<this_year>this year|cette annee)"
        rf"|(?P<month>last month|mois dernier)|(?P<this_month>this month|ce mois(?:-ci)?)"
        rf"|(?P<yesterday>yesterday|hier)|(?P<today>today|aujourd'hui)"
        rf"|last (?P<named>{months})|(?P<nomme>{months}) dernier"
        rf"|(?:last )?(?P<weekday>{days})(?: dernier)?",
        words,
    )
    if match is None:
        return None
    kind = match.lastgroup
    exact = kind in ("yesterday", "today", "weekday")
    known = anchor is not None and anchor.precision in (("day",) if exact else ("day", "month"))
    if anchor is None or not known or (exact and (anchor.approximate or anchor.uncertain)):
        raise EDTFError(
            gettext(
                "“%(text)s” counts from the day of the source, which is not known well enough. "
                "Give the quotation’s source its date, or type the date itself."
            )
            % {"text": words}
        )
    day = anchor.sort_date
    if kind in ("named", "nomme"):
        number = _months()[match[kind]]
        return f"{day.year if number < day.month else day.year - 1}-{number:02}"
    if kind == "weekday":
        back = (day.weekday() - _weekdays()[match["weekday"]]) % 7 or 7
        return (day - timedelta(days=back)).isoformat()
    before = day.replace(day=1) - timedelta(days=1)
    return {
        "year": str(day.year - 1),
        "this_year": str(day.year),
        "month": f"{before:%Y-%m}",
        "this_month": f"{day:%Y-%m}",
        "yesterday": (day - timedelta(days=1)).isoformat(),
        "today": day.isoformat(),
    }[str(kind)]


@cache
def _months() -> dict[str, int]:
    return SHORT | _named(MONTHS)


@cache
def _weekdays() -> dict[str, int]:
    return _named(WEEKDAYS)


def _named(numbers: Mapping[int, object]) -> dict[str, int]:
    names: dict[str, int] = {}
    for language in LANGUAGES:
        with override(language):
            names |= {fold(str(name)): number for number, name in numbers.items()}
    return names
