"""Spreadsheets that editors give, CSV or XLSX: their rows as texts, within limits.

What is beyond a limit is refused before it is in memory.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any
from xml.parsers import expat

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from openpyxl import load_workbook

MOST_BYTES = 10_000_000
MOST_ROWS = 20_000
MOST_COLUMNS = 200
MOST_CHARACTERS = 32_767  # of a cell: as many as Excel can hold, and so our own workbooks
MOST_OF_A_ROW = 1_000_000  # characters
PICTURES = ".png", ".jpg", ".jpeg", ".gif", ".emf", ".wmf", ".bin", ".vml"  # that are no XML
MOST_UNPACKED = 60_000_000  # bytes of all that an XLSX file holds
MOST_ELEMENTS = 500_000  # of its styles, say, or its texts
ELEMENTS_OF_A_CELL = 6
FARTHEST = 2_000  # columns that a cell without anything in it may stand out

csv.field_size_limit(MOST_CHARACTERS)

DELIMITERS = ",;\t"
UNPACKED = b"PK\x03\x04", b"PK\x05\x06"  # how a ZIP file begins, which an XLSX file is
OLD_EXCEL = b"\xd0\xcf\x11\xe0"

# What spreadsheets take for the beginning of a formula, wherever a cell may begin: also after what
# parts cells elsewhere, since a file may be opened with another delimiter.
FORMULA = re.compile(r"((?:^|[,;\t\r\n])'*)(?=[=+\-@＝＋－＠\t\r])")
ESCAPED = re.compile(r"((?:^|[,;\t\r\n])'*)'(?=[=+\-@＝＋－＠\t\r])")
PARTED = re.compile(r"[,;\t\r\n]['=+\-@＝＋－＠\t\r]")
BEGINNINGS = tuple("=+-@＝＋－＠\t\r'")


class SpreadsheetError(ValueError):
    """A file that gives no rows, with a sentence for whoever gave it."""


@dataclass(frozen=True)
class Sheet:
    """The first row, and the others that hold something, each with its number from 1."""

    first: list[str]
    rows: list[tuple[int, list[str]]]
    is_csv: bool = False

    def unescaped(self) -> Sheet:
        """Give it without what our own exports put before the texts of CSV files."""
        rows = [(number, [unescaped(cell) for cell in cells]) for number, cells in self.rows]
        return replace(self, rows=rows) if self.is_csv else self


def escaped(text: str) -> str:
    """Give a text that no spreadsheet takes for a formula: an apostrophe stands before it."""
    if not text.startswith(BEGINNINGS) and not PARTED.search(text):  # as nearly all: the short way
        return text
    return FORMULA.sub(r"\1'", text)


def unescaped(text: str) -> str:
    """Give back what `escaped()` was given."""
    return ESCAPED.sub(r"\1", text)


def too_large() -> str:
    """Say what to do with a file that is too large."""
    return _("The file is larger than 10 MB. Divide it, and give the parts.")


def read(content: bytes) -> Sheet:
    """Give the rows of a CSV or XLSX file, the first sheet's. Raises SpreadsheetError."""
    if len(content) > MOST_BYTES:
        raise SpreadsheetError(too_large())
    if content.startswith(OLD_EXCEL):
        raise SpreadsheetError(_("This is an old Excel file. Save it as XLSX, or as CSV UTF-8."))
    is_csv = not content.startswith(UNPACKED)
    numbered = _within_limits(_of_csv(content) if is_csv else _of_xlsx(content))
    _number, first = next(numbered, (0, []))
    if not any(first):
        raise SpreadsheetError(_("The first row is empty: it must hold the names of the columns."))
    rows = [(number, cells) for number, cells in numbered if any(cells)]
    return Sheet(first, rows, is_csv)


