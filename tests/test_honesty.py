"""No answer of the site, of whatever kind, makes a date more exact than it is known."""

import calendar
import re
from datetime import date, timedelta
from functools import cache
from html import unescape

import pytest
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils.translation import override
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sahel import index, pictures
from sahel.dates import EDTF
from sahel.facets import Selection
from sahel.filters import Filters
from sahel.models import Change, Event, changes
from tests.factories import make_event, make_place

pytestmark = pytest.mark.django_db
with_database = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

YEAR = r"19[89]\d"
FRENCH = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre"
MONTHS = {
    name.lower(): number
    for names in (calendar.month_name[1:], FRENCH.split())
    for number, name in enumerate(names, 1)
}
MONTH = "|".join(MONTHS)


# What may lie where, found by going through the days one by one -----------------------------------

DAYS = [date(2012, 1, 1) + timedelta(days=number) for number in range(366 * 16)]


@cache
def days_of(point: str) -> list[date]:
    """Give the days that an EDTF date without an interval may mean, by its letters alone."""
    plain = point.rstrip("?~%")
    if (season := plain[5:]) in ("21", "22", "23", "24"):
        # Winter is the one that begins in December of its year.
        months = {"21": (3, 4, 5), "22": (6, 7, 8), "23": (9, 10, 11)}.get(season)
        return [day for day in DAYS if str(day.year) == plain[:4] and day.month in months]
    pattern = re.compile(plain.replace("X", r"\d"))
    return [day for day in DAYS if pattern.match(day.isoformat())]


def may_be(day: date, text: str) -> bool:
    """Say whether a date may be a day: an interval, if it begins by then and ends no earlier."""
    first, slash, last = text.partition("/")
    if not slash:
        return day in days_of(first)
    begun = first in ("", "..") or days_of(first)[0] <= day
    return begun and (last in ("", "..") or day <= days_of(last)[-1])


def overlap(text: str, bounds: str) -> bool:
    return any(may_be(day, text) and may_be(day, bounds) for day in DAYS)


days = st.dates(date(2018, 12, 1), date(2022, 2, 28)).map(str)
points = st.one_of(
    days,
    days.map(lambda day: day[:7]),
    days.map(lambda day: day[:4]),
    days.map(lambda day: f"{day[:7]}-XX"),
    days.map(lambda day: f"{day[:4]}-XX"),
    st.builds("{}-{}".format, st.sampled_from([2019, 2020, 2021]), st.sampled_from([21, 22, 23])),
    st.just("202X"),
)
ranges = st.tuples(points, points).map(sorted).filter(lambda two: "X" not in "".join(two))
texts = st.one_of(
    st.builds("{}{}".format, points, st.sampled_from(["", "", "?", "~", "%"])),
    ranges.map("/".join).filter(lambda text: not re.search(r"-2\d\b", text)),
    points.map("{}/..".format),
    points.map("../{}".format),
    points.map("/{}".format),
    points.map("{}/".format),
).filter(lambda text: _readable(text))
bounds = st.sampled_from(["", "2019", "2020-02", "2020-02-29", "2020-12", "2021", "2021-07-01"])


years = st.sampled_from(["", "2019", "2020"])


def _readable(text: str) -> bool:
    try:
        EDTF.parse(text)
    except ValueError:
        return False
    return True


@with_database
@given(
    st.lists(texts, min_size=1, max_size=6), bounds, bounds, st.sampled_from(["", "2019", "2020"])
)
def test_a_range_finds_what_may_lie_on_one_of_its_days(dates, since, until, year):
    Event.objects.all().delete()
    index.forget()
    slugs = {make_event(date=text).slug: text for text in dates}
    asked = Filters.from_query(QueryDict(f"from={since}&to={until}&year={year}"))
    found = Selection(index.current(), asked, Filters())
    wanted = {
        slug
        for slug, text in slugs.items()
        if overlap(text, f"{asked.since or '..'}/{asked.until or '..'}")
        and (not year or overlap(text, year))
    }
    page = found.page(100)
    named = {Event.objects.get(pk=key).slug for key in page.keys}
    assert named == wanted


# What every answer says of a date -----------------------------------------------------------------

old_days = st.dates(date(1981, 1, 1), date(1999, 12, 31)).map(str)
old_points = st.one_of(
    old_days,
    old_days.map(lambda day: day[:7]),
    old_days.map(lambda day: day[:4]),
    old_days.map(lambda day: f"{day[:7]}-XX"),
    old_days.map(lambda day: f"{day[:4]}-XX"),
    old_days.map(lambda day: f"{day[:3]}X"),
    st.builds("{}-{}".format, st.integers(1981, 1999), st.integers(21, 24)),
)
old_texts = st.one_of(
    st.builds("{}{}".format, old_points, st.sampled_from(["", "", "?", "~", "%"])),
    st.tuples(old_points, old_points).map(sorted).map("/".join),
    old_points.map("{}/..".format),
    old_points.map("../{}".format),
    old_points.map("{}/".format),
).filter(_readable)


