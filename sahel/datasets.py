"""Rows of the datasets of ACLED and UCDP: their columns, and what their codes stand for.

What a code says of a date stays as inexact as it is: no day is given that nobody knows.
"""

import re
from datetime import date, timedelta
from functools import cache

from django.utils.translation import gettext as _
from django.utils.translation import override

from sahel.entries import Cells, Entry, Given, Quoted, Takes, Where, shortened, spanning

GED = re.findall(  # the columns of UCDP's georeferenced events, in the order of its codebook
    r"\w+",
    "id relid year active_year code_status type_of_violence conflict_dset_id conflict_new_id "
    "conflict_name dyad_dset_id dyad_new_id dyad_name side_a_dset_id side_a_new_id side_a "
    "side_b_dset_id side_b_new_id side_b number_of_sources source_article source_office "
    "source_date source_headline source_original where_prec where_coordinates where_description "
    "adm_1 adm_2 latitude longitude geom_wkt priogrid_gid country country_id region "
    "event_clarity date_prec date_start date_end deaths_a deaths_b deaths_civilians "
    "deaths_unknown best high low gwnoa gwnob",
)

PARTICIPANTS = "participant", "participant"  # neither dataset says who began
ONE_SIDED = "agent", "victim"
# Of ACLED's event types, old and new: the nearest of our kinds, and the roles of its two actors.
ACLED_TYPES = {
    "battles": ("attack", PARTICIPANTS),
    "battle-no change of territory": ("attack", PARTICIPANTS),
    "battle-government regains territory": ("military-operation", PARTICIPANTS),
    "battle-non-state actor overtakes territory": ("attack", PARTICIPANTS),
    "explosions/remote violence": ("attack", ("agent", "target")),
    "remote violence": ("attack", ("agent", "target")),
    "violence against civilians": ("attack", ONE_SIDED),
    "protests": ("protest", PARTICIPANTS),
    "riots": ("protest", PARTICIPANTS),
    "riots/protests": ("protest", PARTICIPANTS),
    "strategic developments": ("report", PARTICIPANTS),
    "strategic development": ("report", PARTICIPANTS),
    "headquarters or base established": ("report", PARTICIPANTS),
    "non-violent transfer of territory": ("report", PARTICIPANTS),
}
ACLED_SUBTYPES = {
    "air/drone strike": "strike",
    "shelling/artillery/missile attack": "strike",
    "government regains territory": "military-operation",
}
ACLED_ACTORS = {
    "1": "military-force",
    "state forces": "military-force",
    "2": "armed-group",
    "rebel group": "armed-group",
    "rebel groups": "armed-group",
    "3": "armed-group",
    "political militia": "armed-group",
    "political militias": "armed-group",
    "4": "armed-group",
    "identity militia": "armed-group",
    "identity militias": "armed-group",
    "5": "public",
    "rioters": "public",
    "6": "public",
    "protesters": "public",
    "7": "public",
    "civilians": "public",
    "8": "organisation",
    "external/other forces": "organisation",
    "other forces": "organisation",
}
UCDP_TYPES = {
    "1": ("attack", PARTICIPANTS),
    "state-based conflict": ("attack", PARTICIPANTS),
    "2": ("attack", PARTICIPANTS),
    "non-state conflict": ("attack", PARTICIPANTS),
    "3": ("attack", ONE_SIDED),
    "one-sided violence": ("attack", ONE_SIDED),
}
CODES = {str(code): code for code in range(1, 8)}
ACLED_PRECISIONS = {str(code): code for code in (1, 2, 3)}
# The least number of days that UCDP's codes of a date speak of: a day, some days of a week, a week,
# a month, more than that.
UCDP_DAYS = {"1": 1, "2": 2, "3": 7, "4": 28, "5": 32}


def acled_date(day: date, precision: int) -> str:
    """Give the EDTF of ACLED's `event_date` and `time_precision`, 1 to 3.

    For a week (2) editions of the codebook differ on whether the date is the week's first day, its
    middle or a day of the weekend: so it is all days that lie in a week with that day.
    """
    match precision:
        case 1:
            return day.isoformat()
        case 2:
            week = timedelta(days=6)
            return f"{day - week}/{day + week}"
    return f"{day:%Y-%m}"


def ucdp_date(first: date, last: date, precision: str) -> str:
    """Give the EDTF of UCDP's `date_start`, `date_end` and `date_prec`, 1 to 5."""
    return spanning(first, last, UCDP_DAYS[precision])


