"""`manage.py restore`: put a backup into an empty place."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from sahel.backups import BackupError, restore


class Command(BaseCommand):
    """Put a backup back, whole or not at all."""

    help = (
        "Put a backup into the empty database, or the SQLite file to be, that DATABASE_URL names."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file."""
        parser.add_argument("file", help="sahel-<time>.sqlite3 or .pgdump, its .json beside it")

    def handle(self, *args: Any, file: str, **options: Any) -> None:
        """Restore and compare, row by row."""
        try:
            rows = restore(Path(file))
        except (BackupError, DatabaseError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{rows:,} rows are back, each as it was written. Now: manage.py migrate")
