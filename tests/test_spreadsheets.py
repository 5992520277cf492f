"""Files are read as they are meant, and what would fill memory is refused at once."""

import io
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from sahel.spreadsheets import MOST_CHARACTERS, MOST_COLUMNS, MOST_ROWS, SpreadsheetError, read

SHEET = "xl/worksheets/sheet1.xml"
BEGIN = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'


def xlsx(*rows: list[object]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def with_hidden_strings(number: int) -> bytes:
    """Make a file whose texts stand in a part that is not called XML."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(xlsx(["a"]))) as plain,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for name in plain.namelist():
            content = plain.read(name).replace(b"sharedStrings.xml", b"sharedStrings.dat")
            made.writestr(name.replace("sharedStrings.xml", "sharedStrings.dat"), content)
        strings = "<si><t/></si>" * number
        names = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
        made.writestr("xl/hidden.dat", f"<sst {names}>{strings}</sst>")
    return file.getvalue()


def xlsx_of(sheet: str) -> bytes:
    """Make a file whose sheet is this XML."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(xlsx(["a"]))) as plain,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for name in plain.namelist():
            made.writestr(name, sheet if name == SHEET else plain.read(name))
    return file.getvalue()


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_csv_file_is_read_whatever_divides_its_cells(delimiter, encoding):
    text = f'titre{delimiter}date\r\n"À Gao{delimiter} ""hier"""{delimiter}2022\r\n'
    sheet = read(text.encode(encoding))
    assert sheet.first == ["titre", "date"]
    assert sheet.rows == [(2, [f'À Gao{delimiter} "hier"', "2022"])]


def test_rows_are_counted_as_a_spreadsheet_counts_them():
    sheet = read(b'a,b\n"one\ntwo",1\n\n,,\nthree,3\n')
    assert [number for number, _cells in sheet.rows] == [2, 5]


def test_a_workbook_gives_days_and_whole_numbers_as_they_are_written_elsewhere():
    days = [date(2022, 2, 15), datetime(2022, 2, 15, 13, 30)]
    sheet = read(xlsx(["a", "b", "c", "d"], [*days, 4.0, 0.5], [None, None], ["é"]))
    assert sheet.rows == [(2, ["2022-02-15", "2022-02-15 13:30:00", "4", "0.5"]), (4, ["é"])]


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["C"])), max_size=5)))
def test_whatever_is_written_as_csv_is_read_again(rows):
    import csv

    text = io.StringIO()
    csv.writer(text).writerows([["a", "b"], *rows])
    cells = [cells for _number, cells in read(text.getvalue().encode()).rows]
    kept = [list(row) for row in rows]
    for row in kept:
        while row and not row[-1].strip():
            row.pop()
    assert cells == [row for row in kept if row]


BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "UTF-16": (lambda: "a,b\n".encode("utf-16"), "UTF-16"),
    "UTF-16 unmarked": (lambda: "a,b\n1,2\n".encode("utf-16-le"), "null characters"),
    "Latin 1": (lambda: "été,b\n".encode("latin-1"), "not UTF-8"),
    "NUL": (lambda: b"a,b\n1,\0\n", "null characters"),
    "nothing": (lambda: b"", "first row is empty"),
    "old Excel": (lambda: b"\xd0\xcf\x11\xe0" + bytes(500), "old Excel"),
    "too large": (lambda: b"a" * 10_000_001, "10 MB"),
    "a lone quotation mark": (lambda: b'a,b\n"' + b"x\n" * 4_000_000, "Row 2 cannot be read"),
    "quotation marks by the million": (lambda: b"a,b\n" + b'"\n",' * 2_000_000, "Row 2 cannot"),
    "a quotation mark left open": (lambda: b'a,b\n1,2\n"x,2\n', "Row 3 cannot be read"),
    "rows": (lambda: b"a,b\n" + b"1,2\n" * 100_000, "20,000 rows"),
    "columns": (lambda: b"a,b\n" + b"ab," * 1_000_000, "Row 2"),
    "201 columns": (lambda: b"a,b\n" + b"," * MOST_COLUMNS + b"x", "more than 200 columns"),
    "a long cell": (lambda: b"a,b\n" + b"x" * 32_768 + b"\n", "32,767 characters"),
    "workbook: broken": (lambda: xlsx(["a"])[:-50], "cannot be read as XLSX"),
    "workbook: other ZIP": (lambda: b"PK\x03\x04" + bytes(100), "cannot be read as XLSX"),
    "workbook: texts in a part of another name": (
        lambda: with_hidden_strings(4_000_000),
        "too much",
    ),
    "workbook: zeros": (lambda: xlsx_of(" " * 70_000_000), "too large"),
    "workbook: columns": (lambda: xlsx_of(f"{BEGIN}<row>{'<c/>' * 1_000_000}"), "columns"),
    "workbook: rows": (lambda: xlsx_of(BEGIN + "<row/>" * 1_000_000), "20,000 rows"),
    "workbook: a far row": (
        lambda: xlsx_of(
            f'{BEGIN}<row r="1"><c r="A1" t="str"><v>a</v></c></row><row r="1048576">'
            '<c r="A1048576"><v>1</v></c></row></sheetData></worksheet>'
        ),
        "20,000 rows",
    ),
    "workbook: a far cell": (
        lambda: xlsx_of(
            f'{BEGIN}<row r="1"><c r="XFD1"><v>1</v></c></row></sheetData></worksheet>'
        ),
        "200 columns",
    ),
    "workbook: a long cell": (
        lambda: xlsx_of(f"{BEGIN}<row><c><v>{'x' * 30_000_000}"),
        "32,767 characters",
    ),
    "workbook: entities": (
        lambda: xlsx_of(f'<!DOCTYPE x [<!ENTITY a "b">]>{BEGIN}<row/></sheetData></worksheet>'),
        "entities",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_read_is_refused_at_once_in_a_sentence(name):
    make, said = BAD[name]
    content = make()
    tracemalloc.start()
    began = time.process_time()
    with pytest.raises(SpreadsheetError, match=said):
        read(content)
    seconds, (_now, most) = time.process_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert seconds < 2  # half of it without the tracing
    assert most < 50_000_000


def test_a_file_that_lies_about_its_size_is_unpacked_no_further():
    """The sizes that are added up are those that bound the unpacking."""
    content = bytearray(xlsx_of(f"{BEGIN}{' ' * 50_000_000}</sheetData></worksheet>"))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        stated = archive.getinfo(SHEET).file_size
    content = content.replace(stated.to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    with pytest.raises(SpreadsheetError, match="cannot be read"):
        read(bytes(content))


def test_a_file_at_its_limits_is_read():
    row = ",".join(["x"] * MOST_COLUMNS)
    longest = "x" * MOST_CHARACTERS
    text = "\n".join([row, longest, *["1"] * (MOST_ROWS - 1)])
    sheet = read(text.encode())
    assert (len(sheet.first), len(sheet.rows)) == (MOST_COLUMNS, MOST_ROWS)