def read_acled(cells: Cells, _options: object) -> Entry:
    """Read a row of ACLED, old columns or new."""
    key = cells.required("event_id_cnty", _("It must have its identifier."))
    day, precision = cells.day("event_date"), cells.code("time_precision", ACLED_PRECISIONS)
    kind, roles = cells.code("event_type", ACLED_TYPES) or ("", PARTICIPANTS)
    kind = ACLED_SUBTYPES.get(cells["sub_event_type"].lower(), kind)
    fatalities = cells.whole("fatalities")
    actors = [
        Takes(name, cells[name], role, ACLED_ACTORS.get(cells[inter].lower(), "organisation"))
        for name, inter, role in zip(("actor1", "actor2"), ("inter1", "inter2"), roles, strict=True)
        if cells[name]
    ]
    exact = cells.code("geo_precision", CODES, "2") == 1
    where = _where(cells, "location", ("admin1", "country"), exact=exact)
    sides = " – ".join(cells[name] for name in ("actor1", "actor2") if cells[name])
    what = cells["sub_event_type"] or cells["event_type"]
    return Entry(
        key=key,
        event={
            "title_en": _title(f"{what}: {sides}" if sides else what, where),
            "kind": kind,
            "status": "reported",
            "date_basis": "stated",
        },
        date=acled_date(day, precision) if day and precision else "",
        date_field="event_date",
        actors=actors,
        places=where,
        quotations=_quotations(
            cells,
            key,
            _words(cells, "notes", "fatalities"),
            {"best": fatalities} if fatalities is not None else {},
            _words(cells, "fatalities"),
        ),
    )


def read_ucdp(cells: Cells, _options: object) -> Entry:
    """Read a row of UCDP's georeferenced events."""
    key = cells.required("id", _("It must have its identifier."))
    first = cells.day("date_start")
    last = cells.day("date_end") if cells["date_end"] else first
    if first and last and last < first:
        cells.fault("date_end", _("It ends before it begins."))
        first = None
    precision = cells.code("date_prec", {code: code for code in UCDP_DAYS})
    kind, roles = cells.code("type_of_violence", UCDP_TYPES) or ("", PARTICIPANTS)
    figure = {name: n for name in ("low", "best", "high") if (n := cells.whole(name)) is not None}
    if list(figure.values()) != sorted(figure.values()):
        cells.fault(
            "best", _("It must not be less than the low figure nor more than the high one.")
        )
    actors = [
        Takes(name, cells[name], role, _kind_of(cells[name]))
        for name, role in zip(("side_a", "side_b"), roles, strict=True)
        if cells[name]
    ]
    exact = cells.code("where_prec", CODES, "2") == 1
    where = _where(cells, "where_coordinates", ("adm_1", "country"), exact=exact)
    sides = " – ".join(cells[name] for name in ("side_a", "side_b") if cells[name])
    words = _words(cells, "best", "high", "low")
    return Entry(
        key=key,
        event={
            "title_en": _title(sides, where),
            "kind": kind,
            "status": "reported",
            "date_basis": "stated",
        },
        date=ucdp_date(first, last, precision) if first and last and precision else "",
        date_field="date_start",
        actors=actors,
        places=where,
        quotations=_quotations(cells, key, words, figure, words),
    )


def _where(cells: Cells, name: str, within: tuple[str, ...], *, exact: bool) -> list[Where]:
    latitude, longitude = cells.coordinate("latitude", 90), cells.coordinate("longitude", 180)
    if not cells[name]:
        return []
    return [
        Where(
            name,
            cells[name],
            within=tuple(cells[each] for each in within if cells[each]),
            latitude=latitude,
            longitude=longitude,
            precision="point" if exact else "area",
        )
    ]


def _title(what: str, where: list[Where]) -> str:
    return shortened(", ".join(filter(None, [what, *(place.name for place in where)])), 200)


def _words(cells: Cells, *names: str) -> str:
    """Give columns with what stands in them: the words that a figure is taken from."""
    return ", ".join(f"{name}: {cells[name]}" for name in names if cells[name])


def _quotations(
    cells: Cells, key: str, exact: str, figure: dict[str, int], words: str
) -> list[Quoted]:
    """Give what stands in a row as its one quotation, with the figure that these words give."""
    if not exact:
        return []
    english, french = _reasons(key)
    columns = {
        "exact": exact,
        "language": "en",
        "why_uncheckable_en": english,
        "why_uncheckable_fr": french,
    }
    counted = Given(cells, {"words": words, "measure": "killed", **figure})
    return [Quoted(cells, columns, figures=[counted] if figure else [])]


def _reasons(key: str) -> tuple[str, str]:
    english, french = (shortened(_reason(each) % {"key": key}, 200) for each in ("en", "fr"))
    return english, french


@cache
def _reason(language: str) -> str:
    with override(language):
        return _("Row %(key)s of a dataset’s file: it is a table, not a text.")


def _kind_of(side: str) -> str:
    if side.startswith("Government of"):
        return "government"
    return "public" if side == "Civilians" else "armed-group"
