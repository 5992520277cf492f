"""`manage.py backup`: write the whole database into a file that can be put back."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from sahel.backups import BackupError, folder, remove_old, verify, write

KEEP = 30


class Command(BaseCommand):
    """Write a backup, or check one."""

    help = "Write a backup of the database, with accounts and sources’ texts: keep it to yourself."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the folder, how many backups are kept, or a backup to check."""
        parser.add_argument("folder", nargs="?", help="where to (DATA_DIR/backups)")
        parser.add_argument(
            "--keep", type=int, default=KEEP, metavar="N", help=f"the last N backups stay ({KEEP})"
        )
        parser.add_argument("--verify", metavar="FILE", help="check a backup instead")

    def handle(
        self,
        *args: Any,
        folder: str | None,
        keep: int,
        verify: str | None,
        **options: Any,
    ) -> None:
        """Write and remove what is old, or check; say what was found."""
        if keep < 1:
            raise CommandError("Keep at least one backup: --keep 1.")
        try:
            path = Path(verify) if verify else _write(folder, keep)
            self.stdout.write(_said(path))
        except (BackupError, DatabaseError, OSError) as error:
            raise CommandError(str(error)) from error


def _write(named: str | None, keep: int) -> Path:
    into = Path(named) if named else folder()
    path = write(into)
    remove_old(into, keep)
    return path


def _said(path: Path) -> str:
    told = verify(path)
    rows = sum(number for number, _sum in told["tables"].values())
    return f"{path}: {rows:,} rows, {told['bytes']:,} bytes, made {told['made']}, as written."
