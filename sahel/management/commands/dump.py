"""`manage.py dump`: all that is public as files for anyone to keep, checked by their SHA-256."""

import gzip
import hashlib
import json
import os
import sqlite3
from argparse import ArgumentParser
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sahel import dumps
from sahel.dumps import DATED, LATEST, METADATA, SUMS, sums
from sahel.models import snapshot
from sahel.public import line, rows
from sahel.public_tables import metadata, tables

KEEP = 14


class Command(BaseCommand):
    """Write the files whole under another name, then let them take the place of older ones."""

    help = "Write all that is public: JSON Lines, a SQLite file for Datasette, their SHA-256."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the folder, and how many days' dumps are kept."""
        parser.add_argument("folder", nargs="?", help="where to (DATA_DIR/dumps)")
        parser.add_argument(
            "--keep", type=int, default=KEEP, metavar="N", help=f"the last N dumps stay ({KEEP})"
        )

    def handle(self, *args: Any, folder: str | None, keep: int, **options: Any) -> None:
        """Write, remove what is old, and say what was written."""
        if keep < 1:
            raise CommandError("Keep at least one dump: --keep 1.")
        try:
            self._write(Path(folder) if folder else dumps.folder(), datetime.now(UTC).date(), keep)
        except (OSError, sqlite3.Error) as error:
            raise CommandError(f"No dump was written: {error}") from error

    def _write(self, into: Path, day: date, keep: int) -> None:
        into.mkdir(parents=True, exist_ok=True)
        name = f"sahel-{day}"
        files = f"{name}.jsonl.gz", f"{name}.sqlite"
        with TemporaryDirectory(dir=into, prefix=".unfinished-") as unfinished:
            new = Path(unfinished)
            counts = write_record(new / files[0], new / files[1], day)
            about = metadata([name, LATEST])
            (new / METADATA).write_text(f"{json.dumps(about, ensure_ascii=False, indent=1)}\n")
            written = {each: _sha256(new / each) for each in (*files, METADATA)}
            for each in written:
                os.replace(new / each, into / each)
            _remove_old(into, keep)
            kept = {each: told for each, told in sums(into).items() if (into / each).exists()}
            text = "".join(f"{told}  {each}\n" for each, told in sorted((kept | written).items()))
            (new / SUMS).write_text(text)
            os.replace(new / SUMS, into / SUMS)
        said = ", ".join(f"{number:,} {what}" for what, number in counts.items())
        self.stdout.write(f"{into / name}.jsonl.gz, .sqlite: {said}")


def write_record(jsonl: Path, database: Path, day: date) -> dict[str, int]:
    """Write both files in one reading of the record; give how many rows of each kind."""
    counts: dict[str, int] = {}
    with (
        snapshot(),
        jsonl.open("wb") as raw,
        gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=6, mtime=0) as packed,
        tables(database, day) as written,
    ):
        for model, fields in rows():
            packed.write(line(model, fields).encode())
            written.add(model, fields)
            what = str(model._meta.verbose_name_plural)
            counts[what] = counts.get(what, 0) + 1
    return counts


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _remove_old(into: Path, keep: int) -> None:
    found = [
        (match["day"], path) for path in into.iterdir() if (match := DATED.fullmatch(path.name))
    ]
    days = sorted({day for day, _path in found})
    for day, path in found:
        if day in days[:-keep]:
            path.unlink()
