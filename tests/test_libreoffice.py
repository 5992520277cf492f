"""LibreOffice itself opens the tables that we give, and finds in them what we wrote."""

import csv
import io
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import pytest
from django.test import Client

from tests.downloads import get
from tests.factories import make_event, make_place
from tests.machine import soffice

pytestmark = [
    pytest.mark.one_database,
    pytest.mark.skipif(not soffice(), reason="no soffice with Calc found"),
    pytest.mark.django_db,
]

OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
HOSTILE = ["=1+1", "-2+3", "@SUM(1)", "\t=1", "x;=1+1;y", "x,=1+1,y", 'x;"=1+1;y', "x\n=1+1"]
ENGLISH, FRENCH = 1033, 1036  # as LibreOffice numbers languages


class Cell(NamedTuple):
    """What a sheet has in a cell: the type of its value, what it shows, its formula."""

    type: str
    shown: str
    formula: str


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a folder for a profile of its own, thrown away in the end."""
    folder = tmp_path_factory.mktemp("libreoffice")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def sheets(client: Client, profile: Path, tmp_path: Path) -> Callable[..., list[list[list[Cell]]]]:
    """Give a function that opens a file of ours, and gives its sheets, rows and cells.

    `parts` and `language` are what one may choose where a CSV file is opened; that dates and the
    like are looked for is the worst of it.
    """

    def opened(path: str, parts: str = "", language: int = ENGLISH) -> list[list[list[Cell]]]:
        file = tmp_path / path.rpartition("/")[2]
        file.write_bytes(get(client, path).body)
        separators = "/".join(str(ord(each)) for each in parts)
        chosen = f"Text - txt - csv (StarCalc):{separators},34,76,1,,{language},false,true"
        command = [
            soffice(),
            f"-env:UserInstallation={profile.as_uri()}",
            "--headless",
            *([f"--infilter={chosen}"] if parts else []),
            "--convert-to",
            "fods",
            "--outdir",
            tmp_path,
            file,
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        tree = ElementTree.parse(file.with_suffix(".fods"))  # noqa: S314 - it wrote that itself
        return [_rows(sheet) for sheet in tree.iter(f"{TABLE}table")]

    return opened


def _rows(sheet: ElementTree.Element) -> list[list[Cell]]:
    """Give the rows of a sheet, without the emptiness around them."""
    rows = []
    for row in sheet.iter(f"{TABLE}table-row"):
        cells = []
        for cell in row.iter(f"{TABLE}table-cell"):
            paragraphs = ["".join(each.itertext()) for each in cell.findall(f"{TEXT}p")]
            kind = cell.get(f"{OFFICE}value-type", "")
            found = Cell(kind, "\n".join(paragraphs), cell.get(f"{TABLE}formula", ""))
            often = int(cell.get(f"{TABLE}number-columns-repeated", "1"))
            cells += [found] * min(often, 100)
        while cells and not cells[-1].type:
            cells.pop()
        if cells:
            rows += [cells] * int(row.get(f"{TABLE}number-rows-repeated", "1"))
    return rows


def by_column(rows: list[list[Cell]]) -> list[dict[str, Cell]]:
    """Give the rows below the first by the names in it."""
    names = [cell.shown for cell in rows[0]]
    return [dict(zip(names, row, strict=False)) for row in rows[1:]]


@pytest.fixture
def segou() -> None:
    place = make_place(
        "Ségou", slug="segou", latitude="13.45", longitude="-6.26", precision="point"
    )
    make_event("Émeute à Ségou", "2021-01", places=(place,), words="« L’État », a-t-on dit.")
    make_event("It was so", "2013~")
    make_event("By then", "../2026")


@pytest.mark.usefixtures("segou")
@pytest.mark.parametrize(
    ("ending", "parts", "language"),
    [("csv", ",", ENGLISH), ("excel.csv", ";", FRENCH), ("xlsx", "", ENGLISH)],
)
def test_a_table_has_the_rows_columns_letters_and_numbers_that_we_wrote(
    client: Client, sheets, ending: str, parts: str, language: int
) -> None:
    rows = sheets(f"/en/events.{ending}", parts, language)[0]
    (names, *_rows) = csv.reader(io.StringIO(get(client, "/en/events.csv").body.decode()))
    if ending == "xlsx":  # there what it is has a sheet of its own
        names = names[:-4]
    assert [cell.shown for cell in rows[0]] == names
    _about, emeute, _by = events = by_column(rows)
    assert len(events) == 3
    assert emeute["title_fr"].shown == "Émeute à Ségou"
    assert emeute["quotation"].shown == "« L’État », a-t-on dit."
    for name, number in (("latitude", "13.45"), ("longitude", "-6.26")):
        assert (emeute[name].type, emeute[name].shown) == ("float", number)
    # A date of EDTF stays what it is.
    assert [each["date"].shown for each in events] == ["2013~", "2021-01", "../2026"]
    assert {each["date"].type for each in events} == {"string"}


@pytest.mark.usefixtures("segou")
def test_in_a_workbook_no_month_becomes_a_day(sheets) -> None:
    _about, emeute, _by = by_column(sheets("/en/events.xlsx")[0])
    assert emeute["date_text_en"] == Cell("string", "January 2021", "")
    assert emeute["date_text_fr"] == Cell("string", "janvier 2021", "")
    assert emeute["date_earliest"] == Cell("string", "2021-01-01", "")


@pytest.mark.parametrize(
    ("ending", "parts"),
    [("csv", ","), ("csv", ";"), ("excel.csv", ",;\t"), ("xlsx", "")],
)
def test_no_text_becomes_a_formula_however_the_file_is_opened(
    sheets, ending: str, parts: str
) -> None:
    for typed in HOSTILE:
        make_event(typed, words=f"{typed} ", title_fr=typed, note_en=typed, note_fr=typed)
    found = sheets(f"/en/events.{ending}", parts, FRENCH)
    cells = [cell for sheet in found for row in sheet for cell in row]
    assert any("=1+1" in cell.shown for cell in cells)
    # What is true or false in a workbook, LibreOffice itself makes a formula of.
    assert {cell.formula for cell in cells} - {"of:=TRUE()", "of:=FALSE()"} == {""}
