"""`make bench-import`: how long it takes, and how much memory, to try and to import 5,000 rows."""

import csv
import io
import random
import resource
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

import django
from django.core.management import call_command

ROWS, NAMES = 5_000, 400


def spreadsheet() -> bytes:
    """Make a file of UCDP's columns, with some hundred actors and places."""
    from sahel.datasets import GED

    draw = random.Random(1)  # noqa: S311 - always the same rows
    file = io.StringIO()
    writer = csv.DictWriter(file, GED, restval="x" * 40)
    writer.writeheader()
    for number in range(ROWS):
        day, low = date(2012, 1, 1) + timedelta(draw.randrange(5_000)), draw.randrange(20)
        precision = draw.randrange(1, 6)
        writer.writerow(
            {
                "id": number + 1,
                "type_of_violence": draw.randrange(1, 4),
                "side_a": f"Side {draw.randrange(NAMES)}",
                "side_b": f"Side {draw.randrange(NAMES)}",
                "where_coordinates": f"Town {draw.randrange(NAMES)}",
                "where_prec": draw.randrange(1, 8),
                "latitude": draw.uniform(10, 25),
                "longitude": draw.uniform(-12, 15),
                "date_prec": precision,
                "date_start": day,
                "date_end": day + timedelta(draw.randrange(precision**2)),
                "low": low,
                "best": low + 1,
                "high": low + 2,
            }
        )
    return file.getvalue().encode()


def as_workbook(content: bytes) -> bytes:
    """Make the same file as XLSX."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in csv.reader(io.StringIO(content.decode())):
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def main(kind: str) -> None:
    """Read, try, import and undo a file; print the seconds of each, and the memory of the whole."""
    from django.contrib.auth.models import User

    from sahel.imports import check, make, undo
    from sahel.layouts import recognise
    from sahel.models import Change, Event, ImportBatch, Source, changes
    from sahel.spreadsheets import read

    call_command("migrate", verbosity=0)
    content = spreadsheet()
    content = as_workbook(content) if kind == "XLSX" else content
    user = User.objects.create_user("editor")
    source = Source.objects.create(slug="dataset", publisher="Dataset", language="en")
    at_first = memory()
    print(f"{kind}, {len(content) / 1e6:.1f} MB; {at_first:.0f} MB of memory before")
    batch = ImportBatch(file_name="rows", sha256="0" * 64, source=source, makes_names=True)
    with timed("read"):
        sheet = read(content)
        layout, _has_header = recognise(sheet.first)
        batch.layout, batch.header = layout.name, sheet.first
        batch.mapping = layout.mapping(sheet.first)
        batch.keep(sheet.rows)
        batch.save()
    with timed("tried"):
        plan = check(batch)
    assert (len(plan.drafts), plan.faults) == (ROWS, []), plan.faults[:3]  # noqa: S101
    print(f"{memory():6.0f} MB of memory at most, until then")
    with timed("drafts made, and put on record"), changes(Change.Way.EDITOR):
        make(plan, user)
    with timed("undone, and put on record"), changes(Change.Way.EDITOR):
        undo(batch)
    assert not Event.objects.exists()  # noqa: S101
    print(f"{memory():6.0f} MB of memory at most")


class timed:  # noqa: N801 - reads as a word
    """Prints how long what is within takes."""

    def __init__(self, what: str) -> None:
        """Take what it is."""
        self.what = what

    def __enter__(self) -> None:
        self.begin = time.perf_counter()

    def __exit__(self, *_error: object) -> None:
        print(f"{time.perf_counter() - self.begin:6.1f} s  {self.what}")


def memory() -> float:
    """Give the most memory that was in use until now, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    import os
    import subprocess
    import sys

    if len(sys.argv) == 1:  # each in a process of its own, whose memory is counted
        for each in ("CSV", "XLSX"):
            subprocess.run([sys.executable, "-m", "benchmarks.imports", each], check=True)
        sys.exit()
    with tempfile.TemporaryDirectory(prefix="sahel-imports-") as folder:
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
            "DATA_DIR": folder,
            "SECRET_KEY": "of the benchmarks",
            "DATABASE_URL": f"sqlite:///{Path(folder) / 'sahel.sqlite3'}",
        }
        django.setup()
        main(sys.argv[1])
