"""`manage.py verify`: hold every quotation of a source against the source's text."""

import hashlib
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sahel.models import Source
from sahel.quotations import Passage, problems


class Command(BaseCommand):
    """Exit with an error, and name the first difference, where a quotation is not verbatim."""

    help = "Check every quotation of a source, letter by letter, against the text in a file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file and, where its hash is not on record, the source it is of."""
        parser.add_argument("text", type=Path, help="a file with the source's text, in UTF-8")
        parser.add_argument("--source", help="the source's slug; found by SHA-256 if left out")

    def handle(self, *args: Any, text: Path, source: str | None, **options: Any) -> None:
        """Check and report."""
        try:
            content = text.read_bytes()
            words = content.decode()
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{text} cannot be read as UTF-8 text: {error}") from error
        digest = hashlib.sha256(content).hexdigest()
        found = self._source(source, digest)
        quotations = found.quotations.select_related("event").order_by("start", "pk")
        faults = list(
            problems((Passage(q.event.slug, q.exact, q.start) for q in quotations), words)
        )
        if found.text_sha256 != digest:
            faults.insert(0, f"SHA-256 of the file is {digest}, on record {found.text_sha256}")
        for fault in faults:
            self.stderr.write(fault)
        if faults:
            raise CommandError(
                f"{found.slug}: {len(faults)} of {len(quotations) + 1} checks failed"
            )
        self.stdout.write(
            f"{found.slug}: {len(quotations)} quotations, all verbatim; SHA-256 as recorded."
        )

    def _source(self, slug: str | None, digest: str) -> Source:
        if slug:
            named: Source | None = Source.objects.filter(slug=slug).first()
            if not named:
                raise CommandError(f"There is no source with the slug {slug}.")
            return named
        found: Source | None = Source.objects.filter(text_sha256=digest).first()
        if found:
            return found
        # The one text on record is meant even if its hash differs: that is what is to be told.
        candidates: list[Source] = list(Source.objects.exclude(text_sha256="")[:2])
        if len(candidates) == 1:
            return candidates[0]
        raise CommandError(
            f"No source has a text with SHA-256 {digest}; name the source with --source SLUG."
        )