def _within_limits(rows: Iterable[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """Number the rows from 1, without the empty cells at their ends. Raises SpreadsheetError."""
    for number, cells in enumerate(rows, 1):
        if number > MOST_ROWS + 1:
            raise SpreadsheetError(_too_many_rows())
        while cells and not cells[-1].strip():
            cells.pop()
        if len(cells) > MOST_COLUMNS:
            raise SpreadsheetError(_too_many_columns(number))
        for cell in cells:
            if len(cell) > MOST_CHARACTERS:
                raise SpreadsheetError(_too_long(number))
            if "\0" in cell:
                raise SpreadsheetError(_not_a_text())
        yield number, cells


class _Lines:
    """The lines of a text; `taken` counts the characters given since it was last set to 0."""

    def __init__(self, text: io.TextIOBase) -> None:
        self.text, self.taken = text, 0

    def __iter__(self) -> Iterator[str]:
        while line := self.text.readline(MOST_OF_A_ROW + 1):
            self.taken += len(line)
            if "\0" in line:
                raise SpreadsheetError(_not_a_text())
            if self.taken > MOST_OF_A_ROW:
                raise csv.Error
            yield line


def _of_csv(content: bytes) -> Iterator[list[str]]:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise SpreadsheetError(
            _("The file is UTF-16. Save it as UTF-8: in Excel, “CSV UTF-8”, or as XLSX.")
        )
    number = 0
    try:
        with io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline="") as text:
            delimiter = _delimiter(text.readline(MOST_OF_A_ROW))
            text.seek(0)
            lines = _Lines(text)
            for number, cells in enumerate(  # noqa: B007 - told in an error
                csv.reader(lines, delimiter=delimiter, strict=True), 1
            ):
                lines.taken = 0
                yield cells
    except UnicodeDecodeError as error:
        raise SpreadsheetError(
            _("The file is not UTF-8. Save it as UTF-8: in Excel, “CSV UTF-8”, or as XLSX.")
        ) from error
    except csv.Error as error:
        said = _(
            "Row %(row)s cannot be read: a quotation mark is not closed or stands within a cell, a "
            "cell is longer than %(most)s characters, or the row has too many columns."
        )
        told = {"row": number + 1, "most": number_format(MOST_CHARACTERS, force_grouping=True)}
        raise SpreadsheetError(said % told) from error


def _delimiter(line: str) -> str:
    """Give what divides the first line into most cells."""
    outside = "".join(line.split('"')[::2])
    return max(DELIMITERS, key=outside.count)


def _of_xlsx(content: bytes) -> Iterator[list[str]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _refuse_bombs(archive)
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # which a file may state as it likes
        # A row or a cell may stand as far out as it likes, too, and all before it is filled in.
        rows = sheet.iter_rows(values_only=True, max_row=MOST_ROWS + 2)
        for number, row in enumerate(rows, 1):
            if len(row) > FARTHEST:
                raise SpreadsheetError(_too_many_columns(number))
            yield [_text(value) for value in row]
        book.close()
    except (SpreadsheetError, GeneratorExit):
        raise
    except Exception as error:  # of many kinds, for a file that is broken in any of many ways
        raise SpreadsheetError(
            _("The file cannot be read as XLSX. Open it in a spreadsheet and save it anew.")
        ) from error


def _refuse_bombs(archive: zipfile.ZipFile) -> None:
    """Refuse what would fill memory: by the sizes stated, beyond which nothing is unpacked."""
    parts = archive.infolist()
    if sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise SpreadsheetError(_("What the file holds is too large. Divide it, or give it as CSV."))
    for part in parts:  # whatever they are called: a part of any name may be told to be read
        with archive.open(part) as file:
            start = file.read(1000).lstrip(b"\xef\xbb\xbf\r\n\t ")
        if start.startswith(b"<") or not part.filename.endswith(PICTURES):
            with archive.open(part) as file:
                _Scan().read(file)


class _Scan:
    """Looks through XML without keeping it."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.CharacterDataHandler = self.characters
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.parser.EndElementHandler = self.end
        self.rows = self.elements = self.letters = 0
        self.within = False  # the rows

    def read(self, file: Any) -> None:
        """Read a file to its end; raises SpreadsheetError or expat's error."""
        while chunk := file.read(65536):
            self.parser.Parse(chunk)

    def start(self, name: str, _attributes: Any) -> None:
        self.elements += 1
        self.letters = 0
        if name.rpartition(":")[2] == "row":
            self.rows, self.elements, self.within = self.rows + 1, 0, True
        if self.rows > MOST_ROWS + 1:
            raise SpreadsheetError(_too_many_rows())
        if self.within and self.elements > MOST_COLUMNS * ELEMENTS_OF_A_CELL:
            raise SpreadsheetError(_too_many_columns(self.rows))
        if self.elements > MOST_ELEMENTS:
            raise SpreadsheetError(_("The file holds too much. Divide it, or give it as CSV."))

    def end(self, name: str) -> None:
        if name.rpartition(":")[2] == "sheetData":
            self.elements, self.within = 0, False

    def characters(self, text: str) -> None:
        self.letters += len(text)
        if self.letters > MOST_CHARACTERS:
            raise SpreadsheetError(_too_long(self.rows))

    def doctype(self, *_declared: Any) -> None:
        raise SpreadsheetError(_("The file cannot be read as XLSX: it declares entities."))


def _text(value: Any) -> str:
    """Give the text of a cell; a day in ISO 8601, so that no language has to be guessed."""
    match value:
        case None:
            return ""
        case datetime():
            midnight = value.time() == time()
            return value.date().isoformat() if midnight else value.isoformat(" ", "seconds")
        case date():
            return value.isoformat()
        case float() if value.is_integer():
            return str(int(value))
    return str(value)


def _too_many_rows() -> str:
    most = number_format(MOST_ROWS, force_grouping=True)
    said = _("The file has more than %(most)s rows. Divide it, and give the parts.")
    return said % {"most": most}


def _too_many_columns(row: int) -> str:
    said = _("Row %(row)s has more than %(most)s columns.")
    return said % {"row": row, "most": MOST_COLUMNS}


def _too_long(row: int) -> str:
    most = number_format(MOST_CHARACTERS, force_grouping=True)
    said = _("A cell of row %(row)s is longer than %(most)s characters.")
    return said % {"row": row, "most": most}


def _not_a_text() -> str:
    return _("The file is no spreadsheet that can be read: it holds null characters.")