def mentions(text: str) -> set[tuple[int, ...]]:
    """Give the months and days of the years 1980 to 1999 that a text names, however written."""
    text = unescape(text)
    found: set[tuple[int, ...]] = set()
    for year, month, day in re.findall(rf"\b({YEAR})-(\d\d)(?:-(\d\d))?\b", text):
        found.add((int(year), int(month), int(day)) if day else (int(year), int(month)))
    for year, month, day in re.findall(rf"\b({YEAR})(\d\d)(\d\d)(?:T\d|\b)", text):
        found.add((int(year), int(month), int(day)))
    for day, month, year in re.findall(
        rf"(?:\b(\d{{1,2}})(?:er)?[\s\u00a0]+)?\b({MONTH})[\s\u00a0]+({YEAR})\b",
        text,
        re.IGNORECASE,
    ):
        number = MONTHS[month.lower()]
        found.add((int(year), number, int(day)) if day else (int(year), number))
    for month, day, year in re.findall(rf"\b({MONTH}) (\d{{1,2}}), ({YEAR})", text, re.IGNORECASE):
        found.add((int(year), MONTHS[month.lower()], int(day)))
    for a, b, year in re.findall(rf"\b(\d{{1,2}})[./](\d{{1,2}})[./]({YEAR})\b", text):
        found.add((int(year), int(a), int(b)))
    return found


def known(text: str) -> set[tuple[int, ...]]:
    """Give the months and days that an EDTF date names itself, seasons by their numbers."""
    found: set[tuple[int, ...]] = set()
    for year, month, day in re.findall(r"(\d{4})-(\d\d)(?:-(\d\d))?", text):
        found.add((int(year), int(month)))
        if day:
            found.add((int(year), int(month), int(day)))
    return found


ADDRESSES = [
    "/{}/",
    "/{}/?order=newest",
    "/{}/?q=matter",
    "/{}/?actor=france",
    "/{}/histogram/",
    "/{}/histogram.svg",
    "/{}/lanes/",
    "/{}/lanes.svg",
    "/{}/map/",
    "/{}/map.svg",
    "/{}/events/matter/",
    "/{}/events/before/",  # which names it as its neighbour
    "/{}/events/after/",
    "/{}/actors/",
    "/{}/actors/france/",
    "/{}/places/",
    "/{}/places/mali/",
    "/{}/sources/",
    "/{}/sources/gazette/",
    "/{}/quotations/{key}/",
    "/{}/quotations/{key}.jsonld",
    "/{}/changes/",
    "/{}/changes.atom",
    "/sitemap-events-{}.xml",
]


@pytest.mark.one_database
@with_database
@given(old_texts)
def test_no_answer_names_a_day_or_a_month_that_is_not_known(client, monkeypatch, text):
    Event.objects.all().delete()
    index.forget()
    drawn = []

    def keep(*args, **options):
        drawn.append(render_to_string(*args, **options))
        return drawn[-1]

    monkeypatch.setattr(pictures, "render_to_string", keep)
    with changes(Change.Way.EDITOR):
        # Two others far off, so that no axis has marks as fine as months.
        make_event(
            "Before",
            "1912",
            slug="before",
            places=(make_place(latitude=17, longitude=-4, precision="country"),),
        )
        make_event("After", "2088", slug="after")
        event = make_event("Matter", text, slug="matter", actors=("France",), places=("Mali",))
    for other in ("1912", text):  # so that the history names the date, too
        with changes(Change.Way.EDITOR, why="A slip.", language="en"):
            event.date = EDTF.parse(other)
            event.save()
    allowed, key = known(text), event.quotations.get().key
    for language in ("en", "fr"):
        for address in ADDRESSES:
            url = address.format(language, key=key)
            answer = client.get(url)
            assert answer.status_code == 200, url
            assert mentions(answer.text) <= allowed, url
            assert _machine(answer.text) <= {text}, url
        assert client.get(f"/{language}/events/matter/card.png").status_code == 200
        with override(language):
            words = EDTF.parse(text).in_words()
        assert words in re.sub(
            r"\s+", " ", unescape(client.get(f"/{language}/events/matter/").text)
        )
        assert words in unescape(drawn[-1]).replace("\n", " ")
    assert mentions("".join(drawn)) <= allowed


def _machine(page: str) -> set[str]:
    """Give the days that a page tells machines, of those years."""
    return {day for day in re.findall(r'datetime="([^"]+)"', page) if re.match(YEAR, day)}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("3 January 1987, du 1er mars 1988", {(1987, 1, 3), (1988, 3, 1)}),
        ("1987-01-03 1988-02", {(1987, 1, 3), (1988, 2)}),
        ("19870103T000000Z August 5, 1990", {(1987, 1, 3), (1990, 8, 5)}),
        ("5/8/1990; janvier&#160;1991", {(1990, 5, 8), (1991, 1)}),
        ("1987, the 1980s, about 1990, 3 January 2021", set()),
    ],
)
def test_a_day_is_noticed_however_it_is_written(text, found):
    assert mentions(text) == found
