"""Dates typed in words are read as what they say, or not at all."""

from contextlib import suppress

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from sahel.dates import EDTF, EDTFError
from sahel.worded import read
from tests.test_dates import points, qualifiers


@pytest.mark.parametrize(
    ("typed", "edtf"),
    [
        ("vers mars 2012", "2012-03~"),
        ("from 2020 to 2021", "2020/2021"),
        ("de janvier à mars 2021", "2021-01/2021-03"),
        ("by 2026", "../2026"),
        ("d’ici 2026", "../2026"),
        ("au plus tard le 3 juin 2021", "../2021-06-03"),
        ("since June 2021", "2021-06/.."),
        ("depuis le 1er août 2014", "2014-08-01/.."),
        ("Sunday, 3 January 2021", "2021-01-03"),
        ("January 3rd, 2021", "2021-01-03"),
        ("le 3 janvier 2021", "2021-01-03"),
        ("du 3 au 5 janvier 2021", "2021-01-03/2021-01-05"),
        ("3–5 January 2021", "2021-01-03/2021-01-05"),
        ("28 December 2020 – 3 January 2021", "2020-12-28/2021-01-03"),
        ("from 2013 to 2022", "2013/2022"),
        ("été 2020", "2020-22"),
        ("winter 2020–2021", "2020-24"),
        ("the 1990s", "199X"),
        ("les années 1990", "199X"),
        ("perhaps 2021", "2021?"),
        ("peut-être vers 2021", "2021%"),
        ("Sept. 2020", "2020-09"),
        ("2021-01-03", "2021-01-03"),
    ],
)
def test_words_are_read(typed, edtf):
    assert str(read(typed)) == edtf


@pytest.mark.parametrize(
    ("typed", "edtf"),
    [
        ("last June", "2021-06"),
        ("juin dernier", "2021-06"),
        ("last February", "2021-02"),
        ("last year", "2021"),
        ("l’an dernier", "2021"),
        ("le mois dernier", "2022-01"),
        ("this month", "2022-02"),
        ("yesterday", "2022-02-14"),
        ("on Monday", "2022-02-14"),
        ("mardi dernier", "2022-02-08"),
        ("since last June", "2021-06/.."),
    ],
)
def test_what_counts_from_a_day_counts_from_that_of_the_source(typed, edtf):
    assert str(read(typed, EDTF.parse("2022-02-15"))) == edtf


@pytest.mark.parametrize(
    ("typed", "anchor"),
    [
        ("last June", None),
        ("last June", "2022"),
        ("yesterday", "2022-02-15~"),
        ("on Monday", "2022-02"),
    ],
)
def test_what_counts_from_a_day_that_is_not_known_is_refused(typed, anchor):
    with pytest.raises(EDTFError, match="counts from the day of the source"):
        read(typed, EDTF.parse(anchor) if anchor else None)


@pytest.mark.parametrize(
    "typed",
    [
        "soon",
        "before 2021",
        "31 June 2021",
        "Monday, 3 January 2021",
        "03/01/2021",
        "the end of 2021",
        "from 2021 to 2020",
        "between 2020 and 2021",
        "entre janvier et mars 2021",
        "3 January",
        "January",
        "21",
        "early 2021",
        "mid-2021",
        "x" * 500,
    ],
)
def test_what_is_not_sure_is_not_read(typed):
    with pytest.raises(EDTFError):
        read(typed, EDTF.parse("2022-02-15"))


@given(
    points(), qualifiers, st.sampled_from(["{}", "../{}", "{}/.."]), st.sampled_from(["en", "fr"])
)
def test_what_a_page_says_can_be_typed(point, qualifier, form, language):
    text = point[0]
    if "XX" in text or int(text[:3].replace("X", "0") or 0) < 100:
        return
    given = EDTF.parse(form.format(text + ("" if "X" in text else qualifier)))
    with translation.override(language):
        said = given.in_words()
    assert str(read(said)) == str(given), said


@given(points(), points(), st.sampled_from(["en", "fr"]))
def test_a_range_that_a_page_says_can_be_typed(a, b, language):
    if any("X" in text or int(text[:4]) < 1000 for text in (a[0], b[0])) or a[1] > b[2]:
        return
    given = EDTF.parse(f"{a[0]}/{b[0]}")
    with translation.override(language):
        said = given.in_words()
    found = read(said)
    assert (found.earliest, found.latest) == (given.earliest, given.latest), said


@given(st.text(max_size=100))
def test_any_text_is_a_date_or_a_clear_error(text):
    with suppress(EDTFError):
        assert read(text, EDTF.parse("2022-02-15")).sort_date
