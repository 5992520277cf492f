"""Dates are read, bounded and worded no more exactly than they are known."""

import calendar
import re
from datetime import date

import pytest
from django.utils import translation
from edtf import parse_edtf
from hypothesis import given
from hypothesis import strategies as st

from sahel.dates import EDTF, EDTFError

years = st.integers(1, 9998)
qualifiers = st.sampled_from(["", "?", "~", "%"])


@st.composite
def points(draw):
    """A date of level 0 or 1 with its first and last day, worked out from the calendar."""
    year = draw(years)
    form = draw(st.sampled_from(["year", "month", "day", "season", "decade", "no month", "no day"]))
    month = draw(st.integers(1, 12))
    last = calendar.monthrange(year, month)[1]
    if form == "year":
        return f"{year:04}", date(year, 1, 1), date(year, 12, 31)
    if form == "month":
        return f"{year:04}-{month:02}", date(year, month, 1), date(year, month, last)
    if form == "day":
        day = date(year, month, draw(st.integers(1, last)))
        return day.isoformat(), day, day
    if form == "season":
        season = draw(st.integers(21, 23))
        first = 3 * (season - 20)
        return (
            f"{year:04}-{season}",
            date(year, first, 1),
            date(year, first + 2, calendar.monthrange(year, first + 2)[1]),
        )
    if form == "decade":
        decade = max(1, year // 10)
        return f"{decade:03}X", date(decade * 10, 1, 1), date(decade * 10 + 9, 12, 31)
    if form == "no month":
        return f"{year:04}-XX", date(year, 1, 1), date(year, 12, 31)
    return f"{year:04}-{month:02}-XX", date(year, month, 1), date(year, month, last)


@given(points(), qualifiers)
def test_a_date_has_the_bounds_of_the_calendar(point, qualifier):
    text, first, last = point
    read = EDTF.parse(text + qualifier)
    assert (read.earliest, read.latest, read.sort_date) == (first, last, first)
    assert read.approximate == (qualifier in ("~", "%") and qualifier != "")
    assert read.uncertain == (qualifier in ("?", "%") and qualifier != "")
    assert str(read) == text + qualifier


@given(points(), points())
def test_an_interval_runs_from_its_first_day_to_its_last(a, b):
    (start, first, _), (end, _, last) = sorted((a, b), key=lambda point: point[1])
    if first > last:
        return
    read = EDTF.parse(f"{start}/{end}")
    assert (read.earliest, read.latest, read.precision) == (first, last, "range")


@given(points())
def test_an_open_end_is_none_and_never_infinite(point):
    text, first, last = point
    by, since = EDTF.parse(f"../{text}"), EDTF.parse(f"{text}/..")
    assert (by.earliest, by.latest, by.sort_date, by.precision) == (None, last, last, "by")
    assert (since.earliest, since.latest, since.sort_date) == (first, None, first)


@given(points())
def test_dates_are_bounded_as_the_library_bounds_them(point):
    text, first, last = point
    theirs = parse_edtf(text)
    assert (first, last) == (date(*theirs.lower_strict()[:3]), date(*theirs.upper_strict()[:3]))


@given(st.text(max_size=60) | st.from_regex(r"[0-9X?~%./-]{1,30}", fullmatch=True))
def test_any_text_is_read_or_refused_with_an_example(text):
    try:
        read = EDTF.parse(text)
    except EDTFError as error:
        refusal = str(error)
        read = None
    if read:
        assert read.earliest or read.latest
        assert read.in_words()
    else:
        assert refusal.startswith("“")


@given(points(), qualifiers, st.sampled_from(["en", "fr"]))
def test_words_name_no_day_or_month_that_is_not_known(point, qualifier, language):
    text, first, last = point
    with translation.override(language):
        words = EDTF.parse(text + qualifier).in_words()
    numbers = {int(number) for number in re.findall(r"\d+", words)}
    known = {first.year, last.year}
    if first == last:
        known.add(first.day)
    assert numbers <= known


@pytest.mark.parametrize(
    ("text", "english", "french"),
    [
        ("2021-01-03", "3 January 2021", "3 janvier 2021"),
        ("2021-01-01", "1 January 2021", "1er janvier 2021"),
        ("2021-01", "January 2021", "janvier 2021"),
        ("2020", "2020", "2020"),
        ("2013~", "about 2013", "vers 2013"),
        ("2021-06-03~", "about 3 June 2021", "vers le 3 juin 2021"),
        ("2021?", "2021 (uncertain)", "2021 (date incertaine)"),
        ("2021%", "about 2021 (uncertain)", "vers 2021 (date incertaine)"),
        ("../2026", "by 2026", "au plus tard en 2026"),
        ("../2026-03-01", "by 1 March 2026", "au plus tard le 1er mars 2026"),
        ("2014/..", "from 2014 on", "dès 2014"),
        ("2014-08-01/..", "from 1 August 2014 on", "dès le 1er août 2014"),
        ("2022-02-17/2022-02-18", "17–18 February 2022", "17–18 février 2022"),
        ("2021-01/2021-06", "January–June 2021", "janvier–juin 2021"),
        ("2020/2021", "2020–2021", "2020–2021"),
        (
            "2021-12-30/2022-01-02",
            "30 December 2021 – 2 January 2022",
            "30 décembre 2021 – 2 janvier 2022",
        ),
        ("201X", "the 2010s", "les années 2010"),
        ("201X~", "about the 2010s", "vers les années 2010"),
        ("2012-XX", "2012, month unknown", "2012, mois inconnu"),
        ("2012-01-XX", "January 2012, day unknown", "janvier 2012, jour inconnu"),
        ("2021-21", "spring 2021", "printemps 2021"),
        ("2021-24", "winter 2021–2022", "hiver 2021–2022"),
        ("/2026", "by 2026, beginning unknown", "au plus tard en 2026, début inconnu"),
    ],
)
def test_words_in_both_languages(text, english, french):
    read = EDTF.parse(text)
    with translation.override("en"):
        assert read.in_words() == english
    with translation.override("fr"):
        assert read.in_words() == french


@pytest.mark.parametrize("text", ["2021-24", "2023-24"])
def test_a_winter_runs_to_the_end_of_february(text):
    year = int(text[:4])
    assert EDTF.parse(text).latest == date(year + 1, 2, 29 if calendar.isleap(year + 1) else 28)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "2021-13",
        "2021-25",
        "2021-02-29~",
        "2021-01-00~",
        "2021-22-01",
        "2021-02-30",
        "0000",
        "9999",
        "20XX-01",
        "2012-XX-03",
        "1XXX",
        "../..",
        "2022-02-18/2022-02-17",
        "2016S2",
        "Y17000",
        "{2020,2021}",
        "٢٠٢١",
        "2021-1-3",
        "1" * 70_000,
    ],
)
def test_what_is_no_date_is_refused(text):
    with pytest.raises(EDTFError):
        EDTF.parse(text)


def test_only_what_html_knows_is_given_to_machines():
    machine = {text: EDTF.parse(text).machine for text in ["2021-01-03", "2021-01", "2021"]}
    assert all(text == value for text, value in machine.items())
    assert not any(EDTF.parse(text).machine for text in ["2021~", "../2026", "2020/2021", "201X"])
