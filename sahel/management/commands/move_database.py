"""`manage.py move_database`: take all there is over into another database."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from sahel.moving import MoveError, move


class Command(BaseCommand):
    """Move from SQLite to PostgreSQL, or back, row by row."""

    help = "Copy everything from the database of DATABASE_URL into an empty one, and compare."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the address of the other database."""
        parser.add_argument("url", help="as DATABASE_URL would name it: postgres:///sahel?host=…")

    def handle(self, *args: Any, url: str, **options: Any) -> None:
        """Move and say what is there."""
        try:
            sums = move(url)
        except (MoveError, DatabaseError, ImproperlyConfigured) as error:
            raise CommandError(str(error)) from error
        rows = sum(number for number, _sum in sums.values())
        self.stdout.write(
            f"{rows:,} rows of {len(sums)} tables are there, each as it is here. Now set "
            "DATABASE_URL to it and start the site anew."
        )
