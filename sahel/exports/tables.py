"""Spreadsheets: CSV as RFC 4180 has it, CSV as French Excel opens it, XLSX."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterable, Iterator
from datetime import datetime, time
from pathlib import Path
from shutil import copyfileobj
from threading import Lock
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.writer.excel import ExcelWriter

from sahel.exports.columns import Cell, Column, columns
from sahel.exports.files import File
from sahel.spreadsheets import MOST_CHARACTERS, escaped

MOST_ROWS = 5_000  # events in one workbook, which takes its time before its first byte
_writing = Lock()  # one workbook at a time: a reader who went away is noticed only when it is sent
BOM = "\ufeff"


class RefusedError(ValueError):
    """The file is not to be had, or not now; the message says what to do."""

    def __init__(self, message: str, status: int) -> None:
        """Take what is said, and the status of HTTP."""
        super().__init__(message)
        self.status = status


class _Echo:
    """What a CSV writer writes into: it gives back each row as a text."""

    def write(self, text: str) -> str:
        return text


def csv_of(file: File) -> Iterator[str]:
    """Give CSV: UTF-8, commas, one row a record; the last columns say what the file is."""
    return _csv(file, ",", "")


def excel_csv(file: File) -> Iterator[str]:
    """Give CSV that Excel opens where numbers have decimal commas: a BOM, semicolons."""
    return _csv(file, ";", BOM)


def _csv(file: File, delimiter: str, begin: str) -> Iterator[str]:
    writer: Any = csv.writer(_Echo(), delimiter=delimiter)
    chosen = columns(file.kind, file.language)
    said = _said(file)
    yield begin + writer.writerow([*(column.name for column in chosen), *said])
    last = [_cell(value, delimiter) for value in said.values()]
    for record in file.read():
        yield writer.writerow([*_cells(chosen, record, delimiter), *last])


# What each row says of the file, for people.
SAID = {
    "selection": gettext_lazy("what was selected, in words"),
    "retrieved": gettext_lazy("the day on which the file was made, UTC"),
    "licence": gettext_lazy("its terms"),
    "cite_as": gettext_lazy("how to cite it"),
}


def _said(file: File) -> dict[str, str]:
    """Give what each row says of the file: rows are copied elsewhere, and comments are not read."""
    told = file.selected, file.day.isoformat(), file.licence, file.cite_as
    return dict(zip(SAID, told, strict=True))


def _cells(chosen: Iterable[Column], record: Any, delimiter: str) -> list[str]:
    return [_cell(column.cell(record), delimiter) for column in chosen]


def _cell(value: Cell, delimiter: str) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return escaped(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).replace(".", ",") if delimiter == ";" else str(value)


def xlsx(file: File) -> IO[bytes]:
    """Give a workbook: the records, of events also each quotation, and what the file is.

    Raises RefusedError. It is written to a temporary file: its size is no matter of memory.
    """
    if file.events > MOST_ROWS:
        said = _("A workbook holds 5,000 events at most. Select fewer, or take CSV.")
        raise RefusedError(said, 413)
    if not _writing.acquire(blocking=False):
        raise RefusedError(_("Another workbook is being written. Try again in a moment."), 503)
    try:
        return _workbook(file)
    finally:
        _writing.release()


def _workbook(file: File) -> IO[bytes]:
    book = Workbook(write_only=True)
    chosen = columns(file.kind, file.language)
    of_events = file.kind == "events"
    sheet = _Sheet(book, file.kind, chosen)
    if of_events:  # each quotation has a row of its own, on a sheet of their own
        quotations = _Sheet(book, "quotations", columns("quotations", file.language))
    for record in file.read():
        sheet.append(record)
        for quoted in record["quotations"] if of_events else ():
            quotations.append({**quoted, "event": record})
    about = book.create_sheet("about")
    for name, value in {**_said(file), "page": file.page, "address": file.address}.items():
        about.append([name, _text(about, value)])
    # The day it was made is all it says of time: the same record on the same day, the same bytes.
    book.properties.created = book.properties.modified = datetime.combine(file.day, time())
    written = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the answer that it is
    ExcelWriter(book, _Undated(written, "w", ZIP_DEFLATED)).save()
    written.seek(0)
    return written


class _Undated(ZipFile):
    """An archive that does not say when its parts came into it."""

    def writestr(self, name: Any, data: Any, *_options: Any) -> None:
        """Put a text into it."""
        with self._opened(name) as part:
            part.write(data.encode() if isinstance(data, str) else data)

    def write(self, path: Any, name: Any = None, *_options: Any) -> None:
        """Put a file into it."""
        with Path(path).open("rb") as file, self._opened(name or path) as part:
            copyfileobj(file, part)

    def _opened(self, name: Any) -> Any:
        part = ZipInfo(str(name))
        part.compress_type = ZIP_DEFLATED
        return self.open(part, "w", force_zip64=True)


class _Sheet:
    """A sheet that takes records."""

    def __init__(self, book: Any, title: str, chosen: tuple[Column, ...]) -> None:
        self.sheet, self.chosen = book.create_sheet(title), chosen
        self.sheet.freeze_panes = "A2"
        self.sheet.append([column.name for column in chosen])

    def append(self, record: Any) -> None:
        """Write a record into the next row."""
        values = (column.cell(record) for column in self.chosen)
        self.sheet.append(
            [_text(self.sheet, each) if isinstance(each, str) else each for each in values]
        )


def _text(sheet: Any, text: str) -> Any:
    """Give a cell that is a text, whatever it begins with: no formula, no date, no error."""
    text = ILLEGAL_CHARACTERS_RE.sub("", text)
    cell = WriteOnlyCell(sheet, "")
    cut = text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 1]}…"
    cell._value, cell.data_type = cut, "s"
    return cell
