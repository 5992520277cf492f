"""`manage.py verify_history`: hold the history against its hashes and against the record."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sahel.models import Change, Record, Unrecorded, changes
from sahel.models.history import FIRST, faults


class Command(BaseCommand):
    """Exit with an error, and name each fault, where the history is not what was written."""

    help = "Check that no entry of the history was changed, removed, swapped or cut off."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take a head that was noted down elsewhere."""
        parser.add_argument(
            "--head",
            metavar="NUMBER:HASH",
            help="an entry and its hash, as /changes/ once showed them: tells also of a history "
            "that was made anew as a whole",
        )

    def handle(self, *args: Any, head: str | None, **options: Any) -> None:
        """Check and report."""
        if Unrecorded.objects.exists():  # changed past the site: it goes on record as that
            with changes(Change.Way.OUTSIDE):
                pass
        found = list(faults())
        if head:
            number, _colon, hashed = head.partition(":")
            if not (number.isascii() and number.isdigit() and len(number) < 19 and hashed):
                raise CommandError("Give the head as NUMBER:HASH, as /changes/ shows it.")
            entry = Change.objects.filter(number=int(number)).first()
            if entry is None or entry.hash != hashed.strip():
                found.append(f"Entry {number} had another hash when it was noted down.")
        for fault in found:
            self.stderr.write(fault)
        if found:
            raise CommandError(f"{len(found)} faults in the history")
        record = Record.objects.first() or Record(entries=0, head=FIRST)
        self.stdout.write(
            f"{record.entries} entries, unbroken; head {record.entries}:{record.head}"
        )
